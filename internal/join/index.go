package join

import "math/bits"

// slot is where the probing for a key begins.
func (t *Table) slot(k key) uint64 {
	hi, lo := bits.Mul64(k.hi^t.seed[0], k.lo^t.seed[1])
	hi, lo = bits.Mul64(hi^lo^k.span, t.seed[2])
	return (hi ^ lo) & t.mask
}

// find returns the ring position of a key, or empty.
func (t *Table) find(k key) uint32 {
	for at := t.slot(k); ; at = (at + 1) & t.mask {
		i := t.index[at]
		if i == empty || t.ring[i].key == k {
			return i
		}
	}
}

// insert makes an entry for a key that is not there, in the place of the oldest where the ring is full.
func (t *Table) insert(k key) *entry {
	e := &t.ring[t.head]
	if t.used == len(t.ring) {
		t.stats.Evicted++
		if !e.seen {
			t.stats.Awaited++
		}
		t.remove(e.key)
	} else {
		t.used++
	}
	*e = entry{key: k}
	at := t.slot(k)
	for t.index[at] != empty {
		at = (at + 1) & t.mask
	}
	t.index[at] = uint32(t.head)
	if t.head++; t.head == len(t.ring) {
		t.head = 0
	}
	return e
}

// remove takes a key out of the index by shifting later entries of its run back (Knuth, TAOCP 6.4, algorithm R),
// which leaves no tombstones, so probes stay short however long the table lives.
func (t *Table) remove(k key) {
	at := t.slot(k)
	for t.ring[t.index[at]].key != k {
		at = (at + 1) & t.mask
	}
	for next := (at + 1) & t.mask; t.index[next] != empty; next = (next + 1) & t.mask {
		home := t.slot(t.ring[t.index[next]].key)
		// The entry may move to the hole unless its home lies cyclically within (hole, next].
		if (next-home)&t.mask >= (next-at)&t.mask {
			t.index[at] = t.index[next]
			at = next
		}
	}
	t.index[at] = empty
}
