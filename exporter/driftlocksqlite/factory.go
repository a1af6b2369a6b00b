package driftlocksqlite

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/driftlock/driftlock/exporter/driftlocksqlite/internal/metadata"
	"github.com/driftlock/driftlock/internal/keeper"
)

// NewFactory makes the exporter's factory.
func NewFactory() exporter.Factory {
	return keeper.NewFactory(metadata.Type, createDefaultConfig, func(c component.Config) keeper.Settings { return c.(*Config).settings() },
		metadata.LogsStability, metadata.MetricsStability, metadata.TracesStability)
}
