package detect

import (
	"slices"
	"time"

	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
)

// What closes, what is judged and what is evicted: the other half of the sequencer, under the same mutex.

// advance moves a service's watermarks, closes what they have passed and judges what is complete.
func (d *Detector) advance(v *service) {
	if v == nil || v.evicted {
		return
	}
	for sig := range signals {
		if s := &v.signals[sig]; s.seen && s.newest > 0 {
			d.closeBefore(v, sig, d.windowOf(s.newest-min(s.newest, d.lateness)))
		}
	}
	d.judgeReady(v)
	d.makeRoom(v)
}

// closeBefore closes every window of a stream that starts before the given time.
func (d *Detector) closeBefore(v *service, sig signal, before uint64) {
	s := &v.signals[sig]
	if before <= s.closed {
		return
	}
	n := 0
	for n < len(s.open) && s.open[n].start < before {
		d.closeWindow(v, sig, &s.open[n], d.last && n == len(s.open)-1, s.whole(n, d))
		n++
	}
	s.open = append(s.open[:0], s.open[n:]...)
	s.closed = before
}

// whole tells whether all of a window came, as far as its volume is concerned: the stream has passed it, and went on in the
// next. Before a pause a stream, or the recording, may have stopped anywhere within the window.
func (s *stream) whole(n int, d *Detector) bool {
	next := s.open[n].start + d.duration
	return n+1 < len(s.open) && s.open[n+1].start == next && d.windowOf(s.newest-min(s.newest, d.lateness)) >= next
}

func (d *Detector) closeWindow(v *service, sig signal, w *openWindow, last, whole bool) {
	s := &v.signals[sig]
	c := closing{
		window: cbad.Window{
			StartNs: w.start, EndNs: w.start + d.duration,
			Incomplete: w.incomplete, Last: last,
			InstanceChanged: v.changes.in(w.start, d.duration), Deployed: v.version.deployed(w.start, w.start+d.duration),
			Partial: !whole,
		},
		unscored: w.unscored + s.late,
	}
	s.late, s.ended = 0, last
	bytes := w.pending
	var l *load
	if w.spans != nil {
		l, c.callers = d.resolve(w.spans)
		bytes = l.size()
	}
	d.pending -= w.pending
	d.gate.force(bytes)
	v.worker.push(task{kind: taskClose, models: v.models, signal: sig, window: w.start, load: l, bytes: bytes, closing: c})
	v.wait(w.start)
}

// resolve turns held spans into the core's records and notes who called.
func (d *Detector) resolve(held *load) (_ *load, callers []uint64) {
	for i := range held.spans {
		sp := &held.spans[i]
		r := d.spans.Resolve(&sp.Span)
		if r.Caller != 0 && len(callers) < maxCallers && !slices.Contains(callers, r.Caller) {
			callers = append(callers, r.Caller)
		}
		canonical.AppendSpan(&held.batch, sp, r)
	}
	held.spans = held.spans[:0]
	return held, callers
}

// maxCallers bounds the callers that one window can show.
const maxCallers = 256

// activeWindows is how many windows back a signal must have had data to be waited for.
const activeWindows = 5

// judgeReady judges, oldest first, the windows that no signal can add to any more.
func (d *Detector) judgeReady(v *service) {
	for {
		window, ok := v.oldest()
		if !ok || !d.ready(v, window) {
			return
		}
		d.judge(v, window)
	}
}

// ready tells whether every signal that was active in the last windows has closed this one. A signal that falls behind
// the others by more than that is not waited for.
func (d *Detector) ready(v *service, window uint64) bool {
	lead := uint64(0)
	for i := range v.signals {
		lead = max(lead, v.signals[i].closed)
	}
	if lead > window+activeWindows*d.duration {
		return true
	}
	for i := range v.signals {
		s := &v.signals[i]
		if s.seen && !s.idle && s.closed <= window && s.last+activeWindows*d.duration >= window {
			return false
		}
	}
	return true
}

// judge closes the window in all signals and queues its verdict.
func (d *Detector) judge(v *service, window uint64) {
	after := window + d.duration
	for sig := range signals {
		if v.signals[sig].seen {
			d.closeBefore(v, sig, after)
		}
	}
	v.judged = max(v.judged, after)
	// Closing signals that lagged may have added older windows in front.
	for len(v.waiting) > 0 && v.waiting[0] <= window {
		start := v.waiting[0]
		v.waiting = append(v.waiting[:0], v.waiting[1:]...)
		d.registry.mature(v, d.cfg.Limits.Streams)
		d.enqueueJudge(v, start)
	}
}

func (d *Detector) enqueueJudge(v *service, start uint64) {
	active := d.budget.activeAt(start + d.duration)
	v.worker.push(task{kind: taskJudge, models: v.models, window: start, judging: judging{
		sequence: d.nextSequence(), level: d.budget.among(active), active: active, resource: v.resource,
		deploy: v.version.label(start, start+d.duration), queued: time.Now(),
	}})
}

// makeRoom evicts least recently used services while there are too many streams or their models are too large.
func (d *Detector) makeRoom(keep *service) {
	for d.registry.streams > d.cfg.Limits.Streams || d.counters.modelBytes.Load()-d.evicting.Load() > d.maxModels {
		v := d.registry.victim(keep)
		if v == nil {
			return
		}
		d.evict(v)
	}
}

func (d *Detector) evict(v *service) {
	d.counters.evicted.Add(uint64(v.streamCount()))
	dropped := len(v.waiting)
	for i := range v.signals {
		for j := range v.signals[i].open {
			w := &v.signals[i].open[j]
			d.pending -= w.pending // its spans are not recycled: a snapshot under way may be reading them
			dropped++
		}
	}
	d.counters.dropped.Add(uint64(dropped))
	d.registry.remove(v) // the budget still counts it: its windows of today were judged
	leaving := v.models.bytes.Load()
	d.evicting.Add(leaving)
	v.worker.push(task{kind: taskEvict, models: v.models, bytes: uint64(leaving)})
}
