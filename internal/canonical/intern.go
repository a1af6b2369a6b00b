package canonical

import (
	"sync"
	"sync/atomic"
)

const internShards = 32

// Intern is a bounded dictionary from hashes to what they stand for. Reading costs one lookup under a sharded read lock.
// Each shard keeps two generations: when the young one is full it becomes the old one, and what was not used since is
// forgotten, so the memory is bounded and names in use stay.
type Intern[V any] struct {
	shards    [internShards]internShard[V]
	capacity  int // of a shard's generation
	forgotten atomic.Uint64
	changes   atomic.Uint64
}

type internShard[V any] struct {
	mu         sync.RWMutex
	young, old map[uint64]V
	_          [64]byte // shards on cache lines of their own
}

// NewIntern makes a dictionary for about capacity entries.
func NewIntern[V any](capacity int) *Intern[V] {
	return &Intern[V]{capacity: max(capacity/(2*internShards), 8)}
}

func (d *Intern[V]) shard(h uint64) *internShard[V] { return &d.shards[h>>59&(internShards-1)] }

// Get returns what the hash stands for.
func (d *Intern[V]) Get(h uint64) (V, bool) {
	s := d.shard(h)
	s.mu.RLock()
	v, ok := s.young[h]
	if ok {
		s.mu.RUnlock()
		return v, true
	}
	v, ok = s.old[h]
	s.mu.RUnlock()
	if ok {
		d.Put(h, v)
	}
	return v, ok
}

// Put enters a value; the first one entered for a hash stays.
func (d *Intern[V]) Put(h uint64, v V) {
	s := d.shard(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.young[h]; ok {
		return
	}
	if len(s.young) >= d.capacity {
		for old := range s.old {
			if _, kept := s.young[old]; !kept {
				d.forgotten.Add(1)
			}
		}
		s.old, s.young = s.young, nil
	}
	if s.young == nil {
		s.young = make(map[uint64]V)
	}
	if kept, ok := s.old[h]; ok {
		v = kept
	}
	s.young[h] = v
	d.changes.Add(1)
}

// Len is the number of entries, those in both generations counted twice.
func (d *Intern[V]) Len() int {
	n := 0
	for i := range d.shards {
		s := &d.shards[i]
		s.mu.RLock()
		n += len(s.young) + len(s.old)
		s.mu.RUnlock()
	}
	return n
}

// Forgotten counts the entries given up for newer ones.
func (d *Intern[V]) Forgotten() uint64 { return d.forgotten.Load() }
