package canonical

import (
	"math"

	"github.com/driftlock/driftlock/internal/cbad"
)

// Rates turns the points of one stream into measurements: totals become rates per second, buckets quantiles. It
// remembers the last point of each cumulative series, for a bounded number of series.
type Rates struct {
	points     recent[lastPoint]
	histograms recent[*lastBuckets]
	added      []Bucket // reused
	// NotFinite counts points that are no number; First those that only begin a series, Resets the restarts of counters.
	NotFinite, First, Resets uint64
}

type seriesKey struct{ family, instance uint64 }

type lastPoint struct {
	timeNs, startNs uint64
	value, count    float64
}

// NewRates remembers at least capacity series. A histogram is several of them.
func NewRates(capacity int) *Rates {
	return &Rates{
		points:     recent[lastPoint]{capacity: max(capacity, 1)},
		histograms: recent[*lastBuckets]{capacity: max(capacity/(2+len(Quantiles)), 1)},
	}
}

// Append appends the measurements that a point yields, if it yields some. The point's buckets are a range of these.
func (r *Rates) Append(b *cbad.Batch, p *Point, buckets []Bucket) {
	if p.Kind == DeltaBuckets || p.Kind == CumulativeBuckets {
		r.quantiles(b, p, buckets[p.First:p.First+p.Buckets])
		return
	}
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
		b.AppendPoint(cbad.Measurement{
			TimeNs: p.TimeNs, Family: p.Family, Instance: p.Instance, Kin: p.kin(), Metric: p.Metric, Value: value, Tag: p.Tag,
		})
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
	last, known := r.points.get(key)
	if known && p.TimeNs <= last.timeNs {
		return 0, false // out of order or a duplicate: it adds nothing to what the newer point said
	}
	r.points.put(key, lastPoint{p.TimeNs, p.StartNs, p.Value, p.Count})
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

// Memory is about how many bytes are held.
func (r *Rates) Memory() uint64 {
	n := uint64(r.points.len()) * 64
	for _, generation := range []map[seriesKey]*lastBuckets{r.histograms.young, r.histograms.old} {
		for _, last := range generation {
			n += 96 + uint64(cap(last.buckets))*bucketBytes
		}
	}
	return n
}

func seconds(ns uint64) float64 { return float64(ns) / 1e9 }
