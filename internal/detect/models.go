package detect

import (
	"errors"
	"math"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/snapshot"
)

// model is a stream of the core; tests put others in its place.
type model interface {
	Observe(*cbad.Batch) error
	Close(cbad.Window, *cbad.Verdict) error
	PerSpan(w cbad.Window, records, spans uint64, counted float64, v *cbad.Verdict) error
	Save() ([]byte, error)
	Evidence() ([]byte, error)
	Items() ([]byte, error)
	Basis([]byte) ([]byte, error)
	Memory() uint64
	Share() ([]byte, error)
	Lend(cbad.Pool) error
	Free()
}

var kinds = [signals]cbad.Kind{logs: cbad.Logs, metrics: cbad.Metrics, traces: cbad.Traces}

// models are the streams of one service. Only its worker touches them (bytes apart).
type models struct {
	d       *Detector
	service *service // name, hash and index only: the rest is the sequencer's
	streams [signals]struct {
		model
		held    []heldLoad
		evicted uint64 // of the model, as its last verdict said
	}
	rates    *canonical.Rates
	batch    cbad.Batch // of measurements
	verdicts []*verdict // closed and not judged, few
	spare    *verdict
	beside   cbad.Verdict // reused
	looks    looks
	ps       []float64 // reused
	rows     *rows
	bytes    atomic.Int64
	measured [signals]int64
	warmth   [signals]warmth
	mark     snapshot.Mark
	holds    bool // the last snapshot has spans of open windows
}

type heldLoad struct {
	window uint64
	load   *load
}

// closing is what the sequencer knows of a window that closes.
type closing struct {
	window   cbad.Window
	unscored uint64
	callers  []uint64
}

func newModels(d *Detector, s *service) *models { return &models{d: d, service: s} }

// stream returns the signal's model, a new one at first sight.
func (m *models) stream(s signal) model {
	st := &m.streams[s]
	if st.model == nil {
		made, err := m.d.newModel(kinds[s], m.d.params)
		if err != nil {
			m.refused(s, "new stream", err)
			return nil
		}
		st.model, st.evicted = made, 0
	}
	return st.model
}

// refused counts what the core did not take. It is a bug on one side or the other, so it is said, but it stops nothing.
func (m *models) refused(s signal, action string, err error) {
	if m.streams[s].model != nil && (errors.Is(err, cbad.StatusPoisoned) || errors.Is(err, cbad.StatusPanic)) {
		// A model that broke is of no use any more; the stream starts anew.
		m.streams[s].Free()
		m.streams[s].model = nil
	}
	if m.d.counters.coreErrors.Add(1) == 1 {
		m.d.log.Error("the core refused a call; further ones are only counted", zap.String("action", action),
			zap.String("service", m.service.name), zap.String("signal", string(signalNames[s])), zap.Error(err))
	}
}

func (m *models) hold(s signal, window uint64, l *load) {
	st := &m.streams[s]
	st.held = append(st.held, heldLoad{window, l})
}

// observe gives records to the core, after those of the same window that had to wait.
func (m *models) observe(s signal, window uint64, l *load) {
	m.observeHeld(s, window)
	m.give(s, l)
}

func (m *models) observeHeld(s signal, window uint64) {
	st := &m.streams[s]
	kept := st.held[:0]
	for _, h := range st.held {
		if h.window == window {
			m.give(s, h.load)
		} else {
			kept = append(kept, h)
		}
	}
	clear(st.held[len(kept):])
	st.held = kept
}

func (m *models) give(s signal, l *load) {
	st := m.stream(s)
	batch := &l.batch
	if s == metrics {
		batch = m.measure(l)
	}
	if st != nil && batch.Len() > 0 {
		if err := st.Observe(batch); err != nil {
			m.refused(s, "observe", err)
		}
	}
	l.recycle(s)
}

// measure turns points into measurements, in the order of arrival.
func (m *models) measure(l *load) *cbad.Batch {
	if m.rates == nil {
		m.rates = canonical.NewRates(int(m.d.cfg.Limits.SymbolsPerStream))
	}
	m.batch.Reset()
	bad, resets := m.rates.NotFinite, m.rates.Resets
	for i := range l.points {
		m.rates.Append(&m.batch, &l.points[i], l.buckets)
	}
	if n := m.rates.NotFinite - bad; n > 0 {
		m.d.counters.signals[metrics].unusable.Add(n)
	}
	if n := m.rates.Resets - resets; n > 0 {
		m.d.counters.resets.Add(n)
	}
	return &m.batch
}

// close scores a stream's window and keeps the verdict until the service's window is judged.
func (m *models) close(t *task) {
	s := t.signal
	m.observeHeld(s, t.window)
	if t.load != nil {
		m.give(s, t.load)
	}
	st := m.stream(s)
	if st == nil {
		return
	}
	v := m.verdict(t.window)
	sv := v.take(s)
	sv.window, sv.unscored = t.closing.window, t.closing.unscored
	sv.callers = t.closing.callers
	if err := st.Close(t.closing.window, &sv.Verdict); err != nil {
		m.refused(s, "close window", err)
		v.present[s] = false
		return
	}
	m.warmth[s].take(&sv.Verdict)
	m.count(s, sv)
	m.fetch(s, st, sv)
	m.weigh(s, st)
	if m.rows != nil {
		m.rows.take(sv.Points)
	}
}

func (m *models) count(s signal, v *signalVerdict) {
	c := &m.d.counters.signals[s]
	c.scored.Add(1)
	if v.window.Incomplete {
		c.partial.Add(1)
	}
	if v.Quarantined {
		c.quarantined.Add(1)
	}
	if v.Adopted {
		c.adopted.Add(1)
	}
	c.overCap.Add(v.RecordsOverCap)
	c.unusable.Add(v.RecordsUnusable)
	st := &m.streams[s]
	c.modelEvicted.Add(v.Evicted - st.evicted)
	st.evicted = v.Evicted
}

// fetch gets what stands behind a window that may become an anomaly, before the next close replaces it.
func (m *models) fetch(s signal, st model, v *signalVerdict) {
	var err error
	// Another signal of the service may make the window one that is stated, so no window goes without.
	if v.basis, err = st.Basis(v.basis[:0]); err != nil {
		m.refused(s, "fetch basis", err)
	}
	if v.HasEvidence {
		if v.evidence, err = st.Evidence(); err != nil {
			m.refused(s, "fetch evidence", err)
		}
	}
	if v.Items > 0 && v.P <= m.d.params.EvidenceP {
		if v.items, err = st.Items(); err != nil {
			m.refused(s, "fetch items", err)
		}
	}
}

// weigh brings the memory accounts up to date.
func (m *models) weigh(s signal, st model) {
	now := int64(min(st.Memory(), math.MaxInt64/4))
	if s == metrics && m.rates != nil {
		now += int64(m.rates.Memory())
	}
	delta := now - m.measured[s]
	m.measured[s] = now
	m.bytes.Add(delta)
	m.d.counters.modelBytes.Add(delta)
}

// free releases the models. The sequencer counted some of their bytes as on their way out.
func (m *models) free(announced uint64) {
	for s := range m.streams {
		st := &m.streams[s]
		if st.model != nil {
			st.Free()
			st.model = nil
		}
		for _, h := range st.held {
			h.load.recycle(signal(s))
		}
		st.held = nil
	}
	m.d.counters.modelBytes.Add(-m.bytes.Swap(0))
	m.d.evicting.Add(-int64(announced))
	m.rates, m.verdicts = nil, nil
}
