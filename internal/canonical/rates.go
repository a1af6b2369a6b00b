package canonical

import (
	"math"

	"github.com/driftlock/driftlock/internal/cbad"
)

// Rates turns the points of one stream into measurements: totals become rates per second. It remembers the last point of
// each cumulative series, for a bounded number of series: two generations, the older of which is forgotten when the
// younger is full, so series in use stay.
type Rates struct {
	young, old map[seriesKey]lastPoint
	capacity   int
	// NotFinite counts points that are no number; First those that only begin a series, Resets the restarts of counters.
	NotFinite, First, Resets uint64
}

type seriesKey struct{ family, instance uint64 }

type lastPoint struct {
	timeNs, startNs uint64
	value, count    float64
}

// NewRates remembers at least capacity series.
func NewRates(capacity int) *Rates { return &Rates{capacity: max(capacity, 1)} }

// Append appends the measurement that a point yields, if it yields one.
func (r *Rates) Append(b *cbad.Batch, p *Point) {
	if !p.Finite() {
		r.NotFinite++
		return
	}
	value, ok := r.measure(p)
	switch {
	case !ok:
		r.First++
	case math.IsNaN(value) || math.IsInf(value, 0):
		r.NotFinite++
	default:
		b.AppendPoint(p.TimeNs, p.Family, p.Instance, value, p.Tag)
	}
}

func (r *Rates) measure(p *Point) (float64, bool) {
	switch p.Kind {
	case Delta:
		// Without a start the interval is unknown; the sum itself then is the measurement.
		if p.StartNs == 0 || p.StartNs >= p.TimeNs {
			return p.Value, true
		}
		return p.Value / seconds(p.TimeNs-p.StartNs), true
	case Cumulative, CumulativeMean:
		return r.difference(p)
	default:
		return p.Value, true
	}
}

// difference is the change since the series' last point. A counter that fell, or that says it began after the last point,
// was reset: then all it has is new since its start (OpenTelemetry metrics data model, "Resets and gaps").
func (r *Rates) difference(p *Point) (float64, bool) {
	key := seriesKey{p.Family, p.Instance}
	last, known := r.get(key)
	if known && p.TimeNs <= last.timeNs {
		return 0, false // out of order or a duplicate: it adds nothing to what the newer point said
	}
	r.put(key, lastPoint{p.TimeNs, p.StartNs, p.Value, p.Count})
	if !known {
		return 0, false
	}
	progress := p.Value
	previous := last.value
	if p.Kind == CumulativeMean {
		progress, previous = p.Count, last.count
	}
	if progress < previous || (p.StartNs > last.startNs && p.StartNs > last.timeNs) {
		r.Resets++
		if p.StartNs == 0 || p.StartNs >= p.TimeNs {
			return 0, false
		}
		last = lastPoint{timeNs: p.StartNs}
	}
	if p.Kind == CumulativeMean {
		added := p.Count - last.count
		if added <= 0 {
			return 0, false
		}
		return (p.Value - last.value) / added, true
	}
	return (p.Value - last.value) / seconds(p.TimeNs-last.timeNs), true
}

func (r *Rates) get(k seriesKey) (lastPoint, bool) {
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.old[k]
	return v, ok
}

func (r *Rates) put(k seriesKey, v lastPoint) {
	if _, ok := r.young[k]; !ok && len(r.young) >= r.capacity {
		r.old, r.young = r.young, nil
	}
	if r.young == nil {
		r.young = make(map[seriesKey]lastPoint)
	}
	r.young[k] = v
}

// Memory is about how many bytes are held.
func (r *Rates) Memory() uint64 { return uint64(len(r.young)+len(r.old)) * 64 }

func seconds(ns uint64) float64 { return float64(ns) / 1e9 }
