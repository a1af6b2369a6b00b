// Package grams is what an index of texts is made of: which rows have three bytes in a row somewhere in their text, block by block, and which
// rows may therefore have another text in theirs. It holds no rows and knows no database.
package grams

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// Gram is three bytes in a row, the first one on top; or above them the mark that stands before a word, if it begins with them. Many texts have
// any three digits somewhere, few a number that begins with them.
type Gram uint32

// each calls f for every byte of a text with the two after it; behind the end of the text there are zeros. So whatever is in a text, be
// it one byte, is the beginning of a gram. It also calls f for the words that begin in the text and have three bytes there.
func each(text string, f func(Gram)) {
	for i := range len(text) {
		f(three(text, i))
	}
	heads(text, f)
}

// three is the gram of a place.
func three(text string, at int) (g Gram) {
	for i := at; i < at+3; i++ {
		g <<= 8
		if i < len(text) {
			g |= Gram(text[i])
		}
	}
	return g
}

// heads calls f for each mark with the three bytes after it that begin a word.
func heads(text string, f func(Gram)) {
	for i := 0; i+3 < len(text); i++ {
		if c := text[i]; c > 0 && c < utf8.RuneSelf && !wordly(c) && wordly(text[i+1]) {
			f(Gram(c)<<24 | three(text, i+1))
		}
	}
}

// wordly tells letters, digits and parts of letters beyond ASCII from marks.
func wordly(c byte) bool {
	return c >= utf8.RuneSelf || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
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
		g := three(text, 0)
		return []Range{{g, g | (1<<(8*(3-len(text))) - 1)}}
	}
	var words, others []Gram
	heads(text, func(g Gram) { words = append(words, g) })
	for i := range len(text) - 2 {
		others = append(others, three(text, i))
	}
	words = spread(words, maxRanges/2)
	for _, g := range append(words, spread(others, maxRanges-len(words))...) {
		if r := (Range{g, g}); !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

// spread are at most n of some grams, from the first to the last.
func spread(all []Gram, n int) []Gram {
	if len(all) <= n {
		return all
	}
	some := make([]Gram, n)
	for i := range some {
		some[i] = all[i*(len(all)-1)/(n-1)]
	}
	return some
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
