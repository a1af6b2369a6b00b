package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"github.com/driftlock/driftlock/internal/store"
)

// readCounter is the number of the newest change. It is read and written in the transaction of the change.
func readCounter(ctx context.Context, tx *sql.Tx) (n int64, err error) {
	err = tx.QueryRowContext(ctx, "SELECT value FROM counters WHERE name = 'anomaly_changes'").Scan(&n)
	return n, err
}

func writeCounter(ctx context.Context, tx *sql.Tx, n int64) error {
	_, err := tx.ExecContext(ctx, "UPDATE counters SET value = ? WHERE name = 'anomaly_changes'", n)
	return err
}

// Tail returns what came or changed after a mark.
func (s *Store) Tail(ctx context.Context, after store.Mark, q store.Query) ([]store.Change, error) {
	const action = "follow anomalies"
	if err := s.usable(action); err != nil {
		return nil, err
	}
	where, args := conditions(q)
	where, args = append(where, "change_seq > ?"), append(args, after.Seq, store.ClampLimit(q.Limit))
	text := selectAnomalies
	if q.Detail == store.Summary {
		text = selectSummaries
	}
	rows, err := s.db.read.QueryContext(ctx, text+" WHERE "+strings.Join(where, " AND ")+" ORDER BY change_seq LIMIT ?", args...)
	if err != nil {
		return nil, s.wrap(action, err)
	}
	defer rows.Close()
	var out []store.Change
	for rows.Next() {
		var c store.Change
		if c.Anomaly, c.Mark.Seq, err = scanChange(rows); err != nil {
			return nil, s.wrap(action, err)
		}
		out = append(out, c)
	}
	return out, s.wrap(action, rows.Err())
}

// Head is the mark of the newest change.
func (s *Store) Head(ctx context.Context) (m store.Mark, err error) {
	const action = "find the newest anomaly"
	if err := s.usable(action); err != nil {
		return m, err
	}
	err = s.db.read.QueryRowContext(ctx, "SELECT coalesce(max(change_seq), 0) FROM anomalies").Scan(&m.Seq)
	return m, s.wrap(action, err)
}

// watchers are those who wait for changes of a file, through any handle of this process.
type watchers struct {
	mu  sync.Mutex
	all map[chan struct{}]bool
}

func (d *database) changed() {
	d.watchers.mu.Lock()
	defer d.watchers.mu.Unlock()
	for wake := range d.watchers.all {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// Watch wakes its receiver at each change made in this process. What another process writes into the file, the next change or the
// receiver's own look shows.
func (s *Store) Watch(ctx context.Context) (<-chan struct{}, error) {
	if err := s.usable("listen for changes"); err != nil {
		return nil, err
	}
	wake := make(chan struct{}, 1)
	w := &s.db.watchers
	w.mu.Lock()
	if w.all == nil {
		w.all = map[chan struct{}]bool{}
	}
	w.all[wake] = true
	w.mu.Unlock()
	end := sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, wake)
		close(wake)
	})
	context.AfterFunc(ctx, end)
	context.AfterFunc(s.open, end)
	return wake, nil
}
