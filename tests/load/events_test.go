package load

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/tests/rig"
)

// peerVariable makes this program serve the bare handler at an address.
const peerVariable = "LOAD_PEER"

// servePeer is what net/http can do at most with such a request: read it, answer it.
func servePeer(address string) {
	_ = http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"accepted":1,"rejected":[]}`)
	}))
}

func startPeer(b *testing.B) (address string, pid int) {
	b.Helper()
	address = rig.FreePort(b)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), peerVariable+"="+address)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	rig.Await(b, 10*time.Second, func() bool {
		resp, err := http.Get("http://" + address)
		return err == nil && resp.Body.Close() == nil
	}, func() string { return "the peer does not listen" })
	http.DefaultClient.CloseIdleConnections()
	return address, cmd.Process.Pid
}

// script makes wrk post one event in each request and say what happened as JSON.
const script = `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("LOAD_KEY")
wrk.body = '{"value":12.5,"metadata":{"service":"shop","region":"eu","order":"4711"}}'
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\n{"requests":%d,"microseconds":%d,"errors":%d,"p99":%d}\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(99)))
end
`

// posted is what wrk saw.
type posted struct {
	Requests, Microseconds, Errors, P99 int

	CPU time.Duration // of the server
}

func (p posted) rate() float64 { return float64(p.Requests) / float64(p.Microseconds) * 1e6 }

// each is the server's CPU time for one request, in µs: what stays the same when other programs take their share of the machine.
func (p posted) each() float64 { return p.CPU.Seconds() * 1e6 / float64(p.Requests) }

func post(b *testing.B, wrk, script, address string, pid int, key string, seconds int) (p posted) {
	b.Helper()
	before := cpu(b, pid)
	cmd := exec.CommandContext(b.Context(), wrk, "--threads", "1", "--connections", "16", "--duration", fmt.Sprint(seconds, "s"), "--script", script, "http://"+address+"/v1/events")
	cmd.Env = append(os.Environ(), "LOAD_KEY="+key)
	out, err := cmd.CombinedOutput()
	require.NoError(b, err, "%s", out)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.NoError(b, json.Unmarshal([]byte(lines[len(lines)-1]), &p), "%s", out)
	p.CPU = cpu(b, pid) - before
	return p
}

// BenchmarkEvents posts single events with a key, in turn to the collector and to a bare handler.
func BenchmarkEvents(b *testing.B) {
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		b.Fatal("wrk is not installed: apt-get install wrk (Debian, Ubuntu), brew install wrk (macOS), or build it from https://github.com/wg/wrk")
	}
	seconds := setting(b, "SECONDS_EACH", 5)
	path := filepath.Join(b.TempDir(), "post.lua")
	require.NoError(b, os.WriteFile(path, []byte(script), 0o600))
	peer, peerPID := startPeer(b)
	for _, s := range stores {
		b.Run(s.name, func(b *testing.B) {
			c, store := s.open(b)
			c.Key, _ = rig.NewKey(b, store, "--name", "load", "--role", "writer")
			c.Start()
			post(b, wrk, path, peer, peerPID, c.Key, 1) // warm up
			post(b, wrk, path, c.API, c.PID(), c.Key, 1)
			var bare, ours posted
			add := func(sum *posted, p posted) {
				sum.Requests += p.Requests
				sum.Microseconds += p.Microseconds
				sum.Errors += p.Errors
				sum.CPU += p.CPU
				sum.P99 = max(sum.P99, p.P99)
			}
			for range 3 {
				add(&bare, post(b, wrk, path, peer, peerPID, c.Key, seconds))
				add(&ours, post(b, wrk, path, c.API, c.PID(), c.Key, seconds))
			}
			ratio := ours.rate() / bare.rate()
			results.add("POST /v1/events, one event, "+s.name, fmt.Sprintf("%.0f/s, p99 %.1f ms", ours.rate(), float64(ours.P99)/1000), "> 1,000/s", ours.rate() > 1000)
			results.add("  errors", fmt.Sprint(ours.Errors), "0", ours.Errors == 0)
			results.add("  of a bare handler's", fmt.Sprintf("%.0f %% of %.0f/s", 100*ratio, bare.rate()), "≥ 40 %", ratio >= .4)
			results.add("  CPU time of a request", fmt.Sprintf("%.0f µs, the bare handler's %.0f µs", ours.each(), bare.each()), "", true)
		})
	}
}
