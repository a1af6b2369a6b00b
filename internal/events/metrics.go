package events

import (
	"cmp"
	"context"
	"errors"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Mapping says what of an event becomes what of a point.
type Mapping struct {
	Metric     string   // the metric's name where MetricKey names none
	MetricKey  string   // the metadata key that names the metric
	Service    string   // service.name where ServiceKey names none
	ServiceKey string   // the metadata key that names the service
	Attributes []string // the metadata keys that become attributes of the point; the others are left out: an id in each would make a series of each
}

// Metrics makes a gauge point of each event.
func (m *Mapping) Metrics(list []Event) pmetric.Metrics {
	md := pmetric.NewMetrics()
	services := map[string]pmetric.MetricSlice{}
	type place struct{ service, metric string }
	points := map[place]pmetric.NumberDataPointSlice{}
	for i := range list {
		e := &list[i]
		at := place{cmp.Or(e.Get(m.ServiceKey), m.Service), cmp.Or(e.Get(m.MetricKey), m.Metric)}
		target, ok := points[at]
		if !ok {
			metrics, ok := services[at.service]
			if !ok {
				rm := md.ResourceMetrics().AppendEmpty()
				rm.Resource().Attributes().PutStr("service.name", at.service)
				metrics = rm.ScopeMetrics().AppendEmpty().Metrics()
				services[at.service] = metrics
			}
			metric := metrics.AppendEmpty()
			metric.SetName(at.metric)
			target = metric.SetEmptyGauge().DataPoints()
			points[at] = target
		}
		p := target.AppendEmpty()
		p.SetTimestamp(pcommon.NewTimestampFromTime(e.Time))
		p.SetDoubleValue(e.Value)
		for _, key := range m.Attributes {
			if v := e.Get(key); v != "" {
				p.Attributes().PutStr(key, v)
			}
		}
	}
	return md
}

// Sink takes events into a pipeline and returns when the pipeline has them.
type Sink interface {
	Consume(ctx context.Context, list []Event) error
}

// Registrar is what an API offers to a receiver: to be the place where posted events go. There is one at a time.
type Registrar interface {
	RegisterEvents(Sink) (unregister func(), err error)
}

// ErrTaken is what a second receiver is refused with.
var ErrTaken = errors.New("another driftlockevents receiver takes this API's events already")
