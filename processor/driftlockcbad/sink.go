package driftlockcbad

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/detect"
)

// sender sends items to a pipeline's next consumer, in a payload of their own.
type sender interface {
	signal() anomaly.Signal
	send(ctx context.Context, items anomaly.Items) error
}

type sendLogs struct{ next consumer.Logs }

func (s sendLogs) signal() anomaly.Signal { return anomaly.Logs }

func (s sendLogs) send(ctx context.Context, items anomaly.Items) error {
	ld, err := items.ToLogs()
	if err != nil {
		return consumererror.NewPermanent(err)
	}
	return s.next.ConsumeLogs(ctx, ld)
}

type sendMetrics struct{ next consumer.Metrics }

func (s sendMetrics) signal() anomaly.Signal { return anomaly.Metrics }

func (s sendMetrics) send(ctx context.Context, items anomaly.Items) error {
	md, err := items.ToMetrics()
	if err != nil {
		return consumererror.NewPermanent(err)
	}
	return s.next.ConsumeMetrics(ctx, md)
}

type sendTraces struct{ next consumer.Traces }

func (s sendTraces) signal() anomaly.Signal { return anomaly.Traces }

func (s sendTraces) send(ctx context.Context, items anomaly.Items) error {
	td, err := items.ToTraces()
	if err != nil {
		return consumererror.NewPermanent(err)
	}
	return s.next.ConsumeTraces(ctx, td)
}

// How often an item is offered to a consumer that refuses it. In between, verdicts wait in the detector; data do not. Of a consumer
// that is known to refuse, window items ask once: there is one per service and window, and all verdicts wait behind them.
const (
	anomalyAttempts = 6 // over about six seconds
	windowAttempts  = 2
	firstPause      = 200 * time.Millisecond
	// patienceEvery: after waiting in vain, anomalies ask once, too, for so long. Else an outage that outlasts the consumer's queue would
	// hold up all verdicts, snapshots and the shutdown by seconds for each anomaly.
	patienceEvery = time.Minute
)

// Anomaly sends an anomaly through the port of its strongest signal, or another one where there is none of that signal.
func (g *group) Anomaly(ctx context.Context, a *anomaly.Anomaly) {
	attempts := anomalyAttempts
	if g.failing.Load() && time.Now().Before(g.patientFrom) {
		attempts = 1
	}
	g.deliver(ctx, a.StreamType, anomaly.Items{Anomalies: []*anomaly.Anomaly{a}}, attempts)
	if attempts > 1 && g.failing.Load() {
		g.patientFrom = time.Now().Add(patienceEvery)
	}
}

// Window sends a window item through the port of its most surprising stream.
func (g *group) Window(ctx context.Context, w *anomaly.Window) {
	var signal anomaly.Signal
	smallest := 2.0
	for i := range w.Streams {
		if w.Streams[i].PValue < smallest {
			smallest, signal = w.Streams[i].PValue, w.Streams[i].Signal
		}
	}
	attempts := windowAttempts
	if g.failing.Load() {
		attempts = 1
	}
	g.deliver(ctx, signal, anomaly.Items{Windows: []*anomaly.Window{w}}, attempts)
}

// Score is never called: the processor does not ask for scores.
func (g *group) Score(context.Context, *detect.Score) {}

var errNoPort = errors.New("no pipeline is open")

func (g *group) deliver(ctx context.Context, signal anomaly.Signal, items anomaly.Items, attempts int) {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := g.offer(ctx, signal, items)
		if err == nil {
			if g.failing.CompareAndSwap(true, false) {
				g.log.Info("the next consumer takes anomalies again")
			}
			return
		}
		if attempt >= attempts || consumererror.IsPermanent(err) || errors.Is(err, errNoPort) || ctx.Err() != nil {
			g.lost.Add(uint64(items.Len()))
			if g.failing.CompareAndSwap(false, true) {
				g.log.Warn("the next consumer did not take an item; further ones are only counted",
					zap.String("signal", string(signal)), zap.Error(err))
			}
			return
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
		pause *= 2
	}
}

// offer tries the ports of the signal, or all where there is none.
func (g *group) offer(ctx context.Context, signal anomaly.Signal, items anomaly.Items) error {
	g.mu.Lock()
	var chosen *port
	for _, p := range g.ports {
		if p.out.signal() == signal {
			chosen = p
			break
		}
		if chosen == nil {
			chosen = p
		}
	}
	g.mu.Unlock()
	if chosen == nil {
		return errNoPort
	}
	chosen.sending.RLock()
	defer chosen.sending.RUnlock()
	if !chosen.open {
		return errors.New("the pipeline was just closed")
	}
	return chosen.out.send(ctx, items)
}
