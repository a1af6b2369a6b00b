package canonical

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/driftlock/driftlock/internal/cbad"
)

func resourceOf(service, pod string) *Resource {
	m := pcommon.NewMap()
	m.PutStr("service.name", service)
	m.PutStr("k8s.pod.name", pod)
	return NewResources([]string{"service.name"}, 16, NewNames(16)).Resolve(m)
}

func TestSharedSegments(t *testing.T) {
	r := NewMetrics([]string{"node", "cluster"}, NewNames(1))
	for name, want := range map[string]bool{
		"": false, ".": false, "node": true, "k8s.node.cpu": true, "a.cluster": true, "cluster.a": true,
		"nodes.a": false, "a.nodename": false, "a..node": true, "anode.b": false,
	} {
		assert.Equal(t, want, r.IsShared(name), name)
	}
}

// values runs points through Rates and returns what a batch holds.
func values(r *Rates, points ...Point) []float64 { return valuesOf(r, nil, points...) }

func valuesOf(r *Rates, buckets []Bucket, points ...Point) []float64 {
	var b cbad.Batch
	b.Reset()
	var out []float64
	for i := range points {
		r.Append(&b, &points[i], buckets)
	}
	for i := range b.Len() {
		out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(b.Bytes[b.Offsets[i]+24:])))
	}
	return out
}

func at(second float64) uint64 { return uint64(second * 1e9) }

func TestRates(t *testing.T) {
	cumulative := func(start, end, value float64) Point {
		return Point{TimeNs: at(end), StartNs: at(start), Value: value, Kind: Cumulative}
	}
	mean := func(end, sum, count float64) Point {
		return Point{TimeNs: at(end), StartNs: at(1), Value: sum, Count: count, Kind: CumulativeMean}
	}
	for name, c := range map[string]struct {
		points []Point
		want   []float64
	}{
		"gauge as it is":            {[]Point{{TimeNs: 1, Value: 3}, {TimeNs: 1, Value: 4}}, []float64{3, 4}},
		"delta per second":          {[]Point{{TimeNs: at(20), StartNs: at(10), Value: 5, Kind: Delta}}, []float64{0.5}},
		"delta without start":       {[]Point{{TimeNs: at(20), Value: 5, Kind: Delta}}, []float64{5}},
		"delta of an empty time":    {[]Point{{TimeNs: at(20), StartNs: at(20), Value: 5, Kind: Delta}}, []float64{5}},
		"counter":                   {[]Point{cumulative(1, 10, 100), cumulative(1, 20, 150), cumulative(1, 40, 150)}, []float64{5, 0}},
		"counter out of order":      {[]Point{cumulative(1, 10, 100), cumulative(1, 30, 300), cumulative(1, 20, 200), cumulative(1, 40, 400)}, []float64{10, 10}},
		"counter said twice":        {[]Point{cumulative(1, 10, 100), cumulative(1, 10, 100), cumulative(1, 20, 200)}, []float64{10}},
		"counter falls":             {[]Point{cumulative(0, 10, 100), cumulative(0, 20, 10), cumulative(0, 30, 30)}, []float64{2}},
		"counter falls, start told": {[]Point{cumulative(1, 10, 100), cumulative(15, 20, 10)}, []float64{2}},
		"counter restarts higher":   {[]Point{cumulative(1, 10, 100), cumulative(15, 20, 500)}, []float64{100}},
		"mean of what was added":    {[]Point{mean(10, 100, 10), mean(20, 160, 12), mean(30, 160, 12), mean(40, 170, 22)}, []float64{30, 1}},
		"mean after a reset":        {[]Point{mean(10, 100, 10), {TimeNs: at(20), StartNs: at(15), Value: 6, Count: 2, Kind: CumulativeMean}}, []float64{3}},
		"not finite":                {[]Point{{Value: math.NaN()}, {Value: math.Inf(1)}, {Count: math.Inf(-1), Kind: CumulativeMean}}, nil},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, values(NewRates(8), c.points...)) })
	}
}

