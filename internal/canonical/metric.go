package canonical

import (
	"math"
	"strconv"
	"strings"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// PointKind says what must be done with a point's value before it is a measurement.
type PointKind uint8

// The kinds.
const (
	Gauge             PointKind = iota // the value as it is
	Cumulative                         // a total since the start: becomes a rate per second
	Delta                              // a total since the last point: becomes a rate per second
	CumulativeMean                     // Value is a cumulative sum, Count its count: becomes the mean of what was added
	DeltaBuckets                       // how values are spread: becomes their quantiles
	CumulativeBuckets                  // the same since the start: becomes the quantiles of what was added
)

// Point is one number of a metric before Rates makes a measurement of it.
type Point struct {
	TimeNs, StartNs  uint64
	Family, Instance uint64
	Tag              uint64
	// Kin is the family that stands for all that tell of the same values, as the mean of a histogram for its quantiles;
	// 0: the series' own.
	Kin uint64
	// Metric is what the series has in common with those of other services: the metric's name and the kind of resource.
	Metric uint64
	Value  float64
	Count  float64
	// First and Buckets are a range of buckets kept beside the points, of the two kinds that have some.
	First, Buckets uint32
	Kind           PointKind
}

// Finite tells whether a point can be scored at all.
func (p *Point) Finite() bool { return !math.IsNaN(p.Value-p.Value) && !math.IsNaN(p.Count-p.Count) }

// What is appended to the series of a metric that yields several.
const (
	ofCount uint64 = iota + 1
	ofMean
	ofQuantile
)

var partNames = [...]string{ofCount: " count", ofMean: " mean"}

// percentile is how a quantile is called: " p95".
func percentile(q float64) string { return " p" + strconv.FormatFloat(100*q, 'g', 6, 64) }

// Metrics reads metric points. It is not safe for concurrent use; the names it enters are.
type Metrics struct {
	names  *Names
	shared []string
	// Buckets are what the points appended refer to. The caller may cut it once it has no more use for them.
	Buckets []Bucket
	// Shared counts points of metrics that a service shares with its neighbours, Empty those without a value.
	Shared, Empty uint64
}

// NewMetrics leaves out metrics that have one of the segments in their dotted name.
func NewMetrics(sharedSegments []string, names *Names) *Metrics {
	return &Metrics{names: names, shared: sharedSegments}
}

// IsShared tells whether a segment of the dotted name is among those that mark shared things: a node's load is not the
// doing of each service on it, and would accuse them all at once.
func (r *Metrics) IsShared(name string) bool {
	for len(name) > 0 {
		segment := name
		if dot := strings.IndexByte(name, '.'); dot >= 0 {
			segment, name = name[:dot], name[dot+1:]
		} else {
			name = ""
		}
		for _, s := range r.shared {
			if segment == s {
				return true
			}
		}
	}
	return false
}

// Append appends the points of a metric. Points without a time get now.
func (r *Metrics) Append(dst []Point, m pmetric.Metric, res *Resource, now uint64) []Point {
	if r.IsShared(m.Name()) {
		r.Shared += uint64(pointCount(m))
		return dst
	}
	metric := mix(res.ServiceHash, xxhash.Sum64String(m.Name()))
	a := appender{r: r, dst: dst, m: m, res: res, metric: metric, common: mix(res.Kind, xxhash.Sum64String(m.Name())), now: now}
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		for _, p := range m.Gauge().DataPoints().All() {
			a.number(p, Gauge)
		}
	case pmetric.MetricTypeSum:
		kind := sumKind(m.Sum())
		for _, p := range m.Sum().DataPoints().All() {
			a.number(p, kind)
		}
	case pmetric.MetricTypeHistogram:
		cumulative := m.Histogram().AggregationTemporality() == pmetric.AggregationTemporalityCumulative
		for _, p := range m.Histogram().DataPoints().All() {
			at := stamp{p.Timestamp(), p.StartTimestamp(), p.Attributes()}
			if base, kin, ok := a.distribution(at, p.Flags(), p.Count(), p.Sum(), p.HasSum(), cumulative); ok {
				first := len(r.Buckets)
				if r.Buckets, ok = appendExplicit(r.Buckets, p, !cumulative); ok {
					a.spread(at, base, kin, cumulative, first)
				}
			}
		}
	case pmetric.MetricTypeExponentialHistogram:
		cumulative := m.ExponentialHistogram().AggregationTemporality() == pmetric.AggregationTemporalityCumulative
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			at := stamp{p.Timestamp(), p.StartTimestamp(), p.Attributes()}
			if base, kin, ok := a.distribution(at, p.Flags(), p.Count(), p.Sum(), p.HasSum(), cumulative); ok {
				first := len(r.Buckets)
				r.Buckets = appendExponential(r.Buckets, p)
				a.spread(at, base, kin, cumulative, first)
			}
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			a.summary(p)
		}
	default:
		// A metric of no type has no points.
	}
	return a.dst
}

// sumKind: an up-down counter that reports its total is a level; everything else that is summed becomes a rate.
func sumKind(s pmetric.Sum) PointKind {
	switch {
	case s.AggregationTemporality() == pmetric.AggregationTemporalityDelta:
		return Delta
	case s.IsMonotonic():
		return Cumulative
	default:
		return Gauge
	}
}

func pointCount(m pmetric.Metric) int {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return m.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return m.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		return m.Summary().DataPoints().Len()
	default:
		return 0
	}
}

