package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/driftlock/driftlock/internal/anomaly"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if built.dir != "" {
			_ = os.RemoveAll(built.dir)
		}
		os.Exit(code)
	}))
}

// built holds binaries that `make collector tools` has not built.
var built struct {
	sync.Mutex
	dir string
}

// binary is the path of bin/NAME; where there is none it is built now.
func binary(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "bin", name))
	require.NoError(t, err)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	built.Lock()
	defer built.Unlock()
	if built.dir == "" {
		built.dir, err = os.MkdirTemp("", "driftlock-e2e-")
		require.NoError(t, err)
	}
	path = filepath.Join(built.dir, name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	t.Logf("bin/%s is not there, building it; `make collector tools` does so beforehand", name)
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "../../cmd/"+name).CombinedOutput()
	require.NoError(t, err, "bin/%s is not there and cannot be built: run `make collector tools`\n%s", name, out)
	return path
}

// run calls a tool and returns what it printed; it must succeed.
func run(t *testing.T, name string, env []string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t, name), args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	require.NoError(t, cmd.Run(), "%s %s\n%s", name, strings.Join(args, " "), errOut.String())
	return out.String(), errOut.String()
}

// collector is a running bin/driftlock.
type collector struct {
	t    *testing.T
	grpc string
	http string
	api  string
	data string
	env  []string
	log  string

	cmd  *exec.Cmd
	done chan error
}

const config = "testdata/collector.yaml"

// newCollector starts a collector on free ports with a data folder of its own and waits until it is ready.
func newCollector(t *testing.T, p string) *collector {
	t.Helper()
	c := &collector{t: t, grpc: freePort(t), http: freePort(t), api: freePort(t), data: t.TempDir()}
	c.env = []string{"E2E_GRPC=" + c.grpc, "E2E_HTTP=" + c.http, "E2E_API=" + c.api, "E2E_DATA=" + c.data, "E2E_P=" + p}
	c.log = filepath.Join(c.data, "collector.log")
	c.start()
	t.Cleanup(func() {
		c.stop()
		if t.Failed() {
			b, err := os.ReadFile(c.log)
			t.Logf("the collector's log (%v):\n%s", err, b[max(0, len(b)-8000):])
		}
	})
	return c
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (c *collector) start() {
	c.t.Helper()
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(c.t, err)
	defer func() { _ = log.Close() }()
	c.cmd = exec.Command(binary(c.t, "driftlock"), "--config", config)
	c.cmd.Env = append(os.Environ(), c.env...)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	require.NoError(c.t, c.cmd.Start())
	c.done = make(chan error, 1)
	go func() { c.done <- c.cmd.Wait() }()
	require.Eventually(c.t, func() bool {
		select {
		case err := <-c.done:
			c.done <- err
			c.t.Errorf("the collector ended at its start: %v", err)
			return true
		default:
		}
		status, _, err := c.get("/readyz", nil)
		return err == nil && status == http.StatusOK
	}, 30*time.Second, 100*time.Millisecond, "GET /readyz never answered 200")
	if c.t.Failed() {
		c.t.FailNow()
	}
}

// stop asks the collector to end, as Ctrl-C does, and waits for it. It is safe to call again.
func (c *collector) stop() {
	c.t.Helper()
	if c.cmd == nil {
		return
	}
	cmd := c.cmd
	c.cmd = nil
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Errorf("stop the collector: %v", err)
	}
	select {
	case err := <-c.done:
		if err != nil {
			c.t.Errorf("the collector did not end well: %v", err)
		}
	case <-time.After(30 * time.Second):
		c.t.Error("the collector did not end within 30 s of SIGTERM")
		_ = cmd.Process.Kill()
		<-c.done
	}
}

var client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func (c *collector) get(path string, query url.Values) (int, []byte, error) {
	resp, err := client.Get("http://" + c.api + path + "?" + query.Encode())
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, b, err
}

// anomalies lists all that the query selects, page after page.
func (c *collector) anomalies(query url.Values) []anomaly.Anomaly {
	c.t.Helper()
	var all []anomaly.Anomaly
	q := url.Values{"limit": {"500"}}
	for k, v := range query {
		q[k] = v
	}
	for {
		status, body, err := c.get("/v1/anomalies", q)
		require.NoError(c.t, err)
		require.Equal(c.t, http.StatusOK, status, "%s", body)
		var page struct {
			Anomalies  []anomaly.Anomaly `json:"anomalies"`
			NextCursor string            `json:"next_cursor"`
		}
		require.NoError(c.t, json.Unmarshal(body, &page))
		all = append(all, page.Anomalies...)
		if page.NextCursor == "" {
			return all
		}
		q.Set("cursor", page.NextCursor)
	}
}

// await waits until the condition holds; say describes what was seen last.
func await(t *testing.T, limit time.Duration, holds func() bool, say func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			require.Fail(t, "waited in vain", "for %s: %s", limit, say())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// summary is one line per anomaly, for messages.
func summary(list []anomaly.Anomaly) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d anomalies\n", len(list))
	for _, a := range list {
		fmt.Fprintf(&b, "  %s %s %s p %.2g: %s\n", a.Timestamp.Format("15:04:05"), a.Service, a.StreamType, a.PValue, a.Explanation[:min(len(a.Explanation), 120)])
	}
	return b.String()
}

// fails runs a collector that cannot start and returns what it said.
func (c *collector) fails() (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(c.t, "driftlock"), "--config", config)
	cmd.Env = append(os.Environ(), c.env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
