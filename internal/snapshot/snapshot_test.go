package snapshot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memory is a storage that applies changes one by one and breaks when told.
type memory struct {
	data  map[string][]byte
	left  int // changes until it breaks; below 0: never
	reads error
}

var errBroken = errors.New("disk on fire")

func newMemory() *memory { return &memory{data: map[string][]byte{}, left: -1} }

func (m *memory) Get(_ context.Context, key string) ([]byte, error) { return m.data[key], m.reads }

func (m *memory) Write(_ context.Context, changes []Change) error {
	for _, c := range changes {
		if m.left == 0 {
			return errBroken
		}
		m.left--
		if c.Value == nil {
			delete(m.data, c.Key)
		} else {
			m.data[c.Key] = slices.Clone(c.Value)
		}
	}
	return nil
}

func (m *memory) Keys(context.Context) ([]string, error) {
	return slices.Collect(maps.Keys(m.data)), nil
}

func (m *memory) clone() *memory { return &memory{data: maps.Clone(m.data), left: -1} }

// mute cannot list its keys.
type mute struct{ m *memory }

func (m mute) Get(ctx context.Context, key string) ([]byte, error) { return m.m.Get(ctx, key) }
func (m mute) Write(ctx context.Context, c []Change) error         { return m.m.Write(ctx, c) }

var v1 = Version{Format: 3, Layout: "{A uint8;}"}

func open(t *testing.T, s Storage, v Version) *Book {
	t.Helper()
	b, err := Open(t.Context(), s, v)
	require.NoError(t, err)
	return b
}

// write makes one snapshot of the records.
func write(t *testing.T, b *Book, about string, records map[string]string) error {
	w, err := b.Begin(t.Context())
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		if err := w.Put(t.Context(), name, []byte(records[name])); err != nil {
			return err
		}
	}
	return w.Commit(t.Context(), []byte(about))
}

func read(t *testing.T, b *Book) (about string, records map[string]string) {
	t.Helper()
	records = map[string]string{}
	for i := range b.current.Records {
		name := b.current.Records[i].Name
		raw, err := b.Read(t.Context(), name)
		require.NoError(t, err, name)
		records[name] = string(raw)
	}
	return string(b.About()), records
}

func TestSnapshotsReplaceEachOther(t *testing.T) {
	m := newMemory()
	b := open(t, m, v1)
	state, why := b.Found()
	assert.Equal(t, None, state)
	assert.NoError(t, why)
	r := rand.New(rand.NewPCG(1, 1))
	for step := range 50 {
		records := map[string]string{}
		for i := range r.IntN(10) {
			records[fmt.Sprintf("service/%d", i)] = fmt.Sprint(r.IntN(3))
		}
		require.NoError(t, write(t, b, fmt.Sprint(step), records))
		assert.Len(t, m.data, len(records)+1, "something else is kept than the records and the manifest")
		again := open(t, m, v1)
		about, have := read(t, again)
		assert.Equal(t, fmt.Sprint(step), about)
		assert.Equal(t, records, have)
		if r.IntN(3) == 0 {
			b = again
		}
	}
}

func TestWhatDidNotChangeIsNotWritten(t *testing.T) {
	b := open(t, newMemory(), v1)
	require.NoError(t, write(t, b, "", map[string]string{"a": "1", "b": "2", "c": "3"}))
	w, err := b.Begin(t.Context())
	require.NoError(t, err)
	assert.True(t, w.Keep("a"))
	assert.False(t, w.Keep("a"), "twice")
	assert.False(t, w.Keep("d"), "never written")
	require.NoError(t, w.Put(t.Context(), "b", []byte("2")))
	require.NoError(t, w.Put(t.Context(), "c", []byte("four")))
	assert.Error(t, w.Put(t.Context(), "c", nil), "a name twice")
	require.NoError(t, w.Commit(t.Context(), nil))
	assert.EqualValues(t, 4, w.Bytes)
	assert.EqualValues(t, 2, w.Kept)
	_, have := read(t, b)
	assert.Equal(t, map[string]string{"a": "1", "b": "2", "c": "four"}, have)
}

