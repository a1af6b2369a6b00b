package detect

import (
	"cmp"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// hop is one span of a street's requests: frontend calls shop, shop calls stock.
type hop struct {
	service    string
	start, end float64 // seconds after the epoch, by the host's clock
	trace, id  uint64
	parent     uint64
	arrives    float64
}

// street makes the same requests each time, 60 a minute, and bends what is told of them.
type street struct {
	slow   func(service string, at float64) float64 // factor of the service's own time
	lost   func(service string, at float64, r *rand.Rand) bool
	late   func(service string, at float64, r *rand.Rand) float64 // seconds
	skew   func(service string, at float64) float64               // seconds that the host's clock is ahead
	mixed  bool                                                   // spans arrive in any order, some seconds apart
	counts Stats
}

// judge runs the minutes through the real core at a fixed level, and returns what was said.
func (s *street) judge(t *testing.T, minutes int) *listener {
	t.Helper()
	var hops []hop
	made, bent := rand.New(rand.NewPCG(11, 12)), rand.New(rand.NewPCG(13, 14))
	for i := range 60 * minutes {
		at := float64(i) + made.Float64()
		own := func(service string, least float64) float64 {
			d := least * (1 + made.ExpFloat64())
			if s.slow != nil {
				d *= s.slow(service, at)
			}
			return d
		}
		stock := own("stock", .004)
		shop := own("shop", .010)
		frontend := own("frontend", .006)
		inner := at + frontend/2
		innermost := inner + shop/2
		for k, h := range []hop{
			{service: "frontend", start: at, end: at + frontend + shop + stock},
			{service: "shop", start: inner, end: inner + shop + stock},
			{service: "stock", start: innermost, end: innermost + stock},
		} {
			h.trace, h.id, h.parent = uint64(i)+1, uint64(k)+1, uint64(k)
			h.arrives = h.end
			if s.lost != nil && s.lost(h.service, at, bent) {
				continue
			}
			if s.late != nil {
				h.arrives += s.late(h.service, at, bent)
			}
			if s.mixed {
				h.arrives += 8 * bent.Float64()
			}
			if s.skew != nil {
				h.start += s.skew(h.service, at)
				h.end += s.skew(h.service, at)
			}
			hops = append(hops, h)
		}
	}
	slices.SortStableFunc(hops, func(a, b hop) int { return cmp.Compare(a.arrives, b.arrives) })

	cfg := DefaultConfig()
	cfg.OnOverload, cfg.Level.P = Block, 1e-4
	l := &listener{}
	d, err := New("test", cfg, replaying(), l)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	for i := 0; i < len(hops); {
		// What arrives within two seconds comes in one payload.
		end := i
		for end < len(hops) && hops[end].arrives < hops[i].arrives+2 {
			end++
		}
		require.NoError(t, d.ConsumeTraces(t.Context(), spansOf(hops[i:end])))
		i = end
	}
	require.NoError(t, d.Shutdown(context.Background()))
	s.counts = d.Stats()
	return l
}

func spansOf(hops []hop) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := map[string]ptrace.SpanSlice{}
	for _, h := range hops {
		into, ok := spans[h.service]
		if !ok {
			rs := td.ResourceSpans().AppendEmpty()
			rs.Resource().Attributes().PutStr("service.name", h.service)
			into = rs.ScopeSpans().AppendEmpty().Spans()
			spans[h.service] = into
		}
		sp := into.AppendEmpty()
		var trace pcommon.TraceID
		binary.BigEndian.PutUint64(trace[8:], h.trace)
		sp.SetTraceID(trace)
		sp.SetSpanID(pcommon.SpanID{7: byte(h.id)})
		if h.parent > 0 {
			sp.SetParentSpanID(pcommon.SpanID{7: byte(h.parent)})
		}
		sp.SetName("POST /" + h.service)
		sp.SetStartTimestamp(stamp(h.start))
		sp.SetEndTimestamp(stamp(h.end))
	}
	return td
}

// accused are the services of which anything was said, sorted.
func accused(l *listener) []string {
	var names []string
	for _, a := range l.anomalies {
		names = append(names, a.Service)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

const (
	quiet   = 120 // minutes in which nothing is bent
	minutes = quiet + 15
)

func from(at float64) bool { return at >= quiet*60 }

// slowShop is a fault that must be seen whatever is wrong with the spans: the shop's own time is eightfold.
func slowShop(service string, at float64) float64 {
	if service == "shop" && at >= (quiet+5)*60 {
		return 8
	}
	return 1
}

func lose(of string, p float64) func(string, float64, *rand.Rand) bool {
	return func(service string, at float64, r *rand.Rand) bool {
		return service == of && from(at) && r.Float64() < p
	}
}

// Spans that are lost, come after their window was closed, or bear the time of a clock that is wrong accuse nobody: not
// the service that they are of, not its caller, whose time they no longer explain, and not those that it calls.
func TestWrongSpansAccuseNobody(t *testing.T) {
	late := func(of string, p, by float64) func(string, float64, *rand.Rand) float64 {
		return func(service string, at float64, r *rand.Rand) float64 {
			if service == of && from(at) && r.Float64() < p {
				return by
			}
			return 0
		}
	}
	skewed := func(of string, by float64, always bool) func(string, float64) float64 {
		return func(service string, at float64) float64 {
			if service == of && (always || from(at)) {
				return by
			}
			return 0
		}
	}
	for name, s := range map[string]*street{
		"nothing is wrong":                      {},
		"a third of a callee is lost":           {lost: lose("shop", .34)},
		"a third of a leaf is lost":             {lost: lose("stock", .34)},
		"a third of an entry is lost":           {lost: lose("frontend", .34)},
		"a fifth comes after its window":        {late: late("shop", .2, 200)},
		"a fifth of the parents come after":     {late: late("frontend", .2, 200)},
		"a clock is ahead from the start":       {skew: skewed("shop", 3, true)},
		"a clock is set forward":                {skew: skewed("shop", 3, false)},
		"a clock is set back":                   {skew: skewed("stock", -4, false)},
		"a clock is minutes behind":             {skew: skewed("stock", -150, true)},
		"all of it at once":                     {lost: lose("stock", .2), late: late("shop", .1, 200), skew: skewed("frontend", 2, false)},
		"spans in any order, some seconds late": {mixed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Empty(t, accused(s.judge(t, minutes)))
			c := s.counts.Signals[traces]
			assert.Equal(t, s.late != nil, c.Late > 0, "spans late: %d", c.Late)
			if s.late != nil {
				assert.Positive(t, s.counts.OrphanSpans, "children of spans that came late")
			}
			s.slow = slowShop
			assert.Contains(t, accused(s.judge(t, minutes)), "shop", "and a fault is seen through it")
		})
	}
}

// While windows are open, the order in which spans arrive decides nothing: parents before or after children, one service
// before the other.
func TestOrderOfSpansChangesNoVerdict(t *testing.T) {
	in, mixed := &street{slow: slowShop}, &street{slow: slowShop, mixed: true}
	a, b := in.judge(t, minutes), mixed.judge(t, minutes)
	assert.Zero(t, mixed.counts.Signals[traces].Late)
	verdicts := func(l *listener) map[string]float64 {
		out := map[string]float64{}
		for _, w := range l.windows {
			out[w.Service+w.WindowStart.Format(" 15:04")] = w.PValue
		}
		return out
	}
	assert.Len(t, verdicts(a), 3*minutes)
	assert.Equal(t, verdicts(a), verdicts(b))
}
