package detect

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/pack"
	"github.com/driftlock/driftlock/internal/snapshot"
)

// trail is a storage with the state after some minutes of the shop, open windows included.
func trail(t *testing.T, minutes int) (*memory, []payload) {
	t.Helper()
	all := recording(t, minutes)
	m := newMemory()
	run(t, stateConfig(), m, func(d *Detector) { feed(t, d, all) })
	require.NotEmpty(t, m.data["manifest"])
	return m, all
}

// started is a detector on a storage, and what it logged at its start.
func started(t *testing.T, cfg Config, set Settings, m snapshot.Storage) (*Detector, *listener, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	set.Logger = zap.New(core)
	l := &listener{}
	d, err := New("test", cfg, set, l)
	require.NoError(t, err)
	d.Keep(m)
	require.NoError(t, d.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, d.Shutdown(context.Background())) })
	return d, l, logs
}

func messages(logs *observer.ObservedLogs) string {
	var out []string
	for _, e := range logs.All() {
		line := e.Level.String() + ": " + e.Message
		for _, f := range e.Context {
			if err, ok := f.Interface.(error); ok {
				line += " | " + err.Error()
			} else {
				line += " | " + f.String
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// What is loaded is what was saved, to the byte.
func TestLoadedStateIsTheSavedOne(t *testing.T) {
	m, _ := trail(t, 6)
	d, _, logs := started(t, stateConfig(), replaying(), m.clone())
	assert.Contains(t, messages(logs), "info: the state is loaded")
	assert.Zero(t, d.Stats().StateSetAside)
	again := newMemory()
	book, err := snapshot.Open(t.Context(), again, stateVersion())
	require.NoError(t, err)
	k := &keeper{d: d, storage: again, book: book, serial: 100, base: 100} // of another storage: nothing is kept
	_, err = k.take(t.Context(), true)
	require.NoError(t, err)
	records := 0
	for key, was := range m.data {
		if strings.HasPrefix(key, "record/") {
			records++
			assert.True(t, bytes.Equal(was, again.data[key]), "%s is another one: %d and %d bytes", key, len(was), len(again.data[key]))
		}
	}
	assert.Greater(t, records, 10)
}

// Arrivals late, early, with gaps, and several restarts, on models that only count.
func TestRandomArrivalsGoOn(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Limits.Spans = 1024
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 3))
		type arrival struct {
			kind    int
			service string
			times   []float64
		}
		var all []arrival
		now := 1000.0
		for range 60 {
			now += r.ExpFloat64() * 25
			a := arrival{kind: r.IntN(3), service: string(rune('a' + r.IntN(5)))}
			for range 1 + r.IntN(4) {
				a.times = append(a.times, max(now-r.ExpFloat64()*40, 1))
			}
			all = append(all, a)
		}
		calls := func() *rand.Rand { return rand.New(rand.NewPCG(seed, 4)) }
		restarted := func(restarts int) (*listener, uint64) {
			m := newMemory()
			out, from, late, ids := &listener{}, 0, uint64(0), calls()
			for i := range restarts + 1 {
				to := len(all) * (i + 1) / (restarts + 1)
				l := &listener{}
				d, err := New("test", cfg, Settings{Replay: true}, l)
				require.NoError(t, err)
				d.newModel = func(cbad.Kind, cbad.Params) (model, error) { return &fakeModel{}, nil }
				d.loadModel = func(_ cbad.Kind, _ cbad.Params, saved []byte) (model, error) {
					f := &fakeModel{}
					return f, pack.Unmarshal(saved, &f.records)
				}
				d.Keep(m)
				require.NoError(t, d.Start(t.Context()))
				for _, a := range all[from:to] {
					switch a.kind {
					case 0:
						require.NoError(t, d.ConsumeLogs(t.Context(), logsAt(a.service, a.times...)))
					case 1:
						require.NoError(t, d.ConsumeMetrics(t.Context(), gaugeAt(a.service, a.times[0], 1)))
					default:
						require.NoError(t, d.ConsumeTraces(t.Context(), callAt(ids, a.service, "z", a.times[0], 3)))
					}
				}
				if i == restarts {
					require.NoError(t, d.Flush(t.Context()))
				}
				require.NoError(t, d.Shutdown(t.Context()))
				out, from, late = out.and(l), to, late+d.Stats().Signals[logs].Late
			}
			return out, late
		}
		want, late := restarted(0)
		for _, n := range []int{1, 3, 7} {
			got, lateToo := restarted(n)
			same(t, want, got, "restarts")
			assert.Equal(t, late, lateToo, "seed %d", seed)
		}
	}
}

// A damaged or missing record costs its own part of the state; the rest goes on, and nothing stops.
func TestDamageCostsItsPartOnly(t *testing.T) {
	whole, all := trail(t, 3)
	services := 0
	for _, key := range slices.Sorted(maps.Keys(whole.data)) {
		if strings.HasPrefix(key, "record/service/") {
			services++
		}
		if !strings.HasPrefix(key, "record/") || services > 1 && strings.HasPrefix(key, "record/service/") {
			continue
		}
		for _, damage := range []string{"flip", "cut", "lose"} {
			t.Run(key+"/"+damage, func(t *testing.T) {
				m := whole.clone()
				raw := slices.Clone(m.data[key])
				switch damage {
				case "flip":
					raw[len(raw)/2] ^= 4
					m.data[key] = raw
				case "cut":
					m.data[key] = raw[:len(raw)/2]
				default:
					delete(m.data, key)
				}
				d, l, logs := started(t, stateConfig(), replaying(), m)
				assert.NotContains(t, messages(logs), "panic")
				if damage != "lose" {
					assert.Equal(t, m.data["damaged/0"], map[string][]byte{"flip": raw, "cut": raw[:len(raw)/2]}[damage])
				}
				switch {
				case key == "record/spans.0" && damage == "lose":
					assert.Zero(t, d.Stats().StateSetAside, "no table of spans: there were none")
				case strings.HasPrefix(key, "record/sequencer"):
					assert.Contains(t, messages(logs), "the saved state cannot be used: streams warm up anew")
					assert.Zero(t, d.Stats().ServicesRestored)
					assert.EqualValues(t, 1, d.Stats().StateSetAside)
				default:
					assert.Contains(t, messages(logs), "part of the saved state is damaged or missing and is begun anew")
					assert.EqualValues(t, 1, d.Stats().StateSetAside)
					assert.Greater(t, d.Stats().ServicesRestored, uint64(10))
				}
				feed(t, d, all[len(all)-2:]) // seen before: late, or duplicate spans
				require.NoError(t, d.Flush(t.Context()))
				assert.NotEmpty(t, l.windows)
				assert.Zero(t, d.Stats().CoreErrors)
				assert.Zero(t, d.Stats().PendingBytes)
				_, err := d.keeper.take(t.Context(), false)
				require.NoError(t, err)
				state, err := snapshot.Open(t.Context(), m, stateVersion())
				require.NoError(t, err)
				found, _ := state.Found()
				assert.Equal(t, snapshot.Usable, found)
			})
		}
	}
}

func TestDamagedManifestStartsAnew(t *testing.T) {
	m, _ := trail(t, 2)
	m.data["manifest"][len(m.data["manifest"])-1] ^= 1
	d, _, logs := started(t, stateConfig(), replaying(), m)
	assert.Contains(t, messages(logs), "error: the saved state is damaged and was set aside: streams warm up anew | the manifest's checksum is wrong")
	assert.EqualValues(t, 1, d.Stats().StateSetAside)
	assert.Zero(t, d.Stats().Streams)
}

// rewrite makes another snapshot of a storage's records.
func rewrite(t *testing.T, m *memory, v snapshot.Version, change func(name string, raw []byte) []byte, about func([]byte) []byte) {
	t.Helper()
	from, err := snapshot.Open(t.Context(), m.clone(), stateVersion())
	require.NoError(t, err)
	clear(m.data)
	to, err := snapshot.Open(t.Context(), m, v)
	require.NoError(t, err)
	w, err := to.Begin(t.Context())
	require.NoError(t, err)
	for _, name := range from.Names() {
		raw, err := from.Read(t.Context(), name)
		require.NoError(t, err)
		if change != nil {
			raw = change(name, raw)
		}
		require.NoError(t, w.Put(t.Context(), name, raw))
	}
	what := from.About()
	if about != nil {
		what = about(what)
	}
	require.NoError(t, w.Commit(t.Context(), what))
}

func TestNewerStateIsLeftAlone(t *testing.T) {
	inCore := func(format byte) func(name string, raw []byte) []byte {
		return func(name string, raw []byte) []byte {
			if !strings.HasPrefix(name, "service/") {
				return raw
			}
			var s modelsState
			require.NoError(t, pack.Unmarshal(raw, &s))
			for sig := range s.Streams {
				if c := s.Streams[sig].Core; c != nil {
					c[8] = format // see the core's header of snapshots
				}
			}
			return pack.Marshal(s)
		}
	}
	for name, c := range map[string]struct {
		version snapshot.Version
		change  func(string, []byte) []byte
	}{
		"ours":       {snapshot.Version{Format: stateFormat + 1, Layout: stateVersion().Layout}, nil},
		"the core's": {stateVersion(), inCore(250)},
	} {
		t.Run(name, func(t *testing.T) {
			m, all := trail(t, 3)
			rewrite(t, m, c.version, c.change, nil)
			before := maps.Clone(m.data)
			d, l, logs := started(t, stateConfig(), replaying(), m)
			assert.Contains(t, messages(logs), "error: the saved state is of a newer version and is left alone")
			assert.Contains(t, messages(logs), "newer than")
			assert.Zero(t, d.Stats().ServicesRestored)
			assert.Zero(t, d.Stats().Streams)
			assert.Zero(t, d.Stats().ModelBytes)
			feed(t, d, all)
			require.NoError(t, d.Shutdown(t.Context()))
			assert.NotEmpty(t, l.windows, "without a place to save to, open windows are judged")
			assert.Equal(t, before, m.data)
		})
	}
	t.Run("older core", func(t *testing.T) {
		m, _ := trail(t, 3)
		rewrite(t, m, stateVersion(), inCore(0), nil)
		d, _, logs := started(t, stateConfig(), replaying(), m)
		assert.Contains(t, messages(logs), "warn: the saved state is of an older core: streams warm up anew, and the next snapshot replaces it")
		assert.Zero(t, d.Stats().Streams)
		_, err := d.keeper.take(t.Context(), false)
		assert.NoError(t, err)
	})
	t.Run("older", func(t *testing.T) {
		m, _ := trail(t, 3)
		rewrite(t, m, snapshot.Version{Format: stateFormat - 1, Layout: stateVersion().Layout}, nil, nil)
		_, _, logs := started(t, stateConfig(), replaying(), m)
		assert.Contains(t, messages(logs), "warn: the saved state is too old: streams warm up anew, and the next snapshot replaces it | format "+
			strconv.Itoa(stateFormat-1)+" is older than "+strconv.Itoa(stateFormat))
	})
}

// Thresholds, workers and the budget may change between two starts; what would change the meaning of the state may not.
func TestConfigurationMayChangeWithinBounds(t *testing.T) {
	m, all := trail(t, 3)
	for name, c := range map[string]struct {
		change func(*Config)
		says   string
	}{
		"thresholds": {func(c *Config) {
			c.FalseAlarmsPerDay, c.Level.P, c.MetricLevel, c.Quarantine.P, c.Quarantine.AdoptAfter = 500, 0, 4, 0.2, 3
			c.WarmupWindows, c.Evidence.P, c.Workers, c.Limits.MemoryMiB = 12, 0.3, 7, 100
		}, ""},
		"tables":   {func(c *Config) { c.Limits.Spans, c.Limits.Names = 2000, 1024 }, ""},
		"window":   {func(c *Config) { c.Window.Duration = time.Minute }, "window.duration was 20s, is 1m0s"},
		"seed":     {func(c *Config) { c.Seed = 9 }, "seed was 1, is 9"},
		"services": {func(c *Config) { c.ServiceAttributes = []string{"app"} }, "service_attributes was service.name, k8s.deployment.name, host.name, is app"},
		"limits": {func(c *Config) { c.Limits.SymbolsPerStream, c.Requests.P = 100, 0.1 },
			"requests.p was 0.001, is 0.1; limits.symbols_per_stream was 4096, is 100"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := stateConfig()
			c.change(&cfg)
			d, l, logs := started(t, cfg, replaying(), m.clone())
			if c.says == "" {
				assert.Contains(t, messages(logs), "info: the state is loaded")
				assert.Greater(t, d.Stats().ServicesRestored, uint64(10))
			} else {
				assert.Contains(t, messages(logs), "belongs to another configuration")
				assert.Contains(t, messages(logs), c.says)
				assert.Zero(t, d.Stats().Streams)
			}
			assert.Zero(t, d.Stats().StateSetAside)
			feed(t, d, all[len(all)-1:])
			require.NoError(t, d.Flush(t.Context()))
			assert.Zero(t, d.Stats().CoreErrors)
			assert.NotEmpty(t, l.windows)
		})
	}
	t.Run("fewer streams than saved", func(t *testing.T) {
		cfg := stateConfig()
		cfg.Limits.Streams = 6
		d, _, _ := started(t, cfg, replaying(), m.clone())
		assert.LessOrEqual(t, d.Stats().Streams, 6)
		assert.NotZero(t, d.Stats().StreamsEvicted)
	})
	t.Run("another component", func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		d, err := New("driftlockcbad/other", stateConfig(), Settings{Replay: true, Logger: zap.New(core)}, &listener{})
		require.NoError(t, err)
		d.Keep(m.clone())
		require.NoError(t, d.Start(t.Context()))
		assert.Contains(t, messages(logs), "the component was test, is driftlockcbad/other")
		require.NoError(t, d.Shutdown(t.Context()))
	})
}

