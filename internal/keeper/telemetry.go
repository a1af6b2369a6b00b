package keeper

import (
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/metric"
)

// telemetry holds the exporter's counters, as its metadata.yaml lists them.
type telemetry struct {
	stored, known, refused, damaged, expired metric.Int64Counter
}

// scope and prefix are what an exporter's metrics have in common.
func scope(kind component.Type) string {
	return "github.com/driftlock/driftlock/exporter/" + kind.String()
}

func prefix(kind component.Type) string { return "otelcol_exporter_" + kind.String() + "_" }

func newTelemetry(set component.TelemetrySettings, kind component.Type) (*telemetry, error) {
	meter := set.MeterProvider.Meter(scope(kind))
	var errs []error
	counter := func(name, description string) metric.Int64Counter {
		c, err := meter.Int64Counter(prefix(kind)+name, metric.WithDescription(description), metric.WithUnit("{item}"))
		errs = append(errs, err)
		return c
	}
	t := &telemetry{
		stored:  counter("items_stored", "Anomalies and window items that were new to the store."),
		known:   counter("items_known", "Items that the store had already; delivery is at least once."),
		refused: counter("items_refused", "Items of other processes, refused because accept_remote is off."),
		damaged: counter("items_damaged", "Items that could not be read or that the store will never take. Lists of more than ten in one payload count as eleven."),
		expired: counter("items_expired", "Items deleted because their retention had passed."),
	}
	return t, errors.Join(errs...)
}
