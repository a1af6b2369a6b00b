package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

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
	var pe *pgconn.PgError
	if errors.As(err, &pe) && permanent(pe.Code) {
		return &store.PermanentError{Err: err}
	}
	return err
}

// permanent goes by the class of an SQLSTATE (PostgreSQL, appendix A). A row that breaks a rule breaks it again. What an operator or
// time may mend (a lost connection, a full disk, a lock, a shutdown, a missing right or table) is worth another try.
func permanent(code string) bool {
	if len(code) != 5 {
		return false
	}
	switch code {
	case "42501", // insufficient_privilege
		"42P01", "42703", "42883", "42704": // undefined_table, _column, _function, _object: the schema is being migrated, or search_path is wrong
		return false
	}
	switch code[:2] {
	case "0A", // feature not supported
		"21", // cardinality violation
		"22", // data exception
		"23", // integrity constraint violation
		"42", // syntax error or access rule violation
		"54": // program limit exceeded, such as a row too large for an index
		return true
	}
	return false
}
