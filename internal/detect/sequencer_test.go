package detect

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/cbad"
)

// counted is a window's start in seconds after the epoch and what it held.
type counted struct {
	start   int
	records uint64
}

func countedOf(windows []*anomaly.Window) []counted {
	var out []counted
	for _, w := range windows {
		for _, s := range w.Streams {
			out = append(out, counted{int(w.WindowStart.Sub(epoch).Seconds()), s.Records})
		}
	}
	return out
}

// naiveWindows is the specification for one stream: a payload's records are late if their window closed before it came;
// afterwards every window closes that ends at or before the newest time less the lateness.
func naiveWindows(payloads [][]float64, duration, lateness float64) (windows []counted, late uint64) {
	open := map[int]uint64{}
	floor := func(t float64) int { return int(t/duration) * int(duration) }
	closed, newest := -1, 0.0
	for _, p := range payloads {
		if len(p) == 0 {
			continue
		}
		if closed < 0 {
			closed = floor(max(slices.Min(p)-lateness, 0))
		}
		for _, t := range p {
			if floor(t) < closed {
				late++
				continue
			}
			open[floor(t)]++
			newest = max(newest, t)
		}
		if edge := floor(max(newest-lateness, 0)); edge > closed {
			closed = edge
		}
		for start := range open {
			if start < closed {
				windows = append(windows, counted{start, open[start]})
				delete(open, start)
			}
		}
	}
	for start, n := range open {
		windows = append(windows, counted{start, n})
	}
	slices.SortFunc(windows, func(a, b counted) int { return a.start - b.start })
	return windows, late
}

func TestWindowsMatchNaiveOnes(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		payloads := make([][]float64, 1+r.IntN(30))
		now := 1000.0
		for i := range payloads {
			now += r.ExpFloat64() * 20
			for range r.IntN(6) {
				payloads[i] = append(payloads[i], max(now-r.ExpFloat64()*15, 1))
			}
		}
		d, l := faked(t, DefaultConfig(), replaying(), plain)
		for _, p := range payloads {
			require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", p...)))
		}
		require.NoError(t, d.Flush(t.Context()))
		windows, late := naiveWindows(payloads, 60, 10)
		assert.Equal(t, windows, countedOf(l.windows), "seed %d", seed)
		assert.Equal(t, late, d.Stats().Signals[logs].Late, "seed %d", seed)
		assert.Zero(t, d.Stats().PendingBytes)
		assert.Zero(t, d.Stats().QueueBytes)
	}
}

// A window waits for every signal that was active in the last five windows, not for ever.
func TestWindowWaitsForTheOtherSignal(t *testing.T) {
	d, l := faked(t, DefaultConfig(), replaying(), plain)
	ctx := t.Context()
	judged := func() int {
		require.NoError(t, d.emitter.wait(ctx, d.sequenceNumber))
		return len(l.windows)
	}
	require.NoError(t, d.ConsumeLogs(ctx, logsAt("shop", 10)))
	require.NoError(t, d.ConsumeMetrics(ctx, gaugeAt("shop", 20, 1)))
	require.NoError(t, d.ConsumeMetrics(ctx, gaugeAt("shop", 130, 1)))
	assert.Equal(t, 0, judged(), "judged before the logs closed the window")
	require.NoError(t, d.ConsumeLogs(ctx, logsAt("shop", 75)))
	assert.Equal(t, 1, judged())
	assert.Len(t, l.windows[0].Streams, 2)
	for s := 190.0; s < 370; s += 60 {
		require.NoError(t, d.ConsumeMetrics(ctx, gaugeAt("shop", s, 1)))
	}
	assert.Equal(t, 1, judged(), "the logs' window is still open")
	require.NoError(t, d.ConsumeMetrics(ctx, gaugeAt("shop", 460, 1)))
	assert.Equal(t, 2, judged(), "logs that fell behind by more than five windows were waited for")
	require.NoError(t, d.ConsumeMetrics(ctx, gaugeAt("shop", 520, 1)))
	require.Greater(t, judged(), 2)
	of := l.windows[2].Streams
	require.Len(t, of, 2, "a stream without records in the window has its state all the same")
	assert.Equal(t, anomaly.Logs, of[0].Signal)
	assert.Zero(t, of[0].Records)
	assert.Equal(t, 1.0, of[0].PValue)
	assert.Equal(t, l.windows[0].Streams[0].State, of[0].State)
	assert.NotZero(t, of[0].Needed)
	require.NoError(t, d.ConsumeLogs(ctx, logsAt("shop", 80)))
	assert.EqualValues(t, 1, d.Stats().Signals[logs].Late)
}

