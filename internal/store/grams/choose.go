package grams

import (
	"cmp"
	"context"
	"slices"
)

const (
	sampled = 2 // blocks of which the rows of every gram are read before all blocks are of a few grams
	asked   = 6 // grams that are read of all blocks, at most: more leave out few rows that these do not
)

// sample are the rows of sampled blocks.
type sample [sampled]Set

// both is how many rows are in both.
func (s *sample) both(other *sample) (n int) {
	for i := range s {
		left := s[i]
		left.Intersect(&other[i])
		n += left.Count()
	}
	return n
}

// leave leaves the rows that are in both, and says how many these are.
func (s *sample) leave(other *sample) (n int) {
	for i := range s {
		s[i].Intersect(&other[i])
		n += s[i].Count()
	}
	return n
}

// choice is what to read of the index: these ranges in all blocks, or nothing where the text is common. Rare is when no sampled row has all of them.
type choice struct {
	ranges       []Range
	common, rare bool
}

// choose reads all ranges in blocks spread over the index. It chooses the rarest, then again and again the one that leaves the fewest rows, until four
// of five rows that are left have all of them: reading a gram more then costs more than looking at the rows that it would leave out. Where no row is
// left, the sample tells no more, and the others follow by how rare they are. Where a row for every fourth number has all grams, one finds a page of them without.
func choose(ctx context.Context, ranges []Range, first, last int64, read Read) (choice, error) {
	wanted := sampleOf(first, last)
	grams, err := countIn(ctx, ranges, wanted, read)
	if err != nil {
		return choice{}, err
	}
	slices.SortStableFunc(grams, func(a, b *counted) int { return cmp.Compare(a.count, b.count) })
	all, least := grams[0].rows, grams[0].count
	for _, g := range grams[1:] {
		least = all.leave(&g.rows)
	}
	if least > len(wanted)*BlockRows/4 {
		return choice{common: true}, nil
	}
	left, count := grams[0].rows, grams[0].count
	n := 1
	for ; n < len(grams) && 4*count > 5*least; n++ {
		best, fewest := n, count
		for i := n; i < len(grams); i++ {
			if both := left.both(&grams[i].rows); both < fewest {
				best, fewest = i, both
			}
		}
		grams[n], grams[best] = grams[best], grams[n]
		count = left.leave(&grams[n].rows)
	}
	if count == 0 {
		n = len(grams)
	}
	c := choice{rare: count == 0}
	for _, g := range grams[:min(n, asked)] {
		c.ranges = append(c.ranges, g.Range)
	}
	return c, nil
}

// counted is a range with its rows in the sample.
type counted struct {
	Range
	rows  sample
	count int
}

// sampleOf are blocks spread over the index.
func sampleOf(first, last int64) (blocks []int64) {
	for i := range int64(sampled) {
		blocks = append(blocks, first+(2*i+1)*(last-first)/(2*sampled))
	}
	return slices.Compact(blocks)
}

func countIn(ctx context.Context, ranges []Range, wanted []int64, read Read) ([]*counted, error) {
	all := make([]*counted, len(ranges))
	for i, r := range ranges {
		all[i] = &counted{Range: r}
	}
	err := read(ctx, ranges, wanted, func(n int, block int64, packed []byte) {
		all[n].rows[slices.Index(wanted, block)].Unpack(packed)
	})
	for _, g := range all {
		g.count = g.rows.both(&g.rows)
	}
	return all, err
}
