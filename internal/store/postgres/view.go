package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/store"
)

const (
	selectLanes = `SELECT service, max(score), count(*) FILTER (WHERE anomaly) FROM windows
WHERE timestamp > $1 AND timestamp <= $2
GROUP BY service ORDER BY bool_or(anomaly) DESC, 2 DESC, 1 LIMIT $3`

	selectLane = `SELECT service, max(score), count(*) FILTER (WHERE anomaly) FROM windows
WHERE timestamp > $1 AND timestamp <= $2 AND service = $3
GROUP BY service`

	// The part of a step that an end lies behind its bucket's start is in (0, 1].
	selectBuckets = `SELECT service, ceil(extract(epoch FROM timestamp - $1) / $3::numeric)::bigint - 1, max(score), count(*) FILTER (WHERE anomaly) FROM windows
WHERE timestamp > $1 AND timestamp <= $2 AND service = ANY ($4::text[])
GROUP BY 1, 2`

	// A run begins where a window is anomalous and the one before it is not.
	selectLevels = `WITH judged AS (
    SELECT service, timestamp, min(p_value) <= $3 AS odd FROM windows WHERE timestamp >= $1 AND timestamp < $2 GROUP BY service, timestamp
), runs AS (
    SELECT service, odd, odd AND NOT lag(odd, 1, false) OVER (PARTITION BY service ORDER BY timestamp) AS begins FROM judged
), counted AS (
    SELECT service, count(*) AS windows, count(*) FILTER (WHERE odd) AS odd, count(*) FILTER (WHERE begins) AS episodes FROM runs GROUP BY service
)
SELECT service, windows, odd, episodes, (sum(windows) OVER ())::bigint, (sum(odd) OVER ())::bigint, (sum(episodes) OVER ())::bigint FROM counted
ORDER BY odd DESC, service LIMIT $4`

	currentStreams = `WITH newest AS (SELECT max(timestamp) AS at FROM latest_windows), streams AS (
    SELECT l.service, s.*, extract(epoch FROM timestamp - window_start)::float8 AS seconds,
        timestamp + (timestamp - window_start) * $1::int >= newest.at AS current
    FROM latest_windows l CROSS JOIN newest CROSS JOIN LATERAL jsonb_to_recordset(CASE jsonb_typeof(l.streams) WHEN 'array' THEN l.streams ELSE '[]' END)
        AS s (signal text, state text, seen bigint, needed bigint, records float8, unscored float8)
)
`
	selectServices = `SELECT count(DISTINCT service), max(timestamp) FROM latest_windows`

	selectStreams = currentStreams + `SELECT state, count(*), coalesce(sum(records / seconds) FILTER (WHERE current AND seconds > 0), 0),
    coalesce(sum(unscored) FILTER (WHERE current), 0)::bigint
FROM streams GROUP BY state`

	selectWarmup = currentStreams + `SELECT service, signal, seen, needed FROM streams WHERE current AND state <> 'ready'
ORDER BY needed - seen DESC, service COLLATE "C", signal LIMIT 1`

	selectBudgets = `SELECT component_id, budget_per_day, budget_spent, level FROM (
    SELECT *, row_number() OVER (PARTITION BY component_id ORDER BY timestamp DESC, service) AS place FROM latest_windows
) AS l WHERE place = 1 ORDER BY component_id LIMIT $1`

	countOpen = `SELECT (SELECT count(*) FROM anomalies WHERE status = 'pending'), (SELECT count(*) FROM anomalies WHERE status = 'investigating'),
    (SELECT count(*) FROM anomalies WHERE timestamp >= $1)`
)

// view reads in one transaction, so that all its parts are of one moment.
func (s *Store) view(ctx context.Context, action string, read func(pgx.Tx) error) error {
	if err := s.usable(ctx, action); err != nil {
		return err
	}
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, read)
	return s.wrap(action, err)
}

