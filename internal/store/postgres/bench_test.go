package postgres

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

// batch makes n anomalies that nobody has seen, rows of about 2 KiB.
func batch(n int, next *int) []*anomaly.Anomaly {
	out := make([]*anomaly.Anomaly, n)
	for i := range out {
		a := storetest.Anomaly(*next)
		*next++
		line := fmt.Sprintf(`{"lines":["%d %s"]}`, *next, strings.Repeat("GET /cart/items took 12 ms; ", 22))
		a.BaselineData, a.WindowData = json.RawMessage(line), json.RawMessage(line)
		out[i] = a
	}
	return out
}

// BenchmarkAdd stores batches of 256 as the exporter does and, in turn, by plain COPY into the same table with all its indexes: the limit.
// It reports rows per second of both and their ratio.
func BenchmarkAdd(b *testing.B) {
	s, err := Open(b.Context(), Options{DSN: pgtest.Database(b), MigrateAtStart: true})
	require.NoError(b, err)
	defer s.Close()
	const rows = 256
	next := 0
	var add, plain time.Duration
	for b.Loop() {
		list := batch(rows, &next)
		begin := time.Now()
		n, err := s.Add(b.Context(), anomaly.Items{Anomalies: list})
		add += time.Since(begin)
		require.NoError(b, err)
		require.Equal(b, rows, n.Anomalies)

		list = batch(rows, &next)
		begin = time.Now()
		columns := arguments(anomalyColumns, joined(list, s.now()))
		m, err := s.pool.CopyFrom(b.Context(), pgx.Identifier{"anomalies"}, names(anomalyColumns), pgx.CopyFromSlice(rows, func(i int) ([]any, error) {
			values := make([]any, len(columns))
			for c := range columns {
				values[c] = at(columns[c], i)
			}
			return values, nil
		}))
		plain += time.Since(begin)
		require.NoError(b, err)
		require.EqualValues(b, rows, m)
	}
	total := float64(rows * b.N)
	b.ReportMetric(total/add.Seconds(), "rows/s")
	b.ReportMetric(total/plain.Seconds(), "copy_rows/s")
	b.ReportMetric(plain.Seconds()/add.Seconds(), "of_copy")
	b.ReportMetric(0, "ns/op")
}

func at(values any, i int) any {
	switch v := values.(type) {
	case []string:
		return v[i]
	case []*string:
		if v[i] == nil {
			return nil
		}
		return *v[i]
	case []float64:
		return v[i]
	case []int64:
		return v[i]
	case []bool:
		return v[i]
	case []time.Time:
		return v[i]
	case []*time.Time:
		if v[i] == nil {
			return nil
		}
		return *v[i]
	}
	panic(fmt.Sprintf("no values of type %T", values))
}

// BenchmarkList reads the first page of the default list.
func BenchmarkList(b *testing.B) {
	s, err := Open(b.Context(), Options{DSN: pgtest.Database(b), MigrateAtStart: true})
	require.NoError(b, err)
	defer s.Close()
	next := 0
	for range 40 {
		_, err := s.Add(b.Context(), anomaly.Items{Anomalies: batch(256, &next)})
		require.NoError(b, err)
	}
	for b.Loop() {
		if _, err := s.List(b.Context(), store.Query{Detail: store.Summary}); err != nil {
			b.Fatal(err)
		}
	}
}
