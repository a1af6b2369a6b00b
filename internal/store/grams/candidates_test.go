package grams

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// index is one in memory: of each block and gram the packed rows.
type index map[int64]map[Gram][]byte

func indexOf(t *testing.T, texts []Text) index {
	in := index{}
	require.NoError(t, Blocks(texts, func(block int64, texts []Text) error {
		in[block] = map[Gram][]byte{}
		for g, rows := range Rows(texts) {
			var set Set
			for _, row := range rows {
				set.Add(int(row))
			}
			in[block][g] = set.Pack()
		}
		return nil
	}))
	return in
}

func lines(texts []Text) (all []string) {
	for _, t := range texts {
		all = append(all, t.Text)
	}
	return all
}

func (in index) read(_ context.Context, ranges []Range, wanted []int64, f func(int, int64, []byte)) error {
	for i, r := range ranges {
		for _, block := range wanted {
			for g, packed := range in[block] {
				if g >= r.From && g <= r.To {
					f(i, block, packed)
				}
			}
		}
	}
	return nil
}

// TestFindMissesNothing: every row that has a text is a candidate, in blocks that have all of its grams, some or none.
func TestFindMissesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	words := strings.Fields("pool exhausted order placed größe 日本 cart timeout IO a b <*> 404")
	var texts []Text
	for number := int64(1); number < 9*BlockRows; number += 1 + r.Int64N(60) {
		line := make([]string, 1+r.IntN(5))
		for i := range line {
			block := int(Block(number))
			line[i] = words[(block+r.IntN(4))%len(words)] // other words in other blocks
		}
		texts = append(texts, Text{number, fmt.Sprint(strings.Join(line, " "), number)})
	}
	in := indexOf(t, texts)
	for range 400 {
		text := texts[r.IntN(len(texts))].Text
		from := r.IntN(len(text))
		part := text[from : from+1+r.IntN(len(text)-from)]
		if r.IntN(5) == 0 {
			part += words[r.IntN(len(words))]
		}
		c, err := Find(t.Context(), part, 0, 8, in.read)
		require.NoError(t, err)
		if c == Everything {
			require.Greater(t, strings.Count(strings.Join(lines(texts), "\n"), part), BlockRows/8, "%q", part)
			continue
		}
		require.Len(t, c.Numbers(), c.Count)
		having := 0
		for _, one := range texts {
			if strings.Contains(one.Text, part) {
				having++
				require.True(t, c.Has(one.Number), "%q in %q", part, one.Text)
			}
		}
		require.LessOrEqual(t, having, c.Count)
	}
	c, err := Find(t.Context(), "exhaustive", 0, 8, in.read)
	require.NoError(t, err)
	require.Zero(t, c.Count)
	c, err = Find(t.Context(), "pool", 0, -1, in.read)
	require.NoError(t, err)
	require.Zero(t, c.Count)
	c.Add(77)
	c.Add(77)
	require.Equal(t, []int64{77}, c.Numbers())
}