// A storage that breaks after any number of changes leaves the last snapshot or the new one, and what was open is judged
// where it could not be saved.
func TestStorageBreaksAtAnyMoment(t *testing.T) {
	all := recording(t, 3)
	base := newMemory()
	run(t, stateConfig(), base, func(d *Detector) { feed(t, d, all[:12]) })
	for k := 0; ; k += 1 + k/8 {
		m := base.clone()
		d, l, _ := started(t, stateConfig(), replaying(), m)
		feed(t, d, all[12:])
		m.left = k
		require.NoError(t, d.Shutdown(t.Context()))
		failed := d.Stats().SnapshotsFailed
		m.left = -1
		if failed > 0 {
			assert.NotEmpty(t, l.windows, "neither saved nor judged after %d changes", k)
		}
		again, _, logs := started(t, stateConfig(), replaying(), m)
		assert.Zero(t, again.Stats().StateSetAside, messages(logs))
		assert.Greater(t, again.Stats().ServicesRestored, uint64(10))
		_, err := again.keeper.take(t.Context(), false)
		require.NoError(t, err)
		if failed == 0 {
			assert.Greater(t, k, 10)
			return
		}
	}
}

// stuck is a storage whose writes hang until they are given up.
type stuck struct{ *memory }

func (s stuck) Write(ctx context.Context, _ []snapshot.Change) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestStuckStorageStopsNothing(t *testing.T) {
	all := recording(t, 3)
	d, l, logs := started(t, stateConfig(), replaying(), stuck{newMemory()})
	feed(t, d, all)
	d.keeper.cancel()
	d.keeper.running.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan bool)
	go func() { done <- d.keeper.try(ctx, true) }()
	feed(t, d, all[len(all)-1:])
	time.AfterFunc(50*time.Millisecond, cancel)
	assert.False(t, <-done)
	require.NoError(t, d.Flush(t.Context()))
	assert.NotEmpty(t, l.windows)
	assert.Contains(t, messages(logs), "error: the state was not saved; further failures are only counted")
	short, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	_ = d.Shutdown(short)
	assert.EqualValues(t, 2, d.Stats().SnapshotsFailed)
}

