package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
)

// candidates are rows of which some have a text, and all that have it are among them.
type candidates struct {
	blocks map[int64]*rowSet
	count  int
	of     int // rows that there are, about
}

func (c *candidates) has(number int64) bool {
	set := c.blocks[number/blockRows]
	return set != nil && set.has(int(number%blockRows))
}

func (c *candidates) numbers() []int64 {
	all := make([]int64, 0, c.count)
	for block, set := range c.blocks {
		set.each(func(row int) { all = append(all, block*blockRows+int64(row)) })
	}
	slices.Sort(all)
	return all
}

// expected is how many rows of an order must be walked for n candidates, with some to spare, if they are spread evenly.
func (c *candidates) expected(n int) int {
	return max(firstWalk, min(n*c.of/max(c.count, 1)*4/3, stride))
}

const (
	selectBlocks = "SELECT (SELECT min(block) FROM text_blocks), (SELECT max(block) FROM text_blocks)"

	// Of each block asked for, the rows of the grams of a range.
	selectRows = `SELECT block, rows FROM json_each(?) AS wanted CROSS JOIN text_blocks WHERE block = wanted.value AND gram BETWEEN ? AND ?`
)

// sampled is in how many blocks the rows of each gram are counted before all blocks are read.
const sampled = 4

// tooMany is of how many rows a gram is no help any more: every second.
const tooMany = sampled * blockRows / 2

// candidatesOf reads the text index, the grams first that fewest rows have, and no more of them than help.
func candidatesOf(ctx context.Context, tx *sql.Tx, text string) (*candidates, error) {
	c := &candidates{}
	var first, last sql.NullInt64
	if err := tx.QueryRowContext(ctx, selectBlocks).Scan(&first, &last); err != nil || !first.Valid {
		return c, err
	}
	c.of = int(last.Int64-first.Int64+1) * blockRows
	grams, err := rarestFirst(ctx, tx, rangesOf(text), first.Int64, last.Int64)
	if err != nil {
		return nil, err
	}
	var left []int64 // blocks with candidates
	for block := first.Int64; block <= last.Int64; block++ {
		left = append(left, block)
	}
	for i, g := range grams {
		if i > 0 && (g.rows > tooMany || c.count <= firstWalk) {
			break
		}
		blocks, err := readBlocks(ctx, tx, g.between, left)
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
func (c *candidates) keep(blocks map[int64]*rowSet, first bool) {
	c.count = 0
	for block, set := range blocks {
		if !first {
			set.intersect(c.blocks[block])
		}
		n := set.count()
		if n == 0 {
			delete(blocks, block)
		}
		c.count += n
	}
	c.blocks = blocks
}

// counted is a range of grams and how many rows of the sample have one of them.
type counted struct {
	between
	rows int
}

// rarestFirst counts ranges in a few blocks spread over all.
func rarestFirst(ctx context.Context, tx *sql.Tx, ranges []between, first, last int64) ([]counted, error) {
	var sample []int64
	for i := range int64(sampled) {
		sample = append(sample, first+i*(last-first)/(sampled-1))
	}
	sample = slices.Compact(sample)
	all := make([]counted, len(ranges))
	for i, r := range ranges {
		blocks, err := readBlocks(ctx, tx, r, sample)
		if err != nil {
			return nil, err
		}
		all[i].between = r
		for _, set := range blocks {
			all[i].rows += set.count()
		}
	}
	slices.SortStableFunc(all, func(a, b counted) int { return cmp.Compare(a.rows, b.rows) })
	return all, nil
}

// readBlocks returns the rows that have a gram of a range, of blocks where any has.
func readBlocks(ctx context.Context, tx *sql.Tx, r between, wanted []int64) (map[int64]*rowSet, error) {
	blocks := map[int64]*rowSet{}
	var block int64
	var packed sql.RawBytes
	err := each(ctx, tx, selectRows, []any{list(wanted), r.from, r.to}, []any{&block, &packed}, func() {
		set := blocks[block]
		if set == nil {
			set = &rowSet{}
			blocks[block] = set
		}
		set.unpack(packed)
	})
	return blocks, err
}
