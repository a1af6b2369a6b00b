package driftlockcbad

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/detect"
	"github.com/driftlock/driftlock/processor/driftlockcbad/internal/metadata"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// own tells whether a payload is Driftlock's, which always has a scope of its own.
func own(scopes ...string) bool { return slices.Contains(scopes, anomaly.ScopeName) }

func logScopes(ld plog.Logs) (names []string) {
	for _, r := range ld.ResourceLogs().All() {
		for _, s := range r.ScopeLogs().All() {
			names = append(names, s.Scope().Name())
		}
	}
	return names
}

func metricScopes(md pmetric.Metrics) (names []string) {
	for _, r := range md.ResourceMetrics().All() {
		for _, s := range r.ScopeMetrics().All() {
			names = append(names, s.Scope().Name())
		}
	}
	return names
}

func traceScopes(td ptrace.Traces) (names []string) {
	for _, r := range td.ResourceSpans().All() {
		for _, s := range r.ScopeSpans().All() {
			names = append(names, s.Scope().Name())
		}
	}
	return names
}

// The golden files are what comes out; the same payloads, read again, are what goes in. Nothing may be missing, changed or
// out of order, to the byte of the protocol, and Driftlock's items come in payloads of their own.
func TestLogsPassUnchangedAndInOrder(t *testing.T) {
	sink := new(consumertest.LogsSink)
	p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), createDefaultConfig(), sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	for _, name := range []string{"1", "2", "3"} {
		in, err := golden.ReadLogs(filepath.Join("testdata", "logs", name+".yaml"))
		require.NoError(t, err)
		require.NoError(t, p.ConsumeLogs(t.Context(), in))
	}
	require.NoError(t, p.Shutdown(t.Context()))

	marshal := plog.ProtoMarshaler{}
	var passed []plog.Logs
	for _, ld := range sink.AllLogs() {
		if !own(logScopes(ld)...) {
			passed = append(passed, ld)
		}
	}
	require.Len(t, passed, 3)
	assert.Greater(t, len(sink.AllLogs()), 3, "no window item was added")
	for i, name := range []string{"1", "2", "3"} {
		want, err := golden.ReadLogs(filepath.Join("testdata", "logs", name+".yaml"))
		require.NoError(t, err)
		wantBytes, _ := marshal.MarshalLogs(want)
		gotBytes, _ := marshal.MarshalLogs(passed[i])
		assert.Equal(t, wantBytes, gotBytes, "payload %s changed", name)
	}
}

func TestMetricsPassUnchangedAndInOrder(t *testing.T) {
	sink := new(consumertest.MetricsSink)
	p, err := NewFactory().CreateMetrics(t.Context(), processortest.NewNopSettings(metadata.Type), createDefaultConfig(), sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	for _, name := range []string{"1", "2", "3"} {
		in, err := golden.ReadMetrics(filepath.Join("testdata", "metrics", name+".yaml"))
		require.NoError(t, err)
		require.NoError(t, p.ConsumeMetrics(t.Context(), in))
	}
	require.NoError(t, p.Shutdown(t.Context()))

	marshal := pmetric.ProtoMarshaler{}
	var passed []pmetric.Metrics
	for _, md := range sink.AllMetrics() {
		if !own(metricScopes(md)...) {
			passed = append(passed, md)
		}
	}
	require.Len(t, passed, 3)
	assert.Greater(t, len(sink.AllMetrics()), 3, "no window item was added")
	for i, name := range []string{"1", "2", "3"} {
		want, err := golden.ReadMetrics(filepath.Join("testdata", "metrics", name+".yaml"))
		require.NoError(t, err)
		wantBytes, _ := marshal.MarshalMetrics(want)
		gotBytes, _ := marshal.MarshalMetrics(passed[i])
		assert.Equal(t, wantBytes, gotBytes, "payload %s changed", name)
	}
}

func TestTracesPassUnchangedAndInOrder(t *testing.T) {
	sink := new(consumertest.TracesSink)
	p, err := NewFactory().CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), createDefaultConfig(), sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	for _, name := range []string{"1", "2", "3"} {
		in, err := golden.ReadTraces(filepath.Join("testdata", "traces", name+".yaml"))
		require.NoError(t, err)
		require.NoError(t, p.ConsumeTraces(t.Context(), in))
	}
	require.NoError(t, p.Shutdown(t.Context()))

	marshal := ptrace.ProtoMarshaler{}
	var passed []ptrace.Traces
	for _, td := range sink.AllTraces() {
		if !own(traceScopes(td)...) {
			passed = append(passed, td)
		}
	}
	require.Len(t, passed, 3)
	assert.Greater(t, len(sink.AllTraces()), 3, "no window item was added")
	for i, name := range []string{"1", "2", "3"} {
		want, err := golden.ReadTraces(filepath.Join("testdata", "traces", name+".yaml"))
		require.NoError(t, err)
		wantBytes, _ := marshal.MarshalTraces(want)
		gotBytes, _ := marshal.MarshalTraces(passed[i])
		assert.Equal(t, wantBytes, gotBytes, "payload %s changed", name)
	}
}

