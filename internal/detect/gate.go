package detect

import "sync"

// gate bounds the bytes that wait for workers.
type gate struct {
	mu    sync.Mutex
	freed sync.Cond
	used  uint64
	limit uint64
	open  bool // nobody waits any more
}

func newGate(limit uint64) *gate {
	g := &gate{limit: limit}
	g.freed.L = &g.mu
	return g
}

// acquire takes n bytes. Where they do not fit it waits, or refuses. What is larger than the limit fits when nothing else is there.
func (g *gate) acquire(n uint64, wait bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.used > 0 && g.used+n > g.limit && !g.open {
		if !wait {
			return false
		}
		g.freed.Wait()
	}
	g.used += n
	return true
}

// force takes n bytes that are in memory already, whatever the limit.
func (g *gate) force(n uint64) {
	g.mu.Lock()
	g.used += n
	g.mu.Unlock()
}

func (g *gate) release(n uint64) {
	if n == 0 {
		return
	}
	g.mu.Lock()
	g.used -= n
	g.mu.Unlock()
	g.freed.Broadcast()
}

// unblock lets all waiters go, now and in future.
func (g *gate) unblock() {
	g.mu.Lock()
	g.open = true
	g.mu.Unlock()
	g.freed.Broadcast()
}

func (g *gate) inUse() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.used
}