// A counter's rates, times their intervals, add up to what it counted, whatever the series' order and resets.
func TestRatesAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		rates := NewRates(64)
		type series struct{ start, total float64 }
		all := make([]series, 20)
		for i := range all {
			all[i] = series{start: 1}
		}
		for step := 1; step < 40; step++ {
			now := float64(10 * step)
			for i := range all {
				s := &all[i]
				if r.IntN(15) == 0 && step > 1 {
					s.start, s.total = now-5, 0
				}
				added := float64(r.IntN(100))
				s.total += added
				v := values(rates, Point{TimeNs: at(now), StartNs: at(s.start), Family: uint64(i), Instance: 1, Value: s.total, Kind: Cumulative})
				if step == 1 {
					assert.Empty(t, v)
					continue
				}
				interval := 10.0
				if s.start == now-5 {
					interval = 5
				}
				if assert.Len(t, v, 1) {
					assert.InDelta(t, added, v[0]*interval, 1e-6)
				}
			}
		}
	}
}

func TestRatesAreBounded(t *testing.T) {
	r := NewRates(100)
	steady := Point{Family: 1 << 40, Kind: Cumulative}
	for i := range 10_000 {
		steady.TimeNs, steady.Value = uint64(i+1)*1e9, float64(i)
		want := []float64{1}
		if i == 0 {
			want = nil
		}
		assert.Equal(t, want, values(r, steady), "a series in use was forgotten")
		values(r, Point{Family: uint64(i), TimeNs: 1, Kind: Cumulative})
	}
	assert.LessOrEqual(t, r.points.len(), 200)
}

func TestMetricKinds(t *testing.T) {
	res := resourceOf("shop", "a")
	build := func(fill func(pmetric.Metric)) []Point {
		m := pmetric.NewMetric()
		m.SetName("m")
		m.SetUnit("s")
		fill(m)
		return NewMetrics(nil, NewNames(1000)).Append(nil, m, res, 42)
	}
	type short struct {
		kind         PointKind
		value, count float64
	}
	shorten := func(points []Point) (out []short) {
		for _, p := range points {
			assert.EqualValues(t, 42, p.TimeNs, "a point without a time")
			out = append(out, short{p.Kind, p.Value, p.Count})
		}
		return out
	}
	sum := func(monotonic bool, temporality pmetric.AggregationTemporality) func(pmetric.Metric) {
		return func(m pmetric.Metric) {
			s := m.SetEmptySum()
			s.SetIsMonotonic(monotonic)
			s.SetAggregationTemporality(temporality)
			s.DataPoints().AppendEmpty().SetIntValue(5)
		}
	}
	cumulative, delta := pmetric.AggregationTemporalityCumulative, pmetric.AggregationTemporalityDelta
	assert.Equal(t, []short{{Gauge, 2.5, 0}}, shorten(build(func(m pmetric.Metric) { m.SetEmptyGauge().DataPoints().AppendEmpty().SetDoubleValue(2.5) })))
	assert.Equal(t, []short{{Cumulative, 5, 0}}, shorten(build(sum(true, cumulative))))
	assert.Equal(t, []short{{Gauge, 5, 0}}, shorten(build(sum(false, cumulative))))
	assert.Equal(t, []short{{Delta, 5, 0}}, shorten(build(sum(true, delta))))
	assert.Equal(t, []short{{Delta, 5, 0}}, shorten(build(sum(false, delta))))
	histogram := func(temporality pmetric.AggregationTemporality, count uint64) func(pmetric.Metric) {
		return func(m pmetric.Metric) {
			h := m.SetEmptyHistogram()
			h.SetAggregationTemporality(temporality)
			p := h.DataPoints().AppendEmpty()
			p.SetCount(count)
			p.SetSum(8)
		}
	}
	assert.Equal(t, []short{{Cumulative, 4, 0}, {CumulativeMean, 8, 4}}, shorten(build(histogram(cumulative, 4))))
	assert.Equal(t, []short{{Delta, 4, 0}, {Gauge, 2, 0}}, shorten(build(histogram(delta, 4))))
	assert.Equal(t, []short{{Delta, 0, 0}}, shorten(build(histogram(delta, 0))))
	exponential := func(temporality pmetric.AggregationTemporality, hasSum bool) func(pmetric.Metric) {
		return func(m pmetric.Metric) {
			h := m.SetEmptyExponentialHistogram()
			h.SetAggregationTemporality(temporality)
			p := h.DataPoints().AppendEmpty()
			p.SetCount(4)
			p.SetScale(3)
			p.Positive().BucketCounts().FromRaw([]uint64{1, 3})
			if hasSum {
				p.SetSum(8)
			}
		}
	}
	assert.Equal(t, []short{{Cumulative, 4, 0}, {CumulativeMean, 8, 4}, {CumulativeBuckets, 0, 0}}, shorten(build(exponential(cumulative, true))))
	assert.Equal(t, []short{{Delta, 4, 0}, {Gauge, 2, 0}, {DeltaBuckets, 0, 0}}, shorten(build(exponential(delta, true))))
	assert.Equal(t, []short{{Delta, 4, 0}, {DeltaBuckets, 0, 0}}, shorten(build(exponential(delta, false))), "without a sum there is no mean")
	assert.Equal(t, []short{{Cumulative, 3, 0}, {Gauge, 7, 0}}, shorten(build(func(m pmetric.Metric) {
		p := m.SetEmptySummary().DataPoints().AppendEmpty()
		p.SetCount(3)
		p.QuantileValues().AppendEmpty().SetValue(7)
	})))
	assert.Empty(t, build(func(m pmetric.Metric) {
		m.SetEmptyGauge().DataPoints().AppendEmpty()
		m.Gauge().DataPoints().AppendEmpty().SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(true))
	}))
	assert.Empty(t, build(func(pmetric.Metric) {}))
}

