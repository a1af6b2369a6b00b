package detect

import (
	"time"

	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/join"
)

// The sequencer is all that happens under Detector.mu, in arrival order: which service, which window, what is late, what
// closes, at which level it is judged, and in which order all that reaches the service's worker. Workers score in
// parallel, but nothing that they do feeds back, so what is said depends on the order of arrival alone. (One exception is
// memory: models are measured by the workers, and evictions at limits.memory_mib come when they come.)

// Commit hands an arrival to the sequencer.
func (a *Arrival) Commit() {
	d := a.d
	d.count(a)
	d.mu.Lock()
	if !d.stopped {
		d.sequence(a.signal, a.parts)
	}
	d.mu.Unlock()
	a.Discard()
}

// sequence takes the parts of one payload in.
func (d *Detector) sequence(sig signal, parts []part) {
	d.visit++
	d.prepare(sig, parts)
	for i := range parts {
		d.accept(sig, &parts[i])
	}
	// Watermarks move when the whole payload is in: resources of one payload are not late for each other.
	for i := range parts {
		d.advance(parts[i].service)
	}
}

func (d *Detector) count(a *Arrival) {
	c := &d.counters.signals[a.signal]
	c.records.Add(a.records)
	if a.future > 0 {
		c.future.Add(a.future)
	}
	if a.scratch.Truncated > 0 {
		c.truncated.Add(a.scratch.Truncated)
	}
	if a.shared > 0 {
		d.counters.shared.Add(a.shared)
	}
	if a.empty > 0 {
		c.unusable.Add(a.empty)
	}
}

// prepare finds the services and opens streams seen for the first time as far back as the payload's oldest record.
func (d *Detector) prepare(sig signal, parts []part) {
	for i := range parts {
		p := &parts[i]
		p.service = d.service(p.resource)
		s := &p.service.signals[sig]
		if !s.seen {
			d.openStream(p, sig)
		} else if s.newest == 0 && p.service.visit == d.visit {
			s.closed = max(min(s.closed, d.earliest(p)), p.service.judged)
		}
	}
}

// openStream makes room for a stream that a service did not have. Windows are open from the first record's on.
func (d *Detector) openStream(p *part, sig signal) {
	d.registry.sawSignal(p.service, sig)
	p.service.signals[sig].closed = max(d.earliest(p), p.service.judged)
	p.service.visit = d.visit
	d.makeRoom(p.service)
}

// earliest is the first window that is open when a part's oldest record is the newest that came.
func (d *Detector) earliest(p *part) uint64 { return d.windowOf(p.oldest - min(p.oldest, d.lateness)) }

// service finds or makes a service.
func (d *Detector) service(res *canonical.Resource) *service {
	v := d.registry.services[res.ServiceHash]
	if v == nil {
		v = &service{name: res.Service, hash: res.ServiceHash, resource: res}
		v.worker = d.workers[v.hash%uint64(len(d.workers))]
		v.models = newModels(d, v)
		d.registry.add(v)
	}
	d.registry.touch(v)
	return v
}

// accept queues one part, or counts it.
func (d *Detector) accept(sig signal, p *part) {
	if p.service.evicted { // to make room for another part's service
		p.service = d.service(p.resource)
		if !p.service.signals[sig].seen {
			d.openStream(p, sig)
		}
	}
	v := p.service
	s := &v.signals[sig]
	if !d.set.Replay {
		s.arrival, s.idle = d.wall(), false
	}
	if p.window < s.closed {
		s.late += p.records
		d.counters.signals[sig].late.Add(p.records)
		return
	}
	d.budget.saw(v, p.newest)
	d.noteReplica(v, s, p)
	w := s.window(p.window)
	w.records += p.records
	s.newest, s.last = max(s.newest, p.newest), max(s.last, p.window)
	d.newestSeen = max(d.newestSeen, p.newest)
	switch {
	case sig == traces:
		d.holdSpans(s, w, p)
	case p.window == s.closed:
		d.scoreNow(v, sig, w, p)
	default:
		d.scoreLater(v, sig, w, p)
	}
}

func (d *Detector) noteReplica(v *service, s *stream, p *part) {
	if p.resource.Replica == 0 {
		return
	}
	if s.replicas.note(p.resource.Replica, p.window, activeWindows*d.duration) {
		v.changed = max(v.changed, p.window)
		v.resource = p.resource
	}
}

