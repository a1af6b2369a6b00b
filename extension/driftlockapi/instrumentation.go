package driftlockapi

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/semconv/v1.41.0/httpconv"
)

// instrumentation is confighttp's own of each request: a span, and the http.server metrics. It costs as much where nobody listens, so it is left
// out where service::telemetry has no traces and drops those metrics, as it does at all levels but detailed.
type instrumentation struct{ heeded bool }

// wanted is a filter of otelhttp's.
func (i *instrumentation) wanted(*http.Request) bool { return i.heeded }

// find asks the providers. It comes after otelhttp made its instruments: the SDK gives each name the buckets of whoever asked first.
func (i *instrumentation) find(ctx context.Context, set component.TelemetrySettings) error {
	meter := set.MeterProvider.Meter(otelhttp.ScopeName, metric.WithInstrumentationVersion(otelhttp.Version))
	duration, err := httpconv.NewServerRequestDuration(meter)
	if err != nil {
		return err
	}
	request, err := httpconv.NewServerRequestBodySize(meter)
	if err != nil {
		return err
	}
	response, err := httpconv.NewServerResponseBodySize(meter)
	if err != nil {
		return err
	}
	// A span of a provider that does nothing has no id; one of the SDK has, sampled or not. It never ends, so nobody gets to see it.
	_, span := set.TracerProvider.Tracer(otelhttp.ScopeName).Start(ctx, "probe")
	i.heeded = span.SpanContext().IsValid() || duration.Inst().Enabled(ctx) || request.Inst().Enabled(ctx) || response.Inst().Enabled(ctx)
	return nil
}
