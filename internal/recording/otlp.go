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
			it.Signal, it.Count, it.Time = Logs, it.Logs.LogRecordCount(), logsTime(it.Logs)
		}
	case Metrics:
		it.Metrics, err = (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(line)
		if err == nil {
			it.Signal, it.Count, it.Time = Metrics, it.Metrics.DataPointCount(), metricsTime(it.Metrics)
		}
	case Traces:
		it.Traces, err = (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(line)
		if err == nil {
			it.Signal, it.Count, it.Time = Traces, it.Traces.SpanCount(), tracesTime(it.Traces)
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

// earliest keeps the smallest time that is set.
type earliest int64

func (e *earliest) see(t pcommon.Timestamp) {
	if v := int64(t); v > 0 && (*e == 0 || v < int64(*e)) {
		*e = earliest(v)
	}
}

func logsTime(ld plog.Logs) int64 {
	var e earliest
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, r := range sl.LogRecords().All() {
				if r.Timestamp() != 0 {
					e.see(r.Timestamp())
				} else {
					e.see(r.ObservedTimestamp())
				}
			}
		}
	}
	return int64(e)
}

// tracesTime goes by the ends of spans, as windows do.
func tracesTime(td ptrace.Traces) int64 {
	var e earliest
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				e.see(s.EndTimestamp())
			}
		}
	}
	return int64(e)
}

func metricsTime(md pmetric.Metrics) int64 {
	var e earliest
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				pointsTime(m, &e)
			}
		}
	}
	return int64(e)
}

func pointsTime(m pmetric.Metric, e *earliest) {
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
