package recording

import (
	"context"
	"sync"
	"sync/atomic"
)

// lookAhead is how many items of each file are decoded before one is delivered. An item is delivered as if it had the earliest time
// among those that follow it within the look-ahead, so that one record with a wrong clock does not hold its file back.
const lookAhead = 4

// Merge delivers the items of all files in order of time; where times are equal, in the order of the files. Files are read and decoded
// in parallel, which changes nothing in the order. It returns the first error of deliver, or the context's.
func Merge(ctx context.Context, files []File, read *atomic.Int64, deliver func(Item) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	queues := make([]*queue, len(files))
	for i, f := range files {
		out := make(chan Item, 2)
		wg.Go(func() { f.read(ctx, read, out) })
		queues[i] = &queue{in: out}
	}
	for {
		best := -1
		var at int64
		for i, q := range queues {
			q.fill()
			if t, ok := q.time(); ok && (best < 0 || t < at) {
				best, at = i, t
			}
		}
		if best < 0 {
			return ctx.Err()
		}
		it, ahead := queues[best].pop()
		if ahead != nil {
			if err := deliver(Item{Path: it.Path, Line: it.Line, Problem: ahead}); err != nil {
				return err
			}
			if it.Count == 0 { // nothing else was in it
				continue
			}
		}
		if err := deliver(it); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// queue is a file's look-ahead.
type queue struct {
	in     <-chan Item
	items  []Item
	latest int64 // time of an item that was believed
}

func (q *queue) fill() {
	for q.in != nil && len(q.items) < lookAhead {
		it, ok := <-q.in
		if !ok {
			q.in = nil
			return
		}
		q.items = append(q.items, it)
	}
}

// time is the earliest within the look-ahead.
func (q *queue) time() (int64, bool) {
	if len(q.items) == 0 {
		return 0, false
	}
	t := q.items[0].Time
	for _, it := range q.items[1:] {
		t = min(t, it.Time)
	}
	return t, true
}

// pop takes the first item, without what it holds from a wrong clock.
func (q *queue) pop() (Item, error) {
	it := q.items[0]
	q.items[0] = Item{}
	q.items = append(q.items[:0], q.items[1:]...)
	if it.Problem != nil {
		return it, nil
	}
	h := horizon(q.latest, q.items)
	if it.Time <= h {
		q.latest = max(q.latest, it.Time)
	}
	if p := cutAhead(&it, h); p != nil {
		return it, p
	}
	return it, nil
}