func TestIdleStreamsCloseOnTheWallClock(t *testing.T) {
	now := epoch
	d, l := faked(t, DefaultConfig(), Settings{Clock: func() time.Time { return now }}, plain)
	require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", 1, 2, 3)))
	now = now.Add(119 * time.Second)
	d.closeIdle(d.cfg.idleTimeout())
	require.NoError(t, d.emitter.wait(t.Context(), d.sequenceNumber))
	assert.Empty(t, l.windows)
	now = now.Add(2 * time.Second)
	d.closeIdle(d.cfg.idleTimeout())
	require.NoError(t, d.emitter.wait(t.Context(), d.sequenceNumber))
	assert.Len(t, l.windows, 1)
}

func TestTimes(t *testing.T) {
	now := epoch
	d, l := faked(t, DefaultConfig(), Settings{Clock: func() time.Time { return now }}, plain)
	require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", 0, 599, 601, 1e9)))
	assert.EqualValues(t, 2, d.Stats().Signals[logs].Future, "more than ten minutes ahead")
	none := logsAt("shop", 0)
	lr := none.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	lr.SetTimestamp(0)
	lr.SetObservedTimestamp(stamp(598))
	require.NoError(t, d.ConsumeLogs(t.Context(), none))
	lr.SetObservedTimestamp(0)
	now = epoch.Add(597 * time.Second)
	require.NoError(t, d.ConsumeLogs(t.Context(), none))
	require.NoError(t, d.Flush(t.Context()))
	assert.Equal(t, []counted{{0, 1}, {540, 3}}, countedOf(l.windows))
}

func TestOverloadSkipsCountsAndMarks(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Limits.QueueMiB, cfg.Workers = 1, 1
	gate := make(chan struct{})
	var windows []cbad.Window
	d, l := faked(t, cfg, replaying(), func(cbad.Kind) *fakeModel {
		return &fakeModel{gate: gate, p: func(w cbad.Window, _ uint64) float64 { windows = append(windows, w); return 1 }}
	})
	big := make([]float64, 10_000)
	for i := range big {
		big[i] = 30
	}
	for range 10 {
		require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", big...)))
	}
	skipped := d.Stats().Signals[logs].Skipped
	assert.Greater(t, skipped, uint64(0))
	assert.LessOrEqual(t, d.Stats().QueueBytes, uint64(1<<20))
	close(gate)
	require.NoError(t, d.Flush(t.Context()))
	require.Len(t, l.windows, 1)
	assert.Equal(t, skipped, l.windows[0].Streams[0].Unscored)
	assert.Equal(t, 100_000-skipped, l.windows[0].Streams[0].Records)
	assert.True(t, windows[0].Incomplete)
	assert.Zero(t, d.Stats().QueueBytes)
}

func TestBlockScoresEverything(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Limits.QueueMiB, cfg.OnOverload = 1, Block
	d, l := faked(t, cfg, replaying(), plain)
	big := make([]float64, 10_000)
	for i := range big {
		big[i] = 30
	}
	for range 20 {
		require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", big...)))
	}
	require.NoError(t, d.Flush(t.Context()))
	assert.Equal(t, []counted{{0, 200_000}}, countedOf(l.windows))
}

