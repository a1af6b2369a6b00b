package driftlockcbad

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/processor"

	"github.com/driftlock/driftlock/processor/driftlockcbad/internal/metadata"
)

// NewFactory makes the processor's factory.
func NewFactory() processor.Factory {
	return processor.NewFactory(metadata.Type, createDefaultConfig,
		processor.WithLogs(createLogs, metadata.LogsStability),
		processor.WithMetrics(createMetrics, metadata.MetricsStability),
		processor.WithTraces(createTraces, metadata.TracesStability))
}

func createLogs(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Logs) (processor.Logs, error) {
	g, err := groups.join(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	return &logsPort{port: g.newPort(sendLogs{next}), next: next}, nil
}

func createMetrics(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Metrics) (processor.Metrics, error) {
	g, err := groups.join(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	return &metricsPort{port: g.newPort(sendMetrics{next}), next: next}, nil
}

func createTraces(_ context.Context, set processor.Settings, cfg component.Config, next consumer.Traces) (processor.Traces, error) {
	g, err := groups.join(set, cfg.(*Config))
	if err != nil {
		return nil, err
	}
	return &tracesPort{port: g.newPort(sendTraces{next}), next: next}, nil
}
