package detect

import (
	"context"
	"sync"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/episode"
)

// outcome is what one judged window has to say.
type outcome struct {
	endNs   uint64
	judged  *episode.Judged // nil: not a verdict on a window
	window  *anomaly.Window
	scores  []Score
	level   float64 // of a judged window, as the budget alone gives it
	latched bool    // a metric point alerted, whatever the window's p
	again   bool    // the service was odd in one of the last windows, too
	// What the statement follows from; its level is the emitter's to add.
	statistics *Statistics
	release    bool   // say what is held back: nothing more will come for a while
	call       func() // in turn
}

// maxOutcomes bounds what waits for its turn; workers ahead of the others then wait too.
const maxOutcomes = 1024

// emitter hands outcomes to the sink in the sequencer's order, however the workers finish, in a goroutine of its own, so
// that a slow sink does not stop the scoring at once.
type emitter struct {
	mu      sync.Mutex
	changed sync.Cond
	waiting map[uint64]*outcome
	next    uint64
	closed  bool
	ledger  ledger
	pool    pool
	tracker *episode.Tracker
	explain func(episode.Said) string

	processID string
	sink      Sink
	counters  *counters
	perDay    float64
	fixed     bool
}

func newEmitter(d *Detector, sink Sink) *emitter {
	e := &emitter{
		waiting: make(map[uint64]*outcome), sink: sink, counters: &d.counters, perDay: d.cfg.FalseAlarmsPerDay, fixed: d.cfg.Level.P > 0,
		explain: d.explain, processID: d.set.ProcessID,
		tracker: episode.New(episode.Config{Origin: *d.origin(), Window: d.cfg.Window.Duration}),
	}
	e.changed.L = &e.mu
	return e
}

// put hands over the outcome with this sequence number. It waits while too many are ahead of their turn, never in turn.
func (e *emitter) put(sequence uint64, o *outcome) {
	e.mu.Lock()
	for len(e.waiting) >= maxOutcomes && sequence != e.next {
		e.changed.Wait()
	}
	e.waiting[sequence] = o
	e.mu.Unlock()
	e.changed.Broadcast()
}

// run emits until finish was called and nothing is left.
func (e *emitter) run(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for {
		o, ok := e.waiting[e.next]
		if !ok {
			if e.closed {
				return
			}
			e.changed.Wait()
			continue
		}
		delete(e.waiting, e.next)
		e.mu.Unlock()
		e.emit(ctx, o)
		e.mu.Lock()
		e.next++
		e.changed.Broadcast()
	}
}

func (e *emitter) emit(ctx context.Context, o *outcome) {
	if o == nil {
		return
	}
	if o.call != nil {
		o.call()
	}
	var said []episode.Said
	switch {
	case o.judged != nil:
		e.decide(o)
		if a := o.judged.Statement; a != nil {
			a.Statistics = o.statistics.encode()
		}
		said = e.tracker.Take(o.judged)
	case o.release:
		said = e.tracker.Release()
	}
	for _, a := range said {
		e.say(ctx, a)
	}
	spent := 0.0
	if o.judged != nil {
		spent = e.ledger.spent(o.endNs)
		e.counters.spent.Store(int64(spent))
	}
	if o.window != nil {
		if !e.fixed {
			o.window.BudgetPerDay = e.perDay
		}
		o.window.BudgetSpent = spent
		e.sink.Window(ctx, o.window)
	}
	for i := range o.scores {
		e.sink.Score(ctx, &o.scores[i])
	}
}

// decide takes a statement back whose p-value is above what the pool of all verdicts lets the budget afford.
func (e *emitter) decide(o *outcome) {
	j := o.judged
	if e.fixed || j.Alone {
		return
	}
	nominal := o.level
	level := e.pool.level(nominal)
	if a := j.Statement; a != nil && !o.latched {
		if a.Level = level; j.P > level {
			j.Statement = nil
		} else if o.statistics != nil {
			o.statistics.Level.pooled(&e.pool)
		}
	}
	if w := o.window; w != nil {
		w.Level, w.Anomaly = level, j.Statement != nil
	}
	e.learn(j, o.again)
}

// learn shows the pool a window: at once where it is ordinary, after a while where it is odd and of no incident so far.
func (e *emitter) learn(j *episode.Judged, again bool) {
	width := j.End - j.Start
	e.pool.settle(j.Start - min(j.Start, poolWait*width))
	switch {
	case again:
	case j.Evidence.All < poolOdd:
		e.pool.add(j.Evidence.All)
	case !e.tracker.Inside(j.Hash, j.Start):
		e.pool.wait(oddWindow{j.Hash, j.Start, j.Evidence.All})
	}
}

// say sends a statement on. An episode is one alarm, however often it is stated.
func (e *emitter) say(ctx context.Context, a episode.Said) {
	e.counters.anomalies.Add(1)
	a.ProcessID = e.processID // it may have been judged before a restart
	if a.Episode.Revision == 1 {
		e.ledger.spend(uint64(a.Timestamp.UnixNano()))
		started := uint64(a.Episode.Started.UnixNano())
		e.pool.incident(func(w oddWindow) bool { return e.tracker.Connected(a.Hash, started, w.Service, w.Start) })
	}
	if a.Explanation == "" {
		a.Explanation = e.explain(a)
	}
	e.sink.Anomaly(ctx, a.Anomaly)
}

// wait returns when everything before the sequence number was emitted, or the context is done.
func (e *emitter) wait(ctx context.Context, sequence uint64) error {
	stop := context.AfterFunc(ctx, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.changed.Broadcast()
	})
	defer stop()
	e.mu.Lock()
	defer e.mu.Unlock()
	for e.next < sequence {
		if err := ctx.Err(); err != nil {
			return err
		}
		e.changed.Wait()
	}
	return nil
}

func (e *emitter) finish() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.changed.Broadcast()
}
