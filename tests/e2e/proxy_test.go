package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/tests/rig"
)

// TestLiveStreamBehindAProxy: heartbeats and events pass a proxy at once, and a client that comes back through it after the API was
// restarted has missed nothing and gets nothing twice.
func TestLiveStreamBehindAProxy(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, c *rig.Collector, _ string) {
		proxy := goProxy(t, c.API)
		if strings.HasSuffix(t.Name(), "postgres") {
			proxy = nginx(t, c.API)
		}
		c.Start()
		live := c.Follow(proxy, "")
		assert.Equal(t, "text/event-stream; charset=utf-8", live.Header.Get("Content-Type"))
		heartbeat, ok := live.Next(20 * time.Second)
		require.True(t, ok, "no heartbeat passes the proxy")
		require.Equal(t, rig.Event{Data: "alive"}, heartbeat)

		recording := filepath.Join(t.TempDir(), "shop.jsonl")
		rig.Run(t, "synthetic", nil, "--history", "80m", "--end", historyEndText, "-o", recording, "--quiet",
			"--incident", "errors@checkout", "--incident", "latency@catalogue", "--incident-at", "40m", "--incident-for", "35m")
		first, second := halves(t, recording)
		rig.Run(t, "replay", nil, "--send", c.GRPC, "--quiet", first)
		seen := live.Until(30*time.Second, "the first anomaly", func(anomaly.Anomaly) bool { return true })
		c.Stop() // what is open is judged after the stream's end
		rest, _ := live.Rest(20 * time.Second)
		seen = append(seen, rest...)

		c.Start()
		live = c.Follow(proxy, seen[len(seen)-1].ID)
		rig.Run(t, "replay", nil, "--send", c.GRPC, "--quiet", second)
		c.Stop()
		rest, reason := live.Rest(20 * time.Second)
		assert.Contains(t, reason, "going down")
		seen = append(seen, rest...)

		c.Start()
		live = c.Follow(proxy, seen[len(seen)-1].ID)
		a := c.Anomalies(nil)[0]
		mark(t, c, a.ID, "dismissed")
		seen = append(seen, live.Until(20*time.Second, "the status", func(b anomaly.Anomaly) bool { return b.ID == a.ID && b.Status == "dismissed" })...)
		sameAsListed(t, c, seen)
	}, "E2E_P=1e-2")
}

// goProxy is a reverse proxy in this process, and its address.
func goProxy(t *testing.T, api string) string {
	t.Helper()
	server := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: api})
	}})
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// nginx is the real one with its defaults, which buffer answers unless these say otherwise; where it is not installed, goProxy.
func nginx(t *testing.T, api string) string {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		t.Log("nginx is not installed (Debian and Ubuntu: apt-get install nginx-light): a reverse proxy in Go stands in for it")
		return goProxy(t, api)
	}
	dir, address := t.TempDir(), rig.FreePort(t)
	path := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `daemon off; master_process off; pid %[1]s/pid; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server { listen %[2]s; location / { proxy_pass http://%[3]s; proxy_http_version 1.1; proxy_set_header Host localhost; } }
}
`, dir, address, api), 0o600))
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "-c", path, "-p", dir)
	var said strings.Builder
	cmd.Stderr = &said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log("nginx said: ", said.String())
		}
	})
	rig.Await(t, 10*time.Second, func() bool {
		conn, err := net.Dial("tcp", address)
		return err == nil && conn.Close() == nil
	}, func() string { return "nginx does not listen" })
	return address
}