// A series that its sender calls stale yields nothing, whatever its type and whatever else the point says.
func TestStaleSeriesYieldNothing(t *testing.T) {
	stale := pmetric.DefaultDataPointFlags.WithNoRecordedValue(true)
	for name, fill := range map[string]func(pmetric.Metric){
		"gauge": func(m pmetric.Metric) {
			p := m.SetEmptyGauge().DataPoints().AppendEmpty()
			p.SetDoubleValue(1)
			p.SetFlags(stale)
		},
		"sum": func(m pmetric.Metric) {
			p := m.SetEmptySum().DataPoints().AppendEmpty()
			p.SetIntValue(1)
			p.SetFlags(stale)
		},
		"histogram": func(m pmetric.Metric) {
			p := m.SetEmptyHistogram().DataPoints().AppendEmpty()
			p.SetCount(1)
			p.SetSum(1)
			p.SetFlags(stale)
		},
		"exponential histogram": func(m pmetric.Metric) {
			p := m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty()
			p.SetCount(1)
			p.SetSum(1)
			p.SetFlags(stale)
		},
		"summary": func(m pmetric.Metric) {
			p := m.SetEmptySummary().DataPoints().AppendEmpty()
			p.SetCount(1)
			p.QuantileValues().AppendEmpty().SetValue(1)
			p.SetFlags(stale)
		},
	} {
		m := pmetric.NewMetric()
		m.SetName("m")
		fill(m)
		r := NewMetrics(nil, NewNames(1000))
		assert.Empty(t, r.Append(nil, m, resourceOf("shop", "a"), 42), name)
		assert.EqualValues(t, 1, r.Empty, name)
	}
}

