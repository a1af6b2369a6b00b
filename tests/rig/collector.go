package rig

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Collector is a running bin/driftlock. Its configuration takes the addresses from the environment: E2E_GRPC, E2E_HTTP and E2E_API
// (host:port each), E2E_METRICS_PORT (of the collector's own metrics), E2E_DATA (a folder of its own), and what the test adds.
type Collector struct {
	GRPC, HTTP, API, Metrics string
	// Data is the collector's folder, and Log the file with what it prints.
	Data, Log string
	// Env is what it is started with, on top of this process's environment.
	Env []string
	// Key, where there is one, is sent with each request.
	Key string

	t      testing.TB
	config string
	cmd    *exec.Cmd
	done   chan error
	logged int64 // size of the log when the process was started
}

// New is a collector that does not run yet, on free ports, with a data folder of its own. It ends with the test; of a test that fails
// the end of its log is shown.
func New(t testing.TB, config string, env ...string) *Collector {
	t.Helper()
	c := &Collector{t: t, config: config, GRPC: FreePort(t), HTTP: FreePort(t), API: FreePort(t), Metrics: FreePort(t), Data: t.TempDir()}
	_, port, _ := net.SplitHostPort(c.Metrics)
	c.Env = append([]string{"E2E_METRICS_PORT=" + port, "E2E_GRPC=" + c.GRPC, "E2E_HTTP=" + c.HTTP, "E2E_API=" + c.API, "E2E_DATA=" + c.Data}, env...)
	c.Log = filepath.Join(c.Data, "collector.log")
	t.Cleanup(func() {
		c.Stop()
		if t.Failed() {
			b, err := os.ReadFile(c.Log)
			t.Logf("the collector's log (%v):\n%s", err, b[max(0, len(b)-8000):])
		}
	})
	return c
}

// FreePort is an address on this machine at which nobody listens right now.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Start starts the process and waits until it is ready.
func (c *Collector) Start() {
	c.t.Helper()
	c.Launch()
	c.AwaitStatus("/readyz", http.StatusOK)
	c.AwaitLog("Everything is ready")
}

// AwaitLog waits until the process has logged the text. (The API answers before the last component has started.)
func (c *Collector) AwaitLog(text string) {
	c.t.Helper()
	Await(c.t, 30*time.Second, func() bool {
		b, err := os.ReadFile(c.Log)
		require.NoError(c.t, err)
		return bytes.Contains(b[c.logged:], []byte(text))
	}, func() string { return "it never logged " + text })
}

// Launch starts the process.
func (c *Collector) Launch() {
	c.t.Helper()
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(c.t, err)
	defer func() { _ = log.Close() }()
	info, err := log.Stat()
	require.NoError(c.t, err)
	c.logged = info.Size()
	c.cmd = exec.Command(Binary(c.t, "driftlock"), "--config", c.config)
	c.cmd.Env = append(os.Environ(), c.Env...)
	c.cmd.Stdout, c.cmd.Stderr = log, log
	require.NoError(c.t, c.cmd.Start())
	c.done = make(chan error, 1)
	go func(cmd *exec.Cmd, done chan error) { done <- cmd.Wait() }(c.cmd, c.done)
}

// AwaitStatus waits until a GET of the path has the status, as long as the process lives.
func (c *Collector) AwaitStatus(path string, want int) {
	c.t.Helper()
	require.Eventually(c.t, func() bool {
		select {
		case err := <-c.done:
			c.done <- err
			c.t.Errorf("the collector ended: %v", err)
			return true
		default:
		}
		status, _, err := c.Get(path, nil)
		return err == nil && status == want
	}, 30*time.Second, 100*time.Millisecond, "GET %s never answered %d", path, want)
	if c.t.Failed() {
		c.t.FailNow()
	}
}

// Stop asks the collector to end, as Ctrl-C does, and waits for it. It is safe to call again.
func (c *Collector) Stop() {
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

// PID is that of the process.
func (c *Collector) PID() int { return c.cmd.Process.Pid }

// Kill ends the collector as a power failure would.
func (c *Collector) Kill() {
	c.t.Helper()
	cmd := c.cmd
	c.cmd = nil
	require.NoError(c.t, cmd.Process.Kill())
	<-c.done
}

// Fails runs a collector that cannot start and returns what it said.
func (c *Collector) Fails() (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(c.t, "driftlock"), "--config", c.config)
	cmd.Env = append(os.Environ(), c.Env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
