package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/tests/rig"
)

// memoryTarget is what the collector may take at most while a thousand clients follow.
const memoryTarget = 512 << 20

// BenchmarkStream lets a thousand clients follow the live stream while another process's anomalies are stored, and one that takes nothing.
func BenchmarkStream(b *testing.B) {
	clients, count, rate := setting(b, "CLIENTS", 1000), setting(b, "ANOMALIES", 10_000), setting(b, "RATE", 200)
	for _, s := range stores {
		b.Run(s.name, func(b *testing.B) {
			c, store := s.open(b)
			c.Key, _ = rig.NewKey(b, store, "--name", "load", "--role", "reader")
			c.Start()
			all, number := make([]*anomaly.Anomaly, count), make(map[string]int, count)
			for i := range all {
				all[i] = seed(i)
				all[i].ProcessID = "another"
				number[all[i].ID] = i
			}
			list := make([]*follower, clients)
			var wg sync.WaitGroup
			var arrived atomic.Int64
			for i := range list {
				list[i] = follow(b, c)
				wg.Go(func() { list[i].read(number, &arrived) })
			}
			stall(b, c)
			before := memory(b, c.PID(), "VmRSS")
			began := time.Now()
			send(b, c.GRPC, all, rate)
			sent := time.Since(began)
			done := make(chan struct{})
			go func() { wg.Wait(); close(done) }()
			for last, since := int64(-1), time.Now(); time.Since(since) < 60*time.Second; {
				select {
				case <-done:
				case <-time.After(time.Second):
					if n := arrived.Load(); n != last {
						last, since = n, time.Now()
					}
					continue
				}
				break
			}
			took := time.Since(began)
			for _, f := range list {
				_ = f.conn.Close()
			}
			<-done
			missing, twice := 0, 0
			for _, f := range list {
				missing += f.left
				twice += f.twice
			}
			what := fmt.Sprintf("live stream, %s, %d clients, %d anomalies at %.0f/s", s.name, clients, count, float64(count)/sent.Seconds())
			results.add(what, fmt.Sprintf("%d events in %.0f s", arrived.Load(), took.Seconds()), "", true)
			results.add("  missing, of all clients", fmt.Sprint(missing), "0", missing == 0)
			results.add("  twice", fmt.Sprint(twice), "0", twice == 0)
			peak := memory(b, c.PID(), "VmHWM")
			results.add("  memory of the process, before and at most", fmt.Sprintf("%d MiB, %d MiB", before>>20, peak>>20), fmt.Sprintf("< %d MiB", memoryTarget>>20), peak < memoryTarget)
			cut := 0.
			for until := time.Now().Add(20 * time.Second); cut == 0 && time.Now().Before(until); time.Sleep(time.Second) {
				cut = c.Metric("extension_driftlockapi_streams_ended", `reason="slow"`)
			}
			results.add("  clients cut off as slow: the one that took nothing", fmt.Sprintf("%.0f", cut), "1", cut == 1)
		})
	}
}

// follower is one client.
type follower struct {
	conn  net.Conn
	lines *bufio.Reader
	seen  []uint64
	twice int
	left  int
}

// follow opens a stream and waits for its beginning. Raw HTTP: a thousand of Go's own clients would take more than the server.
func follow(b *testing.B, c *rig.Collector) *follower {
	b.Helper()
	conn, err := net.Dial("tcp", c.API)
	require.NoError(b, err)
	_, err = fmt.Fprintf(conn, "GET /v1/stream/anomalies HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", c.Key)
	require.NoError(b, err)
	f := &follower{conn: conn, lines: bufio.NewReaderSize(conn, 8<<10)}
	require.NoError(b, conn.SetReadDeadline(time.Now().Add(30*time.Second)))
	for {
		line, err := f.lines.ReadString('\n')
		require.NoError(b, err)
		if strings.HasPrefix(line, "retry: ") {
			break
		}
	}
	require.NoError(b, conn.SetReadDeadline(time.Time{}))
	return f
}

var dataOfAnomaly = []byte(`data: {"id":"`)

// read takes events until all anomalies have come or the stream ends.
func (f *follower) read(number map[string]int, arrived *atomic.Int64) {
	f.seen, f.left = make([]uint64, len(number)/64+1), len(number)
	begin := true
	for f.left > 0 {
		line, err := f.lines.ReadSlice('\n')
		whole := !errors.Is(err, bufio.ErrBufferFull)
		if err != nil && whole {
			return
		}
		if begin && bytes.HasPrefix(line, dataOfAnomaly) {
			if i, ok := number[string(line[len(dataOfAnomaly):len(dataOfAnomaly)+36])]; ok {
				arrived.Add(1)
				if f.seen[i/64]&(1<<(i%64)) != 0 {
					f.twice++
				} else {
					f.left--
				}
				f.seen[i/64] |= 1 << (i % 64)
			}
		}
		begin = whole
	}
}

// stall is a client that takes nothing after the beginning.
func stall(b *testing.B, c *rig.Collector) {
	b.Helper()
	f := follow(b, c)
	b.Cleanup(func() { _ = f.conn.Close() })
}

// send passes anomalies on as an agent does, so many a second.
func send(b *testing.B, address string, all []*anomaly.Anomaly, rate int) {
	b.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(b, err)
	defer func() { _ = conn.Close() }()
	client := plogotlp.NewGRPCClient(conn)
	const batch = 50
	tick := time.NewTicker(time.Second * batch / time.Duration(rate))
	defer tick.Stop()
	for i := 0; i < len(all); i += batch {
		<-tick.C
		ld, err := anomaly.Items{Anomalies: all[i:min(i+batch, len(all))]}.ToLogs()
		require.NoError(b, err)
		ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
		_, err = client.Export(ctx, plogotlp.NewExportRequestFromLogs(ld))
		cancel()
		require.NoError(b, err)
	}
}