// A gap between two readings is part of the interval: what was counted in it is spread over it, and is no burst.
func TestGapsAreNoBursts(t *testing.T) {
	r := NewRates(10)
	at := func(second uint64, total float64) Point {
		return Point{Family: 1, Instance: 1, TimeNs: second * 1e9, StartNs: 1, Value: total, Kind: Cumulative}
	}
	assert.Empty(t, values(r, at(60, 600)))
	assert.Equal(t, []float64{10}, values(r, at(120, 1200)))
	assert.Equal(t, []float64{10}, values(r, at(7200, 72_000)), "after a gap of two hours")
	assert.Equal(t, []float64{10}, values(r, at(7260, 72_600)))
}

// naiveCount is how many points a metric yields.
func naiveCount(m pmetric.Metric) (points, empty, shared int) {
	sums := func(count uint64, hasSum bool, temporality pmetric.AggregationTemporality) int {
		if hasSum && (temporality == pmetric.AggregationTemporalityCumulative || count > 0) {
			return 2
		}
		return 1
	}
	// The quantiles are one point that refers to the buckets, if anything is in them or may have been before.
	spread := func(temporality pmetric.AggregationTemporality, counts []uint64) bool {
		return temporality == pmetric.AggregationTemporalityCumulative || slices.ContainsFunc(counts, func(n uint64) bool { return n > 0 })
	}
	numbers := func(all pmetric.NumberDataPointSlice) {
		for _, p := range all.All() {
			if p.Flags().NoRecordedValue() || p.ValueType() == pmetric.NumberDataPointValueTypeEmpty {
				empty++
			} else {
				points++
			}
		}
	}
	add := func(flags pmetric.DataPointFlags, n int) {
		if flags.NoRecordedValue() {
			empty++
		} else {
			points += n
		}
	}
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		numbers(m.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		numbers(m.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			n := sums(p.Count(), p.HasSum(), m.Histogram().AggregationTemporality())
			bounds, counts := p.ExplicitBounds().AsRaw(), p.BucketCounts().AsRaw()
			rise := !slices.ContainsFunc(bounds, math.IsNaN) && slices.IsSorted(bounds) && len(slices.Compact(slices.Clone(bounds))) == len(bounds)
			if rise && len(bounds) > 0 && len(counts) == len(bounds)+1 && spread(m.Histogram().AggregationTemporality(), counts) {
				n++
			}
			add(p.Flags(), n)
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			n := sums(p.Count(), p.HasSum(), m.ExponentialHistogram().AggregationTemporality())
			if spread(m.ExponentialHistogram().AggregationTemporality(), append(append(p.Positive().BucketCounts().AsRaw(), p.ZeroCount()), p.Negative().BucketCounts().AsRaw()...)) {
				n++
			}
			add(p.Flags(), n)
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			add(p.Flags(), 1+p.QuantileValues().Len())
		}
	}
	if strings.Contains("."+m.Name()+".", ".node.") || strings.Contains("."+m.Name()+".", ".cluster.") {
		return 0, 0, pointCount(m)
	}
	return points, empty, 0
}

func TestRandomMetricsMatchNaiveCounts(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	res := resourceOf("shop", "a")
	for range 5000 {
		m := pmetric.NewMetric()
		randomMetric(r, m)
		reader := NewMetrics([]string{"node", "cluster"}, NewNames(1000))
		points := reader.Append(nil, m, res, 42)
		wantPoints, wantEmpty, wantShared := naiveCount(m)
		assert.Len(t, points, wantPoints)
		assert.EqualValues(t, wantEmpty, reader.Empty)
		assert.EqualValues(t, wantShared, reader.Shared)
		rates := NewRates(100)
		for _, p := range points {
			for _, v := range valuesOf(rates, reader.Buckets, p) {
				assert.False(t, math.IsNaN(v) || math.IsInf(v, 0))
			}
		}
	}
}

