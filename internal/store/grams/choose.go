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

// choose reads all ranges in blocks spread over the index. It returns those to read in all blocks: the rarest, then again and again the one that
// leaves the fewest rows, until four of five rows that are left have all of them. Reading a gram more then costs more than looking at the rows that it
// would leave out. Where no row is left, the sample tells no more, and the others follow by how rare they are.
func choose(ctx context.Context, ranges []Range, first, last int64, read Read) ([]Range, error) {
	if len(ranges) == 1 {
		return ranges, nil
	}
	grams, err := countIn(ctx, ranges, first, last, read)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(grams, func(a, b *counted) int { return cmp.Compare(a.count, b.count) })
	all, least := grams[0].rows, 0
	for _, g := range grams {
		least = all.leave(&g.rows)
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
	chosen := make([]Range, min(n, asked))
	for i := range chosen {
		chosen[i] = grams[i].Range
	}
	return chosen, nil
}

// counted is a range with its rows in the sample.
type counted struct {
	Range
	rows  sample
	count int
}

func countIn(ctx context.Context, ranges []Range, first, last int64, read Read) ([]*counted, error) {
	var wanted []int64
	for i := range int64(sampled) {
		wanted = append(wanted, first+(2*i+1)*(last-first)/(2*sampled))
	}
	wanted = slices.Compact(wanted)
	all := make([]*counted, len(ranges))
	for i, r := range ranges {
		all[i] = &counted{Range: r}
	}
	err := read(ctx, ranges, wanted, func(n int, block int64, packed []byte) {
		set := &all[n].rows[slices.Index(wanted, block)]
		set.Unpack(packed)
		all[n].count += set.Count()
	})
	return all, err
}
