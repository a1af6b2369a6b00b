package detect

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// towns is a payload with every service five times, under other names.
func towns(p payload) []payload {
	out := make([]payload, 5)
	for i := range out {
		c := payload{at: p.at, logs: plog.NewLogs(), metrics: pmetric.NewMetrics(), traces: ptrace.NewTraces()}
		p.logs.CopyTo(c.logs)
		p.metrics.CopyTo(c.metrics)
		p.traces.CopyTo(c.traces)
		rename := func(r pcommon.Resource) {
			v, _ := r.Attributes().Get("service.name")
			r.Attributes().PutStr("service.name", fmt.Sprintf("%s-%d", v.AsString(), i))
		}
		for _, r := range c.logs.ResourceLogs().All() {
			rename(r.Resource())
		}
		for _, r := range c.metrics.ResourceMetrics().All() {
			rename(r.Resource())
		}
		for _, r := range c.traces.ResourceSpans().All() {
			rename(r.Resource())
			for _, s := range r.ScopeSpans().All() {
				for _, sp := range s.Spans().All() {
					id := sp.TraceID()
					id[0] ^= byte(i << 4)
					sp.SetTraceID(id)
				}
			}
		}
		out[i] = c
	}
	return out
}

// BenchmarkSnapshot saves and loads the state of a hundred services of all three signals after an hour of windows, each of them changed
// since the last snapshot. interval-share is the part of a minute that a snapshot takes; lock-ms is for how long data wait.
func BenchmarkSnapshot(b *testing.B) {
	cfg := DefaultConfig()
	cfg.OnOverload, cfg.State.Interval = Block, time.Hour
	m := newMemory()
	d, err := New("test", cfg, replaying(), &listener{})
	require.NoError(b, err)
	d.Keep(m)
	require.NoError(b, d.Start(b.Context()))
	all := recording(b, 65)
	at := 0
	next := func() {
		feed(b, d, towns(all[at%len(all)]))
		at++
	}
	for at < 60*6 {
		next()
	}
	b.Run("save", func(b *testing.B) {
		var written, lock time.Duration
		var bytes uint64
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			next()
			require.NoError(b, d.emitter.wait(b.Context(), d.sequenceNumber))
			b.StartTimer()
			began := time.Now()
			w, err := d.keeper.take(b.Context(), false)
			require.NoError(b, err)
			written += time.Since(began)
			bytes += w.Bytes
			b.StopTimer()
			d.mu.Lock()
			began = time.Now()
			c := d.cutNow(d.keeper.base, d.keeper.serial+1)
			lock += time.Since(began)
			d.mu.Unlock()
			c.end()
			d.keeper.serial++
			b.StartTimer()
		}
		n := float64(b.N)
		b.ReportMetric(float64(bytes)/n/1e6, "MB")
		b.ReportMetric(written.Seconds()/n/time.Minute.Seconds(), "interval-share")
		b.ReportMetric(lock.Seconds()/n*1e3, "lock-ms")
		b.ReportMetric(float64(d.Stats().ModelBytes)/1e6, "model-MB")
		b.ReportMetric(float64(len(d.registry.services)), "services")
	})
	require.NoError(b, d.Shutdown(context.Background()))
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			d, err := New("test", cfg, replaying(), &listener{})
			require.NoError(b, err)
			d.Keep(m)
			require.NoError(b, d.Start(b.Context()))
			b.StopTimer()
			require.NoError(b, d.Shutdown(b.Context()))
			b.StartTimer()
		}
	})
}
