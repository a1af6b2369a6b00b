package detect

import (
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/canonical"
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
	// Where nothing is to be scored, there is no lock to wait for: what the detector itself says may come back through
	// another pipeline, in the goroutine that says it, while whoever holds the lock waits for just that to go on.
	if len(a.parts) > 0 {
		d.mu.Lock()
		if !d.stopped {
			d.sequence(a.signal, a.parts)
		}
		d.mu.Unlock()
	}
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
	d.silence.sweep(d.newestSeen)
	d.lending.sweep(d.newestSeen)
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
	d.counters.begun.Add(1)
	d.log.Debug("a new stream", zap.String("service", p.service.name), zap.String("signal", string(signalNames[sig])))
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
	w.incomplete = w.incomplete || d.down(w.start)
	w.records += p.records
	d.silence.saw(v, s, p)
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
	away := activeWindows * d.duration
	changed := v.version.note(p.resource.Version, p.window, p.oldest, away)
	if p.resource.Replica != 0 && s.replicas.note(p.resource.Replica, p.window, away) {
		changed = true
	}
	if changed {
		v.changes.note(p.window, d.duration)
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
