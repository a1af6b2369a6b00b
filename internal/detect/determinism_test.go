package detect

import (
	"encoding/json"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// story runs an hour of three services through the real core, the last of which fails at the end, and returns all that
// is said, as JSON.
func story(t *testing.T, workers int) (said string, anomalies int) {
	t.Helper()
	return storyOf(t, workers, Settings{Replay: true, Scores: true})
}

func storyOf(t *testing.T, workers int, set Settings) (said string, anomalies int) {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Workers, cfg.OnOverload, cfg.Level.P = workers, Block, 1e-3
	cfg.Limits.QueueMiB = 1
	l := &listener{}
	d, err := New("test", cfg, set, l)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	r := rand.New(rand.NewPCG(1, 2))
	ctx := t.Context()
	services := []string{"front", "cart", "pay"}
	for second := 0.0; second < 3600; second += 5 {
		for i, s := range services {
			require.NoError(t, d.ConsumeLogs(ctx, logsAt(s, second, second+r.Float64()*4)))
			value := 10 + r.NormFloat64()
			if s == "pay" && second > 3400 {
				value = 1000
			}
			require.NoError(t, d.ConsumeMetrics(ctx, gaugeAt(s, second, value)))
			if i > 0 {
				require.NoError(t, d.ConsumeTraces(ctx, callAt(r, services[i-1], s, second+1, 20+r.Int64N(5))))
			}
		}
		if second > 3400 {
			ld := logsAt("pay", second, second+1)
			for _, lr := range ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
				lr.Body().SetStr("connection to card gateway refused")
				lr.SetSeverityNumber(17)
			}
			require.NoError(t, d.ConsumeLogs(ctx, ld))
		}
	}
	require.NoError(t, d.Flush(ctx))
	require.NoError(t, d.Shutdown(ctx))
	assert.Zero(t, d.Stats().CoreErrors)
	all, err := json.Marshal([]any{l.anomalies, l.windows, l.scores})
	require.NoError(t, err)
	for _, a := range l.anomalies {
		if a.Service == "pay" {
			anomalies++
		}
	}
	return string(all), anomalies
}

// What is said, and in which order, depends on the order of arrival and on nothing else.
func TestWorkersChangeNothing(t *testing.T) {
	want, found := story(t, 1)
	assert.Positive(t, found, "the failing service was not found")
	for _, workers := range []int{2, 3, 8} {
		got, _ := story(t, workers)
		assert.True(t, want == got, "%d workers said something else than one", workers)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	got, _ := story(t, 4)
	assert.True(t, want == got, "one CPU said something else than several")
}

// Live, with a wall clock and a shutdown instead of a flush, the same is said as in a replay of the same data.
func TestLiveSaysWhatReplaySays(t *testing.T) {
	replayed, _ := storyOf(t, 2, Settings{Replay: true})
	live, found := storyOf(t, 2, Settings{Clock: func() time.Time { return epoch.Add(time.Hour) }})
	assert.Positive(t, found)
	assert.True(t, replayed == live)
}

// The core sorts a window's records, so payloads of one window may come in any order as long as none is late.
func TestArrivalWithinAWindowChangesNothing(t *testing.T) {
	run := func(seed uint64) string {
		l := &listener{}
		d, err := New("test", DefaultConfig(), replaying(), l)
		require.NoError(t, err)
		require.NoError(t, d.Start(t.Context()))
		for minute := 0.0; minute < 40; minute++ {
			order := rand.New(rand.NewPCG(seed, uint64(minute))).Perm(20)
			for _, i := range order {
				// All within the first 45 s, so that no window closes while its payloads still come.
				require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", 60*minute+2*float64(i), 60*minute+2*float64(i)+1)))
			}
		}
		require.NoError(t, d.Flush(t.Context()))
		require.NoError(t, d.Shutdown(t.Context()))
		assert.Zero(t, d.Stats().Signals[logs].Late)
		all, err := json.Marshal(l.windows)
		require.NoError(t, err)
		return string(all)
	}
	assert.Equal(t, run(1), run(2))
}

func TestRowsGetOneScoreEachInOrder(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MetricLevel = 3
	l := &listener{}
	d, err := New("test", cfg, Settings{Replay: true, Scores: true}, l)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	r := rand.New(rand.NewPCG(1, 1))
	var times []time.Time
	var values []float64
	for i := range 2000 {
		times = append(times, epoch.Add(time.Duration(i)*5*time.Minute))
		values = append(values, 50+r.NormFloat64())
	}
	values[1500] = 500
	values[700] /= 0          // not finite
	times[800] = times[700]   // late
	times[900] = times[899]   // twice
	times[1000] = time.Time{} // before 1970
	times[1100] = epoch.AddDate(150, 0, 0)
	require.NoError(t, d.ConsumeRows(t.Context(), "a/b.csv", times, values))
	assert.Error(t, d.ConsumeRows(t.Context(), "a/b.csv", times, values), "a source twice")
	assert.Error(t, d.ConsumeRows(t.Context(), "c.csv", times, values[1:]))
	require.NoError(t, d.ConsumeRows(t.Context(), "empty.csv", nil, nil))
	require.NoError(t, d.Flush(t.Context()))
	require.NoError(t, d.Shutdown(t.Context()))
	require.Len(t, l.scores, len(times))
	for i, s := range l.scores {
		assert.Equal(t, "a/b.csv", s.Source)
		assert.True(t, times[i].Equal(s.Start), "row %d", i)
	}
	for _, i := range []int{700, 800, 1000, 1100} {
		assert.Equal(t, 1.0, l.scores[i].PValue, "row %d cannot be judged", i)
		assert.Zero(t, l.scores[i].Score)
	}
	assert.True(t, l.scores[1500].Anomaly)
	assert.Greater(t, l.scores[1500].Score, 3.0)
	require.NotEmpty(t, l.anomalies)
	assert.Equal(t, "a/b.csv", l.anomalies[len(l.anomalies)-1].Service)
}

func TestLifecycle(t *testing.T) {
	d, err := New("test", DefaultConfig(), Settings{}, &listener{})
	require.NoError(t, err)
	require.NoError(t, d.Shutdown(t.Context()), "without start")
	require.NoError(t, d.Start(t.Context()), "after shutdown it stays down")
	require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", 1)))
	require.NoError(t, d.Shutdown(t.Context()))

	bad := DefaultConfig()
	bad.Limits.Streams = 0
	_, err = New("test", bad, Settings{}, &listener{})
	assert.ErrorContains(t, err, "limits.streams must be at least 3 (got 0)")
}
