package detect

import (
	"cmp"
	"slices"
)

// registry holds the services in least-recently-used order, in two segments (segmented LRU, Karedla, Love and Wherry
// 1994): a new service is on probation until matureWindows windows of it were judged. Evictions take from probation
// first, so a flood of one-off services pushes out other newcomers and not mature baselines.
type registry struct {
	services             map[uint64]*service
	probation, protected segment
	streams              int
	made                 uint64
}

const matureWindows = 3

// segment is a doubly linked list, most recently used first.
type segment struct {
	front, back *service
	streams     int
}

func newRegistry() *registry { return &registry{services: make(map[uint64]*service)} }

func (s *segment) push(v *service) {
	v.segment, v.prev, v.next = s, nil, s.front
	if s.front != nil {
		s.front.prev = v
	} else {
		s.back = v
	}
	s.front = v
	s.streams += v.streamCount()
}

func (s *segment) remove(v *service) {
	if v.prev != nil {
		v.prev.next = v.next
	} else {
		s.front = v.next
	}
	if v.next != nil {
		v.next.prev = v.prev
	} else {
		s.back = v.prev
	}
	v.prev, v.next, v.segment = nil, nil, nil
	s.streams -= v.streamCount()
}

func (s *service) streamCount() int {
	n := 0
	for i := range s.signals {
		if s.signals[i].seen {
			n++
		}
	}
	return n
}

// inOrder appends all services in order of first sight: the map's order must not decide anything.
func (r *registry) inOrder(to []*service) []*service {
	for _, v := range r.services {
		to = append(to, v)
	}
	slices.SortFunc(to, func(a, b *service) int { return cmp.Compare(a.index, b.index) })
	return to
}

func (r *registry) add(v *service) {
	v.index = r.made
	r.made++
	r.services[v.hash] = v
	r.probation.push(v)
}

// sawSignal counts a stream that a service did not have before.
func (r *registry) sawSignal(v *service, s signal) {
	v.signals[s].seen = true
	v.segment.streams++
	r.streams++
}

// touch makes a service the most recently used of its segment.
func (r *registry) touch(v *service) {
	if s := v.segment; s.front != v {
		s.remove(v)
		s.push(v)
	}
}

// mature moves a service out of probation. The protected segment has at most four fifths of the room, so that newcomers
// always have some; the longest unused goes back on probation.
func (r *registry) mature(v *service, limit int) {
	v.windows++
	if v.windows < matureWindows || v.segment != &r.probation {
		return
	}
	r.probation.remove(v)
	r.protected.push(v)
	for r.protected.streams > limit*4/5 && r.protected.back != v {
		back := r.protected.back
		r.protected.remove(back)
		r.probation.push(back)
	}
}

// victim is whom to evict next, never the service that is being served.
func (r *registry) victim(keep *service) *service {
	for _, s := range []*segment{&r.probation, &r.protected} {
		for v := s.back; v != nil; v = v.prev {
			if v != keep {
				return v
			}
		}
	}
	return nil
}

func (r *registry) remove(v *service) {
	v.evicted = true
	r.streams -= v.streamCount()
	v.segment.remove(v)
	delete(r.services, v.hash)
}
