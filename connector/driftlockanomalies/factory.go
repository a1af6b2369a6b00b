package driftlockanomalies

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"

	"github.com/driftlock/driftlock/connector/driftlockanomalies/internal/metadata"
)

// NewFactory makes the connector's factory.
func NewFactory() connector.Factory {
	return connector.NewFactory(metadata.Type, createDefaultConfig,
		connector.WithLogsToLogs(logsToLogs, metadata.LogsToLogsStability),
		connector.WithMetricsToLogs(metricsToLogs, metadata.MetricsToLogsStability),
		connector.WithTracesToLogs(tracesToLogs, metadata.TracesToLogsStability))
}

func logsToLogs(_ context.Context, set connector.Settings, cfg component.Config, next consumer.Logs) (connector.Logs, error) {
	return newLifter(set, cfg.(*Config), next)
}

func metricsToLogs(_ context.Context, set connector.Settings, cfg component.Config, next consumer.Logs) (connector.Metrics, error) {
	return newLifter(set, cfg.(*Config), next)
}

func tracesToLogs(_ context.Context, set connector.Settings, cfg component.Config, next consumer.Logs) (connector.Traces, error) {
	return newLifter(set, cfg.(*Config), next)
}
