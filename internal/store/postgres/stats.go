package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Stats counts the anomalies of a span of time.
func (s *Store) Stats(ctx context.Context, q store.StatsQuery) (*store.Stats, error) {
	const action = "count anomalies"
	if err := s.usable(ctx, action); err != nil {
		return nil, err
	}
	w := conditions(store.Query{Start: q.Start, End: q.End})
	span := ""
	if len(w.terms) > 0 {
		span = " WHERE " + strings.Join(w.terms, " AND ")
	}
	out := store.NewStats()
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "SELECT status, stream_type, kind, count(*) FROM anomalies"+span+" GROUP BY 1, 2, 3", w.args...)
		if err != nil {
			return err
		}
		var status, stream, kind string
		var n int
		if _, err := pgx.ForEachRow(rows, []any{&status, &stream, &kind, &n}, func() error {
			out.Count(status, anomaly.Signal(stream), anomaly.Kind(kind), n)
			return nil
		}); err != nil {
			return err
		}
		rows, err = tx.Query(ctx, "SELECT service, count(*), max(score), max(timestamp) FROM anomalies"+span+
			" GROUP BY service ORDER BY 2 DESC, 1 LIMIT "+itoa(store.MaxLimit), w.args...)
		if err != nil {
			return err
		}
		var service store.ServiceStats
		if _, err := pgx.ForEachRow(rows, []any{&service.Service, &service.Count, &service.MaxScore, &service.Last}, func() error {
			service.Last = service.Last.UTC()
			out.Services = append(out.Services, service)
			return nil
		}); err != nil {
			return err
		}
		if !q.Buckets() {
			return nil
		}
		b := *w
		number := "floor(extract(epoch FROM timestamp - " + b.parameter(q.Start) + "::timestamptz) / " + b.parameter(q.Step.Seconds()) + ")::bigint"
		rows, err = tx.Query(ctx, "SELECT "+number+", count(*), max(score) FROM anomalies"+span+" GROUP BY 1 ORDER BY 1", b.args...)
		if err != nil {
			return err
		}
		var i int64
		var bucket store.Bucket
		_, err = pgx.ForEachRow(rows, []any{&i, &bucket.Count, &bucket.MaxScore}, func() error {
			bucket.Start = q.Start.Add(time.Duration(i) * q.Step).UTC()
			out.Buckets = append(out.Buckets, bucket)
			return nil
		})
		return err
	})
	if err != nil {
		return nil, s.wrap(action, err)
	}
	return out, nil
}