// Lanes returns the scores of services over time.
func (s *Store) Lanes(ctx context.Context, q store.LanesQuery) (*store.Lanes, error) {
	if err := q.Check(); err != nil {
		return nil, &store.PermanentError{Err: err}
	}
	var out *store.Lanes
	err := s.view(ctx, "draw lanes", func(tx pgx.Tx) error {
		out = &store.Lanes{Services: []store.Lane{}}
		limit := store.ClampServices(q.Limit)
		text, last := selectLanes, any(limit+1)
		if q.Service != "" {
			text, last = selectLane, clean(q.Service)
		}
		rows, err := tx.Query(ctx, text, q.Start, q.End, last)
		if err != nil {
			return err
		}
		var service string
		var score float64
		var n int
		if _, err := pgx.ForEachRow(rows, []any{&service, &score, &n}, func() error {
			if out.More = len(out.Services) == limit; !out.More {
				lane := store.NewLane(service, q.Buckets())
				lane.MaxScore, lane.Anomalies = score, n
				out.Services = append(out.Services, lane)
			}
			return nil
		}); err != nil {
			return err
		}
		lanes, names := out.ByService()
		rows, err = tx.Query(ctx, selectBuckets, q.Start, q.End, q.Step.Seconds(), names)
		if err != nil {
			return err
		}
		var i int64
		_, err = pgx.ForEachRow(rows, []any{&service, &i, &score, &n}, func() error {
			at := score
			lanes[service].Scores[i], lanes[service].Anomalous[i] = &at, n
			return nil
		})
		return err
	})
	return out, err
}

// Levels counts what would have been anomalous at another level.
func (s *Store) Levels(ctx context.Context, q store.LevelsQuery) (*store.Levels, error) {
	var out *store.Levels
	err := s.view(ctx, "count windows at a level", func(tx pgx.Tx) error {
		out = &store.Levels{Services: []store.ServiceLevel{}}
		limit := store.ClampServices(q.Limit)
		rows, err := tx.Query(ctx, selectLevels, q.Start, q.End, q.Level, limit+1)
		if err != nil {
			return err
		}
		var one store.ServiceLevel
		_, err = pgx.ForEachRow(rows, []any{&one.Service, &one.Windows, &one.Anomalous, &one.Episodes, &out.Windows, &out.Anomalous, &out.Episodes}, func() error {
			if out.More = len(out.Services) == limit; !out.More {
				out.Services = append(out.Services, one)
			}
			return nil
		})
		return err
	})
	return out, err
}

// Overview sums up the newest windows and counts anomalies.
func (s *Store) Overview(ctx context.Context, since time.Time) (*store.Overview, error) {
	var out *store.Overview
	err := s.view(ctx, "sum up", func(tx pgx.Tx) error {
		out = &store.Overview{Streams: map[string]int{}, Budgets: []store.Budget{}}
		var newest *time.Time
		if err := tx.QueryRow(ctx, selectServices).Scan(&out.Services, &newest); err != nil {
			return err
		}
		if newest != nil {
			out.Newest = newest.UTC()
		}
		if err := tx.QueryRow(ctx, countOpen, since).Scan(&out.Pending, &out.Investigating, &out.Since); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectStreams, store.CurrentWindows)
		if err != nil {
			return err
		}
		var state string
		var n int
		var rate float64
		var unscored int64
		if _, err := pgx.ForEachRow(rows, []any{&state, &n, &rate, &unscored}, func() error {
			out.Streams[state] += n
			out.RecordsPerSecond += rate
			out.Unscored += unscored
			return nil
		}); err != nil {
			return err
		}
		rows, err = tx.Query(ctx, selectWarmup, store.CurrentWindows)
		if err != nil {
			return err
		}
		var w store.Warmup
		if _, err := pgx.ForEachRow(rows, []any{&w.Service, &w.Signal, &w.Seen, &w.Needed}, func() error {
			out.Warmup = &w
			return nil
		}); err != nil {
			return err
		}
		rows, err = tx.Query(ctx, selectBudgets, store.MaxBudgets)
		if err != nil {
			return err
		}
		var b store.Budget
		_, err = pgx.ForEachRow(rows, []any{&b.ComponentID, &b.PerDay, &b.Spent, &b.Level}, func() error {
			out.Budgets = append(out.Budgets, b)
			return nil
		})
		return err
	})
	return out, err
}
