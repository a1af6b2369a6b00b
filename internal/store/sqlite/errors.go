package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"github.com/driftlock/driftlock/internal/store"
)

// wrap names the action and decides, for all of this package, what is of no use to try again.
func (s *Store) wrap(action string, err error) error {
	if err == nil {
		return nil
	}
	if s.closed.Load() { // while the call ran; what the driver says then is only a consequence
		return fmt.Errorf("%s: %w", action, store.ErrClosed)
	}
	err = fmt.Errorf("%s: %w", action, err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var se sqlite3.Error
	if !errors.As(err, &se) {
		return err
	}
	switch se.Code {
	case sqlite3.ErrConstraint, sqlite3.ErrMismatch, sqlite3.ErrTooBig, sqlite3.ErrRange, sqlite3.ErrError, // this row or statement
		sqlite3.ErrCorrupt, sqlite3.ErrNotADB, sqlite3.ErrFormat, sqlite3.ErrSchema: // this file
		return &store.PermanentError{Err: err}
	}
	return err // busy, locked, full, I/O, memory, permission: somebody may mend it while we wait
}

// usable is asked at the start of every call.
func (s *Store) usable(action string) error {
	if s.closed.Load() {
		return fmt.Errorf("%s: %w", action, store.ErrClosed)
	}
	return nil
}
