package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Statuses are the states of an anomaly; the first is that of a new one.
var Statuses = []string{"pending", "acknowledged", "investigating", "resolved", "dismissed"}

// transitions says which states may follow each.
var transitions = map[string][]string{
	"pending":       {"acknowledged", "investigating", "dismissed"},
	"acknowledged":  {"investigating", "resolved", "dismissed"},
	"investigating": {"resolved", "dismissed"},
	"resolved":      {"pending"},
	"dismissed":     {"pending"},
}

// Allowed are the states that may follow one.
func Allowed(from string) []string { return slices.Clone(transitions[from]) }

// StatusChange moves an anomaly to another state.
type StatusChange struct {
	ID   string
	To   string
	Note string
	// Unmodified, where set, is the updated_at that whoever asks has seen: a row that changed since is left as it is.
	Unmodified *time.Time
	By         Actor
}

// Check says why a row in this state cannot take the change; nil where it can.
func (c StatusChange) Check(from string, updated time.Time) error {
	if !slices.Contains(Statuses, c.To) {
		return &PermanentError{Err: fmt.Errorf("no status %q; there are %s", c.To, strings.Join(Statuses, ", "))}
	}
	if c.Unmodified != nil && !c.Unmodified.Equal(updated) {
		return fmt.Errorf("it changed at %s: %w", updated.Format(time.RFC3339Nano), ErrModified)
	}
	if !slices.Contains(transitions[from], c.To) {
		return &TransitionError{From: from, To: c.To}
	}
	return nil
}

// ErrModified is what a change is refused with when the row is no longer the one that was seen.
var ErrModified = errors.New("the anomaly is not the one that was read")

// TransitionError is a change of status that is not allowed.
type TransitionError struct{ From, To string }

func (e *TransitionError) Error() string {
	return fmt.Sprintf("an anomaly that is %s cannot become %s; it can become %s", e.From, e.To, strings.Join(transitions[e.From], ", "))
}

// After is a moment to the microsecond that lies after another: what changes gets a new updated_at however coarse the clock is.
func After(now, last time.Time) time.Time {
	now = now.UTC().Truncate(time.Microsecond)
	if !now.After(last) {
		return last.UTC().Add(time.Microsecond)
	}
	return now
}
