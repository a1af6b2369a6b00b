package grams

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSets(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	for round := range 300 {
		var want []int
		var set Set
		for range r.IntN([]int{2, 20, 600, 20_000, 200_000}[round%5]) {
			row := r.IntN(BlockRows)
			set.Add(row)
			want = append(want, row)
		}
		slices.Sort(want)
		want = slices.Compact(want)
		packed := set.Pack()
		require.LessOrEqual(t, len(packed), bitmapBytes)
		var got []int
		var again Set
		again.Unpack(packed)
		again.Each(func(row int) { got = append(got, row) })
		require.Equal(t, want, got)
		for _, row := range want {
			require.True(t, again.Has(row))
		}
	}
}

func FuzzUnpack(f *testing.F) {
	var set Set
	set.Add(7)
	set.Add(4095)
	f.Add(set.Pack())
	f.Add([]byte{0xff, 0xff, 0xff})
	f.Add(append([]byte{absent}, set.Pack()[1:]...))
	f.Add(append([]byte{bitmap}, make([]byte, BlockRows/8)...))
	f.Fuzz(func(t *testing.T, packed []byte) {
		var set, again Set
		set.Unpack(packed)
		again.Unpack(set.Pack())
		require.Equal(t, set, again)
	})
}

// FuzzGrams: a text with another in it has a gram of each of its ranges.
func FuzzGrams(f *testing.F) {
	f.Add("abcdef", 1, 3)
	f.Add("größe\x00\xff", 2, 9)
	f.Fuzz(func(t *testing.T, text string, from, n int) {
		if from < 0 || n < 1 || from >= len(text) {
			return
		}
		part := text[from : from+min(n, len(text)-from)]
		having := map[Gram]bool{}
		each(text, func(g Gram) { having[g] = true })
		ranges := rangesOf(part)
		require.NotEmpty(t, ranges)
		for _, r := range ranges {
			found := false
			for g := range having {
				found = found || g >= r.From && g <= r.To
			}
			require.True(t, found, "%q in %q: %06x to %06x", part, text, r.From, r.To)
		}
	})
}
