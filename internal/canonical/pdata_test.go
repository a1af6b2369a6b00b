package canonical

import (
	"math"
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// pick returns one of the values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

func randomText(r *rand.Rand) string {
	return pick(r, "", "a", "user 42 failed", "\xff\xfe", "käse", "k=v", "{nested}", "  spaces ", "0123456789abcdef")
}

func randomValue(r *rand.Rand, v pcommon.Value, depth int) {
	kind := r.IntN(8)
	if depth <= 0 {
		kind %= 6
	}
	switch kind {
	case 0:
		v.SetStr(randomText(r))
	case 1:
		v.SetInt(pick[int64](r, 0, -1, math.MaxInt64, r.Int64()))
	case 2:
		v.SetDouble(pick(r, 0, -0.5, math.NaN(), math.Inf(-1), r.NormFloat64()))
	case 3:
		v.SetBool(r.IntN(2) == 0)
	case 4:
		v.SetEmptyBytes().FromRaw([]byte(randomText(r)))
	case 5:
		// Empty.
	case 6:
		s := v.SetEmptySlice()
		for range r.IntN(4) {
			randomValue(r, s.AppendEmpty(), depth-1)
		}
	default:
		randomMap(r, v.SetEmptyMap(), depth-1)
	}
}

func randomMap(r *rand.Rand, m pcommon.Map, depth int) {
	for range r.IntN(5) {
		randomValue(r, m.PutEmpty(pick(r, "", "a", "b", "c", "z.y", "http.route", "exception.type", "exception.message", "error.type", "event.name")), depth)
	}
}

func randomLog(r *rand.Rand) plog.LogRecord {
	lr := plog.NewLogRecord()
	lr.SetTimestamp(pick[pcommon.Timestamp](r, 0, 5, math.MaxUint64))
	lr.SetObservedTimestamp(pcommon.Timestamp(pick(r, 0, 6)))
	lr.SetSeverityNumber(pick[plog.SeverityNumber](r, 0, 9, 17, 24, 25, -3))
	lr.SetSeverityText(pick(r, "", "INFO", "error", "Critical", "emergency", "?"))
	lr.SetEventName(pick(r, "", "", "payment.failed"))
	randomValue(r, lr.Body(), 10)
	randomMap(r, lr.Attributes(), 3)
	if r.IntN(2) == 0 {
		lr.SetTraceID(pcommon.TraceID{1, 2, 3})
	}
	return lr
}

// shuffled has the same pairs in another order.
func shuffled(r *rand.Rand, m pcommon.Map) pcommon.Map {
	type pair struct {
		key   string
		value pcommon.Value
	}
	var pairs []pair
	for k, v := range m.All() {
		pairs = append(pairs, pair{k, v})
	}
	r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	out := pcommon.NewMap()
	for _, p := range pairs {
		p.value.CopyTo(out.PutEmpty(p.key))
	}
	return out
}

func randomMetric(r *rand.Rand, m pmetric.Metric) {
	m.SetName(pick(r, "", "cpu", "k8s.node.cpu", "a.b.c", "cluster"))
	m.SetUnit(pick(r, "", "s", "By"))
	temporality := pmetric.AggregationTemporality(r.IntN(3))
	stamp := func(p interface {
		SetTimestamp(pcommon.Timestamp)
		SetStartTimestamp(pcommon.Timestamp)
		SetFlags(pmetric.DataPointFlags)
		Attributes() pcommon.Map
	}) {
		p.SetTimestamp(pick[pcommon.Timestamp](r, 0, 1_000_000_000, 2_000_000_000, math.MaxUint64))
		p.SetStartTimestamp(pcommon.Timestamp(pick(r, 0, 500_000_000, 1_500_000_000)))
		p.SetFlags(pmetric.DefaultDataPointFlags.WithNoRecordedValue(r.IntN(8) == 0))
		randomMap(r, p.Attributes(), 2)
	}
	number := func(p pmetric.NumberDataPoint) {
		stamp(p)
		switch r.IntN(3) {
		case 0:
			p.SetIntValue(r.Int64N(100))
		case 1:
			p.SetDoubleValue(pick(r, 1.5, math.NaN(), math.Inf(1), -7))
		}
	}
	switch r.IntN(6) {
	case 0:
		for g := m.SetEmptyGauge(); r.IntN(3) > 0; {
			number(g.DataPoints().AppendEmpty())
		}
	case 1:
		s := m.SetEmptySum()
		s.SetIsMonotonic(r.IntN(2) == 0)
		s.SetAggregationTemporality(temporality)
		for r.IntN(3) > 0 {
			number(s.DataPoints().AppendEmpty())
		}
	case 2:
		h := m.SetEmptyHistogram()
		h.SetAggregationTemporality(temporality)
		for r.IntN(3) > 0 {
			p := h.DataPoints().AppendEmpty()
			stamp(p)
			p.SetCount(r.Uint64N(5))
			if r.IntN(2) == 0 {
				p.SetSum(r.Float64())
			}
			for i := range r.IntN(4) {
				p.ExplicitBounds().Append(pick(r, float64(i), float64(i), float64(i), math.NaN()))
			}
			for range p.ExplicitBounds().Len() + pick(r, 1, 1, 1, 0) {
				p.BucketCounts().Append(r.Uint64N(30))
			}
		}
	case 3:
		h := m.SetEmptyExponentialHistogram()
		h.SetAggregationTemporality(temporality)
		for r.IntN(3) > 0 {
			p := h.DataPoints().AppendEmpty()
			stamp(p)
			p.SetCount(r.Uint64())
			p.SetSum(r.Float64())
			p.SetScale(pick[int32](r, 0, 3, 20, 99, -4, math.MinInt32, math.MaxInt32))
			p.SetZeroThreshold(pick(r, 0, .5, math.Inf(1), math.NaN()))
			p.SetZeroCount(pick(r, 0, r.Uint64N(30)))
			for _, side := range []pmetric.ExponentialHistogramDataPointBuckets{p.Positive(), p.Negative()} {
				side.SetOffset(pick[int32](r, 0, -7, 12, math.MinInt32, math.MaxInt32))
				for range r.IntN(5) {
					side.BucketCounts().Append(pick(r, 0, r.Uint64N(30), math.MaxUint64))
				}
			}
		}
	case 4:
		for s := m.SetEmptySummary(); r.IntN(3) > 0; {
			p := s.DataPoints().AppendEmpty()
			stamp(p)
			p.SetCount(r.Uint64N(5))
			q := p.QuantileValues().AppendEmpty()
			q.SetQuantile(pick(r, 0.5, 0.99, math.NaN()))
			q.SetValue(r.Float64())
		}
	}
}
