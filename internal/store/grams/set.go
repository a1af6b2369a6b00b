package grams

import (
	"encoding/binary"
	"math/bits"
)

// BlockRows is how many numbers a block spans. A set of them takes at most 512 bytes, so that many lie on a page of a database.
const BlockRows = 4096

// Block is the block of a row's number.
func Block(number int64) int64 { return number >> 12 }

// Row is a number's place in its block.
func Row(number int64) int { return int(number & (BlockRows - 1)) }

// Set are rows of one block.
type Set [BlockRows / 64]uint64

// Add puts a row in.
func (s *Set) Add(row int) { s[row/64] |= 1 << (row % 64) }

// Has says whether a row is in.
func (s *Set) Has(row int) bool { return s[row/64]&(1<<(row%64)) != 0 }

// Intersect leaves the rows that are in both.
func (s *Set) Intersect(other *Set) {
	for i := range s {
		s[i] &= other[i]
	}
}

// Count is how many there are.
func (s *Set) Count() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// Each calls f for the rows in ascending order.
func (s *Set) Each(f func(row int)) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			f(i*64 + bits.TrailingZeros64(word))
		}
	}
}

const setBytes = BlockRows / 8

// Pack writes a set: the distance of each row from the one before as a varint, or where that is no shorter, one bit for each row.
func (s *Set) Pack() []byte {
	out := make([]byte, 0, setBytes)
	next := 0
	s.Each(func(row int) {
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

// Grow is a packed set with these rows put in; changed is whether one of them was not in it.
func Grow(packed []byte, rows []uint16) (grown []byte, changed bool) {
	var set Set
	set.Unpack(packed)
	for _, row := range rows {
		changed = changed || !set.Has(int(row))
		set.Add(int(row))
	}
	if !changed {
		return packed, false
	}
	return set.Pack(), true
}

// Unpack adds what Pack wrote. Of damaged bytes it adds what there is.
func (s *Set) Unpack(packed []byte) {
	if len(packed) == setBytes {
		for i := range s {
			s[i] |= binary.LittleEndian.Uint64(packed[8*i:])
		}
		return
	}
	for row := 0; len(packed) > 0; row++ {
		distance, n := binary.Uvarint(packed)
		if n <= 0 || distance >= uint64(BlockRows-row) {
			return
		}
		row += int(distance) //nolint:gosec // G115: below BlockRows
		s.Add(row)
		packed = packed[n:]
	}
}
