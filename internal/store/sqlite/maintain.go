package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/schema"
	migrations "github.com/driftlock/driftlock/migrations/sqlite"
)

// vacuumPages bounds what one Prune gives back to the file system, 4 MiB at the usual page size.
const vacuumPages = 1024

// Prune deletes one batch of what is past its time.
func (s *Store) Prune(ctx context.Context, before store.Cutoffs, batch int) (store.Counts, error) {
	const action = "delete old items"
	if err := s.usable(action); err != nil {
		return store.Counts{}, err
	}
	var gone store.Counts
	err := s.transact(ctx, func(tx *sql.Tx) error {
		if !before.Anomalies.IsZero() {
			n, err := affected(tx.ExecContext(ctx, pruneAnomalies, nanos(before.Anomalies), batch))
			if err != nil {
				return err
			}
			gone.Anomalies = n
			if err := dropBlocks(ctx, tx); err != nil {
				return err
			}
		}
		if !before.Windows.IsZero() {
			n, err := affected(tx.ExecContext(ctx, pruneWindows, nanos(before.Windows), batch))
			if err != nil {
				return err
			}
			gone.Windows = n
			if _, err = tx.ExecContext(ctx, pruneLatest, nanos(before.Windows)); err != nil { // one row per service: never many
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
	if gone != (store.Counts{}) {
		if err := s.vacuum(ctx); err != nil {
			return gone, s.wrap(action, err)
		}
	}
	return gone, nil
}

// vacuum gives freed pages back. The pragma frees one page per row it returns, so it must be read to its end.
func (s *Store) vacuum(ctx context.Context) error {
	rows, err := s.db.write.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", vacuumPages))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		continue
	}
	return rows.Err()
}

func affected(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// Ping reads the schema's version and compares it with this build's.
func (s *Store) Ping(ctx context.Context) error {
	const action = "reach the store"
	if err := s.usable(action); err != nil {
		return err
	}
	var state schema.State
	var err error
	if state.Newest, err = schema.Newest(migrations.Files); err != nil {
		return err
	}
	if err := s.db.read.QueryRowContext(ctx, "SELECT version, dirty FROM schema_migrations").Scan(&state.Version, &state.Dirty); err != nil {
		return s.wrap(action, err)
	}
	if err := state.Check(); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}
