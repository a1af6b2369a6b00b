package canonical

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/driftlock/driftlock/internal/cbad"
)

// reading is one point of a histogram: what was seen so far, or since the last one.
type reading struct {
	start, end float64
	fill       func(pmetric.Metric) pcommon.Map
}

// quantilesOf reads the points in turn and returns what is measured of each quantile, in order.
func quantilesOf(rates *Rates, readings ...reading) map[float64][]float64 {
	names := NewNames(1000)
	out := map[float64][]float64{}
	for _, in := range readings {
		m := pmetric.NewMetric()
		m.SetName("latency")
		m.SetUnit("s")
		in.fill(m)
		switch m.Type() {
		case pmetric.MetricTypeHistogram:
			p := m.Histogram().DataPoints().At(0)
			p.SetTimestamp(pcommon.Timestamp(at(in.end)))
			p.SetStartTimestamp(pcommon.Timestamp(at(in.start)))
		default:
			p := m.ExponentialHistogram().DataPoints().At(0)
			p.SetTimestamp(pcommon.Timestamp(at(in.end)))
			p.SetStartTimestamp(pcommon.Timestamp(at(in.start)))
		}
		reader := NewMetrics(nil, names)
		var b cbad.Batch
		b.Reset()
		var base uint64
		for _, p := range reader.Append(nil, m, resourceOf("shop", "a"), 1) {
			if p.Kind == DeltaBuckets || p.Kind == CumulativeBuckets {
				base = p.Family
			}
			rates.Append(&b, &p, reader.Buckets)
		}
		for i := range b.Len() {
			record := b.Bytes[b.Offsets[i]:]
			for _, q := range Quantiles {
				if family := quantileFamily(base, q); binary.LittleEndian.Uint64(record[8:]) == family {
					out[q] = append(out[q], math.Float64frombits(binary.LittleEndian.Uint64(record[24:])))
					if names.Unit(family) != "s" {
						out[q] = append(out[q], math.NaN())
					}
				}
			}
		}
	}
	return out
}

func explicit(cumulative bool, bounds []float64, counts ...uint64) func(pmetric.Metric) pcommon.Map {
	return func(m pmetric.Metric) pcommon.Map {
		h := m.SetEmptyHistogram()
		h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		if cumulative {
			h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		}
		p := h.DataPoints().AppendEmpty()
		p.ExplicitBounds().FromRaw(bounds)
		p.BucketCounts().FromRaw(counts)
		p.SetCount(sum(counts))
		p.SetSum(1)
		return p.Attributes()
	}
}

func exponential(cumulative bool, scale int32, offset int32, zero uint64, counts ...uint64) func(pmetric.Metric) pcommon.Map {
	return func(m pmetric.Metric) pcommon.Map {
		h := m.SetEmptyExponentialHistogram()
		h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		if cumulative {
			h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		}
		p := h.DataPoints().AppendEmpty()
		p.SetScale(scale)
		p.SetZeroCount(zero)
		p.Positive().SetOffset(offset)
		p.Positive().BucketCounts().FromRaw(counts)
		p.SetCount(sum(counts) + zero)
		return p.Attributes()
	}
}

