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
	Young, Old                 []SeriesState
	NotFinite, First, Restarts uint64
}

// SeriesState is the last point of a cumulative series.
type SeriesState struct {
	Family, Instance uint64
	TimeNs, StartNs  uint64
	Value, Count     float64
}

// Save returns the state.
func (r *Rates) Save() *RatesState {
	return &RatesState{
		Young: seriesOf(r.young), Old: seriesOf(r.old), NotFinite: r.NotFinite, First: r.First, Restarts: r.Resets,
	}
}

func seriesOf(points map[seriesKey]lastPoint) []SeriesState {
	out := make([]SeriesState, 0, len(points))
	for k, p := range points {
		out = append(out, SeriesState{k.family, k.instance, p.timeNs, p.startNs, p.value, p.count})
	}
	slices.SortFunc(out, func(a, b SeriesState) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.Instance, b.Instance))
	})
	return out
}

// LoadRates goes on where the saved ones stood. Series beyond the capacity, which may be another one, are forgotten.
func LoadRates(capacity int, s *RatesState) *Rates {
	r := NewRates(capacity)
	r.NotFinite, r.First, r.Resets = s.NotFinite, s.First, s.Restarts
	r.young, r.old = r.load(s.Young), r.load(s.Old)
	return r
}

func (r *Rates) load(series []SeriesState) map[seriesKey]lastPoint {
	if len(series) == 0 {
		return nil
	}
	points := make(map[seriesKey]lastPoint, len(series))
	for _, p := range series[:min(len(series), r.capacity)] {
		points[seriesKey{p.Family, p.Instance}] = lastPoint{p.TimeNs, p.StartNs, p.Value, p.Count}
	}
	return points
}