// Records of later windows wait outside the queue, so that a full queue cannot keep out what closes the earlier window.
func TestPendingIsBoundedAndNeverDeadlocks(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Limits.QueueMiB, cfg.Limits.PendingMiB, cfg.OnOverload = 1, 1, Block
	cfg.Window.Lateness = 10 * time.Minute
	d, _ := faked(t, cfg, replaying(), plain)
	big := make([]float64, 10_000)
	for minute := range 30 {
		for i := range big {
			big[i] = float64(60 * minute)
		}
		require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", big...)))
		assert.LessOrEqual(t, d.Stats().PendingBytes, uint64(1<<20))
	}
	require.NoError(t, d.Flush(t.Context()))
	assert.Greater(t, d.Stats().Signals[logs].Skipped, uint64(0))
	assert.Zero(t, d.Stats().PendingBytes)
}

func TestReplicaChangeMarksTheWindow(t *testing.T) {
	changed := map[int]bool{}
	d, _ := faked(t, DefaultConfig(), replaying(), func(cbad.Kind) *fakeModel {
		return &fakeModel{p: func(w cbad.Window, _ uint64) float64 {
			changed[int(at(w.StartNs).Sub(epoch).Minutes())] = w.InstanceChanged
			return 1
		}}
	})
	for i, pod := range []string{"a", "a", "b", "b", "a", "c"} {
		ld := logsAt("shop", float64(60*i))
		ld.ResourceLogs().At(0).Resource().Attributes().PutStr("k8s.pod.name", pod)
		require.NoError(t, d.ConsumeLogs(t.Context(), ld))
	}
	require.NoError(t, d.Flush(t.Context()))
	assert.Equal(t, map[int]bool{0: false, 1: false, 2: true, 3: false, 4: false, 5: true}, changed)
}

func TestFleetIsNotDisturbedByAReplica(t *testing.T) {
	var r replicas
	assert.False(t, r.note(1, 0, 5), "the first is no change")
	for h := uint64(2); h <= fleet; h++ {
		assert.True(t, r.note(h, 1, 5))
	}
	assert.False(t, r.note(100, 2, 5), "one of many")
	assert.True(t, r.note(101, 50, 5), "the others are gone")
	for h := uint64(200); h < 300; h++ {
		r.note(h, h, 5)
	}
	assert.Equal(t, maxReplicas, r.used)
}

// What the detector says may come back through another pipeline, in the goroutine that says it. It must not wait there for
// the sequencer, whose holder may wait for workers that wait for just that goroutine.
func TestOwnItemsDoNotWaitForTheSequencer(t *testing.T) {
	d, _ := faked(t, DefaultConfig(), replaying(), plain)
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName(anomaly.ScopeName)
	sl.LogRecords().AppendEmpty()
	a := d.EncodeLogs(ld)
	done := make(chan struct{})
	d.mu.Lock()
	go func() {
		defer close(done)
		a.Commit()
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("it waits")
	}
	d.mu.Unlock()
	<-done
}

// Where times leap about, the search for a record's part ends: what lies further back than maxSearch parts is not found
// again but begun anew, so that a payload costs at most maxSearch steps a record however its times lie.
func TestTheSearchForAPartHasAnEnd(t *testing.T) {
	d, _ := faked(t, DefaultConfig(), replaying(), plain)
	parts := func(last int) int {
		seconds := make([]float64, maxSearch+2)
		for i := range maxSearch + 1 {
			seconds[i] = float64(60 * i)
		}
		seconds[maxSearch+1] = float64(60 * last)
		a := d.EncodeLogs(logsAt("shop", seconds...))
		defer a.Discard()
		return len(a.parts)
	}
	assert.Equal(t, maxSearch+1, parts(maxSearch), "the newest")
	assert.Equal(t, maxSearch+1, parts(1), "the last one within reach")
	assert.Equal(t, maxSearch+2, parts(0), "one beyond it")
}

// A window that becomes an anomaly has evidence, also where the budget is generous.
func TestEvidenceCoversTheBudget(t *testing.T) {
	for _, c := range []struct{ perDay, p, want float64 }{{1, 0, 0.1}, {100, 0, 800.0 / 1440}, {1e6, 0, 1}, {100, 1e-6, 0.1}, {1, 0.1, 0.8}} {
		cfg := DefaultConfig()
		cfg.FalseAlarmsPerDay, cfg.Level.P = c.perDay, c.p
		assert.InDelta(t, c.want, cfg.params().EvidenceP, 1e-12, c)
	}
}
