package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/store"
)

// channel is what Watch listens on. A notification says only that something changed: what, Tail tells.
const channel = "driftlock_changes"

// settled are the rows that no transaction still running can come before.
const settled = "change_tx < pg_snapshot_xmin(pg_current_snapshot())"

func notify(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "SELECT pg_notify($1, '')", channel)
	return err
}

// Tail returns what came or changed after a mark.
func (s *Store) Tail(ctx context.Context, after store.Mark, q store.Query) ([]store.Change, error) {
	const action = "follow anomalies"
	if err := s.usable(ctx, action); err != nil {
		return nil, err
	}
	w := conditions(q)
	w.add("(change_tx, change_seq) > (?::text::xid8, ?)", itoa64(after.Tx), after.Seq)
	w.terms = append(w.terms, settled)
	selected := selectAnomalies
	if q.Detail == store.Summary {
		selected = selectSummaries
	}
	text := strings.Replace(selected, " FROM anomalies", ", change_tx::text::bigint, change_seq FROM anomalies", 1) +
		" WHERE " + strings.Join(w.terms, " AND ") + " ORDER BY change_tx, change_seq LIMIT " + w.parameter(store.ClampLimit(q.Limit))
	rows, err := s.pool.Query(ctx, text, w.args...)
	if err != nil {
		return nil, s.wrap(action, err)
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (store.Change, error) {
		var c store.Change
		var tx int64
		var err error
		c.Anomaly, err = scanAnomaly(r, &tx, &c.Mark.Seq)
		c.Mark.Tx = uint64(tx)
		return c, err
	})
	return list, s.wrap(action, err)
}

// Head is the mark of the newest row that Tail would return.
func (s *Store) Head(ctx context.Context) (store.Mark, error) {
	const action = "find the newest anomaly"
	var m store.Mark
	if err := s.usable(ctx, action); err != nil {
		return m, err
	}
	rows, err := s.pool.Query(ctx, "SELECT change_tx::text::bigint, change_seq FROM anomalies WHERE "+settled+" ORDER BY change_tx DESC, change_seq DESC LIMIT 1")
	if err != nil {
		return m, s.wrap(action, err)
	}
	var tx int64
	_, err = pgx.ForEachRow(rows, []any{&tx, &m.Seq}, func() error { m.Tx = uint64(tx); return nil })
	return m, s.wrap(action, err)
}

// Watch listens on a connection of its own and makes a new one when it is lost.
func (s *Store) Watch(ctx context.Context) (<-chan struct{}, error) {
	const action = "listen for changes"
	if err := s.usable(ctx, action); err != nil {
		return nil, err
	}
	wake := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.open, cancel)
	s.background.Go(func() {
		defer stop()
		defer cancel()
		defer close(wake)
		s.listen(ctx, wake)
	})
	return wake, nil
}

// retryEvery is how long Watch waits before it connects again; meanwhile it wakes its receiver as often, to look for itself.
const retryEvery = time.Second

func (s *Store) listen(ctx context.Context, wake chan<- struct{}) {
	say := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	for ctx.Err() == nil {
		if conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig.Copy()); err == nil {
			if _, err = conn.Exec(ctx, "LISTEN "+channel); err == nil {
				for err == nil {
					say() // also after a connection was made: something may have changed before
					_, err = conn.WaitForNotification(ctx)
				}
			}
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			_ = conn.Close(closing) // it is lost, or we are done with it
			cancel()
		}
		say()
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery):
		}
	}
}
