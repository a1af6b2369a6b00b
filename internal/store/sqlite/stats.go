package sqlite

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Stats counts the anomalies of a span of time, as of one moment.
func (s *Store) Stats(ctx context.Context, q store.StatsQuery) (*store.Stats, error) {
	const action = "count anomalies"
	if err := s.usable(action); err != nil {
		return nil, err
	}
	tx, err := s.db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, s.wrap(action, err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	where, args := conditions(store.Query{Start: q.Start, End: q.End})
	span := ""
	if len(where) > 0 {
		span = " WHERE " + strings.Join(where, " AND ")
	}
	out := store.NewStats()
	var status, stream, kind string
	var n int
	err = each(ctx, tx, "SELECT status, stream_type, kind, count(*) FROM anomalies"+span+" GROUP BY 1, 2, 3", args, []any{&status, &stream, &kind, &n}, func() {
		out.Count(status, anomaly.Signal(stream), anomaly.Kind(kind), n)
	})
	if err != nil {
		return nil, s.wrap(action, err)
	}
	var service store.ServiceStats
	var last int64
	err = each(ctx, tx, "SELECT service, count(*), max(score), max(timestamp) FROM anomalies"+span+
		" GROUP BY service ORDER BY 2 DESC, 1 LIMIT "+strconv.Itoa(store.MaxLimit), args, []any{&service.Service, &service.Count, &service.MaxScore, &last}, func() {
		service.Last = moment(last)
		out.Services = append(out.Services, service)
	})
	if err != nil {
		return nil, s.wrap(action, err)
	}
	if !q.Buckets() {
		return out, nil
	}
	var i int64
	var bucket store.Bucket
	err = each(ctx, tx, "SELECT (timestamp - ?) / ?, count(*), max(score) FROM anomalies"+span+" GROUP BY 1 ORDER BY 1",
		append([]any{nanos(q.Start), int64(q.Step)}, args...), []any{&i, &bucket.Count, &bucket.MaxScore}, func() {
			bucket.Start = q.Start.Add(time.Duration(i) * q.Step).UTC()
			out.Buckets = append(out.Buckets, bucket)
		})
	return out, s.wrap(action, err)
}

// each reads the rows of a query one after the other into the same variables.
func each(ctx context.Context, tx *sql.Tx, query string, args, into []any, row func()) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row()
	}
	return rows.Err()
}