// unreadable is a storage that cannot be read.
type unreadable struct{ *memory }

func (unreadable) Get(context.Context, string) ([]byte, error) { return nil, errBroken }

func TestUnreadableStorageStopsNothing(t *testing.T) {
	m, all := trail(t, 2)
	before := maps.Clone(m.data)
	d, l, logs := started(t, stateConfig(), replaying(), unreadable{m})
	assert.Contains(t, messages(logs), "error: the storage cannot be read")
	feed(t, d, all)
	require.NoError(t, d.Shutdown(t.Context()))
	assert.NotEmpty(t, l.windows)
	assert.Equal(t, before, m.data, "a state that may be good was overwritten")
}

// Live, the windows of the time between the snapshot and the start lack records and say so; after a crash also those that
// were open.
func TestMissedTimeIsIncomplete(t *testing.T) {
	for name, c := range map[string]struct {
		clean      bool
		restart    float64 // wall clock, s
		incomplete []bool  // of the windows at 0, 60, 120, 180 and 240
	}{
		"at once":       {true, 130, []bool{false, false, false, false, false}},
		"orderly":       {true, 135, []bool{false, false, true, false, false}},
		"a while later": {true, 190, []bool{false, false, true, true, false}},
		"crash":         {false, 135, []bool{false, true, true, false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []bool
			m := newMemory()
			life := func(storage snapshot.Storage, now float64, do func(*Detector)) {
				f := &fakeModel{}
				clock := func() time.Time { return epoch.Add(time.Duration(now) * time.Second) }
				d, err := New("test", DefaultConfig(), Settings{Clock: clock}, &listener{})
				require.NoError(t, err)
				d.newModel = func(cbad.Kind, cbad.Params) (model, error) { return f, nil }
				d.loadModel = func(cbad.Kind, cbad.Params, []byte) (model, error) { return f, nil }
				d.Keep(storage)
				require.NoError(t, d.Start(t.Context()))
				do(d)
				require.NoError(t, d.Shutdown(t.Context()))
				for _, w := range f.closed {
					got = append(got, w.Incomplete)
				}
			}
			life(m, 130, func(d *Detector) {
				for s := 5.0; s < 125; s += 5 {
					require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", s)))
				}
				if !c.clean {
					_, err := d.keeper.take(t.Context(), false)
					require.NoError(t, err)
					m = m.clone() // what comes later is lost
				}
			})
			life(m, c.restart, func(d *Detector) {
				for s := c.restart; s < 260; s += 5 {
					require.NoError(t, d.ConsumeLogs(t.Context(), logsAt("shop", s)))
				}
				require.NoError(t, d.Flush(t.Context()))
			})
			assert.Equal(t, c.incomplete, got)
		})
	}
}