func sum(counts []uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

func TestQuantilesOfExplicitBuckets(t *testing.T) {
	bounds := []float64{1, 2, 4}
	for name, c := range map[string]struct {
		readings []reading
		p50, p95 []float64
	}{
		"delta: within the bucket of the rank": {
			[]reading{{0, 10, explicit(false, bounds, 10, 10, 20, 0)}}, []float64{2}, []float64{3.8},
		},
		"what cannot be negative begins at 0":    {[]reading{{0, 10, explicit(false, bounds, 40, 0, 0, 0)}}, []float64{.5}, []float64{.95}},
		"of the last bucket there is a limit":    {[]reading{{0, 10, explicit(false, bounds, 0, 0, 0, 40)}}, []float64{4}, []float64{4}},
		"of the first one there is one as well":  {[]reading{{0, 10, explicit(false, []float64{-3, 2}, 40, 0, 0)}}, []float64{-3}, []float64{-3}},
		"of few values the .95 is their largest": {[]reading{{0, 10, explicit(false, bounds, 0, 19, 0, 0)}}, []float64{1.5}, nil},
		"of one value nothing is the middle":     {[]reading{{0, 10, explicit(false, bounds, 0, 1, 0, 0)}}, nil, nil},
		"of no value there is nothing":           {[]reading{{0, 10, explicit(false, bounds, 0, 0, 0, 0)}}, nil, nil},
		"limits that fall":                       {[]reading{{0, 10, explicit(false, []float64{2, 1}, 9, 9, 9)}}, nil, nil},
		"limits that are no numbers":             {[]reading{{0, 10, explicit(false, []float64{math.NaN()}, 9, 9)}}, nil, nil},
		"counts that do not fit":                 {[]reading{{0, 10, explicit(false, bounds, 9, 9)}}, nil, nil},
		"no limits":                              {[]reading{{0, 10, explicit(false, nil, 40)}}, nil, nil},
		"cumulative: of what was added": {
			[]reading{{1, 10, explicit(true, bounds, 1000, 0, 0, 0)}, {1, 20, explicit(true, bounds, 1000, 0, 20, 0)}, {1, 30, explicit(true, bounds, 1000, 0, 20, 0)}},
			[]float64{3}, []float64{3.9},
		},
		"out of order or said twice": {
			[]reading{{1, 10, explicit(true, bounds, 5, 0, 0, 0)}, {1, 30, explicit(true, bounds, 5, 2, 0, 0)}, {1, 20, explicit(true, bounds, 9, 9, 9, 9)}, {1, 30, explicit(true, bounds, 9, 9, 9, 9)}},
			[]float64{1.5}, nil,
		},
		"a reset, told by its start": {
			[]reading{{1, 10, explicit(true, bounds, 5, 0, 0, 0)}, {15, 20, explicit(true, bounds, 5, 0, 8, 0)}}, []float64{2.375}, nil,
		},
		"a reset, told by its fall": {
			[]reading{{1, 10, explicit(true, bounds, 500, 0, 0, 0)}, {1, 20, explicit(true, bounds, 0, 0, 8, 0)}}, []float64{3}, nil,
		},
		"a reset whose start nobody knows begins anew": {
			[]reading{{0, 10, explicit(true, bounds, 500, 0, 0, 0)}, {0, 20, explicit(true, bounds, 0, 0, 8, 0)}, {0, 30, explicit(true, bounds, 0, 4, 8, 0)}},
			[]float64{1.5}, nil,
		},
		"other limits begin anew": {
			[]reading{{1, 10, explicit(true, bounds, 5, 5, 0, 0)}, {1, 20, explicit(true, []float64{1.5, 3}, 50, 5, 0)}, {1, 30, explicit(true, []float64{1.5, 3}, 50, 9, 0)}},
			[]float64{2.25}, nil,
		},
		"wider limits go on": {
			[]reading{{1, 10, explicit(true, bounds, 5, 5, 0, 0)}, {1, 20, explicit(true, []float64{2, 4}, 10, 8, 0)}}, []float64{3}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := quantilesOf(NewRates(8), c.readings...)
			assert.Equal(t, c.p50, got[.5])
			assert.Equal(t, c.p95, got[.95])
		})
	}
}

// The extremes of an interval close the buckets that have no end; those since the start say nothing on an interval.
func TestExtremesCloseTheEnds(t *testing.T) {
	with := func(cumulative bool) func(pmetric.Metric) pcommon.Map {
		return func(m pmetric.Metric) pcommon.Map {
			explicit(cumulative, []float64{1}, 0, 40)(m)
			p := m.Histogram().DataPoints().At(0)
			p.SetMin(-5)
			p.SetMax(9)
			return p.Attributes()
		}
	}
	assert.Equal(t, []float64{5}, quantilesOf(NewRates(8), reading{0, 10, with(false)})[.5])
	empty := explicit(true, []float64{1}, 0, 0)
	assert.Equal(t, []float64{1}, quantilesOf(NewRates(8), reading{1, 5, empty}, reading{1, 10, with(true)})[.5])
}

func TestQuantilesOfExponentialBuckets(t *testing.T) {
	// Scale 1: a bucket is half an octave; index 2 holds (2, 2√2].
	got := quantilesOf(NewRates(8), reading{0, 10, exponential(false, 1, 2, 0, 40)})
	assert.InDelta(t, 2+(2*math.Sqrt2-2)/2, got[.5][0], 1e-12)
	assert.Equal(t, []float64{0}, quantilesOf(NewRates(8), reading{0, 10, exponential(false, 1, 2, 60, 40)})[.5], "zeros")

	// Its range grows, so the sender halves the scale: two buckets become one, and what was added stays right.
	rates := NewRates(8)
	got = quantilesOf(rates,
		reading{1, 10, exponential(true, 1, 2, 0, 10, 10)},
		reading{1, 20, exponential(true, 0, 1, 0, 20, 4)})
	assert.Equal(t, []float64{6}, got[.5], "four values in (4, 8]")

	negative := func(m pmetric.Metric) pcommon.Map {
		attributes := exponential(false, 0, 0, 0, 2)(m)
		p := m.ExponentialHistogram().DataPoints().At(0)
		p.Negative().SetOffset(1)
		p.Negative().BucketCounts().FromRaw([]uint64{4, 10}) // [−4, −2) and [−8, −4)
		return attributes
	}
	assert.InDelta(t, -8+4*.8, quantilesOf(NewRates(8), reading{0, 10, negative})[.5][0], 1e-12)
}

