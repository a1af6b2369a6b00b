package detect

// replicas remembers the running copies of a service seen last, in one signal (signals may name them differently).
type replicas struct {
	hashes [maxReplicas]uint64
	seen   [maxReplicas]uint64 // newest window of each
	used   int
}

const (
	maxReplicas = 16
	// In a fleet of so many replicas a new one changes little; its arrival is no excuse for what the service does.
	fleet = 8
)

// note tells whether the replica is new to a service that had another one. The oldest makes room.
func (r *replicas) note(hash, window uint64, alive uint64) bool {
	oldest, running := 0, 0
	for i := range r.used {
		if r.hashes[i] == hash {
			r.seen[i] = max(r.seen[i], window)
			return false
		}
		if r.seen[i] < r.seen[oldest] {
			oldest = i
		}
		if r.seen[i]+alive >= window {
			running++
		}
	}
	first := r.used == 0
	at := oldest
	if r.used < maxReplicas {
		at = r.used
		r.used++
	}
	r.hashes[at], r.seen[at] = hash, window
	return !first && running < fleet
}

// changes are the windows, of the 64 up to the newest of them, in which a replica or version appeared that was new: several may
// be open at a time, and several pods may be replaced one after the other.
type changes struct {
	newest uint64 // window
	bits   uint64 // the newest lowest
}

func (c *changes) note(window, duration uint64) {
	c.bits, c.newest = marked(c.bits, c.newest, window, duration), max(c.newest, window)
}

// marked marks a window among the 64 up to the newest one, which is the lowest bit. A newer window becomes that.
func marked(bits, newest, window, duration uint64) uint64 {
	if window < newest {
		return bits | 1<<((newest-window)/duration)
	}
	return bits<<((window-newest)/duration) | 1
}

func (c *changes) in(window, duration uint64) bool {
	return window <= c.newest && c.bits>>((c.newest-window)/duration)&1 != 0
}
