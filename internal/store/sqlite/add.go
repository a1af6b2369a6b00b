package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Add stores items in one immediate transaction.
func (s *Store) Add(ctx context.Context, items anomaly.Items) (store.Counts, error) {
	const action = "insert anomalies"
	if err := s.usable(action); err != nil {
		return store.Counts{}, err
	}
	if items.Len() == 0 {
		return store.Counts{}, nil
	}
	var added store.Counts
	err := s.transact(ctx, func(tx *sql.Tx) (err error) {
		now := s.now().UnixNano()
		if added.Anomalies, err = addAnomalies(ctx, tx, items.Anomalies, now); err != nil {
			return err
		}
		added.Windows, err = addWindows(ctx, tx, items.Windows, now)
		return err
	})
	if err != nil {
		return store.Counts{}, s.wrap(action, err)
	}
	if added.Anomalies > 0 {
		s.db.changed()
	}
	return added, nil
}

// transact runs f in a write transaction.
func (s *Store) transact(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
			return errors.Join(err, rerr)
		}
		return err
	}
	return tx.Commit()
}

func addWindows(ctx context.Context, tx *sql.Tx, list []*anomaly.Window, now int64) (added int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	insert, err := tx.PrepareContext(ctx, insertWindow)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	latest, err := tx.PrepareContext(ctx, upsertLatest)
	if err != nil {
		return 0, err
	}
	defer latest.Close()
	for _, w := range list {
		streams, err := encode(w.Streams)
		if err != nil {
			return added, &store.PermanentError{Err: fmt.Errorf("window of service %q: %w", w.Service, err)}
		}
		args := []any{
			w.ComponentID, w.ProcessID, w.Service, nanos(w.Timestamp), nanos(w.WindowStart), w.Score, w.PValue, w.Level, w.Anomaly,
			w.BudgetPerDay, w.BudgetSpent, streams, now,
		}
		res, err := insert.ExecContext(ctx, args...)
		if err != nil {
			return added, fmt.Errorf("window of service %q: %w", w.Service, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return added, err
		}
		if n == 0 {
			continue // known, and so is whether it is the newest
		}
		added++
		if _, err := latest.ExecContext(ctx, args...); err != nil {
			return added, fmt.Errorf("newest window of service %q: %w", w.Service, err)
		}
	}
	return added, nil
}

// encode writes JSON with <, > and & as they are, so that a search for a template's <*> finds it.
func encode(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

func nanos(t time.Time) int64 { return t.UnixNano() }
