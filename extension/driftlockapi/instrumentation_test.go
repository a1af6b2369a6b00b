package driftlockapi

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/metric"
	instrumentationscope "go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TestInstrumentationIsLeftOutWhereNobodyListens, and only there: a trace that is not sampled is still passed on.
func TestInstrumentationIsLeftOutWhereNobodyListens(t *testing.T) {
	t.Parallel()
	nop := componenttest.NewNopTelemetrySettings()
	reader := func() sdkmetric.Option { return sdkmetric.WithReader(sdkmetric.NewManualReader()) }
	dropped := sdkmetric.WithView(sdkmetric.NewView( // as the collector does below level detailed
		sdkmetric.Instrument{Scope: instrumentationscope.Scope{Name: otelhttp.ScopeName}}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}))
	oneKept := sdkmetric.WithView(func(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
		if i.Name == "http.server.response.body.size" {
			return sdkmetric.Stream{}, false
		}
		return sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}, true
	})
	for name, c := range map[string]struct {
		meters  metric.MeterProvider
		tracers trace.TracerProvider
		want    bool
	}{
		"nothing":               {nop.MeterProvider, nop.TracerProvider, false},
		"metrics dropped":       {sdkmetric.NewMeterProvider(reader(), dropped), nop.TracerProvider, false},
		"metrics":               {sdkmetric.NewMeterProvider(reader()), nop.TracerProvider, true},
		"one of the metrics":    {sdkmetric.NewMeterProvider(reader(), oneKept), nop.TracerProvider, true},
		"traces":                {nop.MeterProvider, sdktrace.NewTracerProvider(), true},
		"traces, never sampled": {nop.MeterProvider, sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())), true},
	} {
		var i instrumentation
		require.NoError(t, i.find(t.Context(), component.TelemetrySettings{MeterProvider: c.meters, TracerProvider: c.tracers}), name)
		assert.Equal(t, c.want, i.wanted(nil), name)
	}
}
