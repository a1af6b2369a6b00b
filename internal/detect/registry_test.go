package detect

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/cbad"
)

// A flood of one-off services is bounded and counted, frees what it took, and leaves the mature service's model alone.
func TestFloodOfServicesLeavesMatureOnesAlone(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Limits.Streams = 1000
	var mu sync.Mutex
	made, freed := 0, 0
	d, _ := faked(t, cfg, replaying(), func(cbad.Kind) *fakeModel {
		mu.Lock()
		defer mu.Unlock()
		made++
		return &fakeModel{freed: &freed, mu: &mu}
	})
	for i := range 10 {
		require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("mature", float64(60*i))))
	}
	for i := range 100_000 {
		require.NoError(t, d.ConsumeLogs(t.Context(), logsAt(fmt.Sprint("flood-", i), 600)))
	}
	s := d.Stats()
	assert.LessOrEqual(t, s.Streams, 1000)
	assert.EqualValues(t, 100_001-s.Streams, s.StreamsEvicted)
	assert.NotNil(t, d.registry.services[mature(d)], "the mature service was evicted")
	require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("mature", 660)))
	require.NoError(t, d.Flush(t.Context()))
	require.NoError(t, d.Shutdown(t.Context()))
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, made, freed, "models that were not freed")
	assert.Zero(t, d.counters.modelBytes.Load())
	assert.Zero(t, d.evicting.Load())
}

func mature(d *Detector) uint64 {
	for h, v := range d.registry.services {
		if v.name == "mature" {
			return h
		}
	}
	return 0
}

// With the real core, 100,000 services that come once need no more memory than the limits allow.
func TestManyServicesInBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	cfg := DefaultConfig()
	cfg.Limits.Streams, cfg.Limits.MemoryMiB, cfg.OnOverload = 2000, 64, Block
	l := &listener{}
	d, err := New("test", cfg, replaying(), l)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	var peak uint64
	for i := range 100_000 {
		require.NoError(t, d.ConsumeLogs(t.Context(), logsAt(fmt.Sprint("service-", i), float64(i)/50)))
		if i%5000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	s := d.Stats()
	assert.LessOrEqual(t, s.Streams, 2000)
	assert.GreaterOrEqual(t, s.StreamsEvicted, uint64(98_000))
	assert.Less(t, peak, uint64(256<<20))
	require.NoError(t, d.Shutdown(t.Context()))
	assert.Zero(t, d.counters.modelBytes.Load(), "models that were not freed")
}

func TestMemoryLimitEvictsTheLeastRecentlyUsed(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Limits.MemoryMiB, cfg.Workers = 16, 1
	d, _ := faked(t, cfg, replaying(), func(cbad.Kind) *fakeModel { return &fakeModel{memory: 1 << 20} })
	for minute := range 10 {
		for s := range 40 {
			require.NoError(t, d.ConsumeLogs(t.Context(), logsAt(fmt.Sprint("s", s), float64(60*minute))))
		}
		require.NoError(t, d.emitter.wait(t.Context(), d.sequenceNumber))
	}
	// The workers measure, so it is the next arrival that finds too much.
	require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("s0", 600)))
	done := make(chan struct{})
	d.workers[0].push(task{kind: taskCall, done: func() { close(done) }})
	<-done
	assert.LessOrEqual(t, d.Stats().ModelBytes, uint64(17<<20), "the limit, and what the last arrival made after room was looked for")
	assert.Greater(t, d.Stats().StreamsEvicted, uint64(20))
}

func TestSegments(t *testing.T) {
	r := newRegistry()
	add := func(h uint64) *service {
		v := &service{hash: h}
		r.add(v)
		r.sawSignal(v, logs)
		return v
	}
	all := []*service{}
	for h := range uint64(10) {
		all = append(all, add(h))
	}
	assert.Same(t, all[0], r.victim(nil))
	assert.Same(t, all[1], r.victim(all[0]))
	r.touch(all[0])
	assert.Same(t, all[1], r.victim(nil))
	for range matureWindows {
		for _, v := range all {
			r.mature(v, 10)
		}
	}
	assert.LessOrEqual(t, r.protected.streams, 8)
	assert.Equal(t, 10, r.protected.streams+r.probation.streams)
	for r.streams > 0 {
		v := r.victim(nil)
		require.NotNil(t, v)
		r.remove(v)
	}
	assert.Nil(t, r.victim(nil))
	assert.Zero(t, r.protected.streams+r.probation.streams)
}

// A model says how many it gave up since it began; the next one begins anew.
func TestWhatModelsGiveUpIsCounted(t *testing.T) {
	made, cfg := 0, DefaultConfig()
	cfg.Workers = 1
	d, _ := faked(t, cfg, replaying(), func(cbad.Kind) *fakeModel {
		made++
		return &fakeModel{evicted: 7, broken: made == 2}
	})
	for minute := range 3 {
		require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", float64(60*minute))))
	}
	require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("cart", 0, 60)))
	require.NoError(t, d.Flush(t.Context()))
	require.Equal(t, 3, made, "cart's first model broke")
	assert.EqualValues(t, 7+7, d.Stats().Signals[logs].ModelEvicted)
}

// A model that panicked is replaced; the service goes on, warming up again.
func TestBrokenModelIsReplaced(t *testing.T) {
	made := 0
	d, l := faked(t, DefaultConfig(), replaying(), func(cbad.Kind) *fakeModel {
		made++
		return &fakeModel{broken: made == 1}
	})
	for minute := range 3 {
		require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", float64(60*minute))))
	}
	require.NoError(t, d.Flush(t.Context()))
	assert.Equal(t, 2, made)
	assert.Positive(t, d.Stats().CoreErrors)
	assert.NotEmpty(t, l.windows)
}
