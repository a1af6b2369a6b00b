package canonical

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// MaxBuckets bounds what is kept of one histogram, OpenTelemetry's own default for exponential ones. Of finer histograms
// neighbours are joined, always the same ones, so that a bucket now holds whole ones of before.
const MaxBuckets = 160

// maxScale is the finest scale of an exponential histogram that is told apart, the SDKs' own limit.
const maxScale = 20

// Bucket is how many values fell between two limits, whatever form the histogram has. A limit may be infinite.
type Bucket struct {
	Low, High float64
	Count     uint64
}

// appendExplicit appends the buckets that hold something, rising. A delta's extremes close the open ends. Limits that
// do not rise or do not fit the counts are a sender's mistake: it fails then, and where there are no limits at all.
func appendExplicit(dst []Bucket, p pmetric.HistogramDataPoint, delta bool) ([]Bucket, bool) {
	bounds, counts := p.ExplicitBounds(), p.BucketCounts()
	n := counts.Len()
	if bounds.Len() == 0 || n != bounds.Len()+1 {
		return dst, false
	}
	for i := range bounds.Len() {
		if b := bounds.At(i); math.IsNaN(b-b) || i > 0 && b <= bounds.At(i-1) {
			return dst, false
		}
	}
	group := (n + MaxBuckets - 1) / MaxBuckets
	for i := 0; i < n; i += group {
		b := Bucket{Low: math.Inf(-1), High: math.Inf(1)}
		for j := i; j < min(i+group, n); j++ {
			b.Count += counts.At(j)
		}
		if b.Count == 0 {
			continue
		}
		if i > 0 {
			b.Low = bounds.At(i - 1)
		} else if least := p.Min(); delta && p.HasMin() && least < bounds.At(0) && !math.IsInf(least, 0) {
			b.Low = least
		}
		if end := i + group; end < n {
			b.High = bounds.At(end - 1)
		} else if most := p.Max(); delta && p.HasMax() && most > bounds.At(n-2) && !math.IsInf(most, 0) {
			b.High = most
		}
		dst = append(dst, b)
	}
	return dst, true
}

// appendExponential appends the buckets that hold something, rising: negative values, those about zero, positive ones.
func appendExponential(dst []Bucket, p pmetric.ExponentialHistogramDataPoint) []Bucket {
	positive, negative := p.Positive(), p.Negative()
	shift := max(0, int(p.Scale())-maxScale)
	// The two sides begin and end within a joined bucket at worst, hence one more of each, and one about zero.
	for positive.BucketCounts().Len()>>shift+negative.BucketCounts().Len()>>shift+3 > MaxBuckets {
		shift++
	}
	scale := int(p.Scale()) - shift
	first := len(dst)
	dst = appendSide(dst, negative, scale, shift)
	for i, j := first, len(dst)-1; i <= j; i, j = i+1, j-1 {
		a, b := dst[i], dst[j]
		dst[i], dst[j] = Bucket{-b.High, -b.Low, b.Count}, Bucket{-a.High, -a.Low, a.Count}
	}
	if n := p.ZeroCount(); n > 0 {
		about := p.ZeroThreshold()
		if math.IsNaN(about) || about < 0 || math.IsInf(about, 1) {
			about = 0
		}
		dst = append(dst, Bucket{-about, about, n})
	}
	return appendSide(dst, positive, scale, shift)
}

func appendSide(dst []Bucket, side pmetric.ExponentialHistogramDataPointBuckets, scale, shift int) []Bucket {
	counts, offset := side.BucketCounts(), int(side.Offset())
	for i := 0; i < counts.Len(); {
		index := (offset + i) >> shift
		b := Bucket{Low: edge(scale, index), High: edge(scale, index+1)}
		for ; i < counts.Len() && (offset+i)>>shift == index; i++ {
			b.Count += counts.At(i)
		}
		if b.Count > 0 {
			dst = append(dst, b)
		}
	}
	return dst
}

// edge is base^index, base = 2^(2^-scale) (OpenTelemetry metrics data model, "Exponential scale"), made of square roots
// and products alone: these are exact to the bit on every machine, and a limit is the same at every scale that has it.
func edge(scale, index int) float64 {
	if scale < 0 {
		return math.Ldexp(1, max(-4096, min(index, 4096))<<min(-scale, 12))
	}
	value := 1.0
	for k := 1; k <= scale; k++ {
		if index>>(scale-k)&1 == 1 {
			value *= roots[k]
		}
	}
	return math.Ldexp(value, index>>scale)
}

// roots[k] is 2^(2^-k).
var roots = func() (r [maxScale + 1]float64) {
	r[0] = 2
	for k := 1; k < len(r); k++ {
		r[k] = math.Sqrt(r[k-1])
	}
	return r
}()
