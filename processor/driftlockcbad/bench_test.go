//go:build unix

package driftlockcbad

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/attributesprocessor"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/driftlock/driftlock/internal/detect"
)

// The benchmarks send the same payloads of 1000 items through this processor and through contrib's attributes processor
// (one upsert, one hash), each its own copy; the cost of copying is subtracted. Ours waits for the core (on_overload block)
// and every window is closed and judged within the time. One payload is one second of event time of twenty services.
//
//	go test -run '^$' -bench . -cpu 1 ./processor/driftlockcbad
const benchItems = 1000

func ours() component.Config {
	cfg := createDefaultConfig().(*Config)
	cfg.OnOverload = detect.Block
	return cfg
}

func theirs(tb testing.TB) (processor.Factory, component.Config) {
	f := attributesprocessor.NewFactory()
	cfg := f.CreateDefaultConfig()
	conf := confmap.NewFromStringMap(map[string]any{"actions": []any{
		map[string]any{"key": "environment", "value": "production", "action": "upsert"},
		map[string]any{"key": "enduser.id", "action": "hash"},
	}})
	require.NoError(tb, conf.Unmarshal(cfg))
	return f, cfg
}

const benchStart = 1_700_000_000_000_000_000

func second(i int) pcommon.Timestamp { return pcommon.Timestamp(benchStart + i*int(time.Second)) }

// benchmark reports the CPU time per item of consuming fresh copies of a payload, one second after the other, and of the
// shutdown, less the CPU time of making the copies, which is measured on its own first. Stopping the timer instead would
// let the workers go on for free, and CPU time is what a busy machine does not change.
func benchmark[T any](b *testing.B, p component.Component, fresh func(second int) T, consume func(context.Context, T) error) {
	require.NoError(b, p.Start(b.Context(), componenttest.NewNopHost()))
	runtime.GC()
	begin := cpuTime(b)
	for i := range b.N {
		runtime.KeepAlive(fresh(i))
	}
	runtime.GC()
	copying := cpuTime(b) - begin

	b.ResetTimer()
	begin = cpuTime(b)
	for i := range b.N {
		if err := consume(b.Context(), fresh(i)); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, p.Shutdown(context.Background()))
	runtime.GC()
	spent := cpuTime(b) - begin - copying
	b.StopTimer()
	scoredAll(b, p)
	b.ReportMetric(0, "ns/op") // the copies' time is in it
	b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N*benchItems), "cpu-ns/item")
}

// scoredAll makes sure that our figure is for work that was done: every record was scored, every window judged.
func scoredAll(b *testing.B, p component.Component) {
	var g *group
	switch p := p.(type) {
	case *logsPort:
		g = p.group
	case *metricsPort:
		g = p.group
	case *tracesPort:
		g = p.group
	default:
		return
	}
	s := g.detector.Stats()
	var records uint64
	for _, n := range s.Signals {
		records += n.Records
		require.Zero(b, n.Late+n.Future+n.Skipped+n.OverCap+n.Unusable)
	}
	require.EqualValues(b, b.N*benchItems, records)
	require.Zero(b, s.CoreErrors+s.DuplicateSpans+s.StreamsEvicted)
	require.Positive(b, s.WindowsJudged)
	require.Zero(b, s.QueueBytes+s.PendingBytes)
}

func cpuTime(b *testing.B) time.Duration {
	var use syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &use))
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

func benchResource(r pcommon.Resource, service int) {
	r.Attributes().PutStr("service.name", fmt.Sprint("service-", service))
	r.Attributes().PutStr("k8s.pod.name", fmt.Sprint("pod-", service))
	r.Attributes().PutStr("k8s.namespace.name", "shop")
	r.Attributes().PutStr("host.name", "node-1")
}

func benchAttributes(m pcommon.Map, r *rand.Rand) {
	m.PutStr("enduser.id", fmt.Sprint(r.IntN(1000)))
	m.PutStr("thread.name", fmt.Sprint("worker-", r.IntN(16)))
	m.PutStr("code.function", "handleOrder")
}

