package shop

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// span names a span before it is written.
type span struct {
	trace  pcommon.TraceID
	id     pcommon.SpanID
	parent pcommon.SpanID
	owner  int
}

// writer collects one batch: a resource per instance and signal, made when first needed.
type writer struct {
	g       *Generator
	traces  ptrace.Traces
	logs    plog.Logs
	metrics pmetric.Metrics
	spans   map[*instance]ptrace.SpanSlice
	records map[*instance]plog.LogRecordSlice
	readers map[*instance]pmetric.MetricSlice
	buffer  []byte
}

const scopeName = "github.com/driftlock/driftlock/shop"

func newWriter(g *Generator) *writer {
	return &writer{
		g: g, traces: ptrace.NewTraces(), logs: plog.NewLogs(), metrics: pmetric.NewMetrics(),
		spans: map[*instance]ptrace.SpanSlice{}, records: map[*instance]plog.LogRecordSlice{}, readers: map[*instance]pmetric.MetricSlice{},
	}
}

func (w *writer) resource(in *instance, to pcommon.Resource) {
	a := to.Attributes()
	s := w.g.services[in.owner]
	a.EnsureCapacity(8)
	a.PutStr("service.name", s.name)
	a.PutStr("service.namespace", "shop")
	a.PutStr("service.version", in.version)
	a.PutStr("service.instance.id", in.id)
	a.PutStr("k8s.pod.name", in.pod)
	a.PutStr("host.name", in.host)
	a.PutStr("deployment.environment.name", "demo")
	a.PutStr("telemetry.sdk.language", s.language)
}

// silent says that nothing of the instance arrives.
func (w *writer) silent(in *instance, t int64) bool { return w.g.effects(in.owner, t).silent }

// span appends a span; ok is false where the service is silent.
func (w *writer) span(in *instance, s span, name string, kind ptrace.SpanKind, start, end int64) (ptrace.Span, bool) {
	if w.silent(in, start) {
		return ptrace.Span{}, false
	}
	slice, ok := w.spans[in]
	if !ok {
		rs := w.traces.ResourceSpans().AppendEmpty()
		w.resource(in, rs.Resource())
		ss := rs.ScopeSpans().AppendEmpty()
		ss.Scope().SetName(scopeName)
		slice = ss.Spans()
		w.spans[in] = slice
	}
	p := slice.AppendEmpty()
	p.SetTraceID(s.trace)
	p.SetSpanID(s.id)
	p.SetParentSpanID(s.parent)
	p.SetName(name)
	p.SetKind(kind)
	p.SetStartTimestamp(pcommon.Timestamp(start))
	p.SetEndTimestamp(pcommon.Timestamp(end))
	return p, true
}

var severityText = map[plog.SeverityNumber]string{debug: "DEBUG", info: "INFO", warn: "WARN", fatal: "ERROR"}

// log appends a log record; r draws its values, who is the request's key.
func (w *writer) log(in *instance, t int64, severity plog.SeverityNumber, pattern text, r *random, who uint64, s span) {
	if w.silent(in, t) {
		return
	}
	slice, ok := w.records[in]
	if !ok {
		rl := w.logs.ResourceLogs().AppendEmpty()
		w.resource(in, rl.Resource())
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName(scopeName)
		slice = sl.LogRecords()
		w.records[in] = slice
	}
	w.buffer = pattern.render(w.buffer[:0], r, who)
	p := slice.AppendEmpty()
	p.SetTimestamp(pcommon.Timestamp(t))
	p.SetObservedTimestamp(pcommon.Timestamp(t))
	p.SetSeverityNumber(severity)
	p.SetSeverityText(severityText[severity])
	p.Body().SetStr(string(w.buffer))
	if !s.trace.IsEmpty() {
		p.SetTraceID(s.trace)
		p.SetSpanID(s.id)
	}
}

// readings is the slice that the instance's metrics of this batch go to.
func (w *writer) readings(in *instance) pmetric.MetricSlice {
	slice, ok := w.readers[in]
	if !ok {
		rm := w.metrics.ResourceMetrics().AppendEmpty()
		w.resource(in, rm.Resource())
		sm := rm.ScopeMetrics().AppendEmpty()
		sm.Scope().SetName(scopeName)
		slice = sm.Metrics()
		w.readers[in] = slice
	}
	return slice
}

// finish puts spans in the order of their ends, as exporters do, and log records in order of time.
func (w *writer) finish() Batch {
	for _, s := range w.spans {
		s.Sort(func(a, b ptrace.Span) bool {
			if a.EndTimestamp() != b.EndTimestamp() {
				return a.EndTimestamp() < b.EndTimestamp()
			}
			return string(idOf(a)) < string(idOf(b))
		})
	}
	for _, s := range w.records {
		s.Sort(func(a, b plog.LogRecord) bool {
			if a.Timestamp() != b.Timestamp() {
				return a.Timestamp() < b.Timestamp()
			}
			return a.Body().Str() < b.Body().Str()
		})
	}
	return Batch{Traces: w.traces, Logs: w.logs, Metrics: w.metrics}
}

func idOf(s ptrace.Span) []byte {
	id := s.SpanID()
	return id[:]
}
