package recording

import (
	"bytes"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var errNotOTLP = errors.New("no OTLP/JSON object with resourceLogs, resourceMetrics or resourceSpans")

// decodeOTLP reads one line. The signal is the key that stands first, as the collector's file exporter and receiver have it.
func decodeOTLP(line []byte, it *Item) (err error) {
	// One odd line must not end a replay, whatever the decoder makes of it.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("OTLP/JSON: %v", r)
		}
	}()
	if b := bytes.TrimLeft(line, " \t"); len(b) == 0 || b[0] != '{' {
		return errNotOTLP
	}
	switch firstKey(line) {
	case Logs:
		it.Logs, err = (&plog.JSONUnmarshaler{}).UnmarshalLogs(line)
		if err == nil {
			it.set(Logs, it.Logs.LogRecordCount(), logsTime(it.Logs))
		}
	case Metrics:
		it.Metrics, err = (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(line)
		if err == nil {
			it.set(Metrics, it.Metrics.DataPointCount(), metricsTime(it.Metrics))
		}
	case Traces:
		it.Traces, err = (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
		if err == nil {
			it.set(Traces, it.Traces.SpanCount(), tracesTime(it.Traces))
		}
	default:
		return errNotOTLP
	}
	return err
}

func firstKey(line []byte) Signal {
	best, at := None, len(line)
	for _, k := range []struct {
		key    string
		signal Signal
	}{{`"resourceLogs"`, Logs}, {`"resourceMetrics"`, Metrics}, {`"resourceSpans"`, Traces}} {
		// A key that stands later than the best need not be searched for further.
		if i := bytes.Index(line[:min(len(line), at+len(k.key))], []byte(k.key)); i >= 0 && i < at {
			best, at = k.signal, i
		}
	}
	return best
}

// extent keeps the smallest time that is set and fits into 63 bits, and the largest.
type extent struct {
	earliest int64
	latest   uint64
}

func (e *extent) see(t pcommon.Timestamp) {
	if v := int64(t); v > 0 && (e.earliest == 0 || v < e.earliest) {
		e.earliest = v
	}
	e.latest = max(e.latest, uint64(t))
}

func (it *Item) set(signal Signal, count int, e extent) {
	it.Signal, it.Count, it.Time, it.latest = signal, count, e.earliest, e.latest
}

func logTime(r plog.LogRecord) pcommon.Timestamp {
	if r.Timestamp() != 0 {
		return r.Timestamp()
	}
	return r.ObservedTimestamp()
}

func logsTime(ld plog.Logs) extent {
	var e extent
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				e.see(logTime(r))
			}
		}
	}
	return e
}

// tracesTime goes by the ends of spans, as windows do.
func tracesTime(td ptrace.Traces) extent {
	var e extent
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				e.see(s.EndTimestamp())
			}
		}
	}
	return e
}

func metricsTime(md pmetric.Metrics) extent {
	var e extent
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				pointsTime(m, &e)
			}
		}
	}
	return e
}

func pointsTime(m pmetric.Metric, e *extent) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		for _, p := range m.Gauge().DataPoints().All() {
			e.see(p.Timestamp())
		}
	case pmetric.MetricTypeSum:
		for _, p := range m.Sum().DataPoints().All() {
			e.see(p.Timestamp())
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			e.see(p.Timestamp())
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			e.see(p.Timestamp())
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			e.see(p.Timestamp())
		}
	}
}
