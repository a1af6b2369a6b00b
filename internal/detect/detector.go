package detect

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Detector judges the telemetry that it is given. All methods are safe for concurrent use.
type Detector struct{}

// New makes a detector for one component id; it says nothing before Start.
func New(componentID string, cfg Config, set Settings, sink Sink) (*Detector, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("detector %s: %w", componentID, err)
	}
	return &Detector{}, nil
}

// Start starts the workers.
func (d *Detector) Start(context.Context) error { return nil }

// Shutdown closes and judges what is open, hands it to the sink and stops the workers. It is safe without Start.
func (d *Detector) Shutdown(ctx context.Context) error { return nil }

// Flush closes and judges what is open, as at the end of a replay, and returns when the sink has it all.
func (d *Detector) Flush(ctx context.Context) error { return nil }

// ConsumeLogs encodes and queues records. It keeps no reference to them and never changes them.
func (d *Detector) ConsumeLogs(ctx context.Context, ld plog.Logs) error { return nil }

// ConsumeMetrics encodes and queues points. It keeps no reference to them and never changes them.
func (d *Detector) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error { return nil }

// ConsumeTraces encodes and queues spans. It keeps no reference to them and never changes them.
func (d *Detector) ConsumeTraces(ctx context.Context, td ptrace.Traces) error { return nil }

// ConsumeRows judges one whole series: the rows of one CSV file, in the file's order. With Settings.Scores the sink gets
// exactly one Score per row, in order, also for rows that could not be judged (late, not finite), with p_value 1.
// The service is the source.
func (d *Detector) ConsumeRows(ctx context.Context, source string, times []time.Time, values []float64) error {
	return nil
}
