package detect

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/goleak"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/pack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listener is a sink that remembers.
type listener struct {
	mu        sync.Mutex
	anomalies []*anomaly.Anomaly
	windows   []*anomaly.Window
	scores    []Score
}

func (l *listener) Anomaly(_ context.Context, a *anomaly.Anomaly) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.anomalies = append(l.anomalies, a)
}

func (l *listener) Window(_ context.Context, w *anomaly.Window) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.windows = append(l.windows, w)
}

func (l *listener) Score(_ context.Context, s *Score) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.scores = append(l.scores, *s)
}

// fakeModel counts instead of scoring: what the sequencer does can be seen in its verdicts.
type fakeModel struct {
	p       func(w cbad.Window, records uint64) float64
	gate    chan struct{} // Observe waits here
	memory  uint64
	evicted uint64
	broken  bool
	records uint64
	closed  []cbad.Window
	freed   *int
	mu      *sync.Mutex
}

func (f *fakeModel) Observe(b *cbad.Batch) error {
	if f.gate != nil {
		<-f.gate
	}
	if f.broken {
		return &cbad.Error{Action: "observe", Status: cbad.StatusPanic}
	}
	f.records += uint64(b.Len())
	return nil
}

func (f *fakeModel) Close(w cbad.Window, v *cbad.Verdict) error {
	*v = cbad.Verdict{WindowStartNs: w.StartNs, WindowEndNs: w.EndNs, Records: f.records, Evicted: f.evicted, P: 1, PFloor: 1, Ready: true}
	p := 1.0
	if f.p != nil {
		p = f.p(w, f.records)
	}
	v.P = p
	v.Channels = append(v.Channels[:0], cbad.Channel{Kind: cbad.LogCount, P: p, PFloor: 0.01})
	f.records = 0
	f.closed = append(f.closed, w)
	return nil
}

func (f *fakeModel) PerSpan(_ cbad.Window, _, _ uint64, _ float64, v *cbad.Verdict) error {
	*v = cbad.Verdict{}
	return nil
}

func (f *fakeModel) Save() ([]byte, error)          { return pack.Marshal(f.records), nil }
func (f *fakeModel) Evidence() ([]byte, error)      { return nil, nil }
func (f *fakeModel) Items() ([]byte, error)         { return nil, nil }
func (f *fakeModel) Basis(b []byte) ([]byte, error) { return b, nil }
func (f *fakeModel) Share() ([]byte, error)         { return nil, nil }
func (f *fakeModel) Lend(cbad.Pool) error           { return nil }
func (f *fakeModel) Memory() uint64                 { return f.memory }

func (f *fakeModel) Free() {
	if f.freed != nil {
		f.mu.Lock()
		*f.freed++
		f.mu.Unlock()
	}
}

// faked makes a started detector with fake models.
func faked(t *testing.T, cfg Config, set Settings, made func(cbad.Kind) *fakeModel) (*Detector, *listener) {
	t.Helper()
	l := &listener{}
	d, err := New("test", cfg, set, l)
	require.NoError(t, err)
	d.newModel = func(k cbad.Kind, _ cbad.Params) (model, error) { return made(k), nil }
	require.NoError(t, d.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, d.Shutdown(context.Background())) })
	return d, l
}

func plain(cbad.Kind) *fakeModel { return &fakeModel{} }

var epoch = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// logsAt is one payload of a service's log records at these seconds after the epoch.
func logsAt(service string, seconds ...float64) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", service)
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for i, s := range seconds {
		lr := records.AppendEmpty()
		lr.SetTimestamp(stamp(s))
		lr.Body().SetStr(fmt.Sprintf("user %d logged in", i))
	}
	return ld
}

func stamp(seconds float64) pcommon.Timestamp {
	return pcommon.NewTimestampFromTime(epoch.Add(time.Duration(seconds * float64(time.Second))))
}

func gaugeAt(service string, second, value float64) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", service)
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("queue.length")
	p := m.SetEmptyGauge().DataPoints().AppendEmpty()
	p.SetTimestamp(stamp(second))
	p.SetDoubleValue(value)
	return md
}

// callAt is one trace in which caller calls callee, ended at this second.
func callAt(r *rand.Rand, caller, callee string, second float64, milliseconds int64) ptrace.Traces {
	td := ptrace.NewTraces()
	var id pcommon.TraceID
	for i := range id {
		id[i] = byte(r.Uint32())
	}
	end := stamp(second)
	for i, service := range []string{callee, caller} {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", service)
		sp := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		sp.SetTraceID(id)
		sp.SetSpanID(pcommon.SpanID{byte(2 - i)})
		if i == 0 {
			sp.SetParentSpanID(pcommon.SpanID{1})
		}
		sp.SetName("GET /" + service)
		sp.SetEndTimestamp(end)
		sp.SetStartTimestamp(end - pcommon.Timestamp((milliseconds+int64(i)*5)*1e6))
	}
	return td
}

func replaying() Settings { return Settings{Replay: true} }