// scoreNow hands records of the earliest open window to the worker, who gives them to the core at once.
func (d *Detector) scoreNow(v *service, sig signal, w *openWindow, p *part) {
	bytes := p.load.size()
	if !d.gate.acquire(bytes, d.cfg.OnOverload == Block) {
		d.skip(sig, w, p.records)
		return
	}
	v.worker.push(task{kind: taskObserve, models: v.models, signal: sig, window: w.start, load: p.load, bytes: bytes})
	p.load = nil
}

// scoreLater hands over records of a window that must wait for an earlier one. Its own limit bounds them: waiting here
// for a worker would wait for ever, because only newer data close the earlier window.
func (d *Detector) scoreLater(v *service, sig signal, w *openWindow, p *part) {
	bytes := p.load.size()
	if d.pending+bytes > d.maxPending {
		d.skip(sig, w, p.records)
		return
	}
	d.pending += bytes
	w.pending += bytes
	v.worker.push(task{kind: taskHold, models: v.models, signal: sig, window: w.start, load: p.load})
	p.load = nil
}

// holdSpans keeps spans until their window closes, when their parents have most likely arrived. All of them enter the
// span table, also those beyond the limit of what is modelled.
func (d *Detector) holdSpans(s *stream, w *openWindow, p *part) {
	if d.spans == nil {
		d.spans = join.New(d.cfg.Limits.Spans)
	}
	if w.spans == nil {
		w.spans = takeLoad(traces)
	}
	before := len(w.spans.spans)
	for i := range p.load.spans {
		sp := &p.load.spans[i]
		if !d.spans.Add(&sp.Span) {
			d.counters.duplicates.Add(1)
			w.records--
			continue
		}
		switch {
		case len(w.spans.spans) >= int(d.cfg.Limits.RecordsPerWindow):
			w.unscored++
			d.counters.signals[traces].overCap.Add(1)
		case d.pending+uint64(spanBytes) > d.maxPending:
			d.skip(traces, w, 1)
		default:
			w.spans.spans = append(w.spans.spans, *sp)
		}
	}
	bytes := uint64((len(w.spans.spans) - before) * spanBytes)
	d.pending += bytes
	w.pending += bytes
}

func (d *Detector) skip(sig signal, w *openWindow, records uint64) {
	w.incomplete = true
	w.unscored += records
	d.counters.signals[sig].skipped.Add(records)
}

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
		d.closeWindow(v, sig, &s.open[n], d.last && n == len(s.open)-1)
		n++
	}
	s.open = append(s.open[:0], s.open[n:]...)
	s.closed = before
}

func (d *Detector) closeWindow(v *service, sig signal, w *openWindow, last bool) {
	s := &v.signals[sig]
	c := closing{
		window: cbad.Window{
			StartNs: w.start, EndNs: w.start + d.duration,
			Incomplete: w.incomplete, InstanceChanged: v.changed != 0 && w.start == v.changed, Last: last,
		},
		unscored: w.unscored + s.late,
	}
	s.late, s.ended = 0, last
	bytes := w.pending
	var l *load
	if w.spans != nil {
		l, bytes = d.resolve(w.spans), 0
		bytes = l.size()
	}
	d.pending -= w.pending
	d.gate.force(bytes)
	v.worker.push(task{kind: taskClose, models: v.models, signal: sig, window: w.start, load: l, bytes: bytes, closing: c})
	v.wait(w.start)
}

// resolve turns held spans into the core's records.
func (d *Detector) resolve(held *load) *load {
	for i := range held.spans {
		sp := &held.spans[i]
		canonical.AppendSpan(&held.batch, sp, d.spans.Resolve(&sp.Span))
	}
	held.spans = held.spans[:0]
	return held
}

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
	v.worker.push(task{kind: taskJudge, models: v.models, window: start, judging: judging{
		sequence: d.nextSequence(), level: d.budget.level(start + d.duration), resource: v.resource, queued: time.Now(),
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
			d.pending -= w.pending
			if w.spans != nil {
				w.spans.recycle(traces)
			}
			dropped++
		}
	}
	d.counters.dropped.Add(uint64(dropped))
	d.registry.remove(v) // the budget still counts it: its windows of today were judged
	leaving := v.models.bytes.Load()
	d.evicting.Add(leaving)
	v.worker.push(task{kind: taskEvict, models: v.models, bytes: uint64(leaving)})
}