func benchLogs() plog.Logs {
	r := rand.New(rand.NewPCG(1, 1))
	ld := plog.NewLogs()
	for s := range 10 {
		rl := ld.ResourceLogs().AppendEmpty()
		benchResource(rl.Resource(), s)
		records := rl.ScopeLogs().AppendEmpty().LogRecords()
		for i := range benchItems / 10 {
			lr := records.AppendEmpty()
			lr.SetSeverityNumber(plog.SeverityNumberInfo)
			lr.SetSeverityText("INFO")
			lr.SetTraceID(pcommon.TraceID{1, byte(i / 5), byte(s)})
			lr.Body().SetStr(benchLine(r, i))
			benchAttributes(lr.Attributes(), r)
		}
	}
	return ld
}

// benchLine is one of five kinds of lines; no two are the same.
func benchLine(r *rand.Rand, i int) string {
	switch i % 5 {
	case 0:
		return fmt.Sprintf("order %d accepted for customer %x in %d ms, 3 items, total 42.50 EUR, warehouse north-%d", r.IntN(1e6), r.Uint64(), r.IntN(300), r.IntN(9))
	case 1:
		return fmt.Sprintf("charging card ending in %04d for order %d through gateway eu-west-%d, attempt 1", r.IntN(1e4), r.IntN(1e6), r.IntN(3))
	case 2:
		return fmt.Sprintf("cache miss for key user:%d:profile, loading from database, shard %d, query took %d us", r.IntN(1e6), r.IntN(16), r.IntN(900))
	case 3:
		return fmt.Sprintf("request completed: method=GET path=/api/orders/%d status=200 bytes=%d duration=%dms", r.IntN(1e6), r.IntN(5000), r.IntN(300))
	default:
		return fmt.Sprintf("scheduled job cleanup-sessions finished, %d sessions removed, next run in 300 s on executor-%d", r.IntN(100), r.IntN(4))
	}
}

func BenchmarkLogs(b *testing.B) {
	template := benchLogs()
	r := rand.New(rand.NewPCG(2, 2))
	fresh := func(s int) plog.Logs {
		ld := plog.NewLogs()
		template.CopyTo(ld)
		for _, rl := range ld.ResourceLogs().All() {
			for i, lr := range rl.ScopeLogs().At(0).LogRecords().All() {
				lr.SetTimestamp(second(s) + pcommon.Timestamp(i*1e6))
				lr.Body().SetStr(benchLine(r, i))
			}
		}
		return ld
	}
	b.Run("attributes", func(b *testing.B) {
		f, cfg := theirs(b)
		p, err := f.CreateLogs(b.Context(), processortest.NewNopSettings(f.Type()), cfg, consumertest.NewNop())
		require.NoError(b, err)
		benchmark(b, p, fresh, p.ConsumeLogs)
	})
	b.Run("driftlockcbad", func(b *testing.B) {
		p, err := NewFactory().CreateLogs(b.Context(), processortest.NewNopSettings(NewFactory().Type()), ours(), consumertest.NewNop())
		require.NoError(b, err)
		benchmark(b, p, fresh, p.ConsumeLogs)
	})
}

func benchMetrics() pmetric.Metrics {
	r := rand.New(rand.NewPCG(1, 1))
	md := pmetric.NewMetrics()
	for s := range 10 {
		rm := md.ResourceMetrics().AppendEmpty()
		benchResource(rm.Resource(), s)
		all := rm.ScopeMetrics().AppendEmpty().Metrics()
		for i := range 10 {
			m := all.AppendEmpty()
			m.SetName(fmt.Sprint("app.gauge.", i))
			points := m.SetEmptyGauge().DataPoints()
			for j := range benchItems / 100 {
				p := points.AppendEmpty()
				p.Attributes().PutStr("enduser.id", fmt.Sprint(j))
				p.Attributes().PutStr("state", "used")
				p.SetDoubleValue(r.NormFloat64())
			}
		}
	}
	return md
}

