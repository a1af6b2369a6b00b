package driftlockcbad

import (
	"context"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/driftlock/driftlock/internal/detect"
)

// The three ports encode what they are given before the next consumer, which may change it, passes it on, and give it to
// the detector when the next consumer took it.

type logsPort struct {
	*port
	next consumer.Logs
}

func (p *logsPort) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	a := p.group.detector.EncodeLogs(ld)
	return settle(a, p.next.ConsumeLogs(ctx, ld))
}

type metricsPort struct {
	*port
	next consumer.Metrics
}

func (p *metricsPort) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	a := p.group.detector.EncodeMetrics(md)
	return settle(a, p.next.ConsumeMetrics(ctx, md))
}

type tracesPort struct {
	*port
	next consumer.Traces
}

func (p *tracesPort) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	a := p.group.detector.EncodeTraces(td)
	return settle(a, p.next.ConsumeTraces(ctx, td))
}

// settle gives the data to the detector unless the sender will repeat them.
func settle(a *detect.Arrival, err error) error {
	if err != nil && !consumererror.IsPermanent(err) {
		a.Discard()
	} else {
		a.Commit()
	}
	return err
}
