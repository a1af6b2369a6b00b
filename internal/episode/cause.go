package episode

import (
	"cmp"
	"slices"
)

// A fault travels against the calls: a service that fails makes its callers fail, log and retry. What a caller's own work
// shows (its own time, its processor) does not come from below. The other way round, a caller that is slow itself makes the
// way to its callees look slow.
//
// So a service below explains one above if it became odd no later, is at least as odd as the upper one's own work and not
// much less odd than the upper one altogether; and a service above explains one below that is odd in nothing but the way to
// it, if the upper one's own work is odd. Where a service sends less than it did, the time of the one above is left out:
// what the missing spans covered is counted as its own. Only demand travels with the calls: a service that does less makes
// those below do less, so of services that do less the highest is meant.

const (
	// share of a service's evidence that one below must have to explain it: what is seen of a fault thins out upwards,
	// because other requests go the same way. Also the share from which on it is its own work that is odd.
	share = 0.5
	// enough evidence is enough: beyond so many decades numbers are extrapolated and grow with the number of requests.
	enough = 12
	// unsaid is the evidence in decades that a service of which nothing was stated needs. Among the dozen services around one
	// that is odd, in the windows in which they may be, one is odd by three decades by chance one time in ten.
	unsaid = 4
)

// cause is the service that explains an episode: the one at the end of the way from each service to the one that explains
// it, so that nobody who is sent to a service is sent on from there. Nil where the service itself is the end. Of services
// that explain each other in turn the oddest is meant.
func (t *Tracker) cause(e *episode, window uint64) *service {
	v := t.services[e.Hash]
	if e.Alone || v == nil {
		return nil
	}
	path := []*service{v}
	for range maxClimb {
		next := t.explainer(path[len(path)-1], window)
		if next == nil {
			break
		}
		if at := slices.Index(path, next); at >= 0 {
			path = append(path, oddest(path[at:], func(e Evidence) float64 { return e.All }))
			break
		}
		path = append(path, next)
	}
	if end := path[len(path)-1]; end != v {
		return end
	}
	return nil
}

// explainer is the service that explains another one, or did when that one's episode was stated last: a cause that was seen
// stays one when it recovers first.
func (t *Tracker) explainer(v *service, window uint64) *service {
	if s := t.explainedNow(v, window); s != nil {
		return s
	}
	if e := t.open[v.Hash]; e != nil && e.Cause != "" {
		return t.services[e.CauseHash]
	}
	return nil
}

func (t *Tracker) explainedNow(v *service, window uint64) *service {
	if v.Run.Most.idle() { // what is below does not make it do less
		return t.asks(v, window)
	}
	if c := t.above(v, window); c != nil {
		return c
	}
	var candidates []*service
	for _, hash := range t.below(v.Hash) {
		if s := t.services[hash]; s != nil && t.explains(s, v, window) {
			candidates = append(candidates, s)
		}
	}
	// Of services that explain each other in turn the lowest is meant.
	lowest := slices.DeleteFunc(slices.Clone(candidates), func(s *service) bool {
		below := t.below(s.Hash)
		return slices.ContainsFunc(candidates, func(c *service) bool {
			return c != s && slices.Contains(below, c.Hash) && t.explains(c, s, window)
		})
	})
	if len(lowest) == 0 { // they call each other in a ring
		lowest = candidates
	}
	best := oddest(lowest, func(e Evidence) float64 { return e.All })
	if best != nil && best.Run.Most.idle() {
		if c := t.asks(best, window); c != nil && c != v {
			best = c
		}
	}
	return best
}

// explains tells whether a service explains another one above it.
func (t *Tracker) explains(s, above *service, window uint64) bool {
	if s == above || s.Name == "" || !t.odd(s, window) || s.Run.Since > above.Run.Since+t.window {
		return false
	}
	if s.Run.Most.idle() && above.Run.Most.Volume >= odd {
		return false // it is asked less
	}
	has, all, own := s.Run.Most, above.Run.Most.All, above.Run.Most.Own
	if has.Volume >= odd {
		all, own = above.Run.Most.Timeless, above.Run.Most.Resources
	}
	switch {
	case has.All < min(own, enough) || has.All < share*min(all, enough):
		return false // too little
	case has.Rest < odd && own >= share*all:
		return false // odd in the way to it alone, and the one above mostly in its own work
	}
	return true
}

// above is the caller whose own oddity explains one that is odd in nothing but the way to it.
func (t *Tracker) above(v *service, window uint64) *service {
	if v.Run.Most.Rest >= odd {
		return nil
	}
	own := func(e Evidence) float64 { return e.Own }
	return oddest(t.oddCallers(v, v, window, own), own)
}

// oddCallers are the direct callers of one service that became odd in a part of their evidence no later than another one did.
func (t *Tracker) oddCallers(of, than *service, window uint64, part func(Evidence) float64) []*service {
	return slices.DeleteFunc(t.callersOf(of.Hash), func(s *service) bool {
		return s.Name == "" || !t.odd(s, window) || part(s.Run.Most) < odd || s.Run.Since > than.Run.Since+t.window
	})
}

// oddest is the service with the most of a part of the evidence, of equals the first by name; nil of none.
func oddest(list []*service, part func(Evidence) float64) (best *service) {
	for _, s := range list {
		if best == nil || cmp.Or(cmp.Compare(part(s.Run.Most), part(best.Run.Most)), cmp.Compare(best.Name, s.Name)) > 0 {
			best = s
		}
	}
	return best
}

// idle tells whether evidence is mostly that there is less than usual. What falls with the demand, as processor time and rates
// do, is part of it: a metric that falls alone is its service's own all the same, where no caller does less.
func (e Evidence) idle() bool { return e.Less >= odd && e.Busy < max(share*min(e.All, enough), odd) }

// asks is the highest of the services above that do less, where one below is odd in little but that it does less. What is
// asked less often shows it later, so a caller between that does not show it is passed over.
func (t *Tracker) asks(v *service, window uint64) *service {
	less := func(e Evidence) float64 { return e.Less }
	passed := []*service{v}
	idlest := func(callers []*service) *service {
		return oddest(slices.DeleteFunc(callers, func(s *service) bool { return slices.Contains(passed, s) }), less)
	}
	for range maxClimb {
		last := passed[len(passed)-1]
		next := idlest(t.oddCallers(last, v, window, less))
		if next == nil {
			var beyond []*service
			for _, quiet := range t.callersOf(last.Hash) {
				beyond = append(beyond, t.oddCallers(quiet, v, window, less)...)
			}
			next = idlest(beyond)
		}
		if next == nil {
			break
		}
		passed = append(passed, next)
	}
	if len(passed) == 1 {
		return nil
	}
	return passed[len(passed)-1]
}

// odd tells whether a service is or was odd about then, so much that it may be what others are odd for.
func (t *Tracker) odd(s *service, window uint64) bool {
	enough := float64(unsaid)
	if t.open[s.Hash] != nil {
		enough = odd
	}
	return s.Run.Most.All >= enough && s.Run.Last+lookback*t.window >= window && s.Run.Since <= window
}
