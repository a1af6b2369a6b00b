package grams

import (
	"encoding/binary"
	"math/bits"
)

const (
	blockBits = 14

	// BlockRows is how many numbers a block spans. A set of them takes at most 2 KiB, so that it lies on a page of a database.
	BlockRows = 1 << blockBits
)

// Block is the block of a row's number.
func Block(number int64) int64 { return number >> blockBits }

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

// How a set is packed, in its first byte: the shortest of them.
const (
	present = iota // the distance of each row from the one before, as varints
	absent         // the same of the rows that are not in it
	bitmap         // a bit for each row, the lowest first
)

const bitmapBytes = 1 + BlockRows/8

// Pack writes a set.
func (s *Set) Pack() []byte {
	form, listed := byte(present), *s
	if s.Count() > BlockRows/2 {
		form = absent
		for i := range listed {
			listed[i] = ^listed[i]
		}
	}
	out := append(make([]byte, 0, 64), form)
	next := 0
	listed.Each(func(row int) {
		if len(out) < bitmapBytes {
			out = binary.AppendUvarint(out, uint64(row-next))
			next = row + 1
		}
	})
	if len(out) < bitmapBytes {
		return out
	}
	out = append(out[:0], bitmap)
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
	if len(packed) == 0 {
		return
	}
	form, packed := packed[0], packed[1:]
	switch form {
	case present:
		eachListed(packed, s.Add)
	case absent:
		var missing Set
		eachListed(packed, missing.Add)
		for i := range s {
			s[i] |= ^missing[i]
		}
	case bitmap:
		for i := range min(len(s), len(packed)/8) {
			s[i] |= binary.LittleEndian.Uint64(packed[8*i:])
		}
	}
}

// eachListed calls f for the rows whose distances are packed.
func eachListed(packed []byte, f func(row int)) {
	for row := 0; len(packed) > 0; row++ {
		distance, n := binary.Uvarint(packed)
		if n <= 0 || distance >= uint64(BlockRows-row) {
			return
		}
		row += int(distance) //nolint:gosec // G115: below BlockRows
		f(row)
		packed = packed[n:]
	}
}
