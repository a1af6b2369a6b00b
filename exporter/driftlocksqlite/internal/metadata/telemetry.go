package metadata

import (
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/metric"
)

// Telemetry holds the component's counters.
type Telemetry struct {
	Stored, Known, Refused, Damaged, Expired metric.Int64Counter
}

// NewTelemetry makes the counters.
func NewTelemetry(set component.TelemetrySettings) (*Telemetry, error) {
	meter := set.MeterProvider.Meter(ScopeName)
	var errs []error
	counter := func(name, description string) metric.Int64Counter {
		c, err := meter.Int64Counter("otelcol_exporter_driftlocksqlite_"+name, metric.WithDescription(description), metric.WithUnit("{item}"))
		errs = append(errs, err)
		return c
	}
	t := &Telemetry{
		Stored:  counter("items_stored", "Anomalies and window items that were new to the store."),
		Known:   counter("items_known", "Items that the store had already; delivery is at least once."),
		Refused: counter("items_refused", "Items of other processes, refused because accept_remote is off."),
		Damaged: counter("items_damaged", "Items that could not be read or written again. Lists of more than ten in one payload count as eleven."),
		Expired: counter("items_expired", "Items deleted because their retention had passed."),
	}
	return t, errors.Join(errs...)
}
