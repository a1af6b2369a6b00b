package driftlockcbad

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/shop"
	"github.com/driftlock/driftlock/processor/driftlockcbad/internal/metadata"
)

// host has extensions.
type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

var fileStorage = component.MustNewID("file_storage")

// files is a host with the real file_storage in a directory.
func files(t *testing.T, directory string) host {
	t.Helper()
	factory := filestorage.NewFactory()
	cfg := factory.CreateDefaultConfig().(*filestorage.Config)
	cfg.Directory = directory
	ext, err := factory.Create(t.Context(), extension.Settings{ID: fileStorage, TelemetrySettings: extensiontest.NewNopSettings(factory.Type()).TelemetrySettings}, cfg)
	require.NoError(t, err)
	require.NoError(t, ext.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { require.NoError(t, ext.Shutdown(context.Background())) })
	return host{fileStorage: ext}
}

func storedConfig() *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.State.Storage = &fileStorage
	cfg.Window.Duration = 20 * time.Second
	cfg.OnOverload = "block"
	cfg.Level.P = 1e-2
	return cfg
}

// processors are one component in three pipelines.
type processors struct {
	logs    processor.Logs
	metrics processor.Metrics
	traces  processor.Traces
	sink    *consumertest.LogsSink
	others  *consumertest.MetricsSink
	spans   *consumertest.TracesSink
	logged  *observer.ObservedLogs
	group   *group
}

func create(t *testing.T, id component.ID, cfg *Config) *processors {
	t.Helper()
	core, logged := observer.New(zapcore.InfoLevel)
	set := processortest.NewNopSettings(metadata.Type)
	set.ID, set.Logger = id, zap.New(core)
	p := &processors{sink: new(consumertest.LogsSink), others: new(consumertest.MetricsSink), spans: new(consumertest.TracesSink), logged: logged}
	var err error
	p.logs, err = NewFactory().CreateLogs(t.Context(), set, cfg, p.sink)
	require.NoError(t, err)
	p.metrics, err = NewFactory().CreateMetrics(t.Context(), set, cfg, p.others)
	require.NoError(t, err)
	p.traces, err = NewFactory().CreateTraces(t.Context(), set, cfg, p.spans)
	require.NoError(t, err)
	p.group = p.logs.(*logsPort).group
	return p
}

func (p *processors) start(t *testing.T, h component.Host) {
	t.Helper()
	for _, c := range []component.Component{p.logs, p.metrics, p.traces} {
		require.NoError(t, c.Start(t.Context(), h))
	}
}

func (p *processors) shutdown(t *testing.T) {
	t.Helper()
	for _, c := range []component.Component{p.traces, p.metrics, p.logs} {
		require.NoError(t, c.Shutdown(context.Background()))
	}
}

func (p *processors) feed(t *testing.T, all []shop.Batch) {
	t.Helper()
	for _, b := range all {
		require.NoError(t, p.logs.ConsumeLogs(t.Context(), b.Logs))
		require.NoError(t, p.metrics.ConsumeMetrics(t.Context(), b.Metrics))
		require.NoError(t, p.traces.ConsumeTraces(t.Context(), b.Traces))
	}
}

// said is the verdicts that left through any port, in the order of each port.
func (p *processors) said(t *testing.T) (out []string) {
	t.Helper()
	add := func(items anomaly.Items, err error) {
		require.NoError(t, err)
		for _, w := range items.Windows {
			for i := range w.Streams {
				w.Streams[i].MemoryBytes = 0
			}
			raw, err := json.Marshal(w)
			require.NoError(t, err)
			out = append(out, string(raw))
		}
		for _, a := range items.Anomalies {
			raw, err := json.Marshal(a)
			require.NoError(t, err)
			out = append(out, string(raw))
		}
	}
	for _, ld := range p.sink.AllLogs() {
		add(anomaly.LiftLogs(ld))
	}
	for _, md := range p.others.AllMetrics() {
		add(anomaly.LiftMetrics(md))
	}
	for _, td := range p.spans.AllTraces() {
		add(anomaly.LiftTraces(td))
	}
	return out
}

var hourAgo = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func shopFor(t *testing.T, minutes int) []shop.Batch {
	t.Helper()
	g, err := shop.New(shop.Config{Seed: 5, Rate: 2, Start: hourAgo})
	require.NoError(t, err)
	var all []shop.Batch
	for end := hourAgo.Add(time.Duration(minutes) * time.Minute); g.Now().Before(end); {
		all = append(all, g.Next(g.Now().Add(10*time.Second)))
	}
	return all
}

// With the real file_storage, a restart in the middle of a recording gives the verdicts that no restart gives.
func TestRestartWithFileStorage(t *testing.T) {
	all := shopFor(t, 6)
	id := component.MustNewID("driftlockcbad")
	lives := func(cuts ...int) []string {
		h := files(t, t.TempDir())
		var said []string
		from := 0
		for i, to := range append(cuts, len(all)) {
			p := create(t, id, storedConfig())
			p.start(t, h)
			if i > 0 {
				assert.Greater(t, p.group.detector.Stats().ServicesRestored, uint64(10))
			}
			p.feed(t, all[from:to])
			if to == len(all) {
				require.NoError(t, p.group.detector.Flush(t.Context()))
			}
			p.shutdown(t)
			assert.Zero(t, p.group.detector.Stats().SnapshotsFailed)
			said = append(said, p.said(t)...)
			from = to
		}
		return said
	}
	want := lives()
	require.Greater(t, len(want), 100)
	assert.ElementsMatch(t, want, lives(len(all)/2))
	assert.ElementsMatch(t, want, lives(5, 6, 20))
}

