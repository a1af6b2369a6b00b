package grams

import (
	"context"
	"maps"
	"slices"
)

// Candidates are rows of which some have a text, and all that have it are among them.
type Candidates struct {
	Count      int
	blocks     map[int64]*Set
	of         int // rows that there are, about
	everything bool
}

// Everything is when nothing is known of the texts: all rows are candidates.
var Everything = &Candidates{everything: true}

// Few says whether to read and sort the candidates: of more, one meets enough along the order.
func (c *Candidates) Few() bool { return !c.everything && c.Count <= 1500 }

// Has says whether a row is one.
func (c *Candidates) Has(number int64) bool {
	if c.everything {
		return true
	}
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

// Numbers are the rows in ascending order; of everything, none.
func (c *Candidates) Numbers() []int64 {
	all := make([]int64, 0, c.Count)
	for block, set := range c.blocks {
		set.Each(func(row int) { all = append(all, block*BlockRows+int64(row)) })
	}
	slices.Sort(all)
	return all
}

// Among are those of some rows that are candidates.
func (c *Candidates) Among(numbers []int64) (all []int64) {
	for _, number := range numbers {
		if c.Has(number) {
			all = append(all, number)
		}
	}
	return all
}

// Expected is how many rows of an order to look at for n finds: what it takes if all candidates are, and they are spread evenly.
func (c *Candidates) Expected(n int) int { return withSpare(n * c.of / max(c.Count, 1)) }

// Further is how many to look at next for so many finds, when those looked at last had some, or none: finds lie in clusters.
func Further(last, had, finds int) int {
	if had == 0 {
		return min(2*last, stride)
	}
	return withSpare(finds * last / had)
}

// stride is how many rows of an order are looked at at a time, at most.
const stride = 20_000

// withSpare adds a third, since finds are seldom spread evenly.
func withSpare(n int) int { return min(max(n*4/3, 100), stride) }

// Read calls f for every set that Pack wrote, of the wanted blocks, of a gram in one of the ranges: n is which range. What it gives f is only lent.
type Read func(ctx context.Context, ranges []Range, wanted []int64, f func(n int, block int64, packed []byte)) error

const enough = 200 // candidates that may as well be looked at as more grams be read

// Find reads an index that has these blocks, first and last included: of the text's grams those that together leave few rows.
func Find(ctx context.Context, text string, first, last int64, read Read) (*Candidates, error) {
	if text == "" {
		return Everything, nil
	}
	c := &Candidates{blocks: map[int64]*Set{}, of: int(last-first+1) * BlockRows}
	if last < first {
		return c, nil
	}
	ch, err := choose(ctx, rangesOf(text), first, last, read)
	if err != nil {
		return nil, err
	}
	if ch.common {
		return Everything, nil
	}
	wanted := make([]int64, 0, last-first+1)
	for block := first; block <= last; block++ {
		wanted = append(wanted, block)
	}
	once := len(ch.ranges)
	if ch.rare { // the first of them may well be enough
		once = 1
	}
	sets, err := readSets(ctx, ch.ranges[:once], wanted, read)
	if err != nil {
		return nil, err
	}
	c.blocks = sets[0]
	if c.keep(sets[1:]); once == len(ch.ranges) || c.Count <= enough {
		return c, nil
	}
	if sets, err = readSets(ctx, ch.ranges[once:], slices.Sorted(maps.Keys(c.blocks)), read); err != nil {
		return nil, err
	}
	c.keep(sets)
	return c, nil
}

// readSets returns for each range the rows that have one of its grams, of those blocks where any has.
func readSets(ctx context.Context, ranges []Range, wanted []int64, read Read) ([]map[int64]*Set, error) {
	sets := make([]map[int64]*Set, len(ranges))
	for i := range sets {
		sets[i] = make(map[int64]*Set, len(wanted))
	}
	err := read(ctx, ranges, wanted, func(n int, block int64, packed []byte) {
		set := sets[n][block]
		if set == nil {
			set = &Set{}
			sets[n][block] = set
		}
		set.Unpack(packed)
	})
	return sets, err
}

// keep leaves the candidates that are in all of these sets, too, and counts them.
func (c *Candidates) keep(sets []map[int64]*Set) {
	c.Count = 0
	for block, rows := range c.blocks {
		for _, set := range sets {
			if other := set[block]; other != nil {
				rows.Intersect(other)
			} else {
				*rows = Set{}
			}
		}
		n := rows.Count()
		if n == 0 {
			delete(c.blocks, block)
		}
		c.Count += n
	}
}
