// Package grams is what an index of texts is made of: which rows have three bytes in a row somewhere in their text, block by block, and which
// rows may therefore have another text in theirs. It holds no rows and knows no database.
package grams

import (
	"cmp"
	"slices"
)

// Gram is three bytes in a row, the first one on top.
type Gram uint32

// each calls f for every byte of a text with the two after it; behind the end of the text there are zeros. So whatever is in a text, be
// it one byte, is the beginning of a gram.
func each(text string, f func(Gram)) {
	var g Gram
	for i := range len(text) + 2 {
		var c byte
		if i < len(text) {
			c = text[i]
		}
		g = (g<<8 | Gram(c)) & 0xffffff
		if i >= 2 {
			f(g)
		}
	}
}

// Range are grams from one to another, both included.
type Range struct{ From, To Gram }

// maxRanges is how many grams of a longer text are counted, spread over it. With few of them, none might be one that is rare.
const maxRanges = 32

// rangesOf returns what a text that has this one in it must have a gram of, each.
func rangesOf(text string) (all []Range) {
	switch len(text) {
	case 0:
		return nil
	case 1, 2:
		shift := 8 * (3 - len(text))
		var g Gram
		for _, c := range []byte(text) {
			g = g<<8 | Gram(c)
		}
		return []Range{{g << shift, g<<shift | (1<<shift - 1)}}
	}
	last := len(text) - 3
	n := min(last+1, maxRanges)
	for i := range n {
		at := 0
		if n > 1 {
			at = i * last / (n - 1)
		}
		g := Gram(text[at])<<16 | Gram(text[at+1])<<8 | Gram(text[at+2])
		if r := (Range{g, g}); !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

// Text is what a text is looked for in, and the number of its row.
type Text struct {
	Number int64
	Text   string
}

// Rows returns the rows of each gram of some texts of one block, given in ascending order of their numbers.
func Rows(texts []Text) map[Gram][]uint16 {
	having := make(map[Gram][]uint16, 1024)
	for _, t := range texts {
		row := uint16(Row(t.Number)) //nolint:gosec // G115: below BlockRows
		each(t.Text, func(g Gram) {
			if list := having[g]; len(list) == 0 || list[len(list)-1] != row {
				having[g] = append(list, row)
			}
		})
	}
	return having
}

// Blocks calls f for the texts of each block; it sorts them by number.
func Blocks(texts []Text, f func(block int64, texts []Text) error) error {
	slices.SortFunc(texts, func(a, b Text) int { return cmp.Compare(a.Number, b.Number) })
	for len(texts) > 0 {
		block, end := Block(texts[0].Number), 1
		for end < len(texts) && Block(texts[end].Number) == block {
			end++
		}
		if err := f(block, texts[:end]); err != nil {
			return err
		}
		texts = texts[end:]
	}
	return nil
}
