package join

import (
	"errors"
	"fmt"

	"github.com/driftlock/driftlock/internal/snapshot"
)

// A table is saved in chunks of its ring: new spans fill one after the other, so most of them stay as they were saved.

// ChunkEntries is how many entries a chunk has.
const ChunkEntries = 4096

// State is a table's state, its entries apart.
type State struct {
	Capacity, Used, Head uint64
}

// Entry is the state of one entry.
type Entry struct {
	Hi, Lo, Span                   uint64
	Service, Operation, Duration   uint64
	ChildSum, ChildStart, ChildEnd uint64
	Children                       uint32
	Seen, Remote                   bool
}

// Chunk is a piece of the ring.
type Chunk struct {
	Index   int
	Kept    bool // the snapshot before has it
	Entries []Entry
}

// Save copies what changed since snapshot base; see snapshot.Mark. Counters are no state.
func (t *Table) Save(base, serial uint64) (State, []Chunk) {
	chunks := make([]Chunk, 0, len(t.marks))
	for from := 0; from < t.used; from += ChunkEntries {
		c := Chunk{Index: from / ChunkEntries}
		c.Kept = !t.marks[c.Index].Save(base, serial)
		if !c.Kept {
			ring := t.ring[from:min(from+ChunkEntries, t.used)]
			c.Entries = make([]Entry, len(ring))
			for i := range ring {
				c.Entries[i] = ring[i].save()
			}
		}
		chunks = append(chunks, c)
	}
	return State{Capacity: uint64(len(t.ring)), Used: uint64(t.used), Head: uint64(t.head)}, chunks
}

// Chunks is how many there are to load.
func (s State) Chunks() int {
	used := min(s.Used, MaxCapacity)
	return int((used + ChunkEntries - 1) / ChunkEntries) //nolint:gosec // G115: bounded in the line before
}

// Load makes a table of that capacity with the entries saved. A missing chunk is nil: its spans are forgotten, as are the
// oldest ones that do not fit. A table of the same capacity with all chunks goes on exactly where the saved one stood.
func Load(capacity int, s State, chunks [][]Entry) (*Table, error) {
	full := s.Used == s.Capacity
	if s.Used > s.Capacity || s.Capacity > MaxCapacity || s.Head > s.Used || (full && s.Head == s.Capacity && s.Used > 0) || (!full && s.Head != s.Used) {
		return nil, fmt.Errorf("a table of %d spans cannot have %d and write next at %d", s.Capacity, s.Used, s.Head)
	}
	if len(chunks) != s.Chunks() {
		return nil, fmt.Errorf("%d chunks of %d", len(chunks), s.Chunks())
	}
	t := New(capacity)
	used, head := int(s.Used), int(s.Head) //nolint:gosec // G115: at most MaxCapacity, as was just checked
	whole := uint64(len(t.ring)) == s.Capacity
	var ring []Entry
	for i, c := range chunks {
		if want := min(ChunkEntries, used-i*ChunkEntries); c != nil && len(c) != want {
			return nil, fmt.Errorf("chunk %d has %d entries, not %d", i, len(c), want)
		}
		whole = whole && c != nil
	}
	if !whole {
		ring = oldestFirst(s, chunks)
		ring = ring[max(0, len(ring)-len(t.ring)):]
		t.used, t.head = len(ring), len(ring)%len(t.ring)
		chunks = [][]Entry{ring}
	} else {
		t.used, t.head = used, head
		for i := range chunks {
			t.marks[i] = snapshot.Loaded()
		}
	}
	at := 0
	for _, c := range chunks {
		for i := range c {
			if !t.put(at, &c[i]) {
				return nil, errors.New("two entries for one span")
			}
			at++
		}
	}
	return t, nil
}

// oldestFirst is the entries there are in the order in which they came.
func oldestFirst(s State, chunks [][]Entry) []Entry {
	ring := make([]Entry, 0, s.Used)
	start := uint64(0)
	if s.Used == s.Capacity {
		start = s.Head
	}
	for i := range s.Used {
		at := (start + i) % s.Used
		if c := chunks[at/ChunkEntries]; c != nil {
			ring = append(ring, c[at%ChunkEntries])
		}
	}
	return ring
}

// put fills a place of the ring, or refuses a key that is there.
func (t *Table) put(at int, s *Entry) bool {
	e := entry{
		key:     key{s.Hi, s.Lo, s.Span},
		service: s.Service, operation: s.Operation, duration: s.Duration,
		childSum: s.ChildSum, childStart: s.ChildStart, childEnd: s.ChildEnd,
		children: s.Children, seen: s.Seen, remote: s.Remote,
	}
	hash := t.hash(e.key)
	if t.find(e.key, hash) != empty {
		return false
	}
	t.ring[at] = e
	i := uint64(hash) & t.mask
	for t.index[i].at != empty {
		i = (i + 1) & t.mask
	}
	t.index[i] = place{hash, uint32(at)} //nolint:gosec // G115: below MaxCapacity
	return true
}

func (e *entry) save() Entry {
	return Entry{
		Hi: e.hi, Lo: e.lo, Span: e.span, Service: e.service, Operation: e.operation, Duration: e.duration,
		ChildSum: e.childSum, ChildStart: e.childStart, ChildEnd: e.childEnd,
		Children: e.children, Seen: e.seen, Remote: e.remote,
	}
}
