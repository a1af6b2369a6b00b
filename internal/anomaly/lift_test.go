package anomaly

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/testdata"
)

func TestDamagedItems(t *testing.T) {
	t.Parallel()
	for want, damage := range map[string]func(pcommon.Map){
		`attribute driftlock.anomaly.timestamp: is missing`:                  func(m pcommon.Map) { m.Remove(anomalyPrefix + "timestamp") },
		`timestamp: must be a time as in RFC 3339 (got "noon")`:              func(m pcommon.Map) { m.PutStr(anomalyPrefix+"timestamp", "noon") },
		`driftlock.anomaly.window_start: has type Int, want Str`:             func(m pcommon.Map) { m.PutInt(anomalyPrefix+"window_start", 1) },
		`id must be a UUID in lower case (got "")`:                           func(m pcommon.Map) { m.Remove(anomalyPrefix + "id") },
		`id must be a UUID in lower case (got "1BA9DBA3-7B1F`:                func(m pcommon.Map) { m.PutStr(anomalyPrefix+"id", "1BA9DBA3-7B1F-8C20-A3E4-C63F4C5D1F9F") },
		`service must not be empty`:                                          func(m pcommon.Map) { m.Remove(anomalyPrefix + "service") },
		`stream_type must be logs, metrics or traces (got "profiles")`:       func(m pcommon.Map) { m.PutStr(anomalyPrefix+"stream_type", "profiles") },
		`driftlock.anomaly.p_value: has type Str, want Double`:               func(m pcommon.Map) { m.PutStr(anomalyPrefix+"p_value", "0.1") },
		`p_value must lie in [0, 1] (got 7)`:                                 func(m pcommon.Map) { m.PutInt(anomalyPrefix+"p_value", 7) },
		`driftlock.anomaly.compression_window: must not be negative (got -1`: func(m pcommon.Map) { m.PutInt(anomalyPrefix+"compression_window", -1) },
		`driftlock.anomaly.reasons: invalid character`:                       func(m pcommon.Map) { m.PutStr(anomalyPrefix+"reasons", "[{]") },
		`driftlock.anomaly.reasons: json: cannot unmarshal string`:           func(m pcommon.Map) { m.PutStr(anomalyPrefix+"reasons", `[{"bits":"x"}]`) },
		`driftlock.anomaly.window_data: is not JSON`:                         func(m pcommon.Map) { m.PutStr(anomalyPrefix+"window_data", "{") },
		`driftlock.anomaly.trace_ids: has an element of type Int`:            func(m pcommon.Map) { m.PutEmptySlice(anomalyPrefix + "trace_ids").AppendEmpty().SetInt(1) },
		`more than the 65536 an item may have`:                               func(m pcommon.Map) { m.PutStr("x", strings.Repeat("x", MaxItemBytes)) },
	} {
		it := example(t)
		it.Anomalies = append(it.Anomalies, it.Anomalies[0], it.Anomalies[0])
		ld, err := it.ToLogs()
		require.NoError(t, err)
		damage(ld.ResourceLogs().At(1).ScopeLogs().At(0).LogRecords().At(0).Attributes())
		got, err := LiftLogs(ld)
		assert.ErrorContains(t, err, want)
		assert.Len(t, got.Anomalies, 2, "the others are lifted: %s", want)
		assert.Len(t, got.Windows, 1)
	}
}

func TestDamagedMetricsAndTraces(t *testing.T) {
	t.Parallel()
	md, err := example(t).ToMetrics()
	require.NoError(t, err)
	md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints().At(0).Exemplars().RemoveIf(func(pmetric.Exemplar) bool { return true })
	got, err := LiftMetrics(md)
	require.ErrorContains(t, err, "read driftlock.anomaly: the point has no exemplar; something between the processor and here removes exemplars")
	require.Len(t, got.Windows, 1)

	td, err := example(t).ToTraces()
	require.NoError(t, err)
	td.ResourceSpans().At(1).ScopeSpans().At(0).Spans().At(0).Attributes().PutStr("driftlock.window.streams", `[{"signal":"x"}]`)
	got, err = LiftTraces(td)
	require.ErrorContains(t, err, `read window item of service "checkout": streams.signal must be logs, metrics or traces (got "x")`)
	require.Len(t, got.Anomalies, 1)

	td.ResourceSpans().At(0).Resource().Attributes().PutStr("big", strings.Repeat("x", MaxItemBytes))
	_, err = LiftTraces(td)
	require.ErrorContains(t, err, "Resource of")
}

