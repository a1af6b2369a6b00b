package detect

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// verdictOf is what a statement says of its verdict.
func verdictOf(a *anomaly.Anomaly) *anomaly.Verdict {
	return &anomaly.Verdict{
		StatementID: a.ID, ComponentID: a.ComponentID, ConfigHash: a.ConfigHash, Service: a.Service, WindowStart: a.WindowStart, WindowEnd: a.Timestamp,
		Kind: a.Kind, StreamType: a.StreamType, Signals: a.Signals, Channels: a.Channels, PValue: a.PValue, Score: a.Score, PFloor: a.PFloor,
		Level: a.Level, Bits: a.Bits, Stated: true,
	}
}

// recomputed checks that every statement's verdict follows from its statistics, to the bit, and returns the channels that
// were there, with the kind of bound that their p came from.
func recomputed(t *testing.T, said []*anomaly.Anomaly) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for _, a := range said {
		if a.Episode != nil && a.Episode.Ended != nil {
			assert.Empty(t, a.Statistics, "the end of an episode is nobody's verdict")
			continue
		}
		require.NotEmpty(t, a.Statistics)
		s, err := DecodeStatistics(a.Statistics)
		require.NoError(t, err)
		got, err := Recompute(s)
		require.NoError(t, err, "%s", a.Statistics)
		// JSON's decimals are exact, so texts are equal where bits are.
		want, err := json.Marshal(verdictOf(a))
		require.NoError(t, err)
		have, err := json.Marshal(got)
		require.NoError(t, err)
		require.Equal(t, string(want), string(have), "%s", a.Statistics)
		assert.Less(t, len(a.Statistics), 16<<10)
		for _, c := range a.Channels {
			seen[c.Name] = true
		}
		for _, bound := range []string{`"beyond"`, `"within"`, `"cold"`, `"pause"`, `"requests"`, `"habit"`, `"pool"`, `"alerts"`, `"gap"`, `"before"`, `"silent":true`, `"terms"`, `"new_line"`, `"first":{`, `"counted"`} {
			if strings.Contains(string(a.Statistics), bound) {
				seen[bound] = true
			}
		}
	}
	return seen
}

func TestEveryVerdictCanBeRecomputed(t *testing.T) {
	t.Parallel()
	r := told(t, Settings{Replay: true})
	seen := recomputed(t, r)
	for _, want := range []string{"log_new", "log_count", "trace_duration", "metric", `"beyond"`, `"within"`, `"before"`, `"new_line"`, `"counted"`} {
		assert.True(t, seen[want], "no statement had %s", want)
	}
}

// told is what the story says, as it is said.
func told(t *testing.T, set Settings) (said []*anomaly.Anomaly) {
	t.Helper()
	text, _ := storyOf(t, 2, set)
	var all []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(text), &all))
	require.NoError(t, json.Unmarshal(all[0], &said))
	return said
}

func TestGapsCanBeRecomputed(t *testing.T) {
	t.Parallel()
	w := newTown(t, replaying(), "a", "b", "c", "d", "e")
	w.run(0, 100)
	w.run(104, 110)
	require.NoError(t, w.d.Flush(t.Context()))
	assert.True(t, recomputed(t, w.l.anomalies)[`"gap"`])
}

func TestAlertsOfPointsCanBeRecomputed(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.MetricLevel = 3.3
	l := &listener{}
	d, err := New("test", cfg, replaying(), l)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	times, values := make([]time.Time, 600), make([]float64, 600)
	for i := range times {
		times[i], values[i] = epoch.Add(time.Duration(i)*time.Minute), 10+math.Sin(float64(i))
	}
	values[500] = 1e4
	require.NoError(t, d.ConsumeRows(t.Context(), "a.csv", times, values))
	require.NoError(t, d.Shutdown(t.Context()))
	require.NotEmpty(t, l.anomalies)
	assert.True(t, recomputed(t, l.anomalies)[`"alerts"`])
}

