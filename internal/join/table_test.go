package join

import (
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

const ms = 1_000_000

func trace(b byte) [16]byte { return [16]byte{15: b} }

func span(tr byte, id, parent, service, operation, startMs, endMs uint64) Span {
	return Span{trace(tr), id, parent, service, operation, startMs * ms, endMs * ms}
}

func TestResolve(t *testing.T) {
	shop, cart := uint64(10), uint64(20)
	client := span(1, 1, 9, shop, 100, 0, 100)
	for _, c := range []struct {
		name  string
		spans []Span // in order of arrival
		ask   Span
		want  Resolved
	}{
		{"root without children", []Span{span(1, 1, 0, shop, 5, 0, 30)}, span(1, 1, 0, shop, 5, 0, 30), Resolved{ExclusiveNs: 30 * ms}},
		{
			"child first",
			[]Span{span(1, 2, 1, shop, 6, 10, 30), span(1, 1, 0, shop, 5, 0, 100)},
			span(1, 1, 0, shop, 5, 0, 100), Resolved{ExclusiveNs: 80 * ms},
		},
		{
			"parent first",
			[]Span{span(1, 1, 0, shop, 5, 0, 100), span(1, 2, 1, shop, 6, 10, 30)},
			span(1, 2, 1, shop, 6, 10, 30), Resolved{Parent: OperationKey(shop, 5), ExclusiveNs: 20 * ms},
		},
		{
			"two calls one after another add up",
			[]Span{span(1, 2, 1, shop, 6, 10, 30), span(1, 3, 1, shop, 6, 40, 60), span(1, 1, 0, shop, 5, 0, 100)},
			span(1, 1, 0, shop, 5, 0, 100), Resolved{ExclusiveNs: 60 * ms},
		},
		{
			"two calls one after another, the second one's clock three seconds ahead",
			[]Span{span(1, 2, 1, cart, 6, 10, 30), span(1, 3, 1, 30, 6, 3040, 3060), span(1, 1, 0, shop, 5, 0, 100)},
			span(1, 1, 0, shop, 5, 0, 100), Resolved{ExclusiveNs: 60 * ms, Remote: true},
		},
		{
			"two calls one after another, the second one's clock three seconds behind",
			[]Span{span(1, 2, 1, cart, 6, 10_010, 10_030), span(1, 3, 1, 30, 6, 7040, 7060), span(1, 1, 0, shop, 5, 10_000, 10_100)},
			span(1, 1, 0, shop, 5, 10_000, 10_100), Resolved{ExclusiveNs: 60 * ms, Remote: true},
		},
		{
			"two calls at once count once",
			[]Span{span(1, 2, 1, shop, 6, 10, 90), span(1, 3, 1, shop, 6, 10, 90), span(1, 1, 0, shop, 5, 0, 100)},
			span(1, 1, 0, shop, 5, 0, 100), Resolved{ExclusiveNs: 20 * ms},
		},
		{
			"a child that outlives its parent leaves nothing",
			[]Span{span(1, 2, 1, shop, 6, 10, 500), span(1, 1, 0, shop, 5, 0, 100)},
			span(1, 1, 0, shop, 5, 0, 100), Resolved{},
		},
		{
			"server span under a client span, its clock an hour ahead",
			[]Span{client, span(1, 2, 1, cart, 7, 3_600_010, 3_600_080)},
			span(1, 2, 1, cart, 7, 3_600_010, 3_600_080),
			Resolved{Parent: OperationKey(shop, 100), Caller: shop, ExclusiveNs: 70 * ms, NetNs: 30 * ms, HasNet: true},
		},
		{
			"the client span of it, parent never seen",
			[]Span{client, span(1, 2, 1, cart, 7, 3_600_010, 3_600_080)},
			client, Resolved{Parent: unseenParent, ExclusiveNs: 30 * ms, Remote: true},
		},
		{
			"remote child first",
			[]Span{span(1, 2, 1, cart, 7, 10, 80), client},
			client, Resolved{Parent: unseenParent, ExclusiveNs: 30 * ms, Remote: true},
		},
		{
			"own child, then a remote one, then the parent",
			[]Span{span(1, 3, 1, shop, 8, 0, 10), span(1, 2, 1, cart, 7, 10, 80), client},
			client, Resolved{Parent: unseenParent, ExclusiveNs: 20 * ms, Remote: true},
		},
		{
			"own children only are not remote",
			[]Span{span(1, 3, 1, shop, 8, 0, 10), span(1, 4, 1, shop, 8, 10, 20), client},
			client, Resolved{Parent: unseenParent, ExclusiveNs: 80 * ms},
		},
		{
			"a callee that works on after the answer has a negative net",
			[]Span{span(1, 2, 1, cart, 7, 10, 180), client},
			span(1, 2, 1, cart, 7, 10, 180),
			Resolved{Parent: OperationKey(shop, 100), Caller: shop, ExclusiveNs: 170 * ms, NetNs: -70 * ms, HasNet: true},
		},
		{
			"the same span id in another trace is another span",
			[]Span{span(2, 1, 0, shop, 5, 0, 100), span(1, 2, 1, shop, 6, 10, 30)},
			span(1, 2, 1, shop, 6, 10, 30), Resolved{Parent: unseenParent, ExclusiveNs: 20 * ms},
		},
		{"its own parent is a root", []Span{span(1, 1, 1, shop, 5, 0, 30)}, span(1, 1, 1, shop, 5, 0, 30), Resolved{ExclusiveNs: 30 * ms}},
		{"ends before it starts", []Span{span(1, 1, 0, shop, 5, 30, 0)}, span(1, 1, 0, shop, 5, 30, 0), Resolved{}},
		{
			"durations past int64 do not wrap",
			[]Span{{trace(1), 1, 0, shop, 5, 0, math.MaxUint64}, {trace(1), 2, 1, cart, 5, 0, math.MaxUint64}, {trace(1), 3, 1, cart, 5, 0, 7}},
			Span{trace(1), 3, 1, cart, 5, 0, 7},
			Resolved{Parent: OperationKey(shop, 5), Caller: shop, ExclusiveNs: 7, NetNs: math.MaxInt64 - 7, HasNet: true},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := New(16)
			for i := range c.spans {
				require.True(t, table.Add(&c.spans[i]))
			}
			require.Equal(t, c.want, table.Resolve(&c.ask))
		})
	}
}

