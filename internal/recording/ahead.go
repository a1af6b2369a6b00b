package recording

import (
	"fmt"
	"math"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// maxAhead is how far ahead of what follows it in its file a record may be dated. A record from a clock that is years ahead would
// otherwise end all windows up to its time, and what follows would be late. A running collector has its own clock for that;
// a recording has the lines that follow. A day leaves room for lines that each hold hours of one service.
const maxAhead = 24 * time.Hour

// horizon is the last time that is believed of an item, given the items that follow and the latest item before it: a day after the
// median of those that follow, of which one may itself be wrong. Where nothing follows, nothing can be late.
func horizon(latest int64, following []Item) int64 {
	var times []int64
	for _, it := range following {
		if it.Problem == nil {
			times = append(times, it.Time)
		}
	}
	if len(times) == 0 {
		return math.MaxInt64
	}
	slices.Sort(times)
	h := max(latest, times[(len(times)-1)/2])
	if h > math.MaxInt64-int64(maxAhead) {
		return math.MaxInt64
	}
	return h + int64(maxAhead)
}

// cutAhead takes what is dated after the horizon out of the item and says how much that was.
func cutAhead(it *Item, h int64) *Problem {
	if it.latest <= uint64(h) {
		return nil
	}
	n := 0
	gone := func(t pcommon.Timestamp) bool {
		if uint64(t) <= uint64(h) {
			return false
		}
		n++
		return true
	}
	switch it.Signal {
	case Logs:
		for _, rl := range it.Logs.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				sl.LogRecords().RemoveIf(func(r plog.LogRecord) bool { return gone(logTime(r)) })
			}
		}
		it.Count = it.Logs.LogRecordCount()
	case Metrics:
		for _, rm := range it.Metrics.ResourceMetrics().All() {
			for _, sm := range rm.ScopeMetrics().All() {
				for _, m := range sm.Metrics().All() {
					cutPoints(m, gone)
				}
			}
		}
		it.Count = it.Metrics.DataPointCount()
	case Traces:
		for _, rs := range it.Traces.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				ss.Spans().RemoveIf(func(s ptrace.Span) bool { return gone(s.EndTimestamp()) })
			}
		}
		it.Count = it.Traces.SpanCount()
	default:
	}
	return &Problem{it.Path, it.Line, fmt.Errorf("%d records are dated more than %s ahead of what follows (until %s), skipped",
		n, maxAhead, pcommon.Timestamp(it.latest).AsTime().Format(time.RFC3339))}
}

func cutPoints(m pmetric.Metric, gone func(pcommon.Timestamp) bool) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		m.Gauge().DataPoints().RemoveIf(func(p pmetric.NumberDataPoint) bool { return gone(p.Timestamp()) })
	case pmetric.MetricTypeSum:
		m.Sum().DataPoints().RemoveIf(func(p pmetric.NumberDataPoint) bool { return gone(p.Timestamp()) })
	case pmetric.MetricTypeHistogram:
		m.Histogram().DataPoints().RemoveIf(func(p pmetric.HistogramDataPoint) bool { return gone(p.Timestamp()) })
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().DataPoints().RemoveIf(func(p pmetric.ExponentialHistogramDataPoint) bool { return gone(p.Timestamp()) })
	case pmetric.MetricTypeSummary:
		m.Summary().DataPoints().RemoveIf(func(p pmetric.SummaryDataPoint) bool { return gone(p.Timestamp()) })
	}
}

// settle gives a row that is dated ahead of what follows the time of the row before it and no value: it keeps its place and its score
// line, and does not make the following rows late.
func (s *Series) settle() {
	latest := int64(math.MinInt64)
	for i, t := range s.Times {
		if i > 0 && t.UnixNano()-int64(maxAhead) <= latest {
			latest = max(latest, t.UnixNano())
			continue
		}
		var following []Item
		for _, u := range s.Times[i+1 : min(len(s.Times), i+lookAhead)] {
			following = append(following, Item{Time: u.UnixNano()})
		}
		if h := horizon(latest, following); t.UnixNano() > h {
			s.Problems = append(s.Problems, &Problem{s.Path, 0, fmt.Errorf("row %d (%s) is dated more than %s ahead of what follows, not judged",
				i+1, t.Format(time.RFC3339), maxAhead)})
			before := following[0].Time
			if i > 0 {
				before = s.Times[i-1].UnixNano()
			}
			s.Times[i], s.Values[i] = time.Unix(0, before).UTC(), math.NaN()
			continue
		}
		latest = max(latest, t.UnixNano())
	}
}
