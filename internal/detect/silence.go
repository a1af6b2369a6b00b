package detect

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/driftlock/driftlock/internal/cbad"
)

// silence closes the windows in which a regular stream had nothing, so that the core can judge them; it judges nothing but
// gaps. It belongs to the sequencer and is touched under Detector.mu only.
//
// A stream is looked at whenever the newest event time of all streams enters another window (and, live, when nothing at all
// comes any more, on the wall clock). A window is missing from a stream when that time, less the lateness and how far the
// stream usually comes behind the others, has passed its end. Where at most half of a signal's regular streams miss
// windows, theirs are closed empty. Where more do, the pipeline has a gap: nobody's window is closed, and the gap is stated,
// once. Event time alone decides, so replay finds what was found live.
type silence struct {
	d       *Detector
	swept   uint64 // every window that starts before was looked at
	moved   time.Time
	signals [signals]signalGap
	said    bool // the gap that lasts was stated
	order   []*service
	missing [signals][]silent
}

// signalGap is what is known of one signal's gaps.
type signalGap struct {
	past  cbad.Gaps // of most streams together
	run   uint64    // windows that most streams miss, 0 without a gap
	since uint64    // the first of them
	ended uint64    // when the newest gap was over: the window then
}

// silent is a regular stream that misses windows.
type silent struct {
	service  *service
	windows  uint64 // how many
	from, to uint64 // those that start in [from, to)
}

const (
	// A stream is regular when it had data in at least so many windows, and in at least half of the last 64.
	regularWindows = 10
	// So many windows after it has been adopted a stream is off, and nothing more is to be judged.
	mostSilent = 10
	// Streams that stopped in a gap have so many windows to come back.
	afterGap = 10
)

func newSilence(d *Detector) *silence { return &silence{d: d} }

// regular tells whether a stream had data in most windows up to its last one.
func (s *stream) regular() bool {
	n := bits.OnesCount64(s.present)
	return n >= regularWindows && 2*n >= bits.Len64(s.present)
}

// saw learns which windows have data, and how far behind the newest event time they come. The lag rises at once and
// falls by a 256th per payload.
func (q *silence) saw(v *service, s *stream, p *part) {
	if v.rows {
		return
	}
	s.present = marked(s.present, s.last, p.window, q.d.duration)
	lag := q.d.newestSeen - min(q.d.newestSeen, p.newest)
	if lag > s.lag {
		s.lag = lag
	} else {
		s.lag -= (s.lag - lag) / 256
	}
}

// sweep looks for streams that miss windows when it is clock o'clock in event time.
func (q *silence) sweep(clock uint64) {
	now := q.d.windowOf(clock - min(clock, q.d.lateness))
	if !q.d.set.Replay {
		q.moved = q.d.wall()
	}
	if now <= q.swept {
		return
	}
	first := q.swept == 0
	q.swept = now
	if !first {
		q.look(clock)
	}
}

// tick is the sweep of a live detector to which nothing comes any more: event time goes on as the wall clock does.
func (q *silence) tick(wall time.Time, timeout time.Duration) {
	idle := wall.Sub(q.moved) - timeout
	if q.d.set.Replay || q.swept == 0 || idle <= 0 {
		return
	}
	moved := q.moved
	q.sweep(q.d.newestSeen + uint64(idle))
	q.moved = moved
}

func (q *silence) look(clock uint64) {
	q.order = slices.DeleteFunc(q.d.registry.inOrder(q.order[:0]), func(v *service) bool { return v.rows })
	var regular [signals]int
	going := 0
	for sig := range signals {
		q.missing[sig] = q.missing[sig][:0]
		for _, v := range q.order {
			s := &v.signals[sig]
			if !s.seen || !s.regular() {
				continue
			}
			regular[sig]++
			if m := q.misses(v, s, clock); m.windows > 0 {
				q.missing[sig] = append(q.missing[sig], m)
			} else {
				going++
			}
		}
	}
	gap := false
	for sig := range signals {
		missing := q.missing[sig]
		all := going == 0 && len(missing) > 0
		if q.turn(sig, all || len(missing) > 1 && 2*len(missing) > regular[sig], regular[sig]) {
			gap = true
			q.missing[sig] = missing[:0]
		}
	}
	if gap {
		q.sayGap(regular)
	} else {
		q.said = false
	}
	for _, v := range q.order {
		q.closeEmpty(v)
	}
	clear(q.order)
}

// misses is what a stream misses at this time.
func (q *silence) misses(v *service, s *stream, clock uint64) silent {
	d := q.d
	to := d.windowOf(clock - min(clock, d.lateness+s.lag))
	from := s.last + d.duration
	if d.downUntil > 0 { // nobody listened
		from = max(from, d.windowOf(d.downUntil)+d.duration)
	}
	if to <= from {
		return silent{}
	}
	return silent{service: v, windows: (to - from) / d.duration, from: from, to: to}
}

// turn notes whether a signal has a gap now.
func (q *silence) turn(sig signal, gap bool, regular int) bool {
	g := &q.signals[sig]
	switch {
	case gap:
		// So many windows, more than half of the streams miss.
		missing := slices.Clone(q.missing[sig])
		slices.SortFunc(missing, func(a, b silent) int { return cmp.Compare(b.windows, a.windows) })
		most := missing[min(regular/2, len(missing)-1)]
		g.run, g.since = most.windows, most.from
	case g.run > 0:
		g.past.Over(g.run)
		g.run, g.ended = 0, q.swept
	case regular > 0:
		g.past.Present()
	default:
		// Nobody who could have a gap.
	}
	return gap
}

// closeEmpty closes the windows that a service's streams miss.
func (q *silence) closeEmpty(v *service) {
	d := q.d
	closed := false
	for sig := range signals {
		at := slices.IndexFunc(q.missing[sig], func(m silent) bool { return m.service == v })
		if at < 0 {
			continue
		}
		m := q.missing[sig][at]
		g := &q.signals[sig]
		if g.ended > 0 && m.from <= g.ended && q.swept < g.ended+afterGap*d.duration {
			continue // it may still come back from the gap
		}
		to := min(m.to, m.from+(uint64(d.cfg.Quarantine.AdoptAfter)+mostSilent)*d.duration)
		s := &v.signals[sig]
		if to <= s.closed || to <= v.judged {
			continue
		}
		from := max(m.from, s.closed)
		d.closeBefore(v, sig, from)
		for start := max(from, v.judged); start < to; start += d.duration {
			d.closeWindow(v, sig, &openWindow{start: start}, false, true)
		}
		s.closed = max(s.closed, to)
		closed = true
	}
	if closed {
		d.judgeReady(v)
	}
}