func TestEdgesAreTheSameAtEveryScale(t *testing.T) {
	for scale := -4; scale <= maxScale; scale++ {
		for _, index := range []int{-1 << 20, -4097, -160, -7, -1, 0, 1, 2, 3, 159, 4097, 1 << 20} {
			e := edge(scale, index)
			want := math.Exp2(math.Ldexp(float64(index), -scale))
			if math.IsInf(want, 0) || want == 0 {
				assert.Equal(t, want, e)
				continue
			}
			assert.InEpsilon(t, want, e, 1e-14, "scale %d index %d", scale, index)
			if scale < maxScale {
				assert.Equal(t, e, edge(scale+1, 2*index), "scale %d index %d", scale, index)
			}
		}
	}
	for _, scale := range []int{math.MinInt32, math.MinInt32 + 1, -13, -12} {
		for _, index := range []int{math.MinInt32, -1, 0, 1, math.MaxInt32} {
			assert.False(t, math.IsNaN(edge(scale, index)))
		}
	}
}

// Quantiles of buckets lie where those of the values do: within the bucket that holds the value of the rank.
func TestQuantilesMatchValues(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		scale := int32(r.IntN(8) - 1)
		rates := NewRates(8)
		counts, offset := make([]uint64, 40), int32(-20)
		var values []float64
		first := quantilesOf(rates, reading{1, 10, exponential(true, scale, offset, 0, counts...)})
		require.Empty(t, first)
		for range 20 + r.IntN(200) {
			i := r.IntN(len(counts))
			counts[i]++
			low, high := edge(int(scale), int(offset)+i), edge(int(scale), int(offset)+i+1)
			values = append(values, low+(high-low)*(1-r.Float64()))
		}
		slices.Sort(values)
		got := quantilesOf(rates, reading{1, 20, exponential(true, scale, offset, 0, counts...)})
		ratio := math.Exp2(math.Ldexp(1, -int(scale)))
		for _, q := range Quantiles {
			want := values[int(math.Ceil(q*float64(len(values))))-1]
			if assert.Len(t, got[q], 1) {
				assert.LessOrEqual(t, got[q][0]/want, ratio*(1+1e-9))
				assert.LessOrEqual(t, want/got[q][0], ratio*(1+1e-9))
			}
		}
	}
}

func TestFineHistogramsAreJoined(t *testing.T) {
	bounds, counts := make([]float64, 1000), make([]uint64, 1001)
	for i := range bounds {
		bounds[i] = float64(i + 1)
		counts[i] = 1
	}
	m := pmetric.NewMetric()
	reader := NewMetrics(nil, NewNames(100))
	explicit(false, bounds, counts...)(m)
	reader.Append(nil, m, resourceOf("shop", "a"), 1)
	assert.LessOrEqual(t, len(reader.Buckets), MaxBuckets)
	assert.EqualValues(t, 1000, total(reader.Buckets))
	assert.InDelta(t, 500, quantilesOf(NewRates(8), reading{0, 1, explicit(false, bounds, counts...)})[.5][0], 7)

	many := make([]uint64, 5000)
	for i := range many {
		many[i] = 1
	}
	reader.Buckets = nil
	exponential(false, 7, -2500, 3, many...)(m)
	reader.Append(nil, m, resourceOf("shop", "a"), 1)
	assert.LessOrEqual(t, len(reader.Buckets), MaxBuckets)
	assert.EqualValues(t, 5003, total(reader.Buckets))
	assert.True(t, slices.IsSortedFunc(reader.Buckets, func(a, b Bucket) int { return int(math.Copysign(1, a.High-b.High)) }))
}

// What a process remembers of histograms is bounded, as long as series in use stay, and comes back from a snapshot.
func TestHistogramsAreBoundedAndSaved(t *testing.T) {
	r := NewRates(400)
	buckets := []Bucket{{1, 2, 0}}
	step := func(r *Rates, family uint64, second int) int {
		buckets[0].Count = uint64(100 * second)
		var b cbad.Batch
		b.Reset()
		r.Append(&b, &Point{Family: family, TimeNs: at(float64(second)), Kind: CumulativeBuckets, Buckets: 1}, buckets)
		return b.Len()
	}
	assert.Zero(t, step(r, 1, 1))
	for i := 2; i < 1000; i++ {
		assert.Equal(t, len(Quantiles), step(r, 1, i), "a series in use was forgotten")
		step(r, uint64(1000+i), i)
	}
	assert.LessOrEqual(t, r.histograms.len(), 200)
	assert.Less(t, r.Memory(), 200*(96+4*bucketBytes))

	saved := r.Save()
	again := LoadRates(400, saved)
	assert.Equal(t, saved, again.Save())
	assert.Equal(t, len(Quantiles), step(again, 1, 1000))
	assert.Equal(t, len(Quantiles), step(r, 1, 1000), "the state does not share its buckets")
	assert.Equal(t, r.Save(), again.Save())
}
