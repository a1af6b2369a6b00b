package driftlockapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/driftlock/driftlock/internal/auth"
)

// facts are what is known of a request: they are its context from the beginning, and each step writes down what it found out.
type facts struct {
	context.Context // the connection's
	id              string
	who             auth.Identity
	call            call

	// When its time is over; zero: never. A timer runs from when somebody first waits for that: most requests never ask the store.
	deadline time.Time
	once     sync.Once
	timed    context.Context
	cancel   context.CancelFunc
}

type factsKey struct{}

func known(r *http.Request) *facts {
	f, ok := r.Context().Value(factsKey{}).(*facts)
	if !ok {
		return &facts{Context: r.Context()}
	}
	return f
}

// bound gives the request so much time, before anybody waits for its end.
func (f *facts) bound(d time.Duration) { f.deadline = time.Now().Add(d) }

// over is the context that ends with the request's time.
func (f *facts) over() context.Context {
	if f.deadline.IsZero() {
		return f.Context
	}
	f.once.Do(func() { f.timed, f.cancel = context.WithDeadline(f.Context, f.deadline) })
	return f.timed
}

// end ends a request that was bound, whoever still waits for it.
func (f *facts) end() {
	f.once.Do(func() { f.timed, f.cancel = unwaited, func() {} })
	f.cancel()
}

// unwaited is the context of a bound request for which nobody waited while it ran.
var unwaited = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// Deadline is the earlier of the request's and its connection's.
func (f *facts) Deadline() (time.Time, bool) {
	if at, ok := f.Context.Deadline(); f.deadline.IsZero() || ok && at.Before(f.deadline) {
		return at, ok
	}
	return f.deadline, true
}

// Done is closed when the request's time is over or nobody waits for its answer.
func (f *facts) Done() <-chan struct{} { return f.over().Done() }

// Err says why Done is closed.
func (f *facts) Err() error { return f.over().Err() }

// Value is the connection's, but for the facts themselves.
func (f *facts) Value(key any) any {
	if key == (factsKey{}) {
		return f
	}
	return f.Context.Value(key)
}
