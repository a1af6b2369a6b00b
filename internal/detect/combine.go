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
// says little about the next minute's. Two kinds are carried from window to window and count in the one where they are
// least, corrected for the number of windows: metrics, which hold averages over the past minutes, as a factor of their own;
// and novelty within its window, since a line that is new is new again a minute later, as long as it is not learnt. The
// two looks share the level, two thirds for the first and one third for the second (Bonferroni).
const (
	lookBack   = 3   // windows of the second look
	firstLook  = 1.5 // 1 ÷ its share of the level
	secondLook = 3
	// mildly is how odd a window must be by itself for the second look: a normal minute after an incident is normal.
	mildly = 0.02
)

// share is a group of a window's channels.
type share uint8

const (
	passing share = iota // channels of logs and traces that begin anew with each window
	novelty              // what was never seen before
	series               // metrics
	shares
)

func shareOf(k cbad.ChannelKind) share {
	switch k {
	case cbad.LogNew, cbad.TraceNew:
		return novelty
	case cbad.MetricSum, cbad.MetricVolume:
		return series
	default:
		return passing
	}
}

// look is what one window of a service said. It is part of what a restart must not lose.
type look struct {
	window uint64          // start
	all    float64         // p over all channels
	p      [shares]float64 // and over those of each share
	n      [shares]uint16  // of so many channels
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
	all := m.ps[:0]
	for kind := range shares {
		from := len(all)
		for s := range v.signals {
			if !v.present[s] {
				continue
			}
			for _, c := range v.signals[s].Channels {
				if shareOf(c.Kind) == kind {
					all = append(all, c.P)
				}
			}
		}
		n.p[kind], _ = cbad.Combine(all[from:])
		n.n[kind] = uint16(len(all) - from) //nolint:gosec // G115: a channel of each kind, of which there are dozens
	}
	n.all, _ = cbad.Combine(all)
	m.ps = all
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
	var least, windows [shares]float64
	for l := range m.recent(window) {
		for kind := range shares {
			if l.n[kind] > 0 {
				if windows[kind] == 0 || l.p[kind] < least[kind] {
					least[kind] = l.p[kind]
				}
				windows[kind]++
			}
		}
	}
	if windows[passing] == 0 {
		return 1, false
	}
	ps := m.ps[:0]
	once := false // novelty was counted
	for l := range m.recent(window) {
		if l.n[passing] == 0 {
			continue
		}
		fresh := 1.0
		if !once && l.p[novelty] <= least[novelty] {
			fresh, once = min(l.p[novelty]*windows[novelty], 1), true
		}
		n, new := float64(l.n[passing]), float64(l.n[novelty])
		ps = append(ps, (n+new)/(n/l.p[passing]+new/fresh))
	}
	if windows[series] > 0 {
		ps = append(ps, min(least[series]*windows[series], 1))
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
