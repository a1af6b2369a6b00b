package canonical

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/driftlock/driftlock/internal/cbad"
)

// FuzzPdata reads any OTLP payload: nothing panics, records have the layout that the core expects and reading twice gives
// the same bytes.
func FuzzPdata(f *testing.F) {
	ld := plog.NewLogs()
	lr := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	lr.Body().SetEmptyMap().PutStr("a", "b")
	lr.Attributes().PutStr("http.route", "/x")
	seed, _ := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
	f.Add(seed)
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("k8s.node.cpu")
	m.SetEmptyHistogram().DataPoints().AppendEmpty().SetCount(3)
	seed, _ = (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
	f.Add(seed)
	td := ptrace.NewTraces()
	td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty().SetName("GET /users/123")
	seed, _ = (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	f.Add(seed)

	f.Fuzz(func(t *testing.T, data []byte) {
		once, twice := read(t, data), read(t, data)
		if string(once) != string(twice) {
			t.Fatal("the same payload gave two encodings")
		}
	})
}

func read(t *testing.T, data []byte) []byte {
	var s Scratch
	var b cbad.Batch
	b.Reset()
	names := NewNames(100)
	resources := NewResources([]string{"service.name"}, 100, names)
	if ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(data); err == nil {
		for _, rl := range ld.ResourceLogs().All() {
			resources.Resolve(rl.Resource().Attributes())
			for _, sl := range rl.ScopeLogs().All() {
				for _, lr := range sl.LogRecords().All() {
					AppendLog(&b, lr, LogTime(lr, 1), &s)
				}
			}
		}
	}
	for i := range b.Len() {
		if n := b.Offsets[i+1] - b.Offsets[i]; n < 28 || n > 28+MaxText {
			t.Fatalf("a log record of %d bytes", n)
		}
	}
	var points cbad.Batch
	points.Reset()
	rates := NewRates(10)
	if md, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(data); err == nil {
		reader := NewMetrics([]string{"node"}, names)
		for _, rm := range md.ResourceMetrics().All() {
			res := resources.Resolve(rm.Resource().Attributes())
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					for _, p := range reader.Append(nil, m, res, 1) {
						rates.Append(&points, &p, reader.Buckets)
					}
				}
			}
		}
	}
	if td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(data); err == nil {
		var sp Span
		for _, rs := range td.ResourceSpans().All() {
			res := resources.Resolve(rs.Resource().Attributes())
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					ReadSpan(&sp, span, res, SpanTime(span, 1), names, &s)
					if sp.StartNs > sp.EndNs {
						t.Fatal("a span that starts after its end")
					}
				}
			}
		}
	}
	return append(b.Bytes, points.Bytes...)
}
