package grams

import (
	"cmp"
	"context"
	"slices"
)

// Candidates are rows of which some have a text, and all that have it are among them.
type Candidates struct {
	Count  int
	blocks map[int64]*Set
	of     int // rows that there are, about
}

// Has says whether a row is one.
func (c *Candidates) Has(number int64) bool {
	set := c.blocks[Block(number)]
	return set != nil && set.Has(Row(number))
}

// Add makes a row one.
func (c *Candidates) Add(number int64) {
	if c.Has(number) {
		return
	}
	set := c.blocks[Block(number)]
	if set == nil {
		set = &Set{}
		c.blocks[Block(number)] = set
	}
	set.Add(Row(number))
	c.Count++
}

// Numbers are the rows in ascending order.
func (c *Candidates) Numbers() []int64 {
	all := make([]int64, 0, c.Count)
	for block, set := range c.blocks {
		set.Each(func(row int) { all = append(all, block*BlockRows+int64(row)) })
	}
	slices.Sort(all)
	return all
}

// Expected is how many rows of an order must be walked for n candidates, with some to spare, if they are spread evenly.
func (c *Candidates) Expected(n int) int { return n * c.of / max(c.Count, 1) * 4 / 3 }

// Read returns the rows that have a gram of a range, of those of the wanted blocks where any has.
type Read func(ctx context.Context, r Range, wanted []int64) (map[int64]*Set, error)

const (
	sampled = 4                       // blocks in which the rows of each gram are counted before all blocks are read
	tooMany = sampled * BlockRows / 2 // rows of the sample that make a gram no help: every second
	enough  = 200                     // candidates that may as well be looked at
)

// Find reads an index that has these blocks, first and last included: the grams first that fewest rows have, and no more of them than help.
func Find(ctx context.Context, text string, first, last int64, read Read) (*Candidates, error) {
	c := &Candidates{blocks: map[int64]*Set{}, of: int(last-first+1) * BlockRows}
	if last < first {
		return c, nil
	}
	grams, err := rarestFirst(ctx, rangesOf(text), first, last, read)
	if err != nil {
		return nil, err
	}
	var left []int64 // blocks with candidates
	for block := first; block <= last; block++ {
		left = append(left, block)
	}
	for i, g := range grams {
		if i > 0 && (g.rows > tooMany || c.Count <= enough) {
			break
		}
		blocks, err := read(ctx, g.Range, left)
		if err != nil {
			return nil, err
		}
		c.keep(blocks, i == 0)
		left = left[:0]
		for block := range c.blocks {
			left = append(left, block)
		}
		slices.Sort(left)
	}
	return c, nil
}

// keep leaves the candidates that are in these sets, too; the first sets are all there are.
func (c *Candidates) keep(blocks map[int64]*Set, first bool) {
	c.Count = 0
	for block, set := range blocks {
		if !first {
			set.Intersect(c.blocks[block])
		}
		n := set.Count()
		if n == 0 {
			delete(blocks, block)
		}
		c.Count += n
	}
	c.blocks = blocks
}

// counted is a range and how many rows of the sample have one of its grams.
type counted struct {
	Range
	rows int
}

// rarestFirst counts ranges in a few blocks spread over all.
func rarestFirst(ctx context.Context, ranges []Range, first, last int64, read Read) ([]counted, error) {
	var sample []int64
	for i := range int64(sampled) {
		sample = append(sample, first+i*(last-first)/(sampled-1))
	}
	sample = slices.Compact(sample)
	all := make([]counted, len(ranges))
	for i, r := range ranges {
		blocks, err := read(ctx, r, sample)
		if err != nil {
			return nil, err
		}
		all[i].Range = r
		for _, set := range blocks {
			all[i].rows += set.Count()
		}
	}
	slices.SortStableFunc(all, func(a, b counted) int { return cmp.Compare(a.rows, b.rows) })
	return all, nil
}

// Merge adds what Pack wrote to the set of its block.
func Merge(blocks map[int64]*Set, block int64, packed []byte) {
	set := blocks[block]
	if set == nil {
		set = &Set{}
		blocks[block] = set
	}
	set.Unpack(packed)
}
