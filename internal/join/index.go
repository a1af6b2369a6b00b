package join

import "math/bits"

// place is a slot of the index. The hash beside the position spares the ring a cache miss for each key passed by.
type place struct {
	hash uint32
	at   uint32 // position in the ring, or empty
}

func (t *Table) hash(k key) uint32 {
	hi, lo := bits.Mul64(k.hi^t.seed[0], k.lo^t.seed[1])
	hi, lo = bits.Mul64(hi^lo^k.span, t.seed[2])
	return uint32(hi ^ lo) //nolint:gosec // G115: the lower half of a hash is a hash
}

// find returns the ring position of a key, or empty.
func (t *Table) find(k key, hash uint32) uint32 {
	for i := uint64(hash) & t.mask; ; i = (i + 1) & t.mask {
		p := t.index[i]
		if p.at == empty || (p.hash == hash && t.ring[p.at].key == k) {
			return p.at
		}
	}
}

// insert makes an entry for a key that is not there, in the place of the oldest where the ring is full.
func (t *Table) insert(k key, hash uint32) *entry {
	at := uint32(t.head) //nolint:gosec // G115: below MaxCapacity
	e := &t.ring[at]
	if t.used == len(t.ring) {
		t.stats.Evicted++
		if !e.seen {
			t.stats.Awaited++
		}
		t.remove(t.hash(e.key), at)
	} else {
		t.used++
	}
	*e = entry{key: k}
	t.changed(at)
	i := uint64(hash) & t.mask
	for t.index[i].at != empty {
		i = (i + 1) & t.mask
	}
	t.index[i] = place{hash, at}
	if t.head++; t.head == len(t.ring) {
		t.head = 0
	}
	return e
}

// remove takes an entry out of the index by shifting later ones of its run back (Knuth, TAOCP 6.4, algorithm R),
// which leaves no tombstones, so probes stay short however long the table lives.
func (t *Table) remove(hash, at uint32) {
	hole := uint64(hash) & t.mask
	for t.index[hole].at != at {
		hole = (hole + 1) & t.mask
	}
	for next := (hole + 1) & t.mask; t.index[next].at != empty; next = (next + 1) & t.mask {
		home := uint64(t.index[next].hash)
		// The entry may move to the hole unless its home lies cyclically within (hole, next].
		if (next-home)&t.mask >= (next-hole)&t.mask {
			t.index[hole] = t.index[next]
			hole = next
		}
	}
	t.index[hole].at = empty
}
