package driftlockapi

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// maxText bounds q and the names in filters.
const maxText = anomaly.MaxServiceBytes

// params reads a query strictly: every parameter is asked for by name, and what is unknown, repeated or malformed is refused by name,
// since a filter that is silently ignored shows somebody the wrong list.
type params struct {
	values url.Values
	known  []string
	err    *apiError
}

func parseParams(r *http.Request) *params {
	values, err := url.ParseQuery(r.URL.RawQuery)
	p := &params{values: values}
	if err != nil {
		p.err = problem(http.StatusBadRequest, "the query cannot be read: %s", err)
	}
	return p
}

func (p *params) fail(name, format string, args ...any) {
	if p.err == nil {
		p.err = problem(http.StatusBadRequest, "%s %s", name, fmt.Sprintf(format, args...))
	}
}

func (p *params) text(name string) string {
	p.known = append(p.known, name)
	list := p.values[name]
	switch {
	case len(list) == 0:
		return ""
	case len(list) > 1:
		p.fail(name, "may be given once (got %d)", len(list))
	case len(list[0]) > maxText:
		p.fail(name, "must have at most %d bytes (got %d)", maxText, len(list[0]))
	case !utf8.ValidString(list[0]):
		p.fail(name, "must be UTF-8")
	}
	return list[0]
}

func (p *params) oneOf(name string, choices ...string) string {
	v := p.text(name)
	if v != "" && !slices.Contains(choices, v) {
		p.fail(name, "must be one of %s (got %q)", strings.Join(choices, ", "), clip(v))
	}
	return v
}

// id takes a UUID as people write it and returns it as the store does.
func (p *params) id(name string) string {
	v := p.text(name)
	if v == "" {
		return ""
	}
	id, err := uuid.Parse(v)
	if err != nil || len(v) != 36 {
		p.fail(name, "must be a UUID (got %q)", clip(v))
		return ""
	}
	return id.String()
}

func (p *params) fraction(name string) *float64 {
	v := p.text(name)
	if v == "" {
		return nil
	}
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
		p.fail(name, "must be a number from 0 on (got %q)", clip(v))
		return nil
	}
	return &f
}

func (p *params) time(name string) time.Time {
	v := p.text(name)
	if v == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil || t.Year() < 1970 || t.Year() > 2261 {
		p.fail(name, "must be a time as 2026-03-01T12:00:00Z, with + written as %%2B (got %q)", clip(v))
	}
	return t
}

func (p *params) duration(name string) time.Duration {
	v := p.text(name)
	if v == "" {
		return 0
	}
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		p.fail(name, "must be a duration as 5m or 1h30m (got %q)", clip(v))
	}
	return d
}

func (p *params) limit() int {
	v := p.text("limit")
	if v == "" {
		return store.DefaultLimit
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > store.MaxLimit {
		p.fail("limit", "must be a whole number from 1 to %d (got %q)", store.MaxLimit, clip(v))
	}
	return n
}

// done returns the first thing that was wrong. It comes last, when all known names have been asked for.
func (p *params) done() error {
	names := make([]string, 0, len(p.values))
	for name := range p.values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !slices.Contains(p.known, name) {
			known := "none"
			if len(p.known) > 0 {
				known = strings.Join(p.known, ", ")
			}
			return problem(http.StatusBadRequest, "unknown parameter %q; known: %s", clip(name), known)
		}
	}
	if p.err != nil {
		return p.err
	}
	return nil
}
