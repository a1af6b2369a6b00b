// Package live follows a store's changes once for any number of clients.
// It does not write HTTP; a client that asks gets changes, one after the other.
package live

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Event is a change as clients get it.
type Event struct {
	Mark    store.Mark
	Anomaly *anomaly.Anomaly
	JSON    []byte // of the anomaly without excerpts, made once for all clients
	seen    time.Time
}

// Hub holds the newest changes.
type Hub struct {
	source store.Tailer
	logger *zap.Logger

	mu     sync.Mutex
	ring   []Event       // the newest, oldest first; at most cap
	before store.Mark    // of the last change that was dropped for others
	lost   time.Time     // when that one had come
	gone   uint64        // how many were dropped so
	newest store.Mark    // of the last change that was seen; before the first, where following began
	more   chan struct{} // closed and replaced when there is more
	ready  bool

	clients, max int
	patience     time.Duration
}

// patience is how far behind a client that was up to date may fall: what it gets then is no longer news.
const patience = time.Minute

// lookAgain is how long the hub trusts that nobody wakes it because nothing happened. A change behind a transaction that still ran when
// it was told of, and one that another process wrote into an SQLite file, show only when it looks by itself.
const lookAgain = time.Second

// NewHub makes a hub that remembers so many changes and serves so many clients at once.
func NewHub(source store.Tailer, remember, clients int, logger *zap.Logger) *Hub {
	return &Hub{source: source, logger: logger, ring: make([]Event, 0, max(remember, 1)), more: make(chan struct{}), max: clients, patience: patience}
}

// Run follows the store until ctx ends. An error is logged and tried again; it ends nothing.
func (h *Hub) Run(ctx context.Context) {
	var wake <-chan struct{}
	failing := false
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for ctx.Err() == nil {
		if wake == nil {
			var err error
			if wake, err = h.source.Watch(ctx); err != nil && ctx.Err() == nil && !failing {
				h.logger.Warn("cannot listen for changes; looking every second instead", zap.Duration("every", lookAgain), zap.Error(err))
			}
		}
		switch err := h.look(ctx); {
		case err != nil && ctx.Err() == nil && !failing:
			failing = true
			h.logger.Warn("cannot follow the store's changes; trying again every second", zap.Duration("every", lookAgain), zap.Error(err))
		case err == nil && failing:
			failing = false
			h.logger.Info("following the store's changes again")
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case _, open := <-wake:
			if !open {
				wake = nil
			}
		}
	}
}

// look takes over what is new.
func (h *Hub) look(ctx context.Context) error {
	h.mu.Lock()
	ready, at := h.ready, h.newest
	h.mu.Unlock()
	if !ready {
		head, err := h.source.Head(ctx)
		if err != nil {
			return err
		}
		h.mu.Lock()
		h.ready, h.newest, h.before = true, head, head
		h.wakeAll()
		h.mu.Unlock()
		at = head
	}
	for {
		list, err := h.source.Tail(ctx, at, store.Query{Detail: store.Summary, Limit: store.MaxLimit})
		if err != nil || len(list) == 0 {
			return err
		}
		events := make([]Event, 0, len(list))
		for _, c := range list {
			e, err := newEvent(c)
			if err != nil {
				return err
			}
			events = append(events, e)
			at = c.Mark
		}
		h.add(events)
	}
}

func newEvent(c store.Change) (Event, error) {
	b, err := json.Marshal(c.Anomaly)
	return Event{Mark: c.Mark, Anomaly: c.Anomaly, JSON: b, seen: time.Now()}, err
}

func (h *Hub) add(events []Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.newest = events[len(events)-1].Mark
	if n := len(events) - cap(h.ring); n > 0 { // more than are held: the first of them go as well
		h.gone += uint64(len(h.ring) + n)
		h.ring = h.ring[:0]
		h.before, h.lost = events[n-1].Mark, events[n-1].seen
		events = events[n:]
	}
	h.drop(len(h.ring) + len(events) - cap(h.ring))
	h.ring = append(h.ring, events...)
	h.wakeAll()
}

