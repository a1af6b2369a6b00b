package anomaly

import (
	"encoding/hex"
	"maps"
	"slices"

	"github.com/google/uuid"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Items are the statements of one payload.
type Items struct {
	Anomalies []*Anomaly
	Windows   []*Window
}

// Len counts the items.
func (it Items) Len() int { return len(it.Anomalies) + len(it.Windows) }

// ToLogs carries an anomaly as a LogRecord.
func (a *Anomaly) ToLogs() (plog.Logs, error) { return Items{Anomalies: []*Anomaly{a}}.ToLogs() }

// ToMetrics carries an anomaly as a gauge point.
func (a *Anomaly) ToMetrics() (pmetric.Metrics, error) {
	return Items{Anomalies: []*Anomaly{a}}.ToMetrics()
}

// ToTraces carries an anomaly as a span.
func (a *Anomaly) ToTraces() (ptrace.Traces, error) {
	return Items{Anomalies: []*Anomaly{a}}.ToTraces()
}

// ToLogs carries a window item as a LogRecord.
func (w *Window) ToLogs() (plog.Logs, error) { return Items{Windows: []*Window{w}}.ToLogs() }

// ToMetrics carries a window item as a gauge point.
func (w *Window) ToMetrics() (pmetric.Metrics, error) {
	return Items{Windows: []*Window{w}}.ToMetrics()
}

// ToTraces carries a window item as a span.
func (w *Window) ToTraces() (ptrace.Traces, error) { return Items{Windows: []*Window{w}}.ToTraces() }

// ToLogs makes each item a LogRecord of its EventName, with the explanation as body and WARN where it is an anomaly.
func (it Items) ToLogs() (plog.Logs, error) {
	ld := plog.NewLogs()
	err := it.each(func(p parcel) error {
		rl := ld.ResourceLogs().AppendEmpty()
		putResource(rl.Resource(), p.resource)
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName(ScopeName)
		lr := sl.LogRecords().AppendEmpty()
		lr.SetEventName(p.name)
		lr.SetTimestamp(p.end)
		lr.SetObservedTimestamp(p.end) // the statement's own time: the carrier is a pure function of it
		if p.name == ItemName {
			lr.SetSeverityNumber(plog.SeverityNumberWarn)
			lr.SetSeverityText("WARN")
			lr.Body().SetStr(toUTF8(p.text))
		}
		return p.write(lr.Attributes())
	})
	return ld, err
}

// ToMetrics makes each item a gauge point whose value is the score. The evidence sits in an exemplar's filtered attributes, so that
// a service has one series and not one per anomaly.
func (it Items) ToMetrics() (pmetric.Metrics, error) {
	md := pmetric.NewMetrics()
	err := it.each(func(p parcel) error {
		rm := md.ResourceMetrics().AppendEmpty()
		putResource(rm.Resource(), p.resource)
		sm := rm.ScopeMetrics().AppendEmpty()
		sm.Scope().SetName(ScopeName)
		m := sm.Metrics().AppendEmpty()
		m.SetName(p.name)
		m.SetUnit("{decade}")
		m.SetDescription("−log10 of the window's p-value; the exemplar says the rest")
		dp := m.SetEmptyGauge().DataPoints().AppendEmpty()
		dp.SetStartTimestamp(p.start)
		dp.SetTimestamp(p.end)
		dp.SetDoubleValue(p.score)
		dp.Attributes().PutStr("driftlock.service", toUTF8(p.service))
		ex := dp.Exemplars().AppendEmpty()
		ex.SetTimestamp(p.end)
		ex.SetDoubleValue(p.score)
		return p.write(ex.FilteredAttributes())
	})
	return md, err
}

// ToTraces makes each item a span that covers its window, alone in a trace of its own, with links to the traces it is about.
func (it Items) ToTraces() (ptrace.Traces, error) {
	td := ptrace.NewTraces()
	err := it.each(func(p parcel) error {
		rs := td.ResourceSpans().AppendEmpty()
		putResource(rs.Resource(), p.resource)
		ss := rs.ScopeSpans().AppendEmpty()
		ss.Scope().SetName(ScopeName)
		sp := ss.Spans().AppendEmpty()
		sp.SetName(p.name)
		sp.SetKind(ptrace.SpanKindInternal)
		sp.SetTraceID(pcommon.TraceID(p.id))
		sp.SetSpanID(pcommon.SpanID(p.id[8:]))
		sp.SetStartTimestamp(p.start)
		sp.SetEndTimestamp(p.end)
		for _, text := range p.traceIDs {
			// hex.Decode panics where the text is too long for the place.
			var id [16]byte
			if len(text) != hex.EncodedLen(len(id)) {
				continue
			}
			if _, err := hex.Decode(id[:], []byte(text)); err == nil {
				sp.Links().AppendEmpty().SetTraceID(id)
			}
		}
		return p.write(sp.Attributes())
	})
	return td, err
}

// parcel is what the three carriers need of an item.
type parcel struct {
	name, service, text string
	id                  uuid.UUID
	start, end          pcommon.Timestamp
	score               float64
	resource            map[string]string
	traceIDs            []string
	write               func(pcommon.Map) error
}

func (it Items) each(put func(parcel) error) error {
	for _, a := range it.Anomalies {
		if err := a.check(); err != nil {
			return err
		}
		t, err := a.trim(MaxItemBytes)
		if err != nil {
			return err
		}
		id, err := uuid.Parse(t.ID)
		if err != nil {
			return err
		}
		if err := put(parcel{
			name: ItemName, service: t.Service, text: t.Explanation, id: id,
			start: pcommon.NewTimestampFromTime(t.WindowStart), end: pcommon.NewTimestampFromTime(t.Timestamp),
			score: t.Score, resource: t.Resource, traceIDs: t.TraceIDs, write: t.write,
		}); err != nil {
			return err
		}
	}
	for _, w := range it.Windows {
		if err := w.check(); err != nil {
			return err
		}
		t := w.trim(MaxItemBytes)
		id, err := uuid.Parse(NewID(t.ComponentID, t.Service, WindowName, t.WindowStart, t.ProcessID))
		if err != nil {
			return err
		}
		if err := put(parcel{
			name: WindowName, service: t.Service, id: id,
			start: pcommon.NewTimestampFromTime(t.WindowStart), end: pcommon.NewTimestampFromTime(t.Timestamp),
			score: t.Score, write: t.write,
		}); err != nil {
			return err
		}
	}
	return nil
}

// putResource writes in the order of the keys, so that equal items are equal bytes.
func putResource(res pcommon.Resource, attrs map[string]string) {
	res.Attributes().EnsureCapacity(len(attrs))
	for _, k := range slices.Sorted(maps.Keys(attrs)) {
		res.Attributes().PutStr(toUTF8(k), toUTF8(attrs[k]))
	}
}
