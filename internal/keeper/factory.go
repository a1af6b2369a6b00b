package keeper

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
)

// NewFactory makes the factory of an exporter whose configuration says, by settings, what its keeper needs to know.
func NewFactory(kind component.Type, defaults component.CreateDefaultConfigFunc, settings func(component.Config) Settings,
	logs, metrics, traces component.StabilityLevel,
) exporter.Factory {
	return exporter.NewFactory(kind, defaults,
		exporter.WithLogs(func(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
			return newLogs(ctx, set, cfg, settings(cfg))
		}, logs),
		exporter.WithMetrics(func(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
			return newMetrics(ctx, set, cfg, settings(cfg))
		}, metrics),
		exporter.WithTraces(func(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
			return newTraces(ctx, set, cfg, settings(cfg))
		}, traces))
}
