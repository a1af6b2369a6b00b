package anomaly

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// A payload carries ordinary telemetry nearly always. Lifting therefore looks at scope names and goes on:
// its cost grows with the number of scopes, not with that of the records, and it allocates nothing where there is no item.
//
// A damaged item becomes an error that names what is wrong with it; the items around it are lifted all the same.

// LiftLogs returns the items among the log records. Other records are left alone.
func LiftLogs(ld plog.Logs) (Items, error) {
	var l lifter
	rls := ld.ResourceLogs()
	for i := range rls.Len() {
		rl := rls.At(i)
		sls := rl.ScopeLogs()
		for j := range sls.Len() {
			sl := sls.At(j)
			if sl.Scope().Name() != ScopeName {
				continue
			}
			for _, lr := range sl.LogRecords().All() {
				l.read(lr.EventName(), rl.Resource(), lr.Attributes())
			}
		}
	}
	return l.items, errors.Join(l.errs...)
}

// LiftMetrics returns the items among the gauge points. Other points are left alone.
func LiftMetrics(md pmetric.Metrics) (Items, error) {
	var l lifter
	rms := md.ResourceMetrics()
	for i := range rms.Len() {
		rm := rms.At(i)
		sms := rm.ScopeMetrics()
		for j := range sms.Len() {
			sm := sms.At(j)
			if sm.Scope().Name() != ScopeName {
				continue
			}
			for _, m := range sm.Metrics().All() {
				if m.Type() != pmetric.MetricTypeGauge || !known(m.Name()) {
					continue
				}
				for _, dp := range m.Gauge().DataPoints().All() {
					if dp.Exemplars().Len() == 0 {
						l.fail(fmt.Errorf("read %s: the point has no exemplar; something between the processor and here removes exemplars", m.Name()))
						continue
					}
					for _, ex := range dp.Exemplars().All() {
						l.read(m.Name(), rm.Resource(), ex.FilteredAttributes())
					}
				}
			}
		}
	}
	return l.items, errors.Join(l.errs...)
}

// LiftTraces returns the items among the spans. Other spans are left alone.
func LiftTraces(td ptrace.Traces) (Items, error) {
	var l lifter
	rss := td.ResourceSpans()
	for i := range rss.Len() {
		rs := rss.At(i)
		sss := rs.ScopeSpans()
		for j := range sss.Len() {
			ss := sss.At(j)
			if ss.Scope().Name() != ScopeName {
				continue
			}
			for _, sp := range ss.Spans().All() {
				l.read(sp.Name(), rs.Resource(), sp.Attributes())
			}
		}
	}
	return l.items, errors.Join(l.errs...)
}

func known(name string) bool { return name == ItemName || name == WindowName }

type lifter struct {
	items Items
	errs  []error
	more  int
}

// maxErrors bounds what one payload of damaged items can make us say.
const maxErrors = 10

func (l *lifter) fail(err error) {
	if len(l.errs) < maxErrors {
		l.errs = append(l.errs, err)
		return
	}
	l.more++
	l.errs = append(l.errs[:maxErrors], fmt.Errorf("and %d more damaged items", l.more))
}

func (l *lifter) read(name string, res pcommon.Resource, attrs pcommon.Map) {
	switch name {
	case ItemName:
		a, err := ReadAnomaly(attrs)
		if err != nil {
			l.fail(err)
			return
		}
		if n := mapSize(res.Attributes()); n > MaxItemBytes {
			l.fail(fmt.Errorf("read anomaly %q: Resource of %d bytes, more than the %d an item may have", a.ID, n, MaxItemBytes))
			return
		}
		a.Resource = readResource(res)
		l.items.Anomalies = append(l.items.Anomalies, a)
	case WindowName:
		w, err := ReadWindow(attrs)
		if err != nil {
			l.fail(err)
			return
		}
		l.items.Windows = append(l.items.Windows, w)
	}
}