func someLogs(service string, at time.Time, n int) plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", service)
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for i := range n {
		lr := records.AppendEmpty()
		lr.SetTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(i) * time.Millisecond)))
		lr.Body().SetStr("order accepted for customer 4711")
	}
	return ld
}

func stats(p any) detect.Stats { return p.(*logsPort).group.detector.Stats() }

func TestNextConsumerMayChangeWhatItGets(t *testing.T) {
	next, err := consumer.NewLogs(func(_ context.Context, ld plog.Logs) error {
		ld.ResourceLogs().RemoveIf(func(plog.ResourceLogs) bool { return true })
		return nil
	}, consumer.WithCapabilities(consumer.Capabilities{MutatesData: true}))
	require.NoError(t, err)
	p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), createDefaultConfig(), next)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, p.ConsumeLogs(t.Context(), someLogs("shop", time.Now(), 10)))
	assert.EqualValues(t, 10, stats(p).Signals[0].Records)
	require.NoError(t, p.Shutdown(t.Context()))
	assert.EqualValues(t, 1, stats(p).WindowsJudged)
}

// What the sender will repeat is not scored twice; what it gave up is.
func TestRefusedDataAreNotScored(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		scored uint64
	}{
		"retryable": {errors.New("queue is full"), 0},
		"permanent": {consumererror.NewPermanent(errors.New("bad data")), 10},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), createDefaultConfig(), consumertest.NewErr(c.err))
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // the consumer takes no window item either
			defer cancel()
			require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
			assert.ErrorIs(t, p.ConsumeLogs(t.Context(), someLogs("shop", time.Now(), 10)), c.err)
			assert.Equal(t, c.scored, stats(p).Signals[0].Records)
			_ = p.Shutdown(ctx)
		})
	}
}

func TestShutdownWithoutStart(t *testing.T) {
	cfg := createDefaultConfig()
	p, err := NewFactory().CreateTraces(t.Context(), processortest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	assert.NoError(t, p.Shutdown(t.Context()))
	assert.NoError(t, p.Shutdown(t.Context()))
	assert.NotContains(t, groups.groups, cfg.(*Config))
}

// All pipelines of a component id share a detector. It opens with the first and says what it has when the last closes,
// through that one, whatever its signal: the others' consumers may be gone.
func TestPipelinesShareADetector(t *testing.T) {
	cfg := createDefaultConfig()
	set := processortest.NewNopSettings(metadata.Type)
	logSink, traceSink := new(consumertest.LogsSink), new(consumertest.TracesSink)
	l, err := NewFactory().CreateLogs(t.Context(), set, cfg, logSink)
	require.NoError(t, err)
	m, err := NewFactory().CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	tr, err := NewFactory().CreateTraces(t.Context(), set, cfg, traceSink)
	require.NoError(t, err)
	assert.Same(t, l.(*logsPort).group, tr.(*tracesPort).group)
	assert.Same(t, l.(*logsPort).group, m.(*metricsPort).group)

	host := componenttest.NewNopHost()
	require.NoError(t, l.Start(t.Context(), host))
	require.NoError(t, m.Start(t.Context(), host))
	require.NoError(t, tr.Start(t.Context(), host))
	require.NoError(t, l.ConsumeLogs(t.Context(), someLogs("shop", time.Now(), 5)))
	require.NoError(t, l.Shutdown(t.Context()))
	require.NoError(t, m.Shutdown(t.Context()))
	assert.Len(t, logSink.AllLogs(), 1, "something was sent through a closed pipeline")
	require.NoError(t, tr.Shutdown(t.Context()))
	require.Len(t, traceSink.AllTraces(), 1)
	assert.True(t, own(traceScopes(traceSink.AllTraces()[0])...))
}

// A consumer that does not take items holds up verdicts, not data.
func TestStuckConsumerOfItemsDoesNotStopTheData(t *testing.T) {
	release := make(chan struct{})
	var passed atomic.Int64
	next, err := consumer.NewLogs(func(ctx context.Context, ld plog.Logs) error {
		if own(logScopes(ld)...) {
			select {
			case <-release:
			case <-ctx.Done():
			}
			return nil
		}
		passed.Add(int64(ld.LogRecordCount()))
		return nil
	})
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	cfg.Window.Duration, cfg.Window.Lateness = time.Second, 0
	p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), cfg, next)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	begin := time.Now().Add(-time.Hour)
	for i := range 3000 { // more windows than outcomes may wait
		require.NoError(t, p.ConsumeLogs(t.Context(), someLogs("shop", begin.Add(time.Duration(i)*time.Second), 3)))
	}
	assert.EqualValues(t, 9000, passed.Load())
	close(release)
	require.NoError(t, p.Shutdown(t.Context()))
}

