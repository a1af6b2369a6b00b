package metadata

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Prefix is what the names of the component's metrics begin with.
const Prefix = "otelcol_extension_driftlockapi_"

// Telemetry holds the metrics of metadata.yaml but the store's, which internal/store/observe makes.
type Telemetry struct {
	RequestDuration metric.Float64Histogram
	RequestsLimited metric.Int64Counter
	LoginsRefused   metric.Int64Counter
	Events          metric.Int64Counter
	StreamsEnded    metric.Int64Counter

	meter          metric.Meter
	streamClients  metric.Int64ObservableGauge
	streamDropped  metric.Int64ObservableCounter
	clientsHeld    metric.Int64ObservableGauge
	clientsEvicted metric.Int64ObservableCounter
}

// boundaries are seconds.
var boundaries = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600, 3600}

// NewTelemetry registers the metrics.
func NewTelemetry(set component.TelemetrySettings) (*Telemetry, error) {
	t := &Telemetry{meter: set.MeterProvider.Meter(ScopeName)}
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	counter := func(name, unit, text string) metric.Int64Counter {
		c, err := t.meter.Int64Counter(Prefix+name, metric.WithUnit(unit), metric.WithDescription(text))
		note(err)
		return c
	}
	var err error
	t.RequestDuration, err = t.meter.Float64Histogram(Prefix+"request_duration", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(boundaries...),
		metric.WithDescription("Time from a request's headers to the end of its answer, by method, route and status; its count is that of the requests."))
	note(err)
	t.RequestsLimited = counter("requests_limited", "{request}", "Requests refused because a limit was reached, by limit.")
	t.LoginsRefused = counter("logins_refused", "{request}", "Requests refused for their credentials, by reason.")
	t.Events = counter("events", "{event}", "Events posted, by outcome.")
	t.StreamsEnded = counter("streams_ended", "{client}", "Clients of the live stream that ended, by reason.")
	t.streamClients, err = t.meter.Int64ObservableGauge(Prefix+"stream_clients", metric.WithUnit("{client}"), metric.WithDescription("Clients that follow the live stream."))
	note(err)
	t.streamDropped, err = t.meter.Int64ObservableCounter(Prefix+"stream_changes_dropped", metric.WithUnit("{change}"),
		metric.WithDescription("Changes that made room for newer ones in stream.remember; whoever still wants one reads it from the store."))
	note(err)
	t.clientsHeld, err = t.meter.Int64ObservableGauge(Prefix+"limit_clients", metric.WithUnit("{client}"), metric.WithDescription("Clients remembered by the rate limits, by limit."))
	note(err)
	t.clientsEvicted, err = t.meter.Int64ObservableCounter(Prefix+"limit_clients_evicted", metric.WithUnit("{client}"),
		metric.WithDescription("Clients forgotten by the rate limits at rate_limit.clients, by limit."))
	note(err)
	return t, errors.Join(errs...)
}

// Held is how a table of clients stands.
type Held struct {
	Limit   metric.MeasurementOption
	Clients int
	Evicted uint64
}

// Values are what is looked up whenever the metrics are collected.
type Values struct {
	StreamClients int
	StreamDropped uint64
	Limits        []Held
}

// Observe registers a callback for them. The result ends that.
func (t *Telemetry) Observe(values func() Values) (stop func() error, err error) {
	registration, err := t.meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		v := values()
		o.ObserveInt64(t.streamClients, int64(v.StreamClients))
		o.ObserveInt64(t.streamDropped, int64(v.StreamDropped))
		for _, l := range v.Limits {
			o.ObserveInt64(t.clientsHeld, int64(l.Clients), l.Limit)
			o.ObserveInt64(t.clientsEvicted, int64(l.Evicted), l.Limit)
		}
		return nil
	}, t.streamClients, t.streamDropped, t.clientsHeld, t.clientsEvicted)
	if err != nil {
		return nil, err
	}
	return registration.Unregister, nil
}

// Attribute is one attribute of a metric.
func Attribute(key, value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(key, value)))
}

// Request are the attributes of a request; one without a route has none.
func Request(method, route string, status int) metric.MeasurementOption {
	list := []attribute.KeyValue{attribute.String("http.request.method", method), attribute.Int("http.response.status_code", status)}
	if route != "" {
		list = append(list, attribute.String("http.route", route))
	}
	return metric.WithAttributeSet(attribute.NewSet(list...))
}
