package driftlocksqlite

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/driftlock/driftlock/exporter/driftlocksqlite/internal/metadata"
)

// NewFactory makes the exporter's factory.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(metadata.Type, createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability),
		exporter.WithMetrics(createMetrics, metadata.MetricsStability),
		exporter.WithTraces(createTraces, metadata.TracesStability))
}

func options(c *Config, k *keeper) []exporterhelper.Option {
	return []exporterhelper.Option{
		exporterhelper.WithStart(k.start), exporterhelper.WithShutdown(k.shutdown),
		exporterhelper.WithTimeout(c.Timeout), exporterhelper.WithRetry(c.Retry), exporterhelper.WithQueue(c.Queue),
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
	}
}

func createLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	k, err := newKeeper(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	inner, err := exporterhelper.NewLogs(ctx, set, cfg, k.pushLogs, options(k.cfg, k)...)
	return &logs{Logs: inner, keeper: k}, err
}

func createMetrics(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Metrics, error) {
	k, err := newKeeper(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	inner, err := exporterhelper.NewMetrics(ctx, set, cfg, k.pushMetrics, options(k.cfg, k)...)
	return &metrics{Metrics: inner, keeper: k}, err
}

func createTraces(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
	k, err := newKeeper(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	inner, err := exporterhelper.NewTraces(ctx, set, cfg, k.pushTraces, options(k.cfg, k)...)
	return &traces{Traces: inner, keeper: k}, err
}
