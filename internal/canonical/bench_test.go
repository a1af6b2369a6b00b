package canonical

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/driftlock/driftlock/internal/cbad"
)

// Each bench reads one item, so ns/op is the cost of an item.

func benchLogs() []plog.LogRecord {
	out := make([]plog.LogRecord, 1000)
	for i := range out {
		lr := plog.NewLogRecord()
		lr.SetTimestamp(pcommon.Timestamp(i + 1))
		lr.SetSeverityNumber(plog.SeverityNumberInfo)
		lr.SetTraceID(pcommon.TraceID{1, byte(i)})
		lr.Attributes().PutStr("http.route", "/orders/{id}")
		lr.Attributes().PutInt("thread.id", int64(i))
		if i%4 == 0 {
			m := lr.Body().SetEmptyMap()
			m.PutStr("msg", "order accepted")
			m.PutInt("order", int64(i))
			m.PutEmptyMap("customer").PutStr("id", fmt.Sprint(i))
		} else {
			lr.Body().SetStr(fmt.Sprintf("order %d accepted for customer %x in %d ms by worker pool-1-thread-%d", i, i*7919, i%97, i%16))
		}
		out[i] = lr
	}
	return out
}

func logEncoder() func(i int) {
	records := benchLogs()
	var s Scratch
	var b cbad.Batch
	return func(i int) {
		if i%len(records) == 0 {
			b.Reset()
		}
		AppendLog(&b, records[i%len(records)], 1, &s)
	}
}

func pointEncoder() func(i int) {
	names := NewNames(10_000)
	res := resourceOf("shop", "a")
	reader := NewMetrics([]string{"node"}, names)
	metrics := make([]pmetric.Metric, 1000)
	for i := range metrics {
		m := pmetric.NewMetric()
		m.SetName("system.network.io")
		s := m.SetEmptySum()
		s.SetIsMonotonic(true)
		s.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		p := s.DataPoints().AppendEmpty()
		p.SetTimestamp(pcommon.Timestamp(i + 1))
		p.SetIntValue(int64(i))
		p.Attributes().PutStr("device", fmt.Sprint("eth", i%4))
		p.Attributes().PutStr("direction", []string{"receive", "transmit"}[i%2])
		metrics[i] = m
	}
	rates := NewRates(1000)
	var b cbad.Batch
	var points []Point
	return func(i int) {
		if i%len(metrics) == 0 {
			b.Reset()
		}
		points = reader.Append(points[:0], metrics[i%len(metrics)], res, 1)
		rates.Append(&b, &points[0], nil)
	}
}

func spanEncoder() func(i int) {
	names := NewNames(10_000)
	res := resourceOf("shop", "a")
	spans := make([]ptrace.Span, 1000)
	for i := range spans {
		sp := ptrace.NewSpan()
		sp.SetName([]string{"GET /orders", "SELECT orders", fmt.Sprint("GET /users/", i)}[i%3])
		sp.SetTraceID(pcommon.TraceID{1, byte(i)})
		sp.SetSpanID(pcommon.SpanID{byte(i)})
		sp.SetEndTimestamp(pcommon.Timestamp(i + 1))
		spans[i] = sp
	}
	var s Scratch
	var out Span
	return func(i int) { ReadSpan(&out, spans[i%len(spans)], res, 1, names, &s) }
}

// histogramEncoder reads a cumulative histogram with the buckets of an HTTP duration, of which a few gain.
func histogramEncoder() func(i int) {
	names := NewNames(10_000)
	res := resourceOf("shop", "a")
	reader := NewMetrics([]string{"node"}, names)
	metrics := make([]pmetric.Metric, 1000)
	for i := range metrics {
		m := pmetric.NewMetric()
		m.SetName("http.server.request.duration")
		h := m.SetEmptyHistogram()
		h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		p := h.DataPoints().AppendEmpty()
		p.SetTimestamp(pcommon.Timestamp(i + 1))
		p.ExplicitBounds().FromRaw([]float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10})
		counts := make([]uint64, 15)
		for j := range 10 {
			counts[j] = uint64(1 + i/4*(10-j))
		}
		p.BucketCounts().FromRaw(counts)
		p.SetCount(uint64(10 * i))
		p.SetSum(float64(i))
		p.Attributes().PutStr("http.route", fmt.Sprint("/orders/", i%4))
		metrics[i] = m
	}
	rates := NewRates(1000)
	var b cbad.Batch
	var points []Point
	return func(i int) {
		if i%len(metrics) == 0 {
			b.Reset()
		}
		reader.Buckets = reader.Buckets[:0]
		points = reader.Append(points[:0], metrics[i%len(metrics)], res, 1)
		for j := range points {
			points[j].TimeNs = uint64(i + 1)
			rates.Append(&b, &points[j], reader.Buckets)
		}
	}
}

var encoders = map[string]func() func(int){"log": logEncoder, "point": pointEncoder, "histogram": histogramEncoder, "span": spanEncoder}

func BenchmarkEncode(b *testing.B) {
	for _, name := range []string{"log", "point", "histogram", "span"} {
		b.Run(name, func(b *testing.B) {
			encode := encoders[name]()
			for i := range 2000 {
				encode(i)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				encode(i)
			}
		})
	}
}

func TestNothingIsAllocatedPerItem(t *testing.T) {
	for name, make := range encoders {
		encode := make()
		i := 0
		for ; i < 2000; i++ {
			encode(i)
		}
		assert.Zero(t, testing.AllocsPerRun(3000, func() { encode(i); i++ }), name)
	}
}
