package canonical

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// mix combines two hashes; the order matters.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd1b54a32d192ed03)
	return hi ^ lo ^ bits.RotateLeft64(a, 31)
}

// nonZero keeps 0 free for "none" (and 1 for "not seen", as the core's records use them).
func nonZero(h uint64) uint64 {
	if h <= 1 {
		return h + 2
	}
	return h
}

// HashString is the hash of a name.
func HashString(s string) uint64 { return nonZero(xxhash.Sum64String(s)) }

// hashMap hashes a set of attributes. The sum over the pairs' hashes does not depend on their order, so nothing is sorted.
func hashMap(m pcommon.Map) uint64 {
	var sum uint64
	for k, v := range m.All() {
		sum += mix(xxhash.Sum64String(k), hashValue(v, maxDepth))
	}
	return mix(sum, uint64(m.Len()))
}

// hashNames hashes the names of a set of attributes, in whatever order.
func hashNames(m pcommon.Map) uint64 {
	var sum uint64
	for k := range m.All() {
		sum += mix(1, xxhash.Sum64String(k))
	}
	return mix(sum, uint64(m.Len()))
}

func hashValue(v pcommon.Value, depth int) uint64 {
	kind := uint64(v.Type())
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return mix(kind, xxhash.Sum64String(v.Str()))
	case pcommon.ValueTypeInt:
		return mix(kind, uint64(v.Int()))
	case pcommon.ValueTypeDouble:
		return mix(kind, math.Float64bits(v.Double()))
	case pcommon.ValueTypeBool:
		if v.Bool() {
			kind += 64
		}
		return mix(kind, 1)
	case pcommon.ValueTypeBytes:
		return hashBytes(kind, v.Bytes())
	case pcommon.ValueTypeSlice:
		h := kind
		if depth > 0 {
			for _, e := range v.Slice().All() {
				h = mix(h, hashValue(e, depth-1))
			}
		}
		return h
	case pcommon.ValueTypeMap:
		var sum uint64
		if depth > 0 {
			for k, e := range v.Map().All() {
				sum += mix(xxhash.Sum64String(k), hashValue(e, depth-1))
			}
		}
		return mix(kind, sum)
	default:
		return kind
	}
}

func hashBytes(seed uint64, b pcommon.ByteSlice) uint64 {
	h := mix(seed, uint64(b.Len()))
	var word [8]byte
	n := b.Len()
	for i := 0; i < n; i += len(word) {
		word = [8]byte{}
		for j := i; j < min(i+len(word), n); j++ {
			word[j-i] = b.At(j)
		}
		h = mix(h, binary.LittleEndian.Uint64(word[:]))
	}
	return h
}
