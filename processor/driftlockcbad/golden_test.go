package driftlockcbad

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// TestWriteGolden writes the payloads of testdata again: DRIFTLOCK_WRITE_GOLDEN=1 go test -run WriteGolden.
func TestWriteGolden(t *testing.T) {
	if os.Getenv("DRIFTLOCK_WRITE_GOLDEN") == "" {
		t.Skip("DRIFTLOCK_WRITE_GOLDEN is not set")
	}
	for i := range 3 {
		name := fmt.Sprintf("%d.yaml", i+1)
		require.NoError(t, golden.WriteLogsToFile(filepath.Join("testdata", "logs", name), goldenLogs(i)))
		require.NoError(t, golden.WriteMetricsToFile(filepath.Join("testdata", "metrics", name), goldenMetrics(i), golden.SkipMetricTimestampNormalization()))
		require.NoError(t, golden.WriteTracesToFile(filepath.Join("testdata", "traces", name), goldenTraces(i)))
	}
}

const goldenTime = pcommon.Timestamp(1_700_000_000_000_000_000)

func goldenResource(r pcommon.Resource, i int) {
	r.Attributes().PutStr("service.name", "checkout")
	r.Attributes().PutStr("k8s.pod.name", fmt.Sprintf("checkout-%d", i))
	r.Attributes().PutEmptySlice("tags").AppendEmpty().SetStr("canary")
	r.SetDroppedAttributesCount(2)
}

func goldenLogs(i int) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.SetSchemaUrl("https://opentelemetry.io/schemas/1.34.0")
	goldenResource(rl.Resource(), i)
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName("app")
	sl.Scope().SetVersion("1.2.3")
	for j := range 4 {
		lr := sl.LogRecords().AppendEmpty()
		// Out of order within the payload, and one without a time.
		lr.SetTimestamp(goldenTime + pcommon.Timestamp((3-j)*1e9+i*120e9))
		lr.SetObservedTimestamp(lr.Timestamp() + 5)
		lr.SetSeverityNumber(plog.SeverityNumber(9 + 4*j/2))
		lr.SetSeverityText("INFO")
		lr.SetTraceID(pcommon.TraceID{1, byte(i), byte(j)})
		lr.SetSpanID(pcommon.SpanID{2, byte(j)})
		lr.SetFlags(plog.DefaultLogRecordFlags.WithIsSampled(true))
		lr.Attributes().PutStr("http.route", "/pay/{id}")
		switch j {
		case 0:
			lr.Body().SetStr("payment 4711 accepted")
		case 1:
			m := lr.Body().SetEmptyMap()
			m.PutStr("z", "last")
			m.PutInt("a", 1)
			m.PutEmptyMap("nested").PutDouble("x", 0.5)
		case 2:
			lr.Body().SetEmptyBytes().FromRaw([]byte{0xff, 0xfe, 0})
			lr.SetEventName("payment.refused")
		default:
			lr.SetTimestamp(0)
			lr.SetObservedTimestamp(0)
		}
	}
	return ld
}

func goldenMetrics(i int) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	goldenResource(rm.Resource(), i)
	sm := rm.ScopeMetrics().AppendEmpty()
	sm.Scope().SetName("app")
	at := goldenTime + pcommon.Timestamp(i*120e9)
	stamp := func(p interface {
		SetTimestamp(pcommon.Timestamp)
		SetStartTimestamp(pcommon.Timestamp)
		Attributes() pcommon.Map
	}) {
		p.SetTimestamp(at)
		p.SetStartTimestamp(goldenTime - 60e9)
		p.Attributes().PutStr("state", "idle")
	}
	gauge := sm.Metrics().AppendEmpty()
	gauge.SetName("queue.length")
	gauge.SetUnit("{item}")
	for _, v := range []float64{1.5, math.Inf(1)} {
		p := gauge.SetEmptyGauge().DataPoints().AppendEmpty()
		stamp(p)
		p.SetDoubleValue(v)
	}
	sum := sm.Metrics().AppendEmpty()
	sum.SetName("requests")
	s := sum.SetEmptySum()
	s.SetIsMonotonic(true)
	s.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p := s.DataPoints().AppendEmpty()
	stamp(p)
	p.SetIntValue(int64(100 * (i + 1)))
	hist := sm.Metrics().AppendEmpty()
	hist.SetName("latency")
	h := hist.SetEmptyHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	hp := h.DataPoints().AppendEmpty()
	stamp(hp)
	hp.SetCount(6)
	hp.SetSum(4.2)
	hp.BucketCounts().FromRaw([]uint64{1, 2, 3})
	hp.ExplicitBounds().FromRaw([]float64{1, 5})
	exp := sm.Metrics().AppendEmpty()
	exp.SetName("sizes")
	e := exp.SetEmptyExponentialHistogram()
	e.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	ep := e.DataPoints().AppendEmpty()
	stamp(ep)
	ep.SetCount(uint64(10 * (i + 1)))
	ep.SetSum(3)
	ep.Positive().BucketCounts().FromRaw([]uint64{4, 6})
	summary := sm.Metrics().AppendEmpty()
	summary.SetName("old.style")
	sp := summary.SetEmptySummary().DataPoints().AppendEmpty()
	stamp(sp)
	sp.SetCount(uint64(5 * (i + 1)))
	q := sp.QuantileValues().AppendEmpty()
	q.SetQuantile(0.99)
	q.SetValue(0.3)
	return md
}

func goldenTraces(i int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	goldenResource(rs.Resource(), i)
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("app")
	for j := range 3 {
		sp := ss.Spans().AppendEmpty()
		sp.SetTraceID(pcommon.TraceID{9, byte(i)})
		sp.SetSpanID(pcommon.SpanID{1, byte(j)})
		if j > 0 {
			sp.SetParentSpanID(pcommon.SpanID{1, byte(j - 1)})
		}
		sp.SetName([]string{"POST /pay", "charge card", "GET /users/123"}[j])
		sp.SetKind(ptrace.SpanKind(j + 1))
		sp.SetStartTimestamp(goldenTime + pcommon.Timestamp(i*120e9+j*1e6))
		sp.SetEndTimestamp(sp.StartTimestamp() + pcommon.Timestamp(10e6-j*2e6))
		sp.Status().SetCode(ptrace.StatusCode(j))
		sp.TraceState().FromRaw("a=b")
		sp.Attributes().PutInt("http.response.status_code", 200)
		ev := sp.Events().AppendEmpty()
		ev.SetName("exception")
		ev.SetTimestamp(sp.EndTimestamp())
		sp.Links().AppendEmpty().SetTraceID(pcommon.TraceID{7})
	}
	return td
}
