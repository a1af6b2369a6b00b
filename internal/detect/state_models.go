package detect

import (
	"fmt"
	"math"

	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
)

// modelsState is what a snapshot keeps of one service's models; one record each.
type modelsState struct {
	Streams  [signals]modelState
	Rates    *canonical.RatesState
	Verdicts []verdictState // closed and not judged
	Looks    [lookBack]lookState
}

type modelState struct {
	Core     []byte // of the core, which knows its own format; nil: no stream yet
	Held     []loadState
	Open     []spansState // held by the sequencer until their window closes
	Evicted  uint64
	Measured int64
	Warmth   warmth
}

// loadState is records that wait for an earlier window.
type loadState struct {
	Window  uint64
	Bytes   []byte
	Offsets []uint32
	Points  []canonical.Point
	Buckets []canonical.Bucket
}

type spansState struct {
	Window uint64
	Spans  []canonical.Span
}

type verdictState struct {
	Window  uint64
	Present [signals]bool
	Signals [signals]signalVerdictState
}

type signalVerdictState struct {
	Verdict  cbad.Verdict
	Window   cbad.Window
	Unscored uint64
	Callers  []uint64
	Evidence []byte
	Items    []byte
	Basis    []byte
}

type lookState struct {
	Window uint64
	All    float64
	P      [shares]float64
	N      [shares]uint16
}

// save is called by the worker, between two tasks.
func (m *models) save(open [signals][]spansState) (*modelsState, error) {
	s := &modelsState{}
	for sig := range m.streams {
		st, out := &m.streams[sig], &s.Streams[sig]
		if st.model != nil {
			core, err := st.Save()
			if err != nil {
				return nil, err
			}
			out.Core = core
		}
		for _, h := range st.held {
			out.Held = append(out.Held, loadState{h.window, h.load.batch.Bytes, h.load.batch.Offsets, h.load.points, h.load.buckets})
		}
		out.Open, out.Evicted, out.Measured, out.Warmth = open[sig], st.evicted, m.measured[sig], m.warmth[sig]
	}
	if m.rates != nil {
		s.Rates = m.rates.Save()
	}
	for _, v := range m.verdicts {
		out := verdictState{Window: v.window, Present: v.present}
		for sig := range v.signals {
			if sv := &v.signals[sig]; v.present[sig] {
				out.Signals[sig] = signalVerdictState{sv.Verdict, sv.window, sv.unscored, sv.callers, sv.evidence, sv.items, sv.basis}
			}
		}
		s.Verdicts = append(s.Verdicts, out)
	}
	for i, l := range m.looks {
		s.Looks[i] = lookState{l.window, l.all, l.p, l.n}
	}
	return s, nil
}

// size is about how many bytes the state takes.
func (s *modelsState) size() int {
	n := 16 << 10
	for sig := range s.Streams {
		st := &s.Streams[sig]
		n += len(st.Core)
		for i := range st.Held {
			n += len(st.Held[i].Bytes) + 4*len(st.Held[i].Offsets) + pointBytes*len(st.Held[i].Points) + bucketBytes*len(st.Held[i].Buckets)
		}
		for i := range st.Open {
			n += spanBytes * len(st.Open[i].Spans)
		}
	}
	return n
}

// load fills models in which there is nothing yet. After an error they are free again.
func (m *models) load(s *modelsState) (err error) {
	defer func() {
		if err != nil {
			m.free(0)
		}
	}()
	for sig := range s.Streams {
		in, st := &s.Streams[sig], &m.streams[sig]
		if in.Core != nil {
			if st.model, err = m.d.loadModel(kinds[sig], m.d.params, in.Core); err != nil {
				st.model = nil
				return fmt.Errorf("%s: %w", signalNames[sig], err)
			}
		}
		for _, h := range in.Held {
			l := takeLoad(signal(sig))
			if err := l.fill(&h); err != nil {
				return fmt.Errorf("%s: %w", signalNames[sig], err)
			}
			st.held = append(st.held, heldLoad{h.Window, l})
		}
		st.evicted, m.warmth[sig] = in.Evicted, in.Warmth
		m.measured[sig] = max(0, min(in.Measured, math.MaxInt64/8))
		m.bytes.Add(m.measured[sig])
		m.d.counters.modelBytes.Add(m.measured[sig])
	}
	if s.Rates != nil {
		m.rates = canonical.LoadRates(int(m.d.cfg.Limits.SymbolsPerStream), s.Rates)
	}
	for _, in := range s.Verdicts {
		v := &verdict{window: in.Window, present: in.Present}
		for sig := range in.Signals {
			sv := &in.Signals[sig]
			v.signals[sig] = signalVerdict{sv.Verdict, sv.Window, sv.Unscored, sv.Callers, sv.Evidence, sv.Items, sv.Basis}
		}
		m.verdicts = append(m.verdicts, v)
	}
	for i, in := range s.Looks {
		m.looks[i] = look{in.Window, in.All, in.P, in.N}
	}
	return nil
}

func (l *load) fill(s *loadState) error {
	last := uint32(0)
	for i, at := range s.Offsets {
		if at < last || int(at) > len(s.Bytes) || (i == 0 && at != 0) {
			return fmt.Errorf("the records of window %d overlap", s.Window)
		}
		last = at
	}
	if len(s.Offsets) == 0 || int(last) != len(s.Bytes) {
		return fmt.Errorf("the records of window %d have no end", s.Window)
	}
	for i := range s.Points {
		if p := &s.Points[i]; uint64(p.First)+uint64(p.Buckets) > uint64(len(s.Buckets)) {
			return fmt.Errorf("a point of window %d refers to buckets that are not there", s.Window)
		}
	}
	l.batch.Bytes = append(l.batch.Bytes[:0], s.Bytes...)
	l.batch.Offsets = append(l.batch.Offsets[:0], s.Offsets...)
	l.points = append(l.points[:0], s.Points...)
	l.buckets = append(l.buckets[:0], s.Buckets...)
	return nil
}

// openSpans gives the spans saved back to the windows that hold them. A window without them keeps none.
func (s *stream) openSpans(saved []spansState) error {
	for _, in := range saved {
		found := false
		for i := range s.open {
			if w := &s.open[i]; w.start == in.Window && w.spans == nil {
				w.spans = takeLoad(traces)
				w.spans.spans = append(w.spans.spans[:0], in.Spans...)
				found = true
			}
		}
		if !found {
			return fmt.Errorf("spans of window %d, which is not open", in.Window)
		}
	}
	return nil
}
