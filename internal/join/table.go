package join

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/driftlock/driftlock/internal/snapshot"
)

// Span is what the table needs to know of a span. Service and Operation are hashes of the caller's choice; 0 is no service.
type Span struct {
	TraceID   [16]byte
	SpanID    uint64
	ParentID  uint64 // 0: a root
	Service   uint64
	Operation uint64
	StartNs   uint64
	EndNs     uint64
}

// DurationNs is 0 for a span that ends before it starts, and at most what an int64 holds.
func (s *Span) DurationNs() uint64 {
	if s.EndNs <= s.StartNs {
		return 0
	}
	return min(s.EndNs-s.StartNs, math.MaxInt64)
}

// key names a span: ids are unique within a trace only (W3C Trace Context).
type key struct{ hi, lo, span uint64 }

func keyOf(trace *[16]byte, span uint64) key {
	return key{binary.LittleEndian.Uint64(trace[:8]), binary.LittleEndian.Uint64(trace[8:]), span}
}

// entry is a span that was seen, or the place kept for one whose children came first (seen == false).
type entry struct {
	key
	service, operation, duration uint64
	// Of the children so far: summed durations, and the hull of their times.
	childSum, childStart, childEnd uint64
	children                       uint32
	seen, remote                   bool // remote: a child ran in another service
}

// covered bounds the time that the children took, the union of their intervals, from above: by the sum of their durations
// and by their hull. It is exact for calls made one after another (the sum) and for a fan-out without gaps (the hull),
// needs constant memory and no order of arrival. The hull holds every child, so skewed clocks never push it below the
// longest child; where they stretch it the sum decides.
func (e *entry) covered() uint64 {
	if e.children == 0 {
		return 0
	}
	return min(e.childSum, e.childEnd-e.childStart)
}

// Stats counts what the table did since New.
type Stats struct {
	Added      uint64 // spans taken in
	Duplicates uint64 // spans refused because their ids were there already
	Evicted    uint64 // entries given up for newer ones
	Awaited    uint64 // of those, places kept for a parent that never came
	Resolved   uint64 // calls of Resolve
	Orphans    uint64 // of those, spans whose parent was not in the table
	Forgotten  uint64 // of those, spans whose own entry had been evicted: their exclusive time is their whole duration
}

const (
	rootParent   = 0
	unseenParent = 1
	empty        = ^uint32(0)
)

// Table is a ring of entries (the oldest is overwritten) with an open-addressing index on it. It allocates in New only
// and holds no pointers per span. It is not safe for concurrent use. What it answers depends on the order of the calls
// and on the capacity, never on its hash seed.
type Table struct {
	ring  []entry
	used  int     // entries of the ring in use
	head  int     // next entry to write; the oldest once the ring is full
	index []place // power of two, at most half full
	mask  uint64
	seed  [3]uint64
	stats Stats
	marks []snapshot.Mark // of the ring's chunks, see state.go
}

// EntryBytes is what one span of capacity costs, the index included.
const EntryBytes = 80 + 4*8

// MaxCapacity bounds New's argument: positions are 32 bits wide and the index is up to four times as long.
const MaxCapacity = 1 << 28

// New makes a table for up to capacity spans (at least 2, at most MaxCapacity; values outside are moved to the bound).
func New(capacity int) *Table {
	capacity = min(max(capacity, 2), MaxCapacity)
	size := 1 << bits.Len(uint(2*capacity-1))
	t := &Table{
		ring: make([]entry, capacity), index: make([]place, size), mask: uint64(size - 1),
		marks: make([]snapshot.Mark, (capacity+ChunkEntries-1)/ChunkEntries),
	}
	for i := range t.index {
		t.index[i].at = empty
	}
	// A secret seed, so that crafted ids cannot line up in one run of slots.
	var secret [8 * len(t.seed)]byte
	_, _ = rand.Read(secret[:]) // never fails
	for i := range t.seed {
		t.seed[i] = binary.LittleEndian.Uint64(secret[8*i:]) | 1
	}
	return t
}

// Stats returns the counters.
func (t *Table) Stats() Stats { return t.stats }

// Len is the number of entries in use, places kept for parents included.
func (t *Table) Len() int { return t.used }

// Cap is the configured capacity.
func (t *Table) Cap() int { return len(t.ring) }

