package metadata

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/metric"
)

// Telemetry holds the component's counters.
type Telemetry struct {
	Damaged metric.Int64Counter
}

// NewTelemetry makes the counters.
func NewTelemetry(set component.TelemetrySettings) (*Telemetry, error) {
	damaged, err := set.MeterProvider.Meter(ScopeName).Int64Counter("otelcol_connector_driftlockanomalies_items_damaged",
		metric.WithDescription("Items that could not be read. Lists of more than ten in one payload count as eleven."), metric.WithUnit("{item}"))
	return &Telemetry{Damaged: damaged}, err
}
