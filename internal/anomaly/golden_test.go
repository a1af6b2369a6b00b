package anomaly

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/pmetrictest"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/ptracetest"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

var update = flag.Bool("update", false, "write the golden files anew")

// example is the committed example: what the documents show and the golden files carry.
func example(tb testing.TB) Items {
	tb.Helper()
	a, w := &Anomaly{}, &Window{}
	for name, into := range map[string]any{"anomaly.json": a, "window.json": w} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(tb, err)
		require.NoError(tb, json.Unmarshal(b, into))
	}
	return Items{Anomalies: []*Anomaly{a}, Windows: []*Window{w}}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	path := func(name string) string { return filepath.Join("testdata", name+".yaml") }
	it := example(t)
	ld, err := it.ToLogs()
	require.NoError(t, err)
	md, err := it.ToMetrics()
	require.NoError(t, err)
	td, err := it.ToTraces()
	require.NoError(t, err)
	if *update {
		require.NoError(t, golden.WriteLogsToFile(path("logs"), ld))
		require.NoError(t, golden.WriteMetricsToFile(path("metrics"), md, golden.SkipMetricTimestampNormalization()))
		require.NoError(t, golden.WriteTracesToFile(path("traces"), td))
	}
	wantLogs, err := golden.ReadLogs(path("logs"))
	require.NoError(t, err)
	require.NoError(t, plogtest.CompareLogs(wantLogs, ld, plogtest.IgnoreResourceLogsOrder()))
	wantMetrics, err := golden.ReadMetrics(path("metrics"))
	require.NoError(t, err)
	require.NoError(t, pmetrictest.CompareMetrics(wantMetrics, md, pmetrictest.IgnoreResourceMetricsOrder()))
	wantTraces, err := golden.ReadTraces(path("traces"))
	require.NoError(t, err)
	require.NoError(t, ptracetest.CompareTraces(wantTraces, td, ptracetest.IgnoreResourceSpansOrder()))

	// What the comparisons above do not look at, and what old files must give for ever.
	require.Equal(t, ItemName, ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).EventName())
	require.Equal(t, WindowName, ld.ResourceLogs().At(1).ScopeLogs().At(0).LogRecords().At(0).EventName())
	for _, lift := range []func() (Items, error){
		func() (Items, error) { return LiftLogs(wantLogs) },
		func() (Items, error) { return LiftMetrics(wantMetrics) },
		func() (Items, error) { return LiftTraces(wantTraces) },
	} {
		got, err := lift()
		require.NoError(t, err)
		compact(t, it.Anomalies[0])
		require.Equal(t, it, got)
	}
}

// compact takes the space out of the excerpts, as the carriers do.
func compact(t *testing.T, a *Anomaly) {
	t.Helper()
	var err error
	a.BaselineData, err = excerpt(a.BaselineData)
	require.NoError(t, err)
	a.WindowData, err = excerpt(a.WindowData)
	require.NoError(t, err)
}

func TestNoNewSeries(t *testing.T) {
	t.Parallel()
	it := example(t)
	other := *it.Anomalies[0]
	other.ID, other.Explanation, other.Score = NewID("x", "checkout", "logs", other.WindowStart, ""), "another", 9
	it.Anomalies = append(it.Anomalies, &other)
	md, err := it.ToMetrics()
	require.NoError(t, err)
	point := func(i int) pmetric.NumberDataPoint {
		return md.ResourceMetrics().At(i).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints().At(0)
	}
	require.Equal(t, point(0).Attributes().AsRaw(), point(1).Attributes().AsRaw())
	require.Equal(t, md.ResourceMetrics().At(0).Resource().Attributes().AsRaw(), md.ResourceMetrics().At(1).Resource().Attributes().AsRaw())
}

func TestSpanLinksToItsTraces(t *testing.T) {
	t.Parallel()
	it := example(t)
	it.Anomalies[0].TraceIDs = []string{"0af7651916cd43dd8448eb211c80319c", "not a trace id", "", "0af7651916cd43dd8448eb211c80319g",
		"0af7651916cd43dd8448eb211c80319c0af7651916cd43dd8448eb211c80319c"}
	td, err := it.ToTraces()
	require.NoError(t, err)
	sp := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	require.Equal(t, 1, sp.Links().Len())
	require.Equal(t, "0af7651916cd43dd8448eb211c80319c", sp.Links().At(0).TraceID().String())
	require.Equal(t, "1ba9dba37b1f8c20a3e4c63f4c5d1f9f", sp.TraceID().String())
	require.False(t, sp.SpanID().IsEmpty())
	require.Equal(t, it.Anomalies[0].WindowStart, sp.StartTimestamp().AsTime())
	require.Equal(t, it.Anomalies[0].Timestamp, sp.EndTimestamp().AsTime())
}
