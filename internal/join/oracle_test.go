package join

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// oracle is the table said plainly: a map, a list in order of arrival, and all children's spans.
type oracle struct {
	capacity int
	entries  map[[2]any]*oracleEntry
	order    [][2]any
	stats    Stats
}

type oracleEntry struct {
	span     *Span
	children []Span
}

func (o *oracle) entry(trace [16]byte, id uint64) *oracleEntry {
	k := [2]any{trace, id}
	if e := o.entries[k]; e != nil {
		return e
	}
	if len(o.order) == o.capacity {
		o.stats.Evicted++
		if o.entries[o.order[0]].span == nil {
			o.stats.Awaited++
		}
		delete(o.entries, o.order[0])
		o.order = o.order[1:]
	}
	o.order = append(o.order, k)
	o.entries[k] = &oracleEntry{}
	return o.entries[k]
}

func (o *oracle) add(s Span) bool {
	e := o.entry(s.TraceID, s.SpanID)
	if e.span != nil {
		o.stats.Duplicates++
		return false
	}
	e.span = &s
	o.stats.Added++
	if s.ParentID != 0 && s.ParentID != s.SpanID {
		p := o.entry(s.TraceID, s.ParentID)
		p.children = append(p.children, s)
	}
	return true
}

func (o *oracle) resolve(s Span) Resolved {
	o.stats.Resolved++
	r := Resolved{ExclusiveNs: s.DurationNs()}
	if e := o.entries[[2]any{s.TraceID, s.SpanID}]; e == nil {
		o.stats.Forgotten++
	} else if len(e.children) > 0 {
		var sum uint64
		from, to := ^uint64(0), uint64(0)
		for _, c := range e.children {
			sum += c.DurationNs()
			from, to = min(from, c.StartNs), max(to, c.StartNs+c.DurationNs())
			r.Remote = r.Remote || c.Service != e.span.Service
		}
		r.ExclusiveNs -= min(r.ExclusiveNs, sum, to-from)
	}
	if s.ParentID == 0 || s.ParentID == s.SpanID {
		return r
	}
	p := o.entries[[2]any{s.TraceID, s.ParentID}]
	if p == nil || p.span == nil {
		o.stats.Orphans++
		r.Parent = 1
		return r
	}
	r.Parent = OperationKey(p.span.Service, p.span.Operation)
	if p.span.Service != s.Service {
		r.Caller, r.HasNet = p.span.Service, true
		r.NetNs = int64(p.span.DurationNs()) - int64(s.DurationNs())
	}
	return r
}

// TestMatchesOracle drives both with few ids and small capacities, so that eviction, duplicates, late parents
// and runs of colliding slots are common.
func TestMatchesOracle(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			capacity := 2 + rng.IntN(70)
			ids := uint64(2 + rng.IntN(3*capacity))
			table, naive := New(capacity), &oracle{capacity: capacity, entries: map[[2]any]*oracleEntry{}}
			var taken []Span
			for step := range 3000 {
				start := rng.Uint64N(1000)
				s := Span{
					TraceID: trace(byte(rng.IntN(3))), SpanID: 1 + rng.Uint64N(ids), ParentID: rng.Uint64N(ids + 1),
					Service: 1 + rng.Uint64N(3), Operation: rng.Uint64N(5), StartNs: start, EndNs: start + rng.Uint64N(500),
				}
				ok := naive.add(s)
				require.Equal(t, ok, table.Add(&s), "step %d", step)
				if ok {
					taken = append(taken, s)
				}
				ask := taken[max(0, len(taken)-1-rng.IntN(2*capacity))]
				// Asking for a span whose ids were evicted and given to another since is a different question.
				if e := naive.entries[[2]any{ask.TraceID, ask.SpanID}]; e != nil && (e.span == nil || *e.span != ask) {
					continue
				}
				require.Equal(t, naive.resolve(ask), table.Resolve(&ask), "step %d", step)
			}
			require.Equal(t, naive.stats, table.Stats())
			require.Equal(t, len(naive.order), table.Len())
		})
	}
}

func TestNoAllocationPerSpan(t *testing.T) {
	table, spans := New(1000), benchSpans(4000)
	i := 0
	require.Zero(t, testing.AllocsPerRun(10_000, func() {
		s := &spans[i%len(spans)]
		table.Add(s)
		table.Resolve(s)
		i++
	}))
}

// benchSpans makes traces of eight spans over two services, children first.
func benchSpans(n int) []Span {
	rng := rand.New(rand.NewPCG(7, 7))
	spans := make([]Span, n)
	for i := range spans {
		tr := uint64(i / 8)
		var id [16]byte
		for b := range id {
			id[b] = byte(rand.NewPCG(tr, uint64(b)).Uint64())
		}
		spans[i] = Span{TraceID: id, SpanID: tr<<3 + uint64(8-i%8), Service: 1 + uint64(i%2), Operation: uint64(i % 8), StartNs: uint64(i) * 1000, EndNs: uint64(i)*1000 + rng.Uint64N(5000)}
		if i%8 != 7 {
			spans[i].ParentID = tr<<3 + uint64(7-i%8)
		}
	}
	return spans
}

func BenchmarkAddResolve(b *testing.B) {
	for _, capacity := range []int{1 << 12, 1 << 18} {
		b.Run(fmt.Sprint(capacity), func(b *testing.B) {
			spans := benchSpans(1 << 19)
			table := New(capacity)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				table.Add(&spans[i&(1<<19-1)])
				// A window's close comes when its spans have been in the table for a while.
				table.Resolve(&spans[(i-1024)&(1<<19-1)])
			}
		})
	}
}

// BenchmarkMap is the limit to beat: Go's own map with the same keys, adding only, nothing evicted or joined.
func BenchmarkMap(b *testing.B) {
	spans := benchSpans(1 << 19)
	m := make(map[key]entry, 1<<18)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if len(m) == 1<<18 {
			clear(m)
		}
		s := &spans[i&(1<<19-1)]
		k := keyOf(&s.TraceID, s.SpanID)
		m[k] = entry{key: k, service: s.Service, operation: s.Operation, duration: s.DurationNs()}
	}
}
