package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/driftlock/driftlock/internal/store"
)

const (
	selectLanes = `SELECT service, max(score), sum(anomaly) FROM windows INDEXED BY windows_by_time
WHERE timestamp > ? AND timestamp <= ?
GROUP BY service ORDER BY max(anomaly) DESC, 2 DESC, 1 LIMIT ?`

	selectLane = `SELECT service, max(score), sum(anomaly) FROM windows INDEXED BY windows_by_time
WHERE timestamp > ? AND timestamp <= ? AND service = ? GROUP BY service`

	// A nanosecond less, and an end on a border belongs to the bucket before.
	selectBuckets = `SELECT service, (timestamp - 1 - ?) / ?, max(score), sum(anomaly) FROM windows INDEXED BY windows_by_time
WHERE timestamp > ? AND timestamp <= ? AND service IN (SELECT value FROM json_each(?))
GROUP BY 1, 2`

	// A run begins where a window is anomalous and the one before it is not.
	selectLevels = `WITH judged AS (
    SELECT service, timestamp, min(p_value) <= ? AS odd FROM windows INDEXED BY windows_by_time WHERE timestamp >= ? AND timestamp < ? GROUP BY service, timestamp
), runs AS (
    SELECT service, odd, odd AND NOT lag(odd, 1, 0) OVER (PARTITION BY service ORDER BY timestamp) AS begins FROM judged
), counted AS (
    SELECT service, count(*) AS windows, sum(odd) AS odd, sum(begins) AS episodes FROM runs GROUP BY service
)
SELECT service, windows, odd, episodes, sum(windows) OVER (), sum(odd) OVER (), sum(episodes) OVER () FROM counted ORDER BY odd DESC, service LIMIT ?`

	currentStreams = `WITH newest AS (SELECT max(timestamp) AS at FROM latest_windows), streams AS (
    SELECT l.service, (timestamp - window_start) / 1e9 AS seconds, timestamp + (timestamp - window_start) * ? >= newest.at AS current,
        s.value ->> 'signal' AS signal, s.value ->> 'state' AS state, s.value ->> 'seen' AS seen, s.value ->> 'needed' AS needed,
        s.value ->> 'records' AS records, coalesce(s.value ->> 'unscored', 0) AS unscored
    FROM latest_windows l, newest, json_each(l.streams) s WHERE s.type = 'object'
)
`
	selectServices = `SELECT count(DISTINCT service), max(timestamp) FROM latest_windows`

	selectStreams = currentStreams + `SELECT state, count(*), coalesce(sum(records / seconds) FILTER (WHERE current AND seconds > 0), 0.0),
    coalesce(sum(unscored) FILTER (WHERE current), 0)
FROM streams GROUP BY state`

	selectWarmup = currentStreams + `SELECT service, signal, seen, needed FROM streams WHERE current AND state <> 'ready'
ORDER BY needed - seen DESC, service, signal LIMIT 1`

	selectBudgets = `SELECT component_id, budget_per_day, budget_spent, level FROM (
    SELECT *, row_number() OVER (PARTITION BY component_id ORDER BY timestamp DESC, service) AS place FROM latest_windows
) WHERE place = 1 ORDER BY component_id LIMIT ?`

	countOpen = `SELECT (SELECT count(*) FROM anomalies WHERE status = 'pending'), (SELECT count(*) FROM anomalies WHERE status = 'investigating'),
    (SELECT count(*) FROM anomalies WHERE timestamp >= ?)`
)

// view reads in one transaction, so that all its parts are of one moment.
func (s *Store) view(ctx context.Context, action string, read func(*sql.Tx) error) error {
	if err := s.usable(action); err != nil {
		return err
	}
	tx, err := s.db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.wrap(action, err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	return s.wrap(action, read(tx))
}

// Lanes returns the scores of services over time.
func (s *Store) Lanes(ctx context.Context, q store.LanesQuery) (*store.Lanes, error) {
	if err := q.Check(); err != nil {
		return nil, &store.PermanentError{Err: err}
	}
	out := &store.Lanes{Services: []store.Lane{}}
	err := s.view(ctx, "draw lanes", func(tx *sql.Tx) error {
		limit, start, end := store.ClampServices(q.Limit), nanos(q.Start), nanos(q.End)
		var service string
		var score float64
		var n int
		text, last := selectLanes, any(limit+1)
		if q.Service != "" {
			text, last = selectLane, q.Service
		}
		err := each(ctx, tx, text, []any{start, end, last}, []any{&service, &score, &n}, func() {
			if out.More = len(out.Services) == limit; !out.More {
				lane := store.NewLane(service, q.Buckets())
				lane.MaxScore, lane.Anomalies = score, n
				out.Services = append(out.Services, lane)
			}
		})
		if err != nil {
			return err
		}
		lanes, names := out.ByService()
		list, err := encode(names)
		if err != nil {
			return err
		}
		var i int64
		return each(ctx, tx, selectBuckets, []any{start, int64(q.Step), start, end, list}, []any{&service, &i, &score, &n}, func() {
			at := score
			lanes[service].Scores[i], lanes[service].Anomalous[i] = &at, n
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Levels counts what would have been anomalous at another level.
func (s *Store) Levels(ctx context.Context, q store.LevelsQuery) (*store.Levels, error) {
	out := &store.Levels{Services: []store.ServiceLevel{}}
	err := s.view(ctx, "count windows at a level", func(tx *sql.Tx) error {
		limit := store.ClampServices(q.Limit)
		var one store.ServiceLevel
		into := []any{&one.Service, &one.Windows, &one.Anomalous, &one.Episodes, &out.Windows, &out.Anomalous, &out.Episodes}
		return each(ctx, tx, selectLevels, []any{q.Level, nanos(q.Start), nanos(q.End), limit + 1}, into, func() {
			if out.More = len(out.Services) == limit; !out.More {
				out.Services = append(out.Services, one)
			}
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Overview sums up the newest windows and counts anomalies.
func (s *Store) Overview(ctx context.Context, since time.Time) (*store.Overview, error) {
	out := &store.Overview{Streams: map[string]int{}, Budgets: []store.Budget{}}
	err := s.view(ctx, "sum up", func(tx *sql.Tx) error {
		var newest sql.NullInt64
		if err := tx.QueryRowContext(ctx, selectServices).Scan(&out.Services, &newest); err != nil {
			return err
		}
		if newest.Valid {
			out.Newest = moment(newest.Int64)
		}
		if err := tx.QueryRowContext(ctx, countOpen, nanos(since)).Scan(&out.Pending, &out.Investigating, &out.Since); err != nil {
			return err
		}
		var state string
		var n int
		var rate float64
		var unscored int64
		err := each(ctx, tx, selectStreams, []any{store.CurrentWindows}, []any{&state, &n, &rate, &unscored}, func() {
			out.Streams[state] += n
			out.RecordsPerSecond += rate
			out.Unscored += unscored
		})
		if err != nil {
			return err
		}
		var w store.Warmup
		err = each(ctx, tx, selectWarmup, []any{store.CurrentWindows}, []any{&w.Service, &w.Signal, &w.Seen, &w.Needed}, func() { out.Warmup = &w })
		if err != nil {
			return err
		}
		var b store.Budget
		return each(ctx, tx, selectBudgets, []any{store.MaxBudgets}, []any{&b.ComponentID, &b.PerDay, &b.Spent, &b.Level}, func() {
			out.Budgets = append(out.Budgets, b)
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
