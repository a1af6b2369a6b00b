package e2e

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store/sqlite"
)

// historyEnd is where generated histories end: a fixed time, so that each run sees the same telemetry.
var historyEnd = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const historyEndText = "2026-03-02T12:00:00Z"

func TestIncidentIsFoundThroughTheAPI(t *testing.T) {
	c := newCollector(t, "0") // the budget decides
	_, stderr := run(t, "synthetic", nil, "--endpoint", c.grpc, "--history", "2h", "--end", historyEndText,
		"--incident", "errors@checkout", "--incident-last", "10m")
	t.Log(stderr)
	during := url.Values{"start_time": {historyEnd.Add(-10 * time.Minute).Format(time.RFC3339)}, "service": {"checkout"}}
	var found []anomaly.Anomaly
	await(t, 30*time.Second, func() bool {
		found = c.anomalies(during)
		return len(found) > 0
	}, func() string { return "no anomaly of checkout in the incident, but " + summary(c.anomalies(nil)) })

	a := found[len(found)-1] // the earliest
	assert.LessOrEqual(t, a.Timestamp.Sub(historyEnd.Add(-10*time.Minute)), 3*time.Minute, "found late")
	assert.LessOrEqual(t, a.PValue, a.Level)
	assert.Equal(t, "pending", a.Status)
	assert.NotEmpty(t, a.Explanation)
	assert.NotEmpty(t, a.Reasons)

	status, body, err := c.get("/v1/anomalies/"+a.ID, nil)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	var full anomaly.Anomaly
	require.NoError(t, json.Unmarshal(body, &full))
	assert.Equal(t, a.ID, full.ID)
	assert.NotEmpty(t, full.WindowData, "the single anomaly has its excerpts")

	before := c.anomalies(url.Values{"end_time": {historyEnd.Add(-10 * time.Minute).Format(time.RFC3339)}})
	assert.LessOrEqual(t, len(before), 2, "alarms in 110 quiet minutes: %s", summary(before))

	status, body, err = c.get("/v1/streams", nil)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	assert.Contains(t, string(body), `"checkout"`)
}

func TestReplayPrintsWhatACollectorStores(t *testing.T) {
	recording := filepath.Join(t.TempDir(), "shop.jsonl.gz")
	run(t, "synthetic", nil, "--history", "80m", "--end", historyEndText, "-o", recording,
		"--incident", "errors@catalogue", "--incident", "new-log-line@users", "--incident-at", "60m", "--incident-for", "8m")
	c := newCollector(t, "1e-2")
	out, stderr := run(t, "replay", c.env, "--config", config, recording)
	t.Log(stderr)
	services := map[string]bool{}
	var lines []*anomaly.Anomaly
	for line := range strings.Lines(out) {
		a := plain(t, []byte(line))
		lines = append(lines, &a)
		services[a.Service] = true
	}
	printed := episodes(t, lines)
	require.True(t, services["catalogue"] && services["users"], "the incidents are found in the replay: %v", services)

	run(t, "replay", nil, "--send", c.grpc, recording)
	// What is open at the end of a recording is judged at shutdown.
	c.stop()
	c.start()
	stored := map[string]string{}
	for _, s := range c.anomalies(nil) {
		status, body, err := c.get("/v1/anomalies/"+s.ID, nil)
		require.NoError(t, err)
		require.Equal(t, 200, status)
		stored[s.ID] = text(t, plain(t, body))
	}
	assert.Equal(t, printed, stored)
}

// episodes are what a store makes of stated windows, by id.
func episodes(t *testing.T, stated []*anomaly.Anomaly) map[string]string {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "printed.db")})
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Add(t.Context(), anomaly.Items{Anomalies: stated})
	require.NoError(t, err)
	all := map[string]string{}
	for _, a := range stated {
		row, err := s.Get(t.Context(), a.Episode.ID)
		require.NoError(t, err)
		body, err := json.Marshal(row)
		require.NoError(t, err)
		all[row.ID] = text(t, plain(t, body))
	}
	return all
}

// plain reads an anomaly without what only a store or a process adds.
func plain(t *testing.T, body []byte) anomaly.Anomaly {
	t.Helper()
	var a anomaly.Anomaly
	require.NoError(t, json.Unmarshal(body, &a))
	a.ProcessID, a.CreatedAt, a.UpdatedAt, a.IncidentServices = "", nil, nil, nil // others may join after the last window
	if e := a.Episode; e != nil && e.Ended != nil {                               // replay prints stated windows, not ends
		e.Ended = nil
		e.Revision--
	}
	return a
}

func text(t *testing.T, a anomaly.Anomaly) string {
	t.Helper()
	b, err := json.Marshal(a)
	require.NoError(t, err)
	return string(b)
}

func TestStoredAnomaliesSurviveARestart(t *testing.T) {
	c := newCollector(t, "1e-2")
	run(t, "synthetic", nil, "--endpoint", c.grpc, "--history", "60m", "--end", historyEndText, "--incident", "errors@checkout", "--incident-last", "5m")
	c.stop()
	_, err := os.Stat(filepath.Join(c.data, "driftlock.db"))
	require.NoError(t, err)
	c.start()
	assert.NotEmpty(t, c.anomalies(url.Values{"service": {"checkout"}}))
}
