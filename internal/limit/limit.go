// Package limit bounds how often each of many clients may do something: a token bucket each, in a table of bounded size.
// It does not know who the clients are, and answers no requests.
package limit

import (
	"container/list"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is what one client may do: so many a second in the long run, so many at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Table holds the buckets of the clients that came last.
type Table struct {
	rate Rate
	max  int
	now  func() time.Time

	mu      sync.Mutex
	clients map[string]*list.Element
	recent  *list.List // of *client, the one that came last in front
	evicted uint64
}

type client struct {
	name   string
	bucket *rate.Limiter
}

// NewTable makes a table for at most so many clients; whoever came longest ago goes first. A nil clock is time.Now.
func NewTable(r Rate, most int, now func() time.Time) *Table {
	if now == nil {
		now = time.Now
	}
	return &Table{rate: r, max: max(most, 1), now: now, clients: map[string]*list.Element{}, recent: list.New()}
}

// State is how a client stands after it asked.
type State struct {
	Allowed   bool
	Limit     int           // the burst
	Remaining int           // how many would be allowed right now
	Reset     time.Duration // until all of the burst is there again
	Retry     time.Duration // until one is allowed, where this one was not
}

// Take takes one from a client's bucket, where there is one.
func (t *Table) Take(name string) State { return t.ask(name, true) }

// Peek says how a client stands and takes nothing.
func (t *Table) Peek(name string) State { return t.ask(name, false) }

func (t *Table) ask(name string, take bool) State {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucket(name)
	s := State{Limit: t.rate.Burst}
	tokens := b.TokensAt(now)
	s.Allowed = tokens >= 1
	if s.Allowed && take {
		b.AllowN(now, 1)
		tokens--
	}
	s.Remaining = int(math.Max(0, math.Floor(tokens)))
	s.Reset = t.wait(float64(t.rate.Burst) - tokens)
	if !s.Allowed {
		s.Retry = t.wait(1 - tokens)
	}
	return s
}

func (t *Table) wait(tokens float64) time.Duration {
	if tokens <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(tokens / t.rate.PerSecond * float64(time.Second)))
}

func (t *Table) bucket(name string) *rate.Limiter {
	if e := t.clients[name]; e != nil {
		t.recent.MoveToFront(e)
		return e.Value.(*client).bucket
	}
	if t.recent.Len() >= t.max {
		last := t.recent.Back()
		delete(t.clients, t.recent.Remove(last).(*client).name)
		t.evicted++
	}
	c := &client{name: name, bucket: rate.NewLimiter(rate.Limit(t.rate.PerSecond), t.rate.Burst)}
	t.clients[name] = t.recent.PushFront(c)
	return c.bucket
}

// Size says how many clients are held, and how many had to go for others.
func (t *Table) Size() (held int, evicted uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.recent.Len(), t.evicted
}
