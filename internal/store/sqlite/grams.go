package sqlite

import (
	"encoding/binary"
	"math/bits"
)

// blockRows is how many numbers a block of the text index spans. A set of them takes at most 512 bytes, which fit in a page beside others.
const blockRows = 4096

// gram is three bytes in a row, the first one on top.
type gram uint32

// eachGram calls f for every byte of a text with the two after it; behind the end of the text there are zeros. So whatever is in a text, be
// it one byte, is the beginning of a gram.
func eachGram(text string, f func(gram)) {
	var g gram
	for i := range len(text) + 2 {
		var c byte
		if i < len(text) {
			c = text[i]
		}
		g = (g<<8 | gram(c)) & 0xffffff
		if i >= 2 {
			f(g)
		}
	}
}

// between are grams from one to another, both included.
type between struct{ from, to gram }

// maxRanges is how many grams of a longer text are asked for, spread over it. A candidate's text is read in any case.
const maxRanges = 12

// rangesOf returns what a text that has this one in it must have a gram of, each.
func rangesOf(text string) (all []between) {
	switch len(text) {
	case 0:
		return nil
	case 1, 2:
		shift := 8 * (3 - len(text))
		var g gram
		for _, c := range []byte(text) {
			g = g<<8 | gram(c)
		}
		return []between{{g << shift, g<<shift | (1<<shift - 1)}}
	}
	last := len(text) - 3
	n := min(last+1, maxRanges)
	for i := range n {
		at := 0
		if n > 1 {
			at = i * last / (n - 1)
		}
		g := gram(text[at])<<16 | gram(text[at+1])<<8 | gram(text[at+2])
		all = append(all, between{g, g})
	}
	return all
}

// rowSet are rows of one block.
type rowSet [blockRows / 64]uint64

func (s *rowSet) add(row int)      { s[row/64] |= 1 << (row % 64) }
func (s *rowSet) has(row int) bool { return s[row/64]&(1<<(row%64)) != 0 }

func (s *rowSet) intersect(other *rowSet) {
	for i := range s {
		s[i] &= other[i]
	}
}

func (s *rowSet) count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// each calls f for the rows in ascending order.
func (s *rowSet) each(f func(row int)) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			f(i*64 + bits.TrailingZeros64(word))
		}
	}
}

const setBytes = blockRows / 8

// pack writes a set: the distance of each row from the one before as a varint, or where that is no shorter, one bit for each row.
func (s *rowSet) pack() []byte {
	out := make([]byte, 0, setBytes)
	next := 0
	s.each(func(row int) {
		if len(out) < setBytes {
			out = binary.AppendUvarint(out, uint64(row-next))
			next = row + 1
		}
	})
	if len(out) < setBytes {
		return out
	}
	out = out[:0]
	for _, word := range s {
		out = binary.LittleEndian.AppendUint64(out, word)
	}
	return out
}

// unpack adds what pack wrote. Of damaged bytes it adds what there is.
func (s *rowSet) unpack(packed []byte) {
	if len(packed) == setBytes {
		for i := range s {
			s[i] |= binary.LittleEndian.Uint64(packed[8*i:])
		}
		return
	}
	for row := 0; len(packed) > 0; row++ {
		distance, n := binary.Uvarint(packed)
		if n <= 0 || distance >= uint64(blockRows-row) {
			return
		}
		row += int(distance) //nolint:gosec // G115: below blockRows
		s.add(row)
		packed = packed[n:]
	}
}
