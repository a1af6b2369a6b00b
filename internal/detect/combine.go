package detect

import (
	"iter"

	"github.com/driftlock/driftlock/internal/cbad"
)

// How a service's p-value comes from those of its channels: the window by itself, and the last windows together.
//
// The window by itself is the harmonic mean over the channels of all signals (Wilson 2019), which holds up when channels
// depend on each other. An incident that is mildly odd for several minutes is found by the second look: the product of
// the last windows' p-values (Fisher 1932). Log and trace channels count once a window, since what one minute's requests do
// says little about the next minute's. Metric channels carry averages over the past minutes with them already: of the
// three windows' p-values only the least counts, corrected for their number. The two looks share the level, two thirds
// for the first and one third for the second (Bonferroni).
const (
	lookBack   = 3   // windows of the second look
	firstLook  = 1.5 // 1 ÷ its share of the level
	secondLook = 3
	// mildly is how odd a window must be by itself for the second look: a normal minute after an incident is normal.
	mildly = 0.02
)

// look is what one window of a service said. It is part of what a restart must not lose.
type look struct {
	window  uint64  // start
	all     float64 // p over all channels
	events  float64 // p over those of logs and traces, where there are any
	metrics float64 // p of the metric channel, where there is one
	has     struct{ events, metrics bool }
}

// looks are the last windows, newest first.
type looks [lookBack]look

// push makes room for a window at the front.
func (l *looks) push(n look) {
	copy(l[1:], l[:])
	l[0] = n
}

// look combines the channels of one window.
func (m *models) look(v *verdict) look {
	n := look{window: v.window}
	all, events, series := m.ps[:0], m.events[:0], m.series[:0]
	for s := range v.signals {
		if !v.present[s] {
			continue
		}
		for _, c := range v.signals[s].Channels {
			all = append(all, c.P)
			if signal(s) == metrics {
				series = append(series, c.P)
			} else {
				events = append(events, c.P)
			}
		}
	}
	n.all, _ = cbad.Combine(all)
	n.events, _ = cbad.Combine(events)
	n.metrics, _ = cbad.Combine(series)
	n.has.events, n.has.metrics = len(events) > 0, len(series) > 0
	m.ps, m.events, m.series = all, events, series
	return n
}

// combine gives the p-value of a window that was judged after all before it, and its decades.
func (m *models) combine(v *verdict) (p, decades float64) {
	now := m.look(v)
	m.looks.push(now)
	p = now.all
	if second, ok := m.lastTogether(now.window); ok {
		p = min(firstLook*p, 1)
		if now.all <= mildly {
			p = min(p, secondLook*second)
		}
	}
	return cbad.Combine([]float64{p})
}

// lastTogether is the p-value of the last windows' product, where there are log or trace channels to multiply.
func (m *models) lastTogether(window uint64) (p float64, ok bool) {
	ps := m.ps[:0]
	least, n := 1.0, 0
	for l := range m.recent(window) {
		if l.has.events {
			ps = append(ps, l.events)
		}
		if l.has.metrics {
			least = min(least, l.metrics)
			n++
		}
	}
	if len(ps) == 0 {
		return 1, false
	}
	if n > 0 {
		ps = append(ps, min(least*float64(n), 1))
	}
	m.ps = ps
	return cbad.Product(ps), true
}

// odd is the p at or below which a window is odd enough that those after it are part of the same run.
const odd = 1e-2

// oddBefore tells whether one of the windows just before was odd.
func (m *models) oddBefore(window uint64) bool {
	for l := range m.recent(window) {
		if l.window < window && l.all <= odd {
			return true
		}
	}
	return false
}

// recent are the looks at a window and those just before it.
func (m *models) recent(window uint64) iter.Seq[*look] {
	return func(yield func(*look) bool) {
		for i := range m.looks {
			l := &m.looks[i]
			if l.window <= window && l.window+lookBack*m.d.duration > window && !yield(l) {
				return
			}
		}
	}
}
