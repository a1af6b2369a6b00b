package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Add stores items in one transaction.
func (s *Store) Add(ctx context.Context, items anomaly.Items) (store.Counts, error) {
	const action = "insert anomalies"
	if err := s.usable(ctx, action); err != nil {
		return store.Counts{}, err
	}
	if items.Len() == 0 {
		return store.Counts{}, nil
	}
	var added store.Counts
	now := s.now()
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if added.Anomalies, err = addAnomalies(ctx, tx, items.Anomalies, now); err != nil {
			return err
		}
		if added.Windows, err = addWindows(ctx, tx, items.Windows, now); err != nil || added.Anomalies == 0 {
			return err
		}
		return notify(ctx, tx)
	})
	if err != nil {
		return store.Counts{}, s.wrap(action, err)
	}
	if added.Anomalies > 0 {
		s.changed()
	}
	return added, nil
}

func addAnomalies(ctx context.Context, tx pgx.Tx, list []*anomaly.Anomaly, now time.Time) (int, error) {
	if len(list) == 0 {
		return 0, nil
	}
	tag, err := tx.Exec(ctx, upsertAnomalies, arguments(anomalyColumns, joined(list, now))...)
	return int(tag.RowsAffected()), err
}

// joined makes the rows of a list, in one order everywhere, so that transactions that meet wait for each other and never in a circle.
func joined(list []*anomaly.Anomaly, now time.Time) []row {
	var rows []row
	for _, r := range store.Join(list) {
		rows = append(rows, row{r, now})
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.ID, b.ID) })
	return rows
}
