// Package faults takes away what a collector leans on, while it works, and looks at what is left of the anomalies. Each test ends by
// itself within a few minutes, and talks to this machine alone.
package faults

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/tests/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

const config = "testdata/postgres.yaml"

// end is the event time at which the recording ends.
var end = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// outage is how long the database is away while telemetry goes on.
const outage = 60 * time.Second

// TestEveryAnomalyIsStoredOnce: the database is stopped for a minute and killed, the collector is killed while the database is away and
// starts again before it is back. What is stored in the end is what a replay of the same telemetry says, each once.
func TestEveryAnomalyIsStoredOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two minutes")
	}
	recording := record(t)
	printed, stderr := rig.Run(t, "replay", nil, "--config", config, recording)
	t.Log(stderr)
	// Of the windows that are open when it is killed a collector knows no more.
	closed := url.Values{"end_time": {end.Add(-2 * time.Minute).Format(time.RFC3339)}}
	want := rig.Printed(t, rig.Before(t, printed, end.Add(-2*time.Minute)))
	require.Greater(t, len(want), 15, "too few anomalies to say anything")
	parts := cut(t, recording, 4)

	database, err := pgtest.Start()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, database.Stop()) })
	if !database.Ours() {
		t.Skipf("%s names a server that is not ours to stop", pgtest.Variable)
	}
	c := rig.New(t, config, "E2E_DSN="+database.URL)
	send := func(part int) { rig.Run(t, "replay", nil, "--send", c.GRPC, "--quiet", parts[part]) }
	c.Start()
	send(0)

	t.Log("the database stops for a minute, in order")
	require.NoError(t, database.Halt())
	back := time.Now().Add(outage)
	send(1)
	c.AwaitStatus("/readyz", 503)
	c.AwaitStatus("/healthz", 200)
	time.Sleep(time.Until(back))
	require.NoError(t, database.Again())
	c.AwaitStatus("/readyz", 200)

	t.Log("the database is killed under load")
	sent := make(chan struct{})
	go func() { defer close(sent); send(2) }()
	time.Sleep(200 * time.Millisecond)
	require.NoError(t, database.Kill())
	<-sent
	require.NoError(t, database.Again())
	c.AwaitStatus("/readyz", 200)

	t.Log("the database is killed, then the collector with all that it could not store")
	require.NoError(t, database.Kill())
	send(3)
	awaitSnapshot(t, c)
	c.Kill()
	c.Launch()
	c.AwaitStatus("/healthz", 200)
	c.AwaitStatus("/readyz", 503)
	require.NoError(t, database.Again())
	c.AwaitStatus("/readyz", 200)

	rig.AwaitSame(t, 60*time.Second, want, func() map[string]string { return c.Stored(closed) })
	c.Stop() // what is open is judged: nothing more may come of it
	c.Start()
	rig.Same(t, want, c.Stored(closed))
}

// awaitSnapshot waits until the state holds all that was sent: the second snapshot that ends from now on began after that.
func awaitSnapshot(t *testing.T, c *rig.Collector) {
	t.Helper()
	before := c.Metric("processor_driftlockcbad_snapshots")
	rig.Await(t, 3*time.Minute, func() bool { return c.Metric("processor_driftlockcbad_snapshots") >= before+2 },
		func() string { return "no snapshots are written" })
}

// record makes two hours of a shop in which much goes wrong.
func record(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.jsonl")
	args := []string{"--history", "2h", "--end", end.Format(time.RFC3339), "--output", path, "--quiet", "--incident-at", "60m", "--incident-for", "50m"}
	for _, incident := range []string{"errors@checkout", "latency@catalogue", "new-log-line@users", "value-out-of-range@orders"} {
		args = append(args, "--incident", incident)
	}
	rig.Run(t, "synthetic", nil, args...)
	return path
}

// cut divides a recording into so many files of about the same number of batches.
func cut(t *testing.T, path string, parts int) (paths []string) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := bytes.SplitAfter(bytes.TrimRight(b, "\n"), []byte("\n"))
	for i := range parts {
		part := fmt.Sprintf("%s.%d.jsonl", path, i)
		require.NoError(t, os.WriteFile(part, bytes.Join(lines[i*len(lines)/parts:(i+1)*len(lines)/parts], nil), 0o600))
		paths = append(paths, part)
	}
	return paths
}