// A series reports once every 15 s here, not every second: four points a window.
func BenchmarkMetrics(b *testing.B) {
	template := benchMetrics()
	r := rand.New(rand.NewPCG(2, 2))
	fresh := func(s int) pmetric.Metrics {
		md := pmetric.NewMetrics()
		template.CopyTo(md)
		for _, rm := range md.ResourceMetrics().All() {
			for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
				for _, p := range m.Gauge().DataPoints().All() {
					p.SetTimestamp(second(15 * s))
					p.SetDoubleValue(p.DoubleValue() + r.NormFloat64())
				}
			}
		}
		return md
	}
	b.Run("attributes", func(b *testing.B) {
		f, cfg := theirs(b)
		p, err := f.CreateMetrics(b.Context(), processortest.NewNopSettings(f.Type()), cfg, consumertest.NewNop())
		require.NoError(b, err)
		benchmark(b, p, fresh, p.ConsumeMetrics)
	})
	b.Run("driftlockcbad", func(b *testing.B) {
		p, err := NewFactory().CreateMetrics(b.Context(), processortest.NewNopSettings(NewFactory().Type()), ours(), consumertest.NewNop())
		require.NoError(b, err)
		benchmark(b, p, fresh, p.ConsumeMetrics)
	})
}

// benchTraces are 100 traces in which each service calls the next.
func benchTraces() ptrace.Traces {
	td := ptrace.NewTraces()
	r := rand.New(rand.NewPCG(1, 1))
	for s := range 10 {
		rs := td.ResourceSpans().AppendEmpty()
		benchResource(rs.Resource(), s)
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		for i := range benchItems / 10 {
			sp := spans.AppendEmpty()
			sp.SetName([]string{"GET /orders/{id}", "POST /orders", "SELECT orders"}[i%3])
			sp.SetTraceID(pcommon.TraceID{1, byte(i)})
			sp.SetSpanID(pcommon.SpanID{byte(s + 1), byte(i)})
			if s > 0 {
				sp.SetParentSpanID(pcommon.SpanID{byte(s), byte(i)})
			}
			sp.SetStartTimestamp(pcommon.Timestamp(s * 1e6))
			sp.SetEndTimestamp(pcommon.Timestamp((40-s)*1e6 + r.IntN(1e6)))
			benchAttributes(sp.Attributes(), r)
		}
	}
	return td
}

func BenchmarkTraces(b *testing.B) {
	template := benchTraces()
	fresh := func(s int) ptrace.Traces {
		td := ptrace.NewTraces()
		template.CopyTo(td)
		for _, rs := range td.ResourceSpans().All() {
			for _, sp := range rs.ScopeSpans().At(0).Spans().All() {
				id := sp.TraceID()
				id[12], id[13], id[14] = byte(s), byte(s>>8), byte(s>>16)
				sp.SetTraceID(id)
				sp.SetStartTimestamp(sp.StartTimestamp() + second(s))
				sp.SetEndTimestamp(sp.EndTimestamp() + second(s))
			}
		}
		return td
	}
	b.Run("attributes", func(b *testing.B) {
		f, cfg := theirs(b)
		p, err := f.CreateTraces(b.Context(), processortest.NewNopSettings(f.Type()), cfg, consumertest.NewNop())
		require.NoError(b, err)
		benchmark(b, p, fresh, p.ConsumeTraces)
	})
	b.Run("driftlockcbad", func(b *testing.B) {
		p, err := NewFactory().CreateTraces(b.Context(), processortest.NewNopSettings(NewFactory().Type()), ours(), consumertest.NewNop())
		require.NoError(b, err)
		benchmark(b, p, fresh, p.ConsumeTraces)
	})
}