// Two components share an extension and not their state.
func TestTwoComponentsShareAStorage(t *testing.T) {
	all := shopFor(t, 2)
	directory := t.TempDir()
	h := files(t, directory)
	one, two := component.MustNewID("driftlockcbad"), component.MustNewIDWithName("driftlockcbad", "two")
	a, b := create(t, one, storedConfig()), create(t, two, storedConfig())
	a.start(t, h)
	b.start(t, h)
	a.feed(t, all)
	b.feed(t, all[:1])
	streams, fewer := a.group.detector.Stats().Streams, b.group.detector.Stats().Streams
	a.shutdown(t)
	b.shutdown(t)
	found, err := filepath.Glob(filepath.Join(directory, "*"))
	require.NoError(t, err)
	assert.Len(t, found, 2, "one client per component id")

	a, b = create(t, one, storedConfig()), create(t, two, storedConfig())
	a.start(t, h)
	b.start(t, h)
	assert.Equal(t, streams, a.group.detector.Stats().Streams)
	assert.Equal(t, fewer, b.group.detector.Stats().Streams)
	a.shutdown(t)
	b.shutdown(t)
}

// notStorage is an extension of another kind.
type notStorage struct {
	component.StartFunc
	component.ShutdownFunc
}

// failing is a storage extension whose clients fail.
type failing struct {
	notStorage
	get func() (storage.Client, error)
}

func (f failing) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return f.get()
}

func TestWrongStorageIsRefused(t *testing.T) {
	for want, h := range map[string]host{
		"state.storage names the extension file_storage, which is not there: configure it under extensions and list it in service::extensions": {},
		"state.storage names the extension file_storage, which is not a storage: file_storage is one":                                          {fileStorage: notStorage{}},
	} {
		p := create(t, component.MustNewID("driftlockcbad"), storedConfig())
		assert.EqualError(t, p.logs.Start(t.Context(), h), want)
		p.shutdown(t)
	}
}

// What is wrong with a storage at run time is said; it stops neither the collector nor the detection.
func TestBrokenStorageStopsNothing(t *testing.T) {
	all := shopFor(t, 1)
	for name, get := range map[string]func() (storage.Client, error){
		"no client":     func() (storage.Client, error) { return nil, errors.New("timeout") },
		"panic":         func() (storage.Client, error) { panic("page 7 is no page") },
		"client panics": func() (storage.Client, error) { return panicking{}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			p := create(t, component.MustNewID("driftlockcbad"), storedConfig())
			p.start(t, host{fileStorage: failing{get: get}})
			p.feed(t, all)
			p.shutdown(t)
			assert.NotEmpty(t, p.said(t))
			require.NotZero(t, p.logged.FilterLevelExact(zapcore.ErrorLevel).Len())
		})
	}
}

// panicking is a client of a damaged database.
type panicking struct{ storage.Client }

func (panicking) Get(context.Context, string) ([]byte, error) { panic("page 7 is no page") }
func (panicking) Close(context.Context) error                 { return nil }

// Damage in a file costs what it hits, and nothing else. (Damaged pages of the database end the process within file_storage,
// in a goroutine of its own; nobody else can do anything about that.)
func TestDamagedFile(t *testing.T) {
	all := shopFor(t, 1)
	directory := t.TempDir()
	h := files(t, directory)
	id := component.MustNewID("driftlockcbad")
	p := create(t, id, storedConfig())
	p.start(t, h)
	p.feed(t, all)
	p.shutdown(t)
	found, err := filepath.Glob(filepath.Join(directory, "*"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	whole, err := os.ReadFile(found[0])
	require.NoError(t, err)

	values := bytes.Clone(whole)
	models := 0
	for at := 0; ; models++ {
		next := bytes.Index(values[at:], []byte("CBADSNAP"))
		if next < 0 {
			break
		}
		at += next + 8
		values[at+100] ^= 0x55
	}
	require.Greater(t, models, 20)
	garbage := bytes.Repeat([]byte("garbage "), len(whole)/8)
	for name, c := range map[string]struct {
		raw      []byte
		aside    uint64 // at least
		restored bool
	}{
		"values":  {values, 10, true},
		"garbage": {garbage, 0, false},
		"empty":   {nil, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(found[0], c.raw, 0o600))
			p := create(t, id, storedConfig())
			p.start(t, h)
			p.feed(t, all)
			stats := p.group.detector.Stats()
			assert.GreaterOrEqual(t, stats.StateSetAside, c.aside)
			assert.Equal(t, c.restored, stats.ServicesRestored > 0)
			p.shutdown(t)
			assert.Zero(t, stats.CoreErrors)
			assert.Equal(t, c.raw != nil, p.logged.FilterLevelExact(zapcore.ErrorLevel).Len() > 0)
		})
	}
}