func TestManyDamagedItemsMakeAShortError(t *testing.T) {
	t.Parallel()
	ld, err := Items{Anomalies: example(t).Anomalies}.ToLogs()
	require.NoError(t, err)
	records := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	records.At(0).Attributes().Clear()
	for range 999 {
		records.At(0).CopyTo(records.AppendEmpty())
	}
	_, err = LiftLogs(ld)
	require.ErrorContains(t, err, "and 990 more damaged items")
	require.Less(t, len(err.Error()), 2000)
}

// TestOthersAreIgnored: what lies in the scope but is none of our items, or has our names but lies elsewhere.
func TestOthersAreIgnored(t *testing.T) {
	t.Parallel()
	it := example(t)
	ld, err := it.ToLogs()
	require.NoError(t, err)
	ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetEventName("driftlock.later")
	ld.ResourceLogs().At(1).ScopeLogs().At(0).Scope().SetName("driftlock2")
	got, err := LiftLogs(ld)
	require.NoError(t, err)
	require.Zero(t, got.Len())

	md, err := it.ToMetrics()
	require.NoError(t, err)
	md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).SetEmptySum()
	md.ResourceMetrics().At(1).ScopeMetrics().At(0).Metrics().At(0).SetName("driftlock.windows_scored")
	got, err = LiftMetrics(md)
	require.NoError(t, err)
	require.Zero(t, got.Len())
}

func TestReadIgnoresUnknownAttributesAndMissingOptionalOnes(t *testing.T) {
	t.Parallel()
	m := pcommon.NewMap()
	require.NoError(t, example(t).Anomalies[0].WriteTo(m))
	keep := map[string]bool{"id": true, "timestamp": true, "window_start": true, "service": true, "stream_type": true}
	m.RemoveIf(func(k string, _ pcommon.Value) bool { return !keep[strings.TrimPrefix(k, anomalyPrefix)] })
	m.PutEmptyMap("driftlock.anomaly.of_tomorrow").PutBool("x", true)
	a, err := ReadAnomaly(m)
	require.NoError(t, err)
	require.Equal(t, "checkout", a.Service)
	require.Equal(t, statusPending, a.Status)
}

// TestOrdinaryDataCostsNothing: no allocation, whatever the number of records.
func TestOrdinaryDataCostsNothing(t *testing.T) {
	ld, md, td := testdata.GenerateLogs(1000), testdata.GenerateMetrics(1000), testdata.GenerateTraces(1000)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for _, lift := range []func() (Items, error){
			func() (Items, error) { return LiftLogs(ld) }, func() (Items, error) { return LiftMetrics(md) }, func() (Items, error) { return LiftTraces(td) },
		} {
			if it, err := lift(); it.Len() != 0 || err != nil {
				t.Fatal(it, err)
			}
		}
	}))
}

func BenchmarkLiftOrdinary(b *testing.B) {
	for _, n := range []int{10, 10000} {
		ld := testdata.GenerateLogs(n)
		b.Run(fmt.Sprintf("records=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := LiftLogs(ld); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkItem(b *testing.B) {
	it := example(b)
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := it.ToLogs(); err != nil {
				b.Fatal(err)
			}
		}
	})
	ld, err := it.ToLogs()
	require.NoError(b, err)
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := LiftLogs(ld); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// FuzzLift reads whatever bytes say and asks that what is accepted survives another round unchanged.
func FuzzLift(f *testing.F) {
	for _, it := range []Items{example(f), {Anomalies: example(f).Anomalies}, {Windows: example(f).Windows}} {
		ld, err := it.ToLogs()
		require.NoError(f, err)
		b, err := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(b)
		if err != nil {
			return
		}
		first, err := LiftLogs(ld)
		if first.Len() == 0 {
			return
		}
		_ = err // damaged items beside the good ones
		again, err := first.ToLogs()
		require.NoError(t, err)
		for _, rl := range again.ResourceLogs().All() {
			one := plog.NewLogs()
			rl.CopyTo(one.ResourceLogs().AppendEmpty())
			require.LessOrEqual(t, (&plog.ProtoMarshaler{}).LogsSize(one), MaxItemBytes)
		}
		second, err := LiftLogs(again)
		require.NoError(t, err)
		require.Equal(t, first.Len(), second.Len())
		third, err := second.ToLogs()
		require.NoError(t, err)
		last, err := LiftLogs(third)
		require.NoError(t, err)
		require.Equal(t, second, last)
	})
}
