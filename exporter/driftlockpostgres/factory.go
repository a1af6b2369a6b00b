package driftlockpostgres

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/driftlock/driftlock/exporter/driftlockpostgres/internal/metadata"
	"github.com/driftlock/driftlock/internal/keeper"
)

// NewFactory makes the exporter's factory.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(metadata.Type, createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability),
		exporter.WithMetrics(createMetrics, metadata.MetricsStability),
		exporter.WithTraces(createTraces, metadata.TracesStability))
}

func createLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	return keeper.NewLogs(ctx, set, cfg, cfg.(*Config).settings())
}

func createMetrics(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
	return keeper.NewMetrics(ctx, set, cfg, cfg.(*Config).settings())
}

func createTraces(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
	return keeper.NewTraces(ctx, set, cfg, cfg.(*Config).settings())
}