func TestManySendersAtOnce(t *testing.T) {
	sink := new(consumertest.LogsSink)
	p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), createDefaultConfig(), sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				service := []string{"a", "b", "c"}[(i+j)%3]
				assert.NoError(t, p.ConsumeLogs(context.Background(), someLogs(service, time.Now(), 20)))
			}
		})
	}
	wg.Wait()
	require.NoError(t, p.Shutdown(t.Context()))
	assert.EqualValues(t, 8*50*20, stats(p).Signals[0].Records)
}

// Driftlock's own items on the input (an agent's, before a gateway) pass and are not scored.
func TestOwnScopeIsNotScored(t *testing.T) {
	sink := new(consumertest.LogsSink)
	p, err := NewFactory().CreateLogs(t.Context(), processortest.NewNopSettings(metadata.Type), createDefaultConfig(), sink)
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	ld := someLogs("shop", time.Now(), 10)
	ld.ResourceLogs().At(0).ScopeLogs().At(0).Scope().SetName(anomaly.ScopeName)
	require.NoError(t, p.ConsumeLogs(t.Context(), ld))
	require.NoError(t, p.Shutdown(t.Context()))
	assert.Zero(t, stats(p).Signals[0].Records)
	assert.Len(t, sink.AllLogs(), 1)
}

type refusing struct{ calls int }

func (r *refusing) signal() anomaly.Signal { return anomaly.Logs }

func (r *refusing) send(context.Context, anomaly.Items) error {
	r.calls++
	return errors.New("not now")
}

// All verdicts wait behind an item on its way, so a consumer that is known to refuse is not asked twice for each window.
func TestRefusedWindowsDoNotHoldVerdictsUp(t *testing.T) {
	out := &refusing{}
	g := &group{log: zap.NewNop()}
	p := g.newPort(out)
	p.open = true
	g.ports = []*port{p}
	for range 10 {
		g.Window(t.Context(), &anomaly.Window{Streams: []anomaly.Stream{{Signal: anomaly.Logs, PValue: 1}}})
	}
	assert.Equal(t, windowAttempts+9, out.calls)
	assert.EqualValues(t, 10, g.lost.Load())
}

// An outage that outlasts the consumer's queue costs six seconds a minute, not six seconds for each anomaly.
func TestRefusedAnomaliesDoNotHoldVerdictsUp(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for six seconds")
	}
	t.Parallel()
	out := &refusing{}
	g := &group{log: zap.NewNop()}
	p := g.newPort(out)
	p.open = true
	g.ports = []*port{p}
	for range 10 {
		g.Anomaly(t.Context(), &anomaly.Anomaly{StreamType: anomaly.Logs})
	}
	assert.Equal(t, anomalyAttempts+9, out.calls)
	g.patientFrom = time.Now()
	g.Anomaly(t.Context(), &anomaly.Anomaly{StreamType: anomaly.Logs})
	assert.Equal(t, 2*anomalyAttempts+9, out.calls)
	assert.EqualValues(t, 11, g.lost.Load())
}
