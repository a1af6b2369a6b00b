package keeper

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// Each signal has an outer side, which lifts the items out of what the pipeline brings and hands exporterhelper a payload of nothing else,
// and an inner side, which exporterhelper calls when the payload's turn has come. So the queue, the persistent one too, never holds ordinary
// telemetry, and a payload without items costs a look at its scope names.

type logs struct {
	exporter.Logs
	keeper *keeper
}

func newLogs(ctx context.Context, set exporter.Settings, cfg component.Config, s Settings) (exporter.Logs, error) {
	m, err := keepers.join(set, cfg, s)
	if err != nil {
		return nil, err
	}
	inner, err := exporterhelper.NewLogs(ctx, set, cfg, m.keeper.pushLogs, m.options()...)
	if err != nil {
		m.leave()
		return nil, err
	}
	return &logs{Logs: inner, keeper: m.keeper}, nil
}

// ConsumeLogs queues the items among the records.
func (e *logs) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	items := e.keeper.admit(ctx)(anomaly.LiftLogs(ld))
	if items.Len() == 0 {
		return nil
	}
	payload, err := items.ToLogs()
	if err != nil {
		e.keeper.damaged(ctx, err)
		return nil
	}
	return e.Logs.ConsumeLogs(ctx, payload)
}

func (k *keeper) pushLogs(ctx context.Context, ld plog.Logs) error {
	items, err := anomaly.LiftLogs(ld)
	return k.add(ctx, items, err)
}

type metrics struct {
	exporter.Metrics
	keeper *keeper
}

func newMetrics(ctx context.Context, set exporter.Settings, cfg component.Config, s Settings) (exporter.Metrics, error) {
	m, err := keepers.join(set, cfg, s)
	if err != nil {
		return nil, err
	}
	inner, err := exporterhelper.NewMetrics(ctx, set, cfg, m.keeper.pushMetrics, m.options()...)
	if err != nil {
		m.leave()
		return nil, err
	}
	return &metrics{Metrics: inner, keeper: m.keeper}, nil
}

// ConsumeMetrics queues the items among the points.
func (e *metrics) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	items := e.keeper.admit(ctx)(anomaly.LiftMetrics(md))
	if items.Len() == 0 {
		return nil
	}
	payload, err := items.ToMetrics()
	if err != nil {
		e.keeper.damaged(ctx, err)
		return nil
	}
	return e.Metrics.ConsumeMetrics(ctx, payload)
}

func (k *keeper) pushMetrics(ctx context.Context, md pmetric.Metrics) error {
	items, err := anomaly.LiftMetrics(md)
	return k.add(ctx, items, err)
}

type traces struct {
	exporter.Traces
	keeper *keeper
}

func newTraces(ctx context.Context, set exporter.Settings, cfg component.Config, s Settings) (exporter.Traces, error) {
	m, err := keepers.join(set, cfg, s)
	if err != nil {
		return nil, err
	}
	inner, err := exporterhelper.NewTraces(ctx, set, cfg, m.keeper.pushTraces, m.options()...)
	if err != nil {
		m.leave()
		return nil, err
	}
	return &traces{Traces: inner, keeper: m.keeper}, nil
}

// ConsumeTraces queues the items among the spans.
func (e *traces) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	items := e.keeper.admit(ctx)(anomaly.LiftTraces(td))
	if items.Len() == 0 {
		return nil
	}
	payload, err := items.ToTraces()
	if err != nil {
		e.keeper.damaged(ctx, err)
		return nil
	}
	return e.Traces.ConsumeTraces(ctx, payload)
}

func (k *keeper) pushTraces(ctx context.Context, td ptrace.Traces) error {
	items, err := anomaly.LiftTraces(td)
	return k.add(ctx, items, err)
}
