package detect

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/driftlock/driftlock/internal/cbad"
)

// Flush closes and judges what is open, as at the end of a replay, and returns when the sink has it all. Requests that
// are still open count as complete.
func (d *Detector) Flush(ctx context.Context) error {
	d.mu.Lock()
	if d.stopped {
		d.mu.Unlock()
		return nil
	}
	d.closeAll(true)
	d.releaseHeld()
	sequence := d.sequenceNumber
	d.mu.Unlock()
	return d.emitter.wait(ctx, sequence)
}

// releaseHeld has said what waits for other services' windows.
func (d *Detector) releaseHeld() {
	sequence := d.nextSequence()
	d.workers[0].push(task{kind: taskCall, done: func() { d.emitter.put(sequence, &outcome{release: true}) }})
}

// closeAll closes and judges every open window, oldest first, services in order of first sight.
func (d *Detector) closeAll(last bool) {
	type open struct {
		service *service
		start   uint64
	}
	var all []open
	for _, v := range d.registry.services {
		starts := slices.Clone(v.waiting)
		for sig := range signals {
			s := &v.signals[sig]
			for i := range s.open {
				starts = append(starts, s.open[i].start)
			}
		}
		slices.Sort(starts)
		for _, start := range slices.Compact(starts) {
			all = append(all, open{v, start})
		}
	}
	slices.SortFunc(all, func(a, b open) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.service.index, b.service.index))
	})
	d.last = last
	defer func() { d.last = false }()
	for _, o := range all {
		if !o.service.evicted && len(o.service.waiting)+o.service.openCount() > 0 {
			d.judge(o.service, o.start)
		}
	}
	if last && d.set.Scores {
		d.completeRequests()
	}
}

// completeRequests closes one empty window more of log streams whose last window closed before the end, for the sake of
// requests that were open then. Nothing is said about that window but their scores.
func (d *Detector) completeRequests() {
	for _, v := range d.registry.inOrder(nil) {
		if s := &v.signals[logs]; !s.seen || s.ended {
			continue
		}
		start := v.judged
		v.worker.push(task{kind: taskClose, models: v.models, signal: logs, window: start, closing: closing{
			window: cbad.Window{StartNs: start, EndNs: start + d.duration, Last: true},
		}})
		v.worker.push(task{kind: taskJudge, models: v.models, window: start, judging: judging{
			sequence: d.nextSequence(), requestsOnly: true,
		}})
		v.signals[logs].ended = true
		v.judged = start + d.duration
		v.signals[logs].closed = v.judged
	}
}

// closeService closes and judges all that a service has open.
func (d *Detector) closeService(v *service) {
	for window, ok := v.oldest(); ok; window, ok = v.oldest() {
		d.judge(v, window)
	}
}

func (s *service) openCount() int {
	n := 0
	for i := range s.signals {
		n += len(s.signals[i].open)
	}
	return n
}

// watchIdle closes what nothing arrives for any more, on the wall clock. A stream that is idle is not waited for.
func (d *Detector) watchIdle(ctx context.Context) {
	timeout := d.cfg.idleTimeout()
	tick := time.NewTicker(min(max(timeout/8, 100*time.Millisecond), 5*time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.closeIdle(timeout)
		}
	}
}

func (d *Detector) closeIdle(timeout time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return
	}
	now := d.wall()
	any, all := false, true
	for _, v := range d.registry.services {
		changed := false
		for sig := range signals {
			s := &v.signals[sig]
			if !s.seen || s.idle {
				continue
			}
			if now.Sub(s.arrival) < timeout {
				all = false
				continue
			}
			s.idle, changed = true, true
			if n := len(s.open); n > 0 {
				d.closeBefore(v, sig, s.open[n-1].start+d.duration)
			}
		}
		if changed {
			any = true
			d.judgeReady(v)
		}
	}
	d.silence.tick(now, timeout)
	if any && all {
		d.releaseHeld()
	}
}
