package canonical

import (
	"cmp"
	"slices"
)

// NamesState is the state of a dictionary of names.
type NamesState struct{ Young, Old []Name }

// Name is what a hash stands for.
type Name struct {
	Hash uint64
	Text string
}

// Changes counts what was entered; while it stays, so does the state.
func (n *Names) Changes() uint64 { return n.dictionary.changes.Load() }

// Save returns the state. Names that are entered meanwhile may be part of it or not.
func (n *Names) Save() NamesState {
	var s NamesState
	n.dictionary.each(func(h uint64, name string, old bool) {
		if old {
			s.Old = append(s.Old, Name{h, name})
		} else {
			s.Young = append(s.Young, Name{h, name})
		}
	})
	for _, names := range [][]Name{s.Young, s.Old} {
		slices.SortFunc(names, func(a, b Name) int { return cmp.Compare(a.Hash, b.Hash) })
	}
	return s
}

// Load enters the names saved, as far as they fit.
func (n *Names) Load(s NamesState) {
	for _, name := range s.Old {
		n.dictionary.load(name.Hash, clip(valid(name.Text), 2*maxName), true)
	}
	for _, name := range s.Young {
		n.dictionary.load(name.Hash, clip(valid(name.Text), 2*maxName), false)
	}
}

// each yields what is in both generations.
func (d *Intern[V]) each(yield func(h uint64, v V, old bool)) {
	for i := range d.shards {
		s := &d.shards[i]
		s.mu.RLock()
		for h, v := range s.old {
			yield(h, v, true)
		}
		for h, v := range s.young {
			yield(h, v, false)
		}
		s.mu.RUnlock()
	}
}

// load enters a value into a generation that has room for it.
func (d *Intern[V]) load(h uint64, v V, old bool) {
	s := d.shard(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	into := &s.young
	if old {
		into = &s.old
	}
	if len(*into) >= d.capacity {
		return
	}
	if *into == nil {
		*into = make(map[uint64]V)
	}
	(*into)[h] = v
}

// RatesState is the state of Rates.
type RatesState struct {
	Young, Old                     []SeriesState
	YoungHistograms, OldHistograms []HistogramState
	NotFinite, First, Restarts     uint64
}

// SeriesState is the last point of a cumulative series.
type SeriesState struct {
	Family, Instance uint64
	TimeNs, StartNs  uint64
	Value, Count     float64
}

// HistogramState is the last buckets of a cumulative histogram.
type HistogramState struct {
	Family, Instance uint64
	TimeNs, StartNs  uint64
	Buckets          []Bucket
}

// Save returns the state.
func (r *Rates) Save() *RatesState {
	series := func(k seriesKey, p lastPoint) SeriesState {
		return SeriesState{k.family, k.instance, p.timeNs, p.startNs, p.value, p.count}
	}
	histogram := func(k seriesKey, l *lastBuckets) HistogramState {
		return HistogramState{k.family, k.instance, l.timeNs, l.startNs, slices.Clone(l.buckets)}
	}
	return &RatesState{
		Young: sorted(r.points.young, series), Old: sorted(r.points.old, series),
		YoungHistograms: sorted(r.histograms.young, histogram), OldHistograms: sorted(r.histograms.old, histogram),
		NotFinite: r.NotFinite, First: r.First, Restarts: r.Resets,
	}
}

// sorted are a generation's values by their keys.
func sorted[V, S any](values map[seriesKey]V, save func(seriesKey, V) S) []S {
	keys := make([]seriesKey, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b seriesKey) int {
		return cmp.Or(cmp.Compare(a.family, b.family), cmp.Compare(a.instance, b.instance))
	})
	out := make([]S, len(keys))
	for i, k := range keys {
		out[i] = save(k, values[k])
	}
	return out
}

// LoadRates goes on where the saved ones stood. Series beyond the capacity, which may be another one, are forgotten.
func LoadRates(capacity int, s *RatesState) *Rates {
	r := NewRates(capacity)
	r.NotFinite, r.First, r.Resets = s.NotFinite, s.First, s.Restarts
	series := func(p SeriesState) (seriesKey, lastPoint) {
		return seriesKey{p.Family, p.Instance}, lastPoint{p.TimeNs, p.StartNs, p.Value, p.Count}
	}
	r.points.young, r.points.old = load(&r.points, s.Young, series), load(&r.points, s.Old, series)
	histogram := func(h HistogramState) (seriesKey, *lastBuckets) {
		return seriesKey{h.Family, h.Instance}, &lastBuckets{h.TimeNs, h.StartNs, h.Buckets[:min(len(h.Buckets), MaxBuckets)]}
	}
	h := &r.histograms
	h.young, h.old = load(h, s.YoungHistograms, histogram), load(h, s.OldHistograms, histogram)
	return r
}

func load[V, S any](r *recent[V], saved []S, read func(S) (seriesKey, V)) map[seriesKey]V {
	if len(saved) == 0 {
		return nil
	}
	values := make(map[seriesKey]V, min(len(saved), r.capacity))
	for _, s := range saved[:min(len(saved), r.capacity)] {
		k, v := read(s)
		values[k] = v
	}
	return values
}
