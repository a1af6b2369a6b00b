package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// SetStatus changes an anomaly's status.
func (s *Store) SetStatus(ctx context.Context, c store.StatusChange) (*anomaly.Anomaly, error) {
	const action = "change status"
	if err := s.usable(action); err != nil {
		return nil, err
	}
	var changed *anomaly.Anomaly
	err := s.transact(ctx, func(tx *sql.Tx) error {
		var from string
		var updated int64
		err := tx.QueryRowContext(ctx, "SELECT status, updated_at FROM anomalies WHERE id = ?", c.ID).Scan(&from, &updated)
		if errors.Is(err, sql.ErrNoRows) {
			return store.ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := c.Check(from, moment(updated)); err != nil {
			return err
		}
		if err := s.setStatus(ctx, tx, c, from, moment(updated)); err != nil {
			return err
		}
		changed, err = scanAnomaly(tx.QueryRowContext(ctx, selectAnomalies+" WHERE id = ?", c.ID))
		return err
	})
	if err != nil {
		return nil, s.wrap(action+" of "+c.ID, err)
	}
	s.db.changed()
	return changed, nil
}

// setStatus writes the row and its audit entry.
func (s *Store) setStatus(ctx context.Context, tx *sql.Tx, c store.StatusChange, from string, updated time.Time) error {
	change, err := readCounter(ctx, tx)
	if err != nil {
		return err
	}
	now := store.After(s.now(), updated)
	if _, err := tx.ExecContext(ctx, "UPDATE anomalies SET status = ?, updated_at = ?, change_seq = ? WHERE id = ?", c.To, nanos(now), change+1, c.ID); err != nil {
		return err
	}
	if err := writeCounter(ctx, tx, change+1); err != nil {
		return err
	}
	entry, err := c.Entry(from)
	if err != nil {
		return err
	}
	return appendAudit(ctx, tx, now, entry)
}

// Acknowledge changes anomalies that nobody touched. The write lock keeps other processes out; one that waited finds nothing left.
func (s *Store) Acknowledge(ctx context.Context, before time.Time, batch int) (int, error) {
	const action = "acknowledge old anomalies"
	if err := s.usable(action); err != nil {
		return 0, err
	}
	n := 0
	err := s.transact(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT id, updated_at FROM anomalies WHERE status = 'pending' AND updated_at < ? ORDER BY timestamp, id LIMIT ?", nanos(before), batch)
		if err != nil {
			return err
		}
		defer rows.Close()
		old := map[string]time.Time{}
		var ids []string
		for rows.Next() {
			var id string
			var updated int64
			if err := rows.Scan(&id, &updated); err != nil {
				return err
			}
			ids, old[id] = append(ids, id), moment(updated)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, id := range ids {
			if err := s.setStatus(ctx, tx, store.Acknowledgement(id), "pending", old[id]); err != nil {
				return err
			}
		}
		n = len(ids)
		return nil
	})
	if err != nil {
		return 0, s.wrap(action, err)
	}
	if n > 0 {
		s.db.changed()
	}
	return n, nil
}