func TestSeriesIdentity(t *testing.T) {
	names := NewNames(1000)
	family := func(service, pod, metric, state string) (uint64, uint64) {
		m := pmetric.NewMetric()
		m.SetName(metric)
		m.SetUnit("By")
		p := m.SetEmptyGauge().DataPoints().AppendEmpty()
		p.SetIntValue(1)
		p.Attributes().PutStr("state", state)
		p.Attributes().PutStr("device", "sda")
		points := NewMetrics(nil, names).Append(nil, m, resourceOf(service, pod), 1)
		return points[0].Family, points[0].Instance
	}
	f, i := family("shop", "a", "disk", "read")
	f2, i2 := family("shop", "b", "disk", "read")
	assert.Equal(t, f, f2, "another pod's series is of the same family")
	assert.NotEqual(t, i, i2)
	for _, other := range [][3]string{{"shop", "disk", "write"}, {"shop", "disc", "read"}, {"pay", "disk", "read"}} {
		g, _ := family(other[0], "a", other[1], other[2])
		assert.NotEqual(t, f, g, other)
	}
	assert.Equal(t, "disk{device=sda state=read}", names.Get(f))
	assert.Equal(t, "By", names.Unit(f))
}

// A reason that calls a rate seconds, or a number of requests a duration, sends people the wrong way.
func TestUnits(t *testing.T) {
	cumulative, delta := pmetric.AggregationTemporalityCumulative, pmetric.AggregationTemporalityDelta
	sum := func(unit string, monotonic bool, temporality pmetric.AggregationTemporality, start pcommon.Timestamp) func(pmetric.Metric) {
		return func(m pmetric.Metric) {
			m.SetUnit(unit)
			s := m.SetEmptySum()
			s.SetIsMonotonic(monotonic)
			s.SetAggregationTemporality(temporality)
			p := s.DataPoints().AppendEmpty()
			p.SetIntValue(5)
			p.SetStartTimestamp(start)
		}
	}
	histogram := func(temporality pmetric.AggregationTemporality, start pcommon.Timestamp) func(pmetric.Metric) {
		return func(m pmetric.Metric) {
			m.SetUnit("s")
			h := m.SetEmptyHistogram()
			h.SetAggregationTemporality(temporality)
			p := h.DataPoints().AppendEmpty()
			p.SetCount(4)
			p.SetSum(2)
			p.SetStartTimestamp(start)
		}
	}
	summary := func(m pmetric.Metric) {
		m.SetUnit("ms")
		p := m.SetEmptySummary().DataPoints().AppendEmpty()
		p.SetCount(4)
		p.QuantileValues().AppendEmpty().SetQuantile(0.5)
	}
	gauge := func(m pmetric.Metric) {
		m.SetUnit("By")
		m.SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(1)
	}
	for name, c := range map[string]struct {
		fill func(pmetric.Metric)
		want []string
	}{
		"gauge":                {gauge, []string{"By"}},
		"counter":              {sum("By", true, cumulative, 1), []string{"By/s"}},
		"counter of no unit":   {sum("1", true, cumulative, 0), []string{"/s"}},
		"up-down counter":      {sum("{request}", false, cumulative, 1), []string{"{request}"}},
		"delta":                {sum("{request}", true, delta, 1), []string{"{request}/s"}},
		"delta of no interval": {sum("{request}", true, delta, 0), []string{"{request}"}},
		"histogram":            {histogram(cumulative, 1), []string{"/s", "s"}},
		"delta histogram":      {histogram(delta, 1), []string{"/s", "s"}},
		"histogram, no start":  {histogram(delta, 0), []string{"", "s"}},
		"summary":              {summary, []string{"/s", "ms"}},
	} {
		names, m := NewNames(1000), pmetric.NewMetric()
		m.SetName("m")
		c.fill(m)
		var got []string
		for _, p := range NewMetrics(nil, names).Append(nil, m, resourceOf("shop", "a"), 42) {
			got = append(got, names.Unit(p.Family))
		}
		assert.Equal(t, c.want, got, name)
	}
}
