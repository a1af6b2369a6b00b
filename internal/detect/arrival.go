package detect

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/canonical"
)

// Arrival is one payload, encoded: nothing in it refers to the payload any more. It must be either committed, once, or
// discarded. A processor encodes before the next consumer sees the data (it may change it) and commits when that took
// them, so that data which the sender will repeat are not scored twice.
type Arrival struct {
	d       *Detector
	signal  signal
	parts   []part
	records uint64
	future  uint64
	shared  uint64
	empty   uint64

	scratch canonical.Scratch
	points  []canonical.Point
	buckets []canonical.Bucket
	span    canonical.Span
}

// part is the records of one resource that fall into one window.
type part struct {
	resource       *canonical.Resource
	service        *service
	window         uint64 // start
	oldest, newest uint64 // event times
	records        uint64
	load           *load
}

var arrivals = sync.Pool{New: func() any { return new(Arrival) }}

func (d *Detector) arrival(s signal) *Arrival {
	a := arrivals.Get().(*Arrival)
	a.d, a.signal = d, s
	a.scratch.LogAttributes = d.cfg.Logs.Attributes
	return a
}

// Discard gives the records up.
func (a *Arrival) Discard() {
	for i := range a.parts {
		if l := a.parts[i].load; l != nil {
			l.recycle(a.signal)
		}
	}
	a.release()
}

func (a *Arrival) release() {
	a.scratch.Release()
	clear(a.parts)
	a.parts, a.points = a.parts[:0], a.points[:0]
	a.records, a.future, a.shared, a.empty, a.scratch.Truncated = 0, 0, 0, 0, 0
	a.d = nil
	arrivals.Put(a)
}

// into returns the part for a record of this resource and time, or nil where the time is too far ahead. Records of a
// resource mostly fall into the window of the one before, so a search backwards is short; first is the resource's first part.
// Where times leap about it ends all the same: a window may have several parts.
func (a *Arrival) into(first int, res *canonical.Resource, timeNs, limit uint64) *part {
	a.records++
	if timeNs > limit {
		a.future++
		return nil
	}
	if timeNs == 0 { // only where a replay begins with records that have no time
		a.empty++
		return nil
	}
	window := a.d.windowOf(timeNs)
	for i := len(a.parts) - 1; i >= max(first, len(a.parts)-maxSearch); i-- {
		if p := &a.parts[i]; p.window == window {
			p.oldest, p.newest = min(p.oldest, timeNs), max(p.newest, timeNs)
			p.records++
			return p
		}
	}
	a.parts = append(a.parts, part{
		resource: res, window: window, oldest: timeNs, newest: timeNs, records: 1, load: takeLoad(a.signal),
	})
	return &a.parts[len(a.parts)-1]
}

const maxSearch = 64

// EncodeLogs reads records. The result keeps no reference to them.
func (d *Detector) EncodeLogs(ld plog.Logs) *Arrival {
	a := d.arrival(logs)
	now, limit := d.now()
	for _, rl := range ld.ResourceLogs().All() {
		var res *canonical.Resource
		first := len(a.parts)
		for _, sl := range rl.ScopeLogs().All() {
			if sl.Scope().Name() == anomaly.ScopeName {
				continue
			}
			if res == nil && sl.LogRecords().Len() > 0 {
				res = d.resources.Resolve(rl.Resource().Attributes())
			}
			for _, lr := range sl.LogRecords().All() {
				t := canonical.LogTime(lr, now)
				if p := a.into(first, res, t, limit); p != nil {
					canonical.AppendLog(&p.load.batch, lr, t, &a.scratch)
				}
			}
		}
	}
	a.scratch.Release()
	return a
}

// EncodeTraces reads spans. The result keeps no reference to them.
func (d *Detector) EncodeTraces(td ptrace.Traces) *Arrival {
	a := d.arrival(traces)
	now, limit := d.now()
	for _, rs := range td.ResourceSpans().All() {
		var res *canonical.Resource
		first := len(a.parts)
		for _, ss := range rs.ScopeSpans().All() {
			if ss.Scope().Name() == anomaly.ScopeName {
				continue
			}
			if res == nil && ss.Spans().Len() > 0 {
				res = d.resources.Resolve(rs.Resource().Attributes())
			}
			for _, sp := range ss.Spans().All() {
				t := canonical.SpanTime(sp, now)
				if p := a.into(first, res, t, limit); p != nil {
					canonical.ReadSpan(&a.span, sp, res, t, d.names, &a.scratch)
					p.load.spans = append(p.load.spans, a.span)
				}
			}
		}
	}
	return a
}

// EncodeMetrics reads points. The result keeps no reference to them.
func (d *Detector) EncodeMetrics(md pmetric.Metrics) *Arrival {
	a := d.arrival(metrics)
	now, limit := d.now()
	reader := canonical.NewMetrics(d.cfg.Metrics.SharedSegments, d.names)
	for _, rm := range md.ResourceMetrics().All() {
		var res *canonical.Resource
		first := len(a.parts)
		for _, sm := range rm.ScopeMetrics().All() {
			if sm.Scope().Name() == anomaly.ScopeName {
				continue
			}
			if res == nil && sm.Metrics().Len() > 0 {
				res = d.resources.Resolve(rm.Resource().Attributes())
			}
			for _, m := range sm.Metrics().All() {
				reader.Buckets = a.buckets[:0]
				a.points = reader.Append(a.points[:0], m, res, now)
				a.buckets = reader.Buckets
				for i := range a.points {
					if p := a.into(first, res, a.points[i].TimeNs, limit); p != nil {
						p.load.addPoint(a.points[i], a.buckets)
					}
				}
			}
		}
	}
	a.shared, a.empty = reader.Shared, reader.Empty
	return a
}

// ConsumeLogs encodes and queues records. It keeps no reference to them and never changes them.
func (d *Detector) ConsumeLogs(_ context.Context, ld plog.Logs) error {
	d.EncodeLogs(ld).Commit()
	return nil
}

// ConsumeMetrics encodes and queues points. It keeps no reference to them and never changes them.
func (d *Detector) ConsumeMetrics(_ context.Context, md pmetric.Metrics) error {
	d.EncodeMetrics(md).Commit()
	return nil
}

// ConsumeTraces encodes and queues spans. It keeps no reference to them and never changes them.
func (d *Detector) ConsumeTraces(_ context.Context, td ptrace.Traces) error {
	d.EncodeTraces(td).Commit()
	return nil
}
