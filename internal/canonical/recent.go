package canonical

// recent remembers something of each series, for a bounded number of them: two generations, the older of which is
// forgotten when the younger is full, so series in use stay.
type recent[V any] struct {
	young, old map[seriesKey]V
	capacity   int
}

func (r *recent[V]) get(k seriesKey) (V, bool) {
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.old[k]
	return v, ok
}

func (r *recent[V]) put(k seriesKey, v V) {
	if _, ok := r.young[k]; !ok && len(r.young) >= r.capacity {
		r.old, r.young = r.young, nil
	}
	if r.young == nil {
		r.young = make(map[seriesKey]V)
	}
	r.young[k] = v
	delete(r.old, k)
}

func (r *recent[V]) len() int { return len(r.young) + len(r.old) }