// appender is one metric on its way into points.
type appender struct {
	r      *Metrics
	dst    []Point
	m      pmetric.Metric
	res    *Resource
	metric uint64 // of this service
	common uint64 // of all services with such a resource
	now    uint64
}

// stamp is when a point was measured, and over which attributes.
type stamp struct {
	time, start pcommon.Timestamp
	attributes  pcommon.Map
}

func (a *appender) point(at stamp, family, common uint64, kind PointKind) Point {
	p := Point{TimeNs: uint64(at.time), StartNs: uint64(at.start), Family: family, Instance: a.res.Instance, Metric: common, Kind: kind}
	if p.TimeNs == 0 {
		p.TimeNs = a.now
	}
	return p
}

func (a *appender) number(p pmetric.NumberDataPoint, kind PointKind) {
	if p.Flags().NoRecordedValue() || p.ValueType() == pmetric.NumberDataPointValueTypeEmpty {
		a.r.Empty++
		return
	}
	family := nonZero(mix(a.metric, hashMap(p.Attributes())))
	if !a.r.names.has(family) {
		a.name(family, p.Attributes(), "", unitOf(a.m.Unit(), kind, p.StartTimestamp()))
	}
	out := a.point(stamp{p.Timestamp(), p.StartTimestamp(), p.Attributes()}, family, a.common, kind)
	if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
		out.Value = float64(p.IntValue())
	} else {
		out.Value = p.DoubleValue()
	}
	a.dst = append(a.dst, out)
}

// distribution yields how many values a second and their mean: load and latency of what a histogram measures. Returned
// are the hash that its other series are made of, and which family stands for them.
func (a *appender) distribution(at stamp, flags pmetric.DataPointFlags, count uint64, sum float64, hasSum, cumulative bool) (base, kin uint64, ok bool) {
	if flags.NoRecordedValue() {
		a.r.Empty++
		return 0, 0, false
	}
	base = mix(a.metric, hashMap(at.attributes))
	kind := Delta
	if cumulative {
		kind = Cumulative
	}
	rate := a.point(at, a.part(base, ofCount, at.attributes, unitOf("", kind, at.start)), mix(a.common, ofCount), kind)
	rate.Value = float64(count)
	a.dst = append(a.dst, rate)
	if !hasSum {
		return base, quantileFamily(base, Quantiles[0]), true
	}
	mean := a.point(at, a.part(base, ofMean, at.attributes, a.m.Unit()), mix(a.common, ofMean), Gauge)
	switch {
	case cumulative:
		mean.Kind, mean.Value, mean.Count = CumulativeMean, sum, float64(count)
	case count == 0:
		return base, mean.Family, true // nothing was measured, so there is no mean
	default:
		mean.Value = sum / float64(count)
	}
	a.dst = append(a.dst, mean)
	return base, mean.Family, true
}

// summary yields the rate and the quantiles, which the sender computed.
func (a *appender) summary(p pmetric.SummaryDataPoint) {
	if p.Flags().NoRecordedValue() {
		a.r.Empty++
		return
	}
	at := stamp{p.Timestamp(), p.StartTimestamp(), p.Attributes()}
	base := mix(a.metric, hashMap(p.Attributes()))
	rate := a.point(at, a.part(base, ofCount, p.Attributes(), unitOf("", Cumulative, at.start)), mix(a.common, ofCount), Cumulative)
	rate.Value = float64(p.Count())
	a.dst = append(a.dst, rate)
	var kin uint64
	for i, q := range p.QuantileValues().All() {
		family := quantileFamily(base, q.Quantile())
		a.quantileName(family, q.Quantile(), p.Attributes())
		if i == 0 {
			kin = family
		}
		quantile := a.point(at, family, quantileFamily(a.common, q.Quantile()), Gauge)
		quantile.Value, quantile.Kin = q.Value(), kin
		a.dst = append(a.dst, quantile)
	}
}

func (a *appender) part(base, part uint64, attributes pcommon.Map, unit string) uint64 {
	family := nonZero(mix(base, part))
	if !a.r.names.has(family) {
		a.name(family, attributes, partNames[part], unit)
	}
	return family
}

// unitOf is the unit of what Rates makes of a point: totals become rates per second.
func unitOf(unit string, kind PointKind, started pcommon.Timestamp) string {
	if kind == Cumulative || kind == Delta && started != 0 {
		if unit == "1" {
			unit = ""
		}
		return unit + "/s"
	}
	return unit
}

// name enters the name of a series: metric{key=value …}, keys sorted, and the part; and its unit.
func (a *appender) name(family uint64, attributes pcommon.Map, part, unit string) {
	var s Scratch
	buf := append([]byte(nil), a.m.Name()...)
	if attributes.Len() > 0 {
		buf = append(buf, '{')
		buf = s.appendMap(buf, attributes, len(buf)+maxName, maxDepth)
		buf = append(buf, '}')
	}
	a.r.names.put(family, clip(valid(string(append(buf, part...))), maxName))
	if unit != "" {
		a.r.names.put(unitKey(family), clip(valid(unit), 32))
	}
}

// unitKey is where the dictionary keeps a series' unit.
func unitKey(family uint64) uint64 { return mix(family, 0x756e6974) }

// Unit is the unit of a series, or "".
func (n *Names) Unit(family uint64) string { return n.Get(unitKey(family)) }