// A crash after any number of changes leaves the snapshot before or the new one, whole; and once another one is written,
// nothing of the crash is left.
func TestCrashAtAnyMoment(t *testing.T) {
	old := map[string]string{"a": "1", "b": "2", "c": "3", "gone": "4"}
	next := map[string]string{"a": "1", "b": "22", "c": "33", "new": "5"}
	third := map[string]string{"a": "1", "b": "222", "new": "55"}
	for _, from := range []map[string]string{nil, old} {
		base := newMemory()
		if from != nil {
			require.NoError(t, write(t, open(t, base, v1), "old", from))
		}
		seen := map[string]int{}
		for k := 0; ; k++ {
			m := base.clone()
			m.left = k
			b := open(t, m, v1)
			err := write(t, b, "next", next)
			m.left = -1
			crashed := open(t, m, v1)
			about, have := read(t, crashed)
			seen[about]++
			switch about {
			case "old":
				assert.Equal(t, from, have, "after %d changes", k)
			case "next":
				assert.Equal(t, next, have, "after %d changes", k)
			default:
				assert.Empty(t, have)
				assert.Nil(t, from)
			}
			// The process that lived on after the error, and the one that was started anew, both can write.
			for name, going := range map[string]*Book{"lived on": b, "started anew": crashed} {
				mine := m.clone()
				going.storage = mine
				require.NoError(t, write(t, going, "third", third), name)
				about, have = read(t, open(t, mine, v1))
				assert.Equal(t, "third", about)
				assert.Equal(t, third, have)
				assert.Len(t, mine.data, len(third)+1, "%s: left behind after %d changes: %v", name, k, slices.Sorted(maps.Keys(mine.data)))
			}
			if err == nil {
				break
			}
			require.ErrorIs(t, err, errBroken)
		}
		assert.Positive(t, seen["next"])
	}
}

// Whether the manifest was written is not known after an error; the free slots are looked up again then.
func TestManifestWrittenInSpiteOfAnError(t *testing.T) {
	m := newMemory()
	b := open(t, m, v1)
	require.NoError(t, write(t, b, "old", map[string]string{"a": "1"}))
	b.storage = lying{m}
	require.Error(t, write(t, b, "next", map[string]string{"a": "2"}))
	b.storage = m
	m.left = 1 // the record, not the manifest
	require.Error(t, write(t, b, "third", map[string]string{"a": "3"}))
	m.left = -1
	about, have := read(t, open(t, m, v1))
	assert.Equal(t, "next", about)
	assert.Equal(t, map[string]string{"a": "2"}, have)
}

// lying writes and says that it did not.
type lying struct{ *memory }

func (l lying) Write(ctx context.Context, c []Change) error {
	if err := l.memory.Write(ctx, c); err != nil || c[0].Key != manifestKey {
		return err
	}
	return errBroken
}

func TestDamagedRecordIsSetAside(t *testing.T) {
	m := newMemory()
	require.NoError(t, write(t, open(t, m, v1), "", map[string]string{"a": "1", "b": "2", "c": "3"}))
	m.data["record/a.0"] = []byte("x")
	m.data["record/b.0"] = append(m.data["record/b.0"], 0)
	delete(m.data, "record/c.0")
	b := open(t, m, v1)
	_, err := b.Read(t.Context(), "a")
	assert.ErrorIs(t, err, ErrDamaged)
	_, err = b.Read(t.Context(), "b")
	assert.ErrorIs(t, err, ErrDamaged)
	_, err = b.Read(t.Context(), "c")
	assert.ErrorIs(t, err, ErrMissing)
	_, err = b.Read(t.Context(), "d")
	assert.ErrorIs(t, err, ErrMissing)
	assert.Equal(t, "x", string(m.data["damaged/0"]))
	assert.Equal(t, "2\x00", string(m.data["damaged/1"]))
	for range 2 * MaxAside {
		require.NoError(t, b.SetAside(t.Context(), []byte("y")))
	}
	assert.Len(t, m.data, 3+MaxAside)
}

