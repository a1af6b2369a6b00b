package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/grams"
)

// Rows that another collector is deleting are left to it.
const (
	pruneAnomalies = `DELETE FROM anomalies WHERE id IN
    (SELECT id FROM anomalies WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)`
	pruneWindows = `DELETE FROM windows WHERE (service, timestamp, component_id, process_id) IN
    (SELECT service, timestamp, component_id, process_id FROM windows WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)`
	pruneLatest = `DELETE FROM latest_windows WHERE (service, component_id) IN
    (SELECT service, component_id FROM latest_windows WHERE created_at < $1 FOR UPDATE SKIP LOCKED)`
)

// Prune deletes one batch of what is past its time.
func (s *Store) Prune(ctx context.Context, before store.Cutoffs, batch int) (store.Counts, error) {
	const action = "delete old items"
	if err := s.usable(ctx, action); err != nil {
		return store.Counts{}, err
	}
	var gone store.Counts
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if !before.Anomalies.IsZero() {
			tag, err := tx.Exec(ctx, pruneAnomalies, before.Anomalies, batch)
			if err != nil {
				return err
			}
			gone.Anomalies = int(tag.RowsAffected())
			if _, err := tx.Exec(ctx, dropBlocks, grams.BlockRows); err != nil {
				return err
			}
		}
		if !before.Windows.IsZero() {
			tag, err := tx.Exec(ctx, pruneWindows, before.Windows, batch)
			if err != nil {
				return err
			}
			gone.Windows = int(tag.RowsAffected())
			if _, err = tx.Exec(ctx, pruneLatest, before.Windows); err != nil { // one row per service: never many
				return err
			}
		}
		if gone.Anomalies == 0 {
			return nil
		}
		entry, err := store.RetentionEntry(before, gone)
		if err != nil {
			return err
		}
		return appendAudit(ctx, tx, s.now(), entry)
	})
	if err != nil {
		return store.Counts{}, s.wrap(action, err)
	}
	return gone, nil
}
