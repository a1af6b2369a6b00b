package detect

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// till is a service that answers some two hundred requests a minute, each with two spans and a line, and is judged as it does.
type till struct {
	demand  func(minute int) int // requests; nil: 150 to 250
	lines   func(minute int) int // of a hundred requests, so many write theirs
	spans   func(minute int) int // of a hundred requests, so many have theirs; nil: all
	first   bool                 // the lines of half a minute come before its spans, else after
	windows map[string]float64   // p by minute
}

const tillMinutes = 64

func (s *till) judge(t *testing.T) *listener {
	t.Helper()
	cfg := DefaultConfig()
	cfg.OnOverload, cfg.Level.P = Block, 1e-4
	l := &listener{}
	d, err := New("test", cfg, replaying(), l)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	r, request := rand.New(rand.NewPCG(5, 6)), uint64(0)
	for half := range 2 * tillMinutes {
		minute := half / 2
		n := 75 + r.IntN(51)
		if s.demand != nil {
			n = s.demand(minute) / 2
		}
		ld, td := logsAt("shop"), ptrace.NewTraces()
		records := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "shop")
		for i := range n {
			request++
			at := 30*float64(half) + 29*float64(i)/float64(n)
			var trace pcommon.TraceID
			binary.BigEndian.PutUint64(trace[8:], request)
			if s.spans == nil || r.IntN(100) < s.spans(minute) {
				for k := range uint64(2) {
					sp := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
					sp.SetTraceID(trace)
					sp.SetSpanID(pcommon.SpanID{7: byte(k + 1)})
					if k > 0 {
						sp.SetParentSpanID(pcommon.SpanID{7: 1})
					}
					sp.SetName([]string{"GET /cart", "SELECT cart"}[k])
					sp.SetStartTimestamp(stamp(at))
					sp.SetEndTimestamp(stamp(at + .02 + .01*r.Float64()/float64(k+1)))
				}
			}
			if r.IntN(100) < s.lines(minute) {
				lr := records.AppendEmpty()
				lr.SetTimestamp(stamp(at))
				lr.SetTraceID(trace)
				lr.Body().SetStr("cart was read")
			}
		}
		send := []func(){
			func() { require.NoError(t, d.ConsumeTraces(t.Context(), td)) },
			func() { require.NoError(t, d.ConsumeLogs(t.Context(), ld)) },
		}
		if s.first {
			send[0], send[1] = send[1], send[0]
		}
		send[0]()
		send[1]()
	}
	require.NoError(t, d.Shutdown(t.Context()))
	s.windows = map[string]float64{}
	for _, w := range l.windows {
		s.windows[w.WindowStart.Format("15:04")] = w.PValue
	}
	return l
}

// from60 is one number in the first hour and another from then on.
func from60(before, after int) func(int) int {
	return func(minute int) int {
		if minute < 60 {
			return before
		}
		return after
	}
}

func TestFewerLinesForAsManySpansAreAnAnomaly(t *testing.T) {
	t.Parallel()
	s := &till{lines: from60(100, 60)}
	l := s.judge(t)
	require.NotEmpty(t, l.anomalies)
	first := l.anomalies[0]
	assert.Equal(t, epoch.Add(time.Hour), first.WindowStart, "in its first minute")
	assert.Regexp(t, `^only 1\d\d log lines where as many spans \((3|4)\d\d\) usually come with (1|2)\d\d$`, first.Reasons[0].Text)
	assert.True(t, recomputed(t, l.anomalies)["log_per_span"])

	other := &till{lines: s.lines, first: true}
	other.judge(t)
	assert.Equal(t, s.windows, other.windows, "whichever signal comes first")
}

// TestNoLinesAtAllAreSilence: one window without lines proves nothing, however many spans it has, and two are silence.
func TestNoLinesAtAllAreSilence(t *testing.T) {
	t.Parallel()
	for _, a := range (&till{lines: func(minute int) int {
		if minute == 60 {
			return 0
		}
		return 100
	}}).judge(t).anomalies {
		assert.Fail(t, "an anomaly", a.Explanation)
	}
	l := (&till{lines: from60(100, 0)}).judge(t)
	require.NotEmpty(t, l.anomalies)
	assert.Equal(t, anomaly.KindSilence, l.anomalies[0].Kind, l.anomalies[0].Explanation)
	assert.False(t, l.anomalies[0].WindowStart.Before(epoch.Add(61*time.Minute)), "in its first window")
}

func TestFewerRequestsAndLostSpansAreNoFewerLines(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*till{
		"less is asked":           {demand: from60(200, 120), lines: from60(100, 100)},
		"two of five spans lost":  {lines: from60(100, 100), spans: from60(100, 60)},
		"a third never wrote any": {lines: from60(67, 67)},
	} {
		for _, a := range s.judge(t).anomalies {
			assert.Fail(t, "an anomaly", "%s: %s", name, a.Explanation)
		}
	}
}

func TestListsOfTheCoreAreJoined(t *testing.T) {
	for _, c := range [][3]string{{"", "[1]", "[1]"}, {"[]", "[1]", "[1]"}, {"[1,2]", "[3]", "[1,2,3]"}, {"[1]", "[]", "[1]"}, {"[1]", "", "[1]"}, {"", "", ""}} {
		assert.Equal(t, c[2], string(joinLists([]byte(c[0]), []byte(c[1]))))
	}
}
