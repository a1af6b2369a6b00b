package e2e

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/tests/rig"
)

// historyEnd is where generated histories end: a fixed time, so that each run sees the same telemetry.
var historyEnd = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const historyEndText = "2026-03-02T12:00:00Z"

func TestMain(m *testing.M) { rig.Main(m) }

const config = "testdata/collector.yaml"

// newCollector runs one with an SQLite file. p is that at which a window is an anomaly; with 0 the budget decides.
func newCollector(t *testing.T, p string) *rig.Collector {
	t.Helper()
	c := rig.New(t, config, "E2E_P="+p)
	c.Start()
	return c
}

func TestIncidentIsFoundThroughTheAPI(t *testing.T) {
	c := newCollector(t, "0") // the budget decides
	_, stderr := rig.Run(t, "synthetic", nil, "--endpoint", c.GRPC, "--history", "2h", "--end", historyEndText,
		"--incident", "errors@checkout", "--incident-last", "10m")
	t.Log(stderr)
	during := url.Values{"start_time": {historyEnd.Add(-10 * time.Minute).Format(time.RFC3339)}, "service": {"checkout"}}
	var found []anomaly.Anomaly
	rig.Await(t, 30*time.Second, func() bool {
		found = c.Anomalies(during)
		return len(found) > 0
	}, func() string { return "no anomaly of checkout in the incident, but " + rig.Summary(c.Anomalies(nil)) })

	a := found[len(found)-1] // the earliest
	assert.LessOrEqual(t, a.Timestamp.Sub(historyEnd.Add(-10*time.Minute)), 3*time.Minute, "found late")
	assert.LessOrEqual(t, a.PValue, a.Level)
	assert.Equal(t, "pending", a.Status)
	assert.NotEmpty(t, a.Explanation)
	assert.NotEmpty(t, a.Reasons)

	status, body, err := c.Get("/v1/anomalies/"+a.ID, nil)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	var full anomaly.Anomaly
	require.NoError(t, json.Unmarshal(body, &full))
	assert.Equal(t, a.ID, full.ID)
	assert.NotEmpty(t, full.WindowData, "the single anomaly has its excerpts")

	before := c.Anomalies(url.Values{"end_time": {historyEnd.Add(-10 * time.Minute).Format(time.RFC3339)}})
	assert.LessOrEqual(t, len(before), 2, "alarms in 110 quiet minutes: %s", rig.Summary(before))

	status, body, err = c.Get("/v1/streams", nil)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	assert.Contains(t, string(body), `"checkout"`)
}

func TestReplayPrintsWhatACollectorStores(t *testing.T) {
	recording := filepath.Join(t.TempDir(), "shop.jsonl.gz")
	rig.Run(t, "synthetic", nil, "--history", "80m", "--end", historyEndText, "-o", recording,
		"--incident", "errors@catalogue", "--incident", "new-log-line@users", "--incident-at", "60m", "--incident-for", "8m")
	c := newCollector(t, "1e-2")
	out, stderr := rig.Run(t, "replay", c.Env, "--config", config, recording)
	t.Log(stderr)
	printed := rig.Printed(t, out)
	services := map[string]bool{}
	for line := range strings.Lines(out) {
		var a anomaly.Anomaly
		require.NoError(t, json.Unmarshal([]byte(line), &a))
		services[a.Service] = true
	}
	require.True(t, services["catalogue"] && services["users"], "the incidents are found in the replay: %v", services)

	rig.Run(t, "replay", nil, "--send", c.GRPC, recording)
	// What is open at the end of a recording is judged at shutdown.
	c.Stop()
	c.Start()
	stored := c.Stored(nil)
	assert.ElementsMatch(t, slices.Collect(maps.Keys(printed)), slices.Collect(maps.Keys(stored)))
	// Replay counts requests that are open at the end as complete, a collector does not: it may be started again.
	closed := historyEnd.Add(-2 * time.Minute)
	rig.Same(t, rig.Printed(t, rig.Before(t, out, closed)), c.Stored(url.Values{"end_time": {closed.Format(time.RFC3339)}}))
}

func TestStoredAnomaliesSurviveARestart(t *testing.T) {
	c := newCollector(t, "1e-2")
	rig.Run(t, "synthetic", nil, "--endpoint", c.GRPC, "--history", "60m", "--end", historyEndText, "--incident", "errors@checkout", "--incident-last", "5m")
	c.Stop()
	_, err := os.Stat(c.File())
	require.NoError(t, err)
	c.Start()
	assert.NotEmpty(t, c.Anomalies(url.Values{"service": {"checkout"}}))
}
