package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// touched is what every change of a row sets: followers of the live stream go by it.
const touched = "updated_at = $3, change_tx = pg_current_xact_id(), change_seq = nextval('anomaly_changes')"

// SetStatus changes an anomaly's status.
func (s *Store) SetStatus(ctx context.Context, c store.StatusChange) (*anomaly.Anomaly, error) {
	const action = "change status"
	if err := s.usable(ctx, action); err != nil {
		return nil, err
	}
	if _, err := uuid.Parse(c.ID); err != nil {
		return nil, fmt.Errorf("%s of %q: %w", action, c.ID, store.ErrNotFound)
	}
	var changed *anomaly.Anomaly
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var from string
		var updated time.Time
		err := tx.QueryRow(ctx, "SELECT status, updated_at FROM anomalies WHERE id = $1 FOR UPDATE", c.ID).Scan(&from, &updated)
		if errors.Is(err, pgx.ErrNoRows) {
			return store.ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := c.Check(from, updated.UTC()); err != nil {
			return err
		}
		now := store.After(s.now(), updated)
		changed, err = scanAnomaly(tx.QueryRow(ctx, "UPDATE anomalies SET status = $2, "+touched+" WHERE id = $1 RETURNING "+fields, c.ID, c.To, now))
		if err != nil {
			return err
		}
		entry, err := c.Entry(from)
		if err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, now, entry); err != nil {
			return err
		}
		return notify(ctx, tx)
	})
	if err != nil {
		return nil, s.wrap(action+" of "+c.ID, err)
	}
	return changed, nil
}

// acknowledgeLock is the advisory lock of Acknowledge: the bytes of "ack".
const acknowledgeLock int64 = 0x61636b

// Acknowledge changes anomalies that nobody touched.
func (s *Store) Acknowledge(ctx context.Context, before time.Time, batch int) (int, error) {
	const action = "acknowledge old anomalies"
	if err := s.usable(ctx, action); err != nil {
		return 0, err
	}
	n := 0
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", acknowledgeLock).Scan(&mine); err != nil {
			return err
		}
		if !mine {
			return store.ErrLocked
		}
		rows, err := tx.Query(ctx, `SELECT id FROM anomalies WHERE status = 'pending' AND updated_at < $1
ORDER BY timestamp, id LIMIT $2 FOR UPDATE SKIP LOCKED`, before, batch)
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil || len(ids) == 0 {
			return err
		}
		now := s.now().Truncate(time.Microsecond)
		entries := make([]store.Entry, len(ids))
		for i, id := range ids {
			if entries[i], err = store.Acknowledgement(id.String()).Entry("pending"); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, "UPDATE anomalies SET status = $2, "+touched+" WHERE id = ANY($1)", ids, "acknowledged", now); err != nil {
			return err
		}
		n = len(ids)
		if err := appendAudit(ctx, tx, now, entries...); err != nil {
			return err
		}
		return notify(ctx, tx)
	})
	if err != nil {
		return 0, s.wrap(action, err)
	}
	return n, nil
}
