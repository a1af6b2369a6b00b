package grams

import (
	"cmp"
	"context"
	"slices"
)

// How a store searches: along the order first, then by the index.
const (
	FirstWalk = 200    // rows whose texts are read before the index is: enough for a page where every fourth has the text
	SortMost  = 1500   // candidates that are read and sorted; of more, one meets enough along the order
	Stride    = 20_000 // rows of the order that are taken at a time, at most
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

// Read returns for each range the rows that have one of its grams, of those of the wanted blocks where any has.
type Read func(ctx context.Context, ranges []Range, wanted []int64) ([]map[int64]*Set, error)

const (
	sampled = 4                       // blocks in which the rows of each gram are counted before all blocks are read
	tooMany = sampled * BlockRows / 2 // rows of the sample that make a gram no help: every second
	asked   = 6                       // grams that are read, at most: more leave out few rows that these do not
	enough  = 200                     // candidates that may as well be looked at as more grams be read
)

// Find reads an index that has these blocks, first and last included: of the text's grams those that fewest rows have.
func Find(ctx context.Context, text string, first, last int64, read Read) (*Candidates, error) {
	c := &Candidates{blocks: map[int64]*Set{}, of: int(last-first+1) * BlockRows}
	if last < first {
		return c, nil
	}
	ranges, err := rarest(ctx, rangesOf(text), first, last, read)
	if err != nil {
		return nil, err
	}
	wanted := make([]int64, 0, last-first+1)
	for block := first; block <= last; block++ {
		wanted = append(wanted, block)
	}
	sets, err := read(ctx, ranges[:1], wanted)
	if err != nil {
		return nil, err
	}
	if c.keep(sets[0], true); c.Count <= enough || len(ranges) == 1 {
		return c, nil
	}
	wanted = wanted[:0]
	for block := range c.blocks {
		wanted = append(wanted, block)
	}
	slices.Sort(wanted)
	if sets, err = read(ctx, ranges[1:], wanted); err != nil {
		return nil, err
	}
	for _, blocks := range sets {
		c.keep(blocks, false)
	}
	return c, nil
}

// keep leaves the candidates that are in these sets, too; the first sets are all there are.
func (c *Candidates) keep(blocks map[int64]*Set, first bool) {
	c.Count = 0
	for block, set := range blocks {
		if before := c.blocks[block]; before != nil {
			set.Intersect(before)
		} else if !first {
			delete(blocks, block)
			continue
		}
		if n := set.Count(); n > 0 {
			c.Count += n
		} else {
			delete(blocks, block)
		}
	}
	c.blocks = blocks
}

// rarest counts ranges in a few blocks spread over all, and returns those of the fewest rows.
func rarest(ctx context.Context, ranges []Range, first, last int64, read Read) ([]Range, error) {
	if len(ranges) == 1 {
		return ranges, nil
	}
	var sample []int64
	for i := range int64(sampled) {
		sample = append(sample, first+i*(last-first)/(sampled-1))
	}
	sets, err := read(ctx, ranges, slices.Compact(sample))
	if err != nil {
		return nil, err
	}
	rows := map[Range]int{}
	for i, blocks := range sets {
		for _, set := range blocks {
			rows[ranges[i]] += set.Count()
		}
	}
	slices.SortStableFunc(ranges, func(a, b Range) int { return cmp.Compare(rows[a], rows[b]) })
	n := 1
	for n < min(asked, len(ranges)) && rows[ranges[n]] <= tooMany {
		n++
	}
	return ranges[:n], nil
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
