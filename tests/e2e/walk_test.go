package e2e

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/tests/rig"
)

// TestWalk goes the whole way as a team would: keys, telemetry and events in, anomalies on the live stream, a status, a bundle, its check.
func TestWalk(t *testing.T) {
	t.Parallel()
	private, public := signingKey(t)
	onEveryStore(t, func(t *testing.T, c *rig.Collector, store string) {
		c.Key, _ = rig.NewKey(t, store, "--name", "walker", "--role", "writer")
		c.Start()
		live := c.Follow(c.API, "")

		postTill(t, c)
		rig.Run(t, "synthetic", nil, "--endpoint", c.GRPC, "--history", "80m", "--end", historyEndText, "--incident", "errors@checkout", "--incident-last", "10m", "--quiet")
		wanted := map[string]bool{"checkout": true, "till": true}
		seen := live.Until(30*time.Second, "checkout and till", func(a anomaly.Anomaly) bool {
			if a.Timestamp.After(historyEnd.Add(-10 * time.Minute)) {
				delete(wanted, a.Service)
			}
			return len(wanted) == 0
		})

		a := c.Anomalies(url.Values{"service": {"checkout"}, "start_time": {historyEnd.Add(-10 * time.Minute).Format(time.RFC3339)}})[0]
		changeStatus(t, c, a.ID)
		seen = append(seen, live.Until(10*time.Second, "the status", func(b anomaly.Anomaly) bool { return b.ID == a.ID && b.Status == "investigating" })...)

		bundle := export(t, c, a.ID)
		out, _ := rig.Run(t, "replay", nil, "verify", "--public-key", public, bundle)
		assert.Contains(t, out, "verified")
		forged := forge(t, bundle)
		cmd := exec.CommandContext(t.Context(), rig.Binary(t, "replay"), "verify", "--public-key", public, forged)
		text, err := cmd.CombinedOutput()
		assert.Error(t, err, "a forged bundle passes")
		assert.Contains(t, string(text), "/body/verdict/p_value")

		// The end of the telemetry is judged at shutdown, after the stream has ended; who comes back gets it.
		c.Stop()
		rest, reason := live.Rest(10 * time.Second)
		assert.Contains(t, reason, "going down")
		seen = append(seen, rest...)
		c.Start()
		again := c.Follow(c.API, seen[len(seen)-1].ID)
		mark(t, c, a.ID, "resolved")
		seen = append(seen, again.Until(10*time.Second, "the last status", func(b anomaly.Anomaly) bool { return b.ID == a.ID && b.Status == "resolved" })...)
		sameAsListed(t, c, seen)
	}, "E2E_P=1e-3", "E2E_SIGNING_KEY="+private)
}

// sameAsListed: no event came twice, and the last that came of each anomaly is how the store has it.
func sameAsListed(t *testing.T, c *rig.Collector, seen []rig.Event) {
	t.Helper()
	marks, newest := map[string]bool{}, map[string]anomaly.Anomaly{}
	for _, e := range seen {
		assert.False(t, marks[e.ID], "the change %s came twice", e.ID)
		marks[e.ID] = true
		a := e.Anomaly(t)
		newest[a.ID] = a
	}
	stored := map[string]anomaly.Anomaly{}
	for _, a := range c.Anomalies(nil) {
		stored[a.ID] = a
	}
	assert.Equal(t, stored, newest)
}

// postTill posts the events of a till: an hour of ordinary sums every ten seconds, then ten minutes of sums that no one ever paid.
func postTill(t *testing.T, c *rig.Collector) {
	t.Helper()
	var lines bytes.Buffer
	begin := historyEnd.Add(-80 * time.Minute)
	for i := range 480 {
		at := begin.Add(time.Duration(i) * 10 * time.Second)
		sum := 20 + float64(i*7919%100)/10
		if at.After(historyEnd.Add(-10 * time.Minute)) {
			sum += 5000
		}
		_, _ = fmt.Fprintf(&lines, `{"timestamp":%q,"value":%g,"metadata":{"service":"till","metric":"till.sum"}}`+"\n", at.Format(time.RFC3339), sum)
	}
	answer, err := c.Do(http.MethodPost, "/v1/events", lines.Bytes(), "Content-Type", "application/x-ndjson")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	require.JSONEq(t, `{"accepted":480,"rejected":[]}`, string(answer.Body))
}

// changeStatus takes an anomaly as somebody does who has read it, and is refused what is stale or not in the table.
func changeStatus(t *testing.T, c *rig.Collector, id string) {
	t.Helper()
	patch := func(status string, header ...string) rig.Answer {
		answer, err := c.Do(http.MethodPatch, "/v1/anomalies/"+id+"/status", []byte(`{"status":"`+status+`","note":"looked at"}`),
			append([]string{"Content-Type", "application/json"}, header...)...)
		require.NoError(t, err)
		return answer
	}
	// An episode that goes on may be judged anew between the reading and the change: then it is read again, as the answer says.
	var tag string
	var answer rig.Answer
	for range 20 {
		read, err := c.Do(http.MethodGet, "/v1/anomalies/"+id, nil)
		require.NoError(t, err)
		tag = read.Header.Get("ETag")
		require.NotEmpty(t, tag)
		if answer = patch("investigating", "If-Match", tag); answer.Status != http.StatusPreconditionFailed {
			break
		}
	}
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	require.Equal(t, http.StatusPreconditionFailed, patch("resolved", "If-Match", tag).Status, "what was read is stale")
	require.Equal(t, http.StatusConflict, patch("acknowledged").Status, "not in the table")
	var audit struct {
		Entries []struct{ Actor, Action, Note string }
	}
	c.Read("/v1/audit", url.Values{"target": {id}}, &audit)
	require.Len(t, audit.Entries, 1)
	require.Equal(t, "walker", audit.Entries[0].Actor)
	require.Equal(t, "looked at", audit.Entries[0].Note)
}

func mark(t *testing.T, c *rig.Collector, id, status string) {
	t.Helper()
	answer, err := c.Do(http.MethodPatch, "/v1/anomalies/"+id+"/status", []byte(`{"status":"`+status+`"}`), "Content-Type", "application/json")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
}

func export(t *testing.T, c *rig.Collector, id string) (path string) {
	t.Helper()
	answer, err := c.Do(http.MethodGet, "/v1/anomalies/"+id+"/export", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	path = filepath.Join(t.TempDir(), "bundle.json")
	require.NoError(t, os.WriteFile(path, answer.Body, 0o600))
	return path
}

// forge writes the bundle anew with a p-value ten times as large.
func forge(t *testing.T, bundle string) (path string) {
	t.Helper()
	b, err := os.ReadFile(bundle)
	require.NoError(t, err)
	var all map[string]map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(b, &all))
	var verdict map[string]any
	require.NoError(t, json.Unmarshal(all["body"]["verdict"], &verdict))
	verdict["p_value"] = verdict["p_value"].(float64) * 10
	all["body"]["verdict"], err = json.Marshal(verdict)
	require.NoError(t, err)
	b, err = json.Marshal(all)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(bundle+".forged", b, 0o600))
	return bundle + ".forged"
}

// signingKey writes a key and the half of it that those who check need.
func signingKey(t *testing.T) (private, public string) {
	t.Helper()
	dir := t.TempDir()
	open, secret, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	write := func(name, kind string, der []byte, err error) string {
		require.NoError(t, err)
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	der, err := x509.MarshalPKCS8PrivateKey(secret)
	private = write("driftlock.key", "PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(open)
	return private, write("driftlock.pub", "PUBLIC KEY", der, err)
}
