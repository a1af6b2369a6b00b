package detect

import (
	"context"
	"sync"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// outcome is what one judged window has to say.
type outcome struct {
	endNs   uint64
	anomaly *anomaly.Anomaly
	window  *anomaly.Window
	scores  []Score
}

// maxOutcomes bounds what waits for its turn; workers ahead of the others then wait too.
const maxOutcomes = 1024

// emitter hands outcomes to the sink in the sequencer's order, however the workers finish, in a goroutine of its own, so
// that a slow sink does not stop the scoring at once.
type emitter struct {
	mu       sync.Mutex
	changed  sync.Cond
	waiting  map[uint64]*outcome
	next     uint64
	closed   bool
	ledger   ledger
	sink     Sink
	counters *counters
	perDay   float64
	fixed    bool
}

func newEmitter(sink Sink, cfg *Config, c *counters) *emitter {
	e := &emitter{waiting: make(map[uint64]*outcome), sink: sink, counters: c, perDay: cfg.FalseAlarmsPerDay, fixed: cfg.Level.P > 0}
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
	if o.anomaly != nil {
		e.ledger.spend(o.endNs)
		e.counters.anomalies.Add(1)
		e.sink.Anomaly(ctx, o.anomaly)
	}
	if o.window != nil {
		if !e.fixed {
			o.window.BudgetPerDay = e.perDay
		}
		o.window.BudgetSpent = e.ledger.spent(o.endNs)
		e.sink.Window(ctx, o.window)
	}
	for i := range o.scores {
		e.sink.Score(ctx, &o.scores[i])
	}
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