// Add takes in a span and adds its duration to its parent's children. It returns false for a duplicate, which changes nothing.
func (t *Table) Add(s *Span) bool {
	k := keyOf(&s.TraceID, s.SpanID)
	h := t.hash(k)
	if i := t.find(k, h); i == empty {
		e := t.insert(k, h)
		t.fill(e, s)
	} else if e := &t.ring[i]; e.seen {
		t.stats.Duplicates++
		return false
	} else {
		t.fill(e, s)
		t.changed(i)
	}
	t.stats.Added++
	if s.ParentID == 0 || s.ParentID == s.SpanID {
		return true
	}
	k = keyOf(&s.TraceID, s.ParentID)
	h = t.hash(k)
	var p *entry
	if i := t.find(k, h); i != empty {
		p = &t.ring[i]
		t.changed(i)
	} else {
		p = t.insert(k, h)
	}
	t.addChild(p, s)
	return true
}

// changed remembers that a place of the ring is not as it was saved.
func (t *Table) changed(at uint32) { t.marks[at/ChunkEntries].Changed() }

func (t *Table) fill(e *entry, s *Span) {
	e.seen = true
	// A place kept for a parent remembers its first child's service in the meantime.
	e.remote = e.remote || (e.children > 0 && e.service != s.Service)
	e.service, e.operation, e.duration = s.Service, s.Operation, s.DurationNs()
}

func (t *Table) addChild(p *entry, s *Span) {
	switch {
	case p.children == 0 && !p.seen:
		p.service = s.Service
	case p.service != s.Service:
		// Of another service than the parent, or than its first child, one of which then is not the parent's.
		p.remote = true
	}
	d := s.DurationNs()
	if p.children == 0 {
		p.childStart, p.childEnd = s.StartNs, s.StartNs+d
	} else {
		p.childStart, p.childEnd = min(p.childStart, s.StartNs), max(p.childEnd, s.StartNs+d)
	}
	sum, carry := bits.Add64(p.childSum, d, 0)
	if carry != 0 {
		sum = ^uint64(0)
	}
	p.childSum = sum
	if p.children != ^uint32(0) {
		p.children++
	}
}

// Resolved is what a span's surroundings say about it.
type Resolved struct {
	Parent      uint64 // OperationKey of the parent's service and operation; 0: a root; 1: the parent was never seen
	Caller      uint64 // the parent's service where it is another one, else 0
	ExclusiveNs uint64 // duration less the time its children took, not below 0
	NetNs       int64  // parent's duration less this span's; valid with HasNet
	HasNet      bool   // the parent is known and of another service
	Remote      bool   // a child ran in another service: the exclusive time is mostly network and the other's queue
}

// Resolve answers for a span as it was added. Call it when the parent has most likely arrived.
func (t *Table) Resolve(s *Span) Resolved {
	t.stats.Resolved++
	r := Resolved{ExclusiveNs: s.DurationNs()}
	k := keyOf(&s.TraceID, s.SpanID)
	if i := t.find(k, t.hash(k)); i != empty {
		e := &t.ring[i]
		r.ExclusiveNs -= min(r.ExclusiveNs, e.covered())
		r.Remote = e.remote
	} else {
		t.stats.Forgotten++
	}
	if s.ParentID == 0 || s.ParentID == s.SpanID {
		return r
	}
	k = keyOf(&s.TraceID, s.ParentID)
	i := t.find(k, t.hash(k))
	if i == empty || !t.ring[i].seen {
		t.stats.Orphans++
		r.Parent = unseenParent
		return r
	}
	p := &t.ring[i]
	r.Parent = OperationKey(p.service, p.operation)
	if p.service != s.Service {
		r.Caller = p.service
		// Durations are read off one clock each, so their difference needs no common clock.
		r.NetNs = int64(p.duration) - int64(s.DurationNs())
		r.HasNet = true
	}
	return r
}

// OperationKey hashes a service and an operation into the value of Resolved.Parent; never 0 or 1.
func OperationKey(service, operation uint64) uint64 {
	hi, lo := bits.Mul64(service^0x9e3779b97f4a7c15, operation^0xd1b54a32d192ed03)
	k := hi ^ lo ^ bits.RotateLeft64(service, 32) ^ operation
	if k <= unseenParent {
		k += 2
	}
	return k
}