func TestDamagedManifestIsSetAside(t *testing.T) {
	whole := newMemory()
	require.NoError(t, write(t, open(t, whole, v1), "", map[string]string{"a": "1"}))
	manifest := whole.data[manifestKey]
	damage := [][]byte{{}, manifest[:10], manifest[:len(manifest)-1], append(slices.Clone(manifest), 0)}
	for i := range manifest {
		flipped := slices.Clone(manifest)
		flipped[i] ^= 1
		damage = append(damage, flipped)
	}
	for _, raw := range damage {
		m := whole.clone()
		m.data[manifestKey] = raw
		b := open(t, m, v1)
		state, why := b.Found()
		require.Equal(t, Damaged, state)
		assert.ErrorContains(t, why, "manifest")
		assert.Equal(t, raw, m.data["damaged/0"])
		_, err := b.Read(t.Context(), "a")
		assert.ErrorIs(t, err, ErrMissing)
		assert.Len(t, m.data, 1, "records that nothing names any more are still there")
		require.NoError(t, write(t, b, "", map[string]string{"a": "2"}))
		state, _ = open(t, m, v1).Found()
		assert.Equal(t, Usable, state)
	}
}

func TestNewerIsLeftAlone(t *testing.T) {
	m := newMemory()
	require.NoError(t, write(t, open(t, m, Version{Format: 4}), "", map[string]string{"a": "1"}))
	before := maps.Clone(m.data)
	b := open(t, m, v1)
	state, why := b.Found()
	assert.Equal(t, Newer, state)
	assert.EqualError(t, why, "format 4 is newer than 3, which this version reads")
	assert.Error(t, write(t, b, "", map[string]string{"a": "2"}))
	assert.Equal(t, before, m.data)
}

func TestOlderIsReplaced(t *testing.T) {
	for _, v := range []Version{{Format: 2, Layout: v1.Layout}, {Format: 3, Layout: "{B uint8;}"}} {
		m := newMemory()
		require.NoError(t, write(t, open(t, m, v), "", map[string]string{"a": "1", "b": "2"}))
		b := open(t, m, v1)
		state, why := b.Found()
		assert.Equal(t, Older, state)
		assert.ErrorContains(t, why, "format")
		_, err := b.Read(t.Context(), "a")
		assert.ErrorIs(t, err, ErrMissing)
		require.NoError(t, write(t, b, "", map[string]string{"a": "1"}))
		assert.Len(t, m.data, 2)
		_, have := read(t, open(t, m, v1))
		assert.Equal(t, map[string]string{"a": "1"}, have)
	}
}

// A storage that cannot list its keys still leaves at most one slot of each name behind.
func TestStorageThatCannotList(t *testing.T) {
	m := newMemory()
	require.NoError(t, write(t, open(t, mute{m}, v1), "", map[string]string{"a": "1", "b": "1"}))
	for i := range 20 {
		m.left = 1 + i%2
		_ = write(t, open(t, mute{m}, v1), "", map[string]string{"a": fmt.Sprint("x", i), "b": fmt.Sprint("y", i)})
		m.left = -1
		assert.LessOrEqual(t, len(m.data), 5)
		_, have := read(t, open(t, mute{m}, v1))
		assert.Equal(t, map[string]string{"a": "1", "b": "1"}, have)
	}
}

func TestErrorsOfTheStorageAreTold(t *testing.T) {
	m := newMemory()
	m.reads = errBroken
	_, err := Open(t.Context(), m, v1)
	assert.ErrorIs(t, err, errBroken)
	assert.True(t, strings.HasPrefix(err.Error(), "read the manifest: "))
}

func FuzzManifest(f *testing.F) {
	whole := manifest{About: []byte("x"), Records: []record{{Name: "a", Length: 1}, {Name: "b", Slot: 1}}}
	f.Add(whole.marshal(v1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, state, err := readManifest(raw, v1)
		if (state == Usable) != (err == nil) {
			t.Fatal(state, err)
		}
		if state == Usable && string(m.marshal(v1)) != string(raw) {
			t.Fatal("read and written again it is another one")
		}
	})
}