// drop forgets the n oldest changes.
func (h *Hub) drop(n int) {
	if n > 0 {
		h.gone += uint64(n)
		h.before, h.lost = h.ring[n-1].Mark, h.ring[n-1].seen
		h.ring = h.ring[:copy(h.ring, h.ring[n:])]
	}
}

func (h *Hub) wakeAll() {
	close(h.more)
	h.more = make(chan struct{})
}

// Errors that end a client's following.
var (
	ErrFull = errors.New("too many clients follow already")
	ErrSlow = errors.New("too slow: changes come faster than they are taken")
)

// Client is one that follows.
type Client struct {
	hub   *Hub
	query store.Query
	at    store.Mark
	live  bool // caught up with the hub once
}

// Join lets a client follow the changes of a query's filters, from a mark on or, where there is none, from now on. Leave must follow.
func (h *Hub) Join(ctx context.Context, q store.Query, after *store.Mark) (*Client, error) {
	h.mu.Lock()
	if h.clients >= h.max {
		h.mu.Unlock()
		return nil, ErrFull
	}
	h.clients++
	h.mu.Unlock()
	q.Detail, q.Limit, q.After = store.Summary, store.MaxLimit, nil
	c := &Client{hub: h, query: q}
	if after != nil {
		c.at = *after
		return c, nil
	}
	for {
		h.mu.Lock()
		ready, more := h.ready, h.more
		c.at = h.newest
		h.mu.Unlock()
		if ready {
			c.live = true
			return c, nil
		}
		select {
		case <-ctx.Done():
			c.Leave()
			return nil, ctx.Err()
		case <-more:
		}
	}
}

// Leave makes room for another client.
func (c *Client) Leave() {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	c.hub.clients--
}

// Clients is how many follow.
func (h *Hub) Clients() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clients
}

// Dropped is how many changes made room for newer ones.
func (h *Hub) Dropped() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.gone
}

// At is the mark up to which the client has seen everything.
func (c *Client) At() store.Mark { return c.at }

// Next returns what the client has not seen, at least one change, and waits for it until ctx ends. What the hub no longer remembers is read
// from the store. A client that was up to date and then fell a minute behind gets ErrSlow; one that comes back may catch up for as long
// as it takes.
func (c *Client) Next(ctx context.Context) ([]Event, error) {
	for {
		h := c.hub
		h.mu.Lock()
		more, newest, ready := h.more, h.newest, h.ready
		known := ready && !c.at.Before(h.before)
		late := !known && c.live && time.Since(h.lost) > h.patience
		var found []Event
		if known {
			found = c.since(h.ring)
			if c.at.Before(newest) {
				c.at = newest
			}
			c.live = true
		}
		h.mu.Unlock()
		switch {
		case len(found) > 0:
			return found, nil
		case late:
			return nil, ErrSlow
		case !known && ready:
			list, err := c.catchUp(ctx, newest)
			if err != nil || len(list) > 0 {
				return list, err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-more:
		}
	}
}

// since are the events after the client's mark that its filters let pass.
func (c *Client) since(ring []Event) (out []Event) {
	for i := range ring {
		if c.at.Before(ring[i].Mark) && c.query.Matches(ring[i].Anomaly) {
			out = append(out, ring[i])
		}
	}
	return out
}

// catchUp reads a page from the store. Where it is the last one, the client has seen all up to newest, which was settled before.
func (c *Client) catchUp(ctx context.Context, newest store.Mark) ([]Event, error) {
	list, err := c.hub.source.Tail(ctx, c.at, c.query)
	if err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(list))
	for _, change := range list {
		e, err := newEvent(change)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
		c.at = change.Mark
	}
	if len(list) < c.query.Limit && c.at.Before(newest) {
		c.at = newest
	}
	return events, nil
}
