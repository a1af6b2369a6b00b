package join

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/pack"
)

// saved is what a storage would hold of a table.
type saved struct {
	state  State
	chunks map[int][]Entry
	serial uint64
}

func (s *saved) take(t *testing.T, table *Table) (written int) {
	t.Helper()
	state, chunks := table.Save(s.serial, s.serial+1)
	s.state, s.serial = state, s.serial+1
	for _, c := range chunks {
		if c.Kept {
			require.Contains(t, s.chunks, c.Index)
			continue
		}
		written++
		var back []Entry
		require.NoError(t, pack.Unmarshal(pack.Marshal(c.Entries), &back))
		s.chunks[c.Index] = back
	}
	return written
}

func (s *saved) load(capacity int) (*Table, error) {
	chunks := make([][]Entry, s.state.Chunks())
	for i := range chunks {
		chunks[i] = s.chunks[i]
	}
	return Load(capacity, s.state, chunks)
}

func randomSpan(r *rand.Rand, ids uint64) Span {
	start := r.Uint64N(1000)
	return Span{
		TraceID: trace(byte(r.IntN(3))), SpanID: 1 + r.Uint64N(ids), ParentID: r.Uint64N(ids + 1),
		Service: 1 + r.Uint64N(3), Operation: r.Uint64N(5), StartNs: start, EndNs: start + r.Uint64N(500),
	}
}

// A loaded table answers as the one that was saved goes on answering.
func TestLoadedTableGoesOn(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		capacity := 2 + r.IntN(3*ChunkEntries)
		ids := uint64(capacity)
		table, store := New(capacity), &saved{chunks: map[int][]Entry{}}
		for range 4 {
			for range r.IntN(2 * capacity) {
				s := randomSpan(r, ids)
				table.Add(&s)
			}
			store.take(t, table)
			loaded, err := store.load(capacity)
			require.NoError(t, err)
			require.Equal(t, table.Len(), loaded.Len())
			for range 1000 {
				s := randomSpan(r, ids)
				require.Equal(t, table.Add(&s), loaded.Add(&s))
				require.Equal(t, table.Resolve(&s), loaded.Resolve(&s))
			}
			// What is left behind of either is the same.
			a, b := New(capacity), New(capacity)
			a.ring, a.used, a.head, b.ring, b.used, b.head = table.ring, table.used, table.head, loaded.ring, loaded.used, loaded.head
			_, x := a.Save(0, 1)
			_, y := b.Save(0, 1)
			require.Equal(t, x, y)
			if r.IntN(2) == 0 {
				table, store.serial = loaded, 0
			}
		}
	}
}

func TestOnlyChangedChunksAreSaved(t *testing.T) {
	table, store := New(8*ChunkEntries), &saved{chunks: map[int][]Entry{}}
	add := func(id, parent uint64) {
		table.Add(&Span{TraceID: trace(1), SpanID: id, ParentID: parent, EndNs: 1})
	}
	for id := range uint64(5 * ChunkEntries / 2) {
		add(id+1, 0)
	}
	assert.Equal(t, 3, store.take(t, table))
	assert.Equal(t, 0, store.take(t, table))
	add(1_000_000, 0)
	assert.Equal(t, 1, store.take(t, table))
	add(1_000_001, 5) // a child of one in the first chunk
	assert.Equal(t, 2, store.take(t, table))
	assert.False(t, table.Add(&Span{TraceID: trace(1), SpanID: 5}), "a duplicate changes nothing")
	assert.Equal(t, 0, store.take(t, table))

	loaded, err := store.load(8 * ChunkEntries)
	require.NoError(t, err)
	store.serial = 0
	assert.Equal(t, 0, store.take(t, loaded), "what was just loaded is saved again")

	store.serial = 7 // a snapshot that was not completed
	_, chunks := loaded.Save(6, 7)
	for _, c := range chunks {
		assert.False(t, c.Kept, "kept since a snapshot that another one followed")
	}
}

func TestLoadForgetsTheOldest(t *testing.T) {
	table, store := New(3*ChunkEntries), &saved{chunks: map[int][]Entry{}}
	n := uint64(4 * ChunkEntries)
	for id := range n {
		table.Add(&Span{TraceID: trace(1), SpanID: id + 1, EndNs: 1})
	}
	store.take(t, table)
	one := trace(1)
	known := func(table *Table) (ids []uint64) {
		for id := range n {
			if k := keyOf(&one, id+1); table.find(k, table.hash(k)) != empty {
				ids = append(ids, id+1)
			}
		}
		return ids
	}
	smaller, err := store.load(100)
	require.NoError(t, err)
	ids := known(smaller)
	assert.Len(t, ids, 100)
	assert.Equal(t, n, ids[99])
	larger, err := store.load(5 * ChunkEntries)
	require.NoError(t, err)
	assert.Len(t, known(larger), 3*ChunkEntries)
	larger.Add(&Span{TraceID: trace(2), SpanID: 1, EndNs: 1})

	delete(store.chunks, 1)
	holed, err := store.load(3 * ChunkEntries)
	require.NoError(t, err)
	assert.Len(t, known(holed), 2*ChunkEntries)
	for id := range n {
		holed.Add(&Span{TraceID: trace(2), SpanID: id + 1, EndNs: 1})
	}
	assert.Equal(t, 3*ChunkEntries, holed.Len())
}

func TestLoadRefusesWhatCannotBe(t *testing.T) {
	one := []Entry{{Span: 1}}
	for name, try := range map[string]func() (*Table, error){
		"more than fit":     func() (*Table, error) { return Load(4, State{Capacity: 2, Used: 3, Head: 3}, [][]Entry{nil}) },
		"a hole":            func() (*Table, error) { return Load(4, State{Capacity: 4, Used: 1, Head: 0}, [][]Entry{one}) },
		"head beyond":       func() (*Table, error) { return Load(1, State{Capacity: 1, Used: 1, Head: 1}, [][]Entry{one}) },
		"too large":         func() (*Table, error) { return Load(4, State{Capacity: 1 << 60, Used: 1 << 59, Head: 1 << 59}, nil) },
		"no chunk":          func() (*Table, error) { return Load(4, State{Capacity: 4, Used: 1, Head: 1}, nil) },
		"a chunk too many":  func() (*Table, error) { return Load(4, State{Capacity: 4, Used: 1, Head: 1}, [][]Entry{one, one}) },
		"an entry too many": func() (*Table, error) { return Load(4, State{Capacity: 4, Used: 1, Head: 1}, [][]Entry{{{}, {}}}) },
		"a span twice": func() (*Table, error) {
			return Load(4, State{Capacity: 4, Used: 2, Head: 2}, [][]Entry{{{Span: 1}, {Span: 1}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := try()
			assert.Error(t, err)
		})
	}
	empty, err := Load(4, State{Capacity: 4}, nil)
	require.NoError(t, err)
	assert.Zero(t, empty.Len())
}
