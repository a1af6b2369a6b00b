package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// windowRow is a window item on its way in.
type windowRow struct {
	*anomaly.Window
	now time.Time
}

var windowColumns = []column[windowRow]{
	text("component_id", func(w *windowRow) string { return w.ComponentID }),
	text("process_id", func(w *windowRow) string { return w.ProcessID }),
	text("service", func(w *windowRow) string { return w.Service }),
	moment("timestamp", func(w *windowRow) time.Time { return w.Timestamp }),
	moment("window_start", func(w *windowRow) time.Time { return w.WindowStart }),
	float("score", func(w *windowRow) float64 { return w.Score }),
	float("p_value", func(w *windowRow) float64 { return w.PValue }),
	float("level", func(w *windowRow) float64 { return w.Level }),
	boolean("anomaly", func(w *windowRow) bool { return w.Anomaly }),
	float("budget_per_day", func(w *windowRow) float64 { return w.BudgetPerDay }),
	float("budget_spent", func(w *windowRow) float64 { return w.BudgetSpent }),
	object("streams", func(w *windowRow) any { return w.Streams }),
	moment("created_at", func(w *windowRow) time.Time { return w.now }),
}

// windowFields are the columns that are read.
var windowFields = strings.Join(names(windowColumns[:len(windowColumns)-1]), ", ")

var (
	insertWindows = insertion("windows", windowColumns) + "\nON CONFLICT (service, timestamp, component_id, process_id) DO NOTHING"

	upsertLatest = func() string {
		var set []string
		for _, name := range names(windowColumns) {
			if name != "service" && name != "component_id" {
				set = append(set, name+" = excluded."+name)
			}
		}
		return insertion("latest_windows AS l", windowColumns) + "\nON CONFLICT (service, component_id) DO UPDATE SET " + strings.Join(set, ", ") +
			"\nWHERE excluded.timestamp >= l.timestamp"
	}()

	selectWindows = "SELECT " + windowFields + ` FROM windows
WHERE service = $1 AND timestamp >= $2 AND timestamp < $3 AND (timestamp, component_id, process_id) > ($4, $5, $6)
ORDER BY timestamp, component_id, process_id LIMIT $7`

	selectLatest = "SELECT " + windowFields + ` FROM latest_windows
WHERE (service, component_id) > ($1, $2) ORDER BY service, component_id LIMIT $3`

	selectLatestOfService = "SELECT " + windowFields + ` FROM latest_windows
WHERE service = $1 AND component_id > $2 ORDER BY service, component_id LIMIT $3`
)

// addWindows stores window items; those that are known are left as they are.
func addWindows(ctx context.Context, tx pgx.Tx, list []*anomaly.Window, now time.Time) (int, error) {
	if len(list) == 0 {
		return 0, nil
	}
	rows := make([]windowRow, len(list))
	for i, w := range list {
		rows[i] = windowRow{w, now}
	}
	// In one order everywhere, so that transactions that meet wait for each other and never in a circle.
	slices.SortStableFunc(rows, func(a, b windowRow) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.ComponentID, b.ComponentID), a.Timestamp.Compare(b.Timestamp), cmp.Compare(a.ProcessID, b.ProcessID))
	})
	tag, err := tx.Exec(ctx, insertWindows, arguments(windowColumns, rows)...)
	if err != nil || tag.RowsAffected() == 0 {
		return 0, err // where all are known, so is which is the newest
	}
	newest := rows[:0:0]
	for i, w := range rows {
		if i+1 == len(rows) || rows[i+1].Service != w.Service || rows[i+1].ComponentID != w.ComponentID {
			newest = append(newest, w)
		}
	}
	if _, err := tx.Exec(ctx, upsertLatest, arguments(windowColumns, newest)...); err != nil {
		return 0, err
	}
	return int(tag.RowsAffected()), nil
}

// endless lies after every time that an item may have.
var endless = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)

// Windows returns a service's window items.
func (s *Store) Windows(ctx context.Context, q store.WindowQuery) ([]*anomaly.Window, error) {
	end := q.End
	if end.IsZero() {
		end = endless
	}
	start := q.Start
	if start.IsZero() {
		start = time.Unix(0, 0)
	}
	after := store.WindowPosition{Time: time.Unix(-1, 0)}
	if q.After != nil {
		after = *q.After
	}
	return s.windows(ctx, "list windows", selectWindows, q.Service, start, end, after.Time, after.Component, after.Process, store.ClampLimit(q.Limit))
}

// Latest returns the newest window item of each service and component.
func (s *Store) Latest(ctx context.Context, q store.LatestQuery) ([]*anomaly.Window, error) {
	const action = "list streams"
	if q.Service != "" {
		return s.windows(ctx, action, selectLatestOfService, q.Service, q.AfterComponent, store.ClampLimit(q.Limit))
	}
	return s.windows(ctx, action, selectLatest, q.AfterService, q.AfterComponent, store.ClampLimit(q.Limit))
}

func (s *Store) windows(ctx context.Context, action, query string, args ...any) ([]*anomaly.Window, error) {
	if err := s.usable(ctx, action); err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, s.wrap(action, err)
	}
	out, err := pgx.CollectRows(rows, scanWindow)
	return out, s.wrap(action, err)
}

func scanWindow(row pgx.CollectableRow) (*anomaly.Window, error) {
	var w anomaly.Window
	var streams []byte
	if err := row.Scan(&w.ComponentID, &w.ProcessID, &w.Service, &w.Timestamp, &w.WindowStart, &w.Score, &w.PValue, &w.Level, &w.Anomaly,
		&w.BudgetPerDay, &w.BudgetSpent, &streams); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(streams, &w.Streams); err != nil {
		return nil, fmt.Errorf("streams of service %q: %w", w.Service, err)
	}
	w.Timestamp, w.WindowStart = w.Timestamp.UTC(), w.WindowStart.UTC()
	return &w, nil
}
