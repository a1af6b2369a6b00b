package detect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/driftlock/driftlock/internal/shop"
	"github.com/driftlock/driftlock/internal/snapshot"
)

// memory is a storage for tests.
type memory struct {
	mu   sync.Mutex
	data map[string][]byte
	left int // changes until it breaks; below 0: never
}

func newMemory() *memory { return &memory{data: map[string][]byte{}, left: -1} }

var errBroken = errors.New("disk on fire")

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.data[key]), nil
}

func (m *memory) Write(_ context.Context, changes []snapshot.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range changes {
		if m.left == 0 {
			return errBroken
		}
		m.left--
		if c.Value == nil {
			delete(m.data, c.Key)
		} else {
			m.data[c.Key] = slices.Clone(c.Value)
		}
	}
	return nil
}

func (m *memory) Keys(context.Context) ([]string, error) {
	return slices.Collect(maps.Keys(m.data)), nil
}

func (m *memory) clone() *memory { return &memory{data: maps.Clone(m.data), left: -1} }

// payload is one batch of telemetry on its way.
type payload struct {
	at      time.Time
	logs    plog.Logs
	metrics pmetric.Metrics
	traces  ptrace.Traces
}

// recording is minutes of the shop with an incident in it, in payloads of ten seconds.
func recording(t testing.TB, minutes int) []payload {
	t.Helper()
	incident := epoch.Add(time.Duration(minutes*2/3) * time.Minute)
	g, err := shop.New(shop.Config{
		Seed: 11, Rate: 3, Start: epoch,
		Incidents: []shop.Incident{{Kind: shop.Errors, Service: "payment", Start: incident, End: incident.Add(5 * time.Minute)}},
	})
	require.NoError(t, err)
	var all []payload
	for end := epoch.Add(time.Duration(minutes) * time.Minute); g.Now().Before(end); {
		b := g.Next(g.Now().Add(10 * time.Second))
		all = append(all, payload{g.Now(), b.Logs, b.Metrics, b.Traces})
	}
	return all
}

func feed(t testing.TB, d *Detector, all []payload) {
	t.Helper()
	for i := range all {
		// Logs of a payload come first, so that they close windows before the other signals do.
		require.NoError(t, d.ConsumeLogs(t.Context(), all[i].logs))
		require.NoError(t, d.ConsumeTraces(t.Context(), all[i].traces))
		require.NoError(t, d.ConsumeMetrics(t.Context(), all[i].metrics))
	}
}

func stateConfig() Config {
	cfg := DefaultConfig()
	cfg.Workers, cfg.OnOverload, cfg.Level.P = 2, Block, 1e-2
	cfg.Window.Duration = 20 * time.Second
	cfg.State.Interval = time.Hour // tests say when
	return cfg
}

// said is all that a detector said, as JSON, one by one.
func (l *listener) said(t testing.TB) []string {
	t.Helper()
	var out []string
	add := func(v any) {
		raw, err := json.Marshal(v)
		require.NoError(t, err)
		out = append(out, string(raw))
	}
	for _, a := range l.anomalies {
		add(a)
	}
	for _, w := range l.windows {
		for i := range w.Streams {
			w.Streams[i].MemoryBytes = 0 // what is loaded is packed more tightly
		}
		add(w)
	}
	for i := range l.scores {
		add(l.scores[i])
	}
	return out
}

func run(t testing.TB, cfg Config, storage snapshot.Storage, do func(d *Detector)) *listener {
	t.Helper()
	l := &listener{}
	d, err := New("test", cfg, Settings{Replay: true, Scores: true}, l)
	require.NoError(t, err)
	if storage != nil {
		d.Keep(storage)
	}
	require.NoError(t, d.Start(t.Context()))
	do(d)
	require.NoError(t, d.Shutdown(context.Background()))
	assert.Zero(t, d.Stats().CoreErrors)
	assert.Zero(t, d.Stats().SnapshotsFailed)
	return l
}

func (l *listener) and(more *listener) *listener {
	return &listener{
		anomalies: slices.Concat(l.anomalies, more.anomalies), windows: slices.Concat(l.windows, more.windows),
		scores: slices.Concat(l.scores, more.scores),
	}
}

func same(t *testing.T, want, got *listener, what string) {
	t.Helper()
	w, g := want.said(t), got.said(t)
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			assert.Equal(t, w[i], g[i], what)
			return
		}
	}
	assert.Len(t, g, len(w), what)
}

// A restart, wherever it falls, changes nothing in what is said: open windows, joins, rates, budget and baselines go on.
func TestRestartChangesNothing(t *testing.T) {
	all := recording(t, 14)
	cfg := stateConfig()
	whole := run(t, cfg, nil, func(d *Detector) {
		feed(t, d, all)
		require.NoError(t, d.Flush(t.Context()))
	})
	require.NotEmpty(t, whole.anomalies)
	require.NotEmpty(t, whole.scores)
	cuts := [][]int{{0}, {1}, {len(all) / 2}, {len(all)}, {len(all) * 3 / 4}, {6 * 5}, {7, 8, 40, 60}}
	for _, at := range cuts {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			storage := newMemory()
			said, from := &listener{}, 0
			for _, to := range at {
				said = said.and(run(t, cfg, storage, func(d *Detector) { feed(t, d, all[from:to]) }))
				from = to
			}
			cfg := cfg
			cfg.Workers = 5 // another number, so services move
			said = said.and(run(t, cfg, storage, func(d *Detector) {
				assert.Zero(t, d.Stats().StateSetAside)
				feed(t, d, all[from:])
				require.NoError(t, d.Flush(t.Context()))
			}))
			same(t, whole, said, fmt.Sprintf("restarts after %v of %d payloads", at, len(all)))
		})
	}
}

// After a crash the detector is where it was at its last snapshot: given the same data again it says the same again.
func TestCrashGoesBackToTheSnapshot(t *testing.T) {
	all := recording(t, 12)
	cfg := stateConfig()
	cut := len(all) / 2
	storage := newMemory()
	var atCut int
	first := &listener{}
	d, err := New("test", cfg, Settings{Replay: true, Scores: true}, first)
	require.NoError(t, err)
	d.Keep(storage)
	require.NoError(t, d.Start(t.Context()))
	feed(t, d, all[:cut-3])
	_, err = d.keeper.take(t.Context(), false) // and one on top of another
	require.NoError(t, err)
	feed(t, d, all[cut-3:cut])
	// The snapshot is taken while data arrive.
	taken := make(chan error)
	d.mu.Lock()
	go func() {
		_, err := d.keeper.take(t.Context(), false)
		taken <- err
	}()
	d.mu.Unlock()
	require.NoError(t, <-taken)
	require.NoError(t, d.emitter.wait(t.Context(), d.sequenceNumber))
	crashed := storage.clone()
	atCut = len(first.windows)
	feed(t, d, all[cut:])
	require.NoError(t, d.Flush(t.Context()))
	require.NoError(t, d.Shutdown(t.Context()))

	again := run(t, cfg, crashed, func(d *Detector) {
		feed(t, d, all[cut:])
		require.NoError(t, d.Flush(t.Context()))
	})
	require.Less(t, atCut, len(first.windows))
	same(t, &listener{windows: first.windows[atCut:]}, &listener{windows: again.windows}, "after the crash")
}
