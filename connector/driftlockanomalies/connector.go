package driftlockanomalies

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/connector/driftlockanomalies/internal/metadata"
	"github.com/driftlock/driftlock/internal/anomaly"
)

// lifter is a connector from any signal to logs.
type lifter struct {
	component.StartFunc
	component.ShutdownFunc
	cfg       *Config
	next      consumer.Logs
	logger    *zap.Logger
	telemetry *metadata.Telemetry
}

func newLifter(set connector.Settings, cfg *Config, next consumer.Logs) (*lifter, error) {
	t, err := metadata.NewTelemetry(set.TelemetrySettings)
	if err != nil {
		return nil, fmt.Errorf("make counters: %w", err)
	}
	return &lifter{cfg: cfg, next: next, logger: set.Logger, telemetry: t}, nil
}

// Capabilities says that the input stays as it is: items are read out of it and written anew.
func (*lifter) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: false} }

// ConsumeLogs passes on the items among log records.
func (l *lifter) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	items, err := anomaly.LiftLogs(ld)
	return l.pass(ctx, items, err)
}

// ConsumeMetrics passes on the items among points.
func (l *lifter) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	items, err := anomaly.LiftMetrics(md)
	return l.pass(ctx, items, err)
}

// ConsumeTraces passes on the items among spans.
func (l *lifter) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	items, err := anomaly.LiftTraces(td)
	return l.pass(ctx, items, err)
}

func (l *lifter) pass(ctx context.Context, items anomaly.Items, damage error) error {
	if damage != nil {
		l.damaged(ctx, damage)
	}
	if !l.cfg.Windows {
		items.Windows = nil
	}
	if items.Len() == 0 {
		return nil
	}
	ld, err := items.ToLogs()
	if err != nil {
		l.damaged(ctx, err)
		return nil
	}
	return l.next.ConsumeLogs(ctx, ld)
}

// damaged counts and reports. It is no error of the pipeline: sending the same bytes again would mend nothing.
func (l *lifter) damaged(ctx context.Context, err error) {
	n := 1
	var list interface{ Unwrap() []error }
	if errors.As(err, &list) {
		n = len(list.Unwrap())
	}
	l.telemetry.Damaged.Add(ctx, int64(n))
	l.logger.Debug("left out items that are damaged", zap.Int("items", n), zap.Error(err))
}
