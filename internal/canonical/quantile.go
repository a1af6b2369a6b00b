package canonical

import (
	"math"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/driftlock/driftlock/internal/cbad"
)

// Quantiles are those that a histogram yields series of: the middle, which outliers do not move as they move the mean,
// and the slow end. Further out, a minute of one route has too few values to tell it from the largest.
var Quantiles = [...]float64{0.5, 0.95}

// least is how many values a quantile needs to lie among them: of fewer than 20 the .95 is but the largest.
func least(q float64) uint64 { return uint64(math.Ceil(1/(1-q) - 1e-9)) }

// quantileFamily is the series of a quantile of what base measures.
func quantileFamily(base uint64, q float64) uint64 {
	return nonZero(mix(mix(base, math.Float64bits(q)), ofQuantile))
}

// spread yields the points of the quantiles: one, which refers to the buckets.
func (a *appender) spread(at stamp, base, kin uint64, cumulative bool, first int) {
	n := len(a.r.Buckets) - first
	if n == 0 && !cumulative {
		return // nothing was measured
	}
	for _, q := range Quantiles {
		a.quantileName(quantileFamily(base, q), q, at.attributes)
	}
	p := a.point(at, base, a.common, DeltaBuckets)
	if cumulative {
		p.Kind = CumulativeBuckets
	}
	p.Kin, p.First, p.Buckets = kin, uint32(first), uint32(n) //nolint:gosec // a payload holds fewer than 2³²
	a.dst = append(a.dst, p)
}

func (a *appender) quantileName(family uint64, q float64, attributes pcommon.Map) {
	if !a.r.names.has(family) {
		a.name(family, attributes, percentile(q), a.m.Unit())
	}
}

// kin is the family that stands for the point's.
func (p *Point) kin() uint64 {
	if p.Kin != 0 {
		return p.Kin
	}
	return p.Family
}

// lastBuckets is the last state of a cumulative histogram.
type lastBuckets struct {
	timeNs, startNs uint64
	buckets         []Bucket
}

const bucketBytes = uint64(unsafe.Sizeof(Bucket{}))

// quantiles appends a measurement for each quantile that has enough values.
func (r *Rates) quantiles(b *cbad.Batch, p *Point, buckets []Bucket) {
	if p.Kind == CumulativeBuckets {
		var ok bool
		if buckets, ok = r.sinceLast(p, buckets); !ok {
			return
		}
	}
	n := total(buckets)
	for _, q := range Quantiles {
		if n < least(q) {
			continue
		}
		value := quantile(buckets, n, q)
		if math.IsNaN(value - value) {
			r.NotFinite++
			continue
		}
		b.AppendPoint(cbad.Measurement{
			TimeNs: p.TimeNs, Family: quantileFamily(p.Family, q), Instance: p.Instance, Kin: p.kin(), Metric: quantileFamily(p.Metric, q),
			Value: value, Tag: p.Tag,
		})
	}
}

// sinceLast is what was added since the histogram's last point. Resets are told as those of counters are; they are counted
// with the histogram's count, which comes beside. Buckets of another layout begin anew.
func (r *Rates) sinceLast(p *Point, now []Bucket) ([]Bucket, bool) {
	key := seriesKey{p.Family, p.Instance}
	last, known := r.histograms.get(key)
	if known && p.TimeNs <= last.timeNs {
		return nil, false
	}
	if !known {
		last = &lastBuckets{}
	}
	r.histograms.put(key, last)
	reset := known && (total(now) < total(last.buckets) || p.StartNs > last.startNs && p.StartNs > last.timeNs)
	ok := false
	switch {
	case reset:
		r.added = append(r.added[:0], now...)
		ok = p.StartNs != 0 && p.StartNs < p.TimeNs
	case known:
		r.added, ok = between(r.added[:0], last.buckets, now)
	}
	last.timeNs, last.startNs, last.buckets = p.TimeNs, p.StartNs, append(last.buckets[:0], now...)
	return r.added, ok
}

// between appends what came between two states of a cumulative histogram. It fails where the earlier buckets are not
// whole parts of the later ones, or held more.
func between(dst, before, now []Bucket) ([]Bucket, bool) {
	at := 0
	for _, b := range now {
		var had uint64
		for at < len(before) && b.Low <= before[at].Low && before[at].High <= b.High {
			had += before[at].Count
			at++
		}
		if had > b.Count {
			return dst, false
		}
		if b.Count -= had; b.Count > 0 {
			dst = append(dst, b)
		}
	}
	return dst, at == len(before)
}

func total(buckets []Bucket) (n uint64) {
	for i := range buckets {
		n += buckets[i].Count
	}
	return n
}

// quantile interpolates within the bucket in which the rank q·n falls, as if its values were spread evenly. In a bucket
// without an end it is the end that there is, and 0 for what cannot be negative (as Prometheus's histogram_quantile).
// There is at least one value, and every bucket has an end. The conversions keep products from being fused with sums,
// which some machines would do.
func quantile(buckets []Bucket, n uint64, q float64) float64 {
	rank := float64(q * float64(n))
	below := uint64(0)
	b := buckets[len(buckets)-1]
	for _, b = range buckets {
		if float64(below+b.Count) >= rank {
			break
		}
		below += b.Count
	}
	switch {
	case math.IsInf(b.High, 1):
		return b.Low
	case !math.IsInf(b.Low, -1):
	case b.High > 0:
		b.Low = 0
	default:
		return b.High
	}
	share := (rank - float64(below)) / float64(b.Count)
	return b.Low + float64(min(1, max(0, share))*(b.High-b.Low))
}