// Whatever number the verdict depends on is changed, the verdict changes or the statistics are refused.
func TestAChangedStatisticShows(t *testing.T) {
	t.Parallel()
	said := told(t, Settings{Replay: true})
	i := slices.IndexFunc(said, func(a *anomaly.Anomaly) bool { return a.Service == "pay" })
	require.GreaterOrEqual(t, i, 0)
	a := said[i]
	want, err := json.Marshal(verdictOf(a))
	require.NoError(t, err)
	var tree any
	require.NoError(t, json.Unmarshal(a.Statistics, &tree))
	var changed, silent []string
	leaves(tree, "", func(path string, set func(any), old any) {
		switch v := old.(type) {
		case float64:
			if strings.HasSuffix(path, "/p_value") {
				set(v / 1e6)
			} else {
				set(v*1.5 + 1)
			}
		case string:
			if at, err := time.Parse(time.RFC3339, v); err == nil {
				set(at.Add(-time.Minute).Format(time.RFC3339))
			} else {
				set(v + "1")
			}
		case bool:
			set(!v)
		}
		data, err := json.Marshal(tree)
		require.NoError(t, err)
		set(old)
		s, err := DecodeStatistics(data)
		var got *anomaly.Verdict
		if err == nil {
			got, err = Recompute(s)
		}
		if err == nil {
			have, err := json.Marshal(got)
			require.NoError(t, err)
			if string(have) == string(want) {
				silent = append(silent, path)
				return
			}
		}
		changed = append(changed, path)
	})
	t.Logf("%d leaves change the verdict, these do not: %s", len(changed), strings.Join(silent, " "))
	for _, path := range silent {
		// A channel that is normal anyway stays so; of the windows before some shares do not count, or not the most.
		free := path == "/core_version" || strings.HasSuffix(path, "/own") || strings.HasSuffix(path, "/silent") || strings.HasSuffix(path, "/records") ||
			strings.Contains(path, "/rank/") || strings.HasPrefix(path, "/before/") ||
			strings.Contains(path, "/terms/") && !strings.HasSuffix(path, "/bits") // ids, and what a cap of the bits hides
		assert.True(t, free, "%s does not matter to the verdict", path)
	}
	all := strings.Join(changed, "\n")
	for _, want := range []string{"/rank/beyond/scores", "/rank/beyond/above", "/rank/beyond/threshold", "/rank/beyond/excess", "/rank/within/scores", "/statistic", "/parameters/seed", "/term/counted/observed", "/term/new_line/windows"} {
		assert.Contains(t, all, want)
	}
}

// leaves calls f for every leaf of a JSON value, with a way to change it.
func leaves(v any, path string, f func(path string, set func(any), old any)) {
	each := func(key string, child any, set func(any)) {
		switch child.(type) {
		case map[string]any, []any:
			leaves(child, path+"/"+key, f)
		default:
			f(path+"/"+key, set, child)
		}
	}
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			each(key, child, func(to any) { v[key] = to })
		}
	case []any:
		for i, child := range v {
			each(fmt.Sprint(i), child, func(to any) { v[i] = to })
		}
	}
}

func FuzzRecompute(f *testing.F) {
	f.Add([]byte(`{"format":1,"core_version":"0.1.0","component_id":"c","service":"s","window_start":"2024-05-01T12:00:00Z","window_end":"2024-05-01T12:01:00Z",` +
		`"config_hash":"x","streams":[{"signal":"logs","records":3,"channels":[{"channel":"log_count","basis":{"silent":false,"past":9,"ways":[{"statistic":4,"own":false,` +
		`"rank":{"beyond":{"scores":9,"threshold":1,"above":2,"excess":3,"prior_mean_excess":2,"prior_weight":8}}}]}}]}],"level":{"fixed":0.001}}`))
	f.Add([]byte(`{"format":1,"window_start":"2024-05-01T12:00:00Z","window_end":"2024-05-01T12:01:00Z","gap":[{"signal":"logs","run":5,"windows":100}],"level":{"per_day":1,"services":3,"pool":{"width":0.05,"bins":[[1,5000],[100,3]]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeStatistics(data)
		if err != nil {
			return
		}
		v, err := Recompute(s)
		if err == nil && (math.IsNaN(v.PValue) || v.PValue < 0 || v.PValue > 1) {
			t.Errorf("p %v", v.PValue)
		}
	})
}