func TestDuplicateChangesNothing(t *testing.T) {
	table := New(16)
	child, parent := span(1, 2, 1, 10, 6, 10, 30), span(1, 1, 0, 10, 5, 0, 100)
	require.True(t, table.Add(&child))
	require.False(t, table.Add(&child))
	require.True(t, table.Add(&parent))
	other := span(1, 1, 0, 11, 9, 0, 999)
	require.False(t, table.Add(&other))
	require.Equal(t, uint64(80*ms), table.Resolve(&parent).ExclusiveNs)
	require.Equal(t, Stats{Added: 2, Duplicates: 2, Resolved: 1}, table.Stats())
}

func TestOldestGoesFirst(t *testing.T) {
	table := New(3)
	for id := uint64(1); id <= 5; id++ {
		s := span(1, id, 0, 10, id, 0, 10)
		table.Add(&s)
	}
	require.Equal(t, 3, table.Len())
	for id := uint64(1); id <= 5; id++ {
		child := span(1, 100+id, id, 10, 1, 0, 5)
		want := uint64(unseenParent)
		if id > 2 {
			want = OperationKey(10, id)
		}
		require.Equal(t, want, table.Resolve(&child).Parent, "parent %d", id)
	}
	require.Equal(t, Stats{Added: 5, Evicted: 2, Resolved: 5, Orphans: 2, Forgotten: 5}, table.Stats())
}

func TestAwaitedParentIsCountedWhenGivenUp(t *testing.T) {
	table := New(2)
	orphan := span(1, 1, 77, 10, 1, 0, 10) // takes both places: its own and its parent's
	table.Add(&orphan)
	for id := uint64(2); id <= 3; id++ {
		s := span(1, id, 0, 10, 1, 0, 10)
		table.Add(&s)
	}
	require.Equal(t, Stats{Added: 3, Evicted: 2, Awaited: 1}, table.Stats())
}

func TestCapacityBounds(t *testing.T) {
	require.Equal(t, 2, New(-5).Cap())
	require.Equal(t, 1000, New(1000).Cap())
	for _, n := range []int{2, 3, 1000, 1024, 1025} {
		table := New(n)
		got := cap(table.ring)*int(unsafe.Sizeof(entry{})) + cap(table.index)*8
		require.LessOrEqual(t, got, n*EntryBytes, "capacity %d", n)
		require.GreaterOrEqual(t, len(table.index), 2*n)
	}
}

func TestOperationKeyIsNeverReserved(t *testing.T) {
	for s := range uint64(200) {
		for o := range uint64(200) {
			require.Greater(t, OperationKey(s, o), uint64(unseenParent))
		}
	}
	require.Greater(t, OperationKey(0x9e3779b97f4a7c15, 0xd1b54a32d192ed03), uint64(unseenParent))
	require.NotEqual(t, OperationKey(1, 2), OperationKey(2, 1))
}
