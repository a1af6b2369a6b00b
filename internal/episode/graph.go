package episode

import "slices"

// edge is a call to another service.
type edge struct {
	To     uint64
	Newest uint64 // start of the newest window in which it was seen
}

// Limits of the call graph. An edge that was not seen for a day is none any more.
const (
	maxEdges = 256 // of one caller
	maxHops  = 3   // between a cause and what it explains
	maxClimb = 16  // from a service that does less to the highest that does
	maxNear  = 512 // services looked at in one search
	keepFor  = 1440
)

// calls notes that one service called another. Full lists give up the edge seen longest ago.
func (t *Tracker) calls(caller, callee, start uint64) {
	s := t.service(caller, "")
	i := slices.IndexFunc(s.Calls, func(e edge) bool { return e.To == callee })
	if i >= 0 {
		s.Calls[i].Newest = max(s.Calls[i].Newest, start)
		return
	}
	if len(s.Calls) >= maxEdges {
		oldest := first(s.Calls, func(e edge) uint64 { return e.Newest })
		s.Calls = slices.Delete(s.Calls, oldest, oldest+1)
		t.stats.evicted.Add(1)
	}
	s.Calls = append(s.Calls, edge{callee, start})
}

// below returns the services that one calls, directly or through others, nearest first, without itself.
func (t *Tracker) below(from uint64) []uint64 {
	near := []uint64{from}
	level := 0
	for range maxHops {
		end := len(near)
		for ; level < end; level++ {
			s := t.services[near[level]]
			if s == nil {
				continue
			}
			for _, e := range s.Calls {
				if e.Newest+keepFor*t.window >= t.state.Newest && len(near) < maxNear && !slices.Contains(near, e.To) {
					near = append(near, e.To)
				}
			}
		}
	}
	return near[1:]
}

// callersOf returns the services that call one directly, in the order in which they became known.
func (t *Tracker) callersOf(callee uint64) []*service {
	var all []*service
	for _, s := range t.state.Services {
		if s.Hash != callee && slices.ContainsFunc(s.Calls, func(e edge) bool {
			return e.To == callee && e.Newest+keepFor*t.window >= t.state.Newest
		}) {
			all = append(all, s)
		}
	}
	return all
}

// inGraph tells whether spans show what a service calls or who calls it.
func (t *Tracker) inGraph(hash uint64) bool {
	s := t.services[hash]
	return s != nil && (s.Called || len(s.Calls) > 0)
}

// related tells whether two services belong together: one calls the other, directly or not.
func (t *Tracker) related(a, b uint64) bool {
	return slices.Contains(t.below(a), b) || slices.Contains(t.below(b), a)
}
