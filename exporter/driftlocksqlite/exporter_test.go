package driftlocksqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/testdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"github.com/driftlock/driftlock/exporter/driftlocksqlite/internal/metadata"
	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/sqlite"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sender hides the signal: it sends items in the midst of ordinary telemetry.
type sender func(context.Context, anomaly.Items) error

type started struct {
	component.Component
	send sender
	tel  *componenttest.Telemetry
	path string
}

var signals = map[string]func(context.Context, exporter.Settings, *Config) (component.Component, sender, error){
	"logs": func(ctx context.Context, set exporter.Settings, cfg *Config) (component.Component, sender, error) {
		e, err := NewFactory().CreateLogs(ctx, set, cfg)
		return e, func(ctx context.Context, it anomaly.Items) error {
			ld := testdata.GenerateLogs(3)
			more, err := it.ToLogs()
			more.ResourceLogs().MoveAndAppendTo(ld.ResourceLogs())
			ld.MarkReadOnly()
			return errors.Join(err, e.ConsumeLogs(ctx, ld))
		}, err
	},
	"metrics": func(ctx context.Context, set exporter.Settings, cfg *Config) (component.Component, sender, error) {
		e, err := NewFactory().CreateMetrics(ctx, set, cfg)
		return e, func(ctx context.Context, it anomaly.Items) error {
			md := testdata.GenerateMetrics(3)
			more, err := it.ToMetrics()
			more.ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
			md.MarkReadOnly()
			return errors.Join(err, e.ConsumeMetrics(ctx, md))
		}, err
	},
	"traces": func(ctx context.Context, set exporter.Settings, cfg *Config) (component.Component, sender, error) {
		e, err := NewFactory().CreateTraces(ctx, set, cfg)
		return e, func(ctx context.Context, it anomaly.Items) error {
			td := testdata.GenerateTraces(3)
			more, err := it.ToTraces()
			more.ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
			td.MarkReadOnly()
			return errors.Join(err, e.ConsumeTraces(ctx, td))
		}, err
	},
}

func start(t *testing.T, signal string, change func(*Config)) started {
	t.Helper()
	tel := componenttest.NewTelemetry()
	set := exportertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	cfg := createDefaultConfig().(*Config)
	cfg.Path = filepath.Join(t.TempDir(), "a.db")
	change(cfg)
	c, send, err := signals[signal](t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	return started{Component: c, send: send, tel: tel, path: cfg.Path}
}

func (s started) count(t *testing.T, name string) int64 {
	t.Helper()
	m, err := s.tel.GetMetric("otelcol_exporter_driftlocksqlite_" + name)
	if err != nil {
		return 0
	}
	return m.Data.(metricdata.Sum[int64]).DataPoints[0].Value
}

func (s started) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, s.Shutdown(context.Background()))
	require.NoError(t, s.tel.Shutdown(context.Background()))
}

// items makes n anomalies and n windows of a process.
func items(n int, process string) (it anomaly.Items) {
	for i := range n {
		a := storetest.Anomaly(i)
		a.ProcessID = process
		it.Anomalies = append(it.Anomalies, a)
		it.Windows = append(it.Windows, storetest.Window("cart", "c", process, i))
	}
	return it
}

func stored(t *testing.T, path string) (store.Page, []*anomaly.Window) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	require.NoError(t, err)
	defer s.Close()
	page, err := s.List(t.Context(), store.Query{})
	require.NoError(t, err)
	windows, err := s.Windows(t.Context(), store.WindowQuery{Service: "cart"})
	require.NoError(t, err)
	return page, windows
}

func TestStoresItemsOfEverySignalOnce(t *testing.T) {
	t.Parallel()
	for signal := range signals {
		t.Run(signal, func(t *testing.T) {
			t.Parallel()
			e := start(t, signal, func(*Config) {})
			own := items(5, anomaly.ProcessID())
			for range 3 {
				require.NoError(t, e.send(t.Context(), own))
			}
			require.NoError(t, e.send(t.Context(), anomaly.Items{}))
			require.NoError(t, e.send(t.Context(), items(2, "another process")))
			require.NoError(t, e.Shutdown(t.Context())) // flushes the queue
			assert.EqualValues(t, 10, e.count(t, "items_stored"))
			assert.EqualValues(t, 20, e.count(t, "items_known"))
			assert.EqualValues(t, 4, e.count(t, "items_refused"))
			assert.EqualValues(t, 0, e.count(t, "items_damaged"))
			require.NoError(t, e.tel.Shutdown(t.Context()))

			page, windows := stored(t, e.path)
			require.Len(t, page.Anomalies, 5)
			require.Len(t, windows, 5)
			byID := map[string]*anomaly.Anomaly{}
			for _, a := range own.Anomalies {
				byID[a.ID] = a
			}
			for _, got := range page.Anomalies {
				require.NotNil(t, got.CreatedAt)
				got.CreatedAt, got.UpdatedAt = nil, nil
				require.Equal(t, byID[got.ID], got)
			}
		})
	}
}

func TestAcceptRemote(t *testing.T) {
	t.Parallel()
	e := start(t, "traces", func(c *Config) { c.AcceptRemote = true })
	require.NoError(t, e.send(t.Context(), items(2, "an agent")))
	require.NoError(t, e.Shutdown(t.Context()))
	assert.EqualValues(t, 4, e.count(t, "items_stored"))
	assert.EqualValues(t, 0, e.count(t, "items_refused"))
	page, _ := stored(t, e.path)
	require.Equal(t, "an agent", page.Anomalies[0].ProcessID)
	require.NoError(t, e.tel.Shutdown(t.Context()))
}

// TestSignalsShareOneFile runs the three instances that one component id has in three pipelines.
func TestSignalsShareOneFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	var all []started
	for signal := range signals {
		all = append(all, start(t, signal, func(c *Config) { c.Path = path }))
	}
	done := make(chan error)
	for _, e := range all {
		go func() { done <- e.send(context.Background(), items(50, anomaly.ProcessID())) }()
	}
	for range all {
		require.NoError(t, <-done)
	}
	for _, e := range all {
		e.stop(t)
	}
	page, windows := stored(t, path)
	require.Len(t, page.Anomalies, 50)
	require.Len(t, windows, 50)
}

func TestQueueNeverHoldsOrdinaryTelemetry(t *testing.T) {
	t.Parallel()
	k, err := newKeeper(exportertest.NewNopSettings(metadata.Type), &Config{AcceptRemote: true})
	require.NoError(t, err)
	it := items(2, "p")

	logsSink, metricsSink, tracesSink := new(consumertest.LogsSink), new(consumertest.MetricsSink), new(consumertest.TracesSink)
	l := &logs{Logs: struct {
		component.Component
		*consumertest.LogsSink
	}{nil, logsSink}, keeper: k}
	m := &metrics{Metrics: struct {
		component.Component
		*consumertest.MetricsSink
	}{nil, metricsSink}, keeper: k}
	tr := &traces{Traces: struct {
		component.Component
		*consumertest.TracesSink
	}{nil, tracesSink}, keeper: k}

	ld, err := it.ToLogs()
	require.NoError(t, err)
	testdata.GenerateLogs(5).ResourceLogs().MoveAndAppendTo(ld.ResourceLogs())
	testdata.GenerateLogs(1).ResourceLogs().At(0).ScopeLogs().MoveAndAppendTo(ld.ResourceLogs().At(0).ScopeLogs()) // beside an item
	require.NoError(t, l.ConsumeLogs(t.Context(), ld))
	require.NoError(t, l.ConsumeLogs(t.Context(), testdata.GenerateLogs(5)))
	require.NoError(t, l.ConsumeLogs(t.Context(), plog.NewLogs()))
	require.Len(t, logsSink.AllLogs(), 1)
	require.Equal(t, 4, logsSink.LogRecordCount())

	md, err := it.ToMetrics()
	require.NoError(t, err)
	testdata.GenerateMetrics(5).ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
	require.NoError(t, m.ConsumeMetrics(t.Context(), md))
	require.NoError(t, m.ConsumeMetrics(t.Context(), testdata.GenerateMetrics(5)))
	require.NoError(t, m.ConsumeMetrics(t.Context(), pmetric.NewMetrics()))
	require.Len(t, metricsSink.AllMetrics(), 1)
	require.Equal(t, 4, metricsSink.DataPointCount())

	td, err := it.ToTraces()
	require.NoError(t, err)
	testdata.GenerateTraces(5).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	require.NoError(t, tr.ConsumeTraces(t.Context(), td))
	require.NoError(t, tr.ConsumeTraces(t.Context(), testdata.GenerateTraces(5)))
	require.NoError(t, tr.ConsumeTraces(t.Context(), ptrace.NewTraces()))
	require.Len(t, tracesSink.AllTraces(), 1)
	require.Equal(t, 4, tracesSink.SpanCount())
}

func TestDamagedItemsAreCountedAndTheRestStored(t *testing.T) {
	t.Parallel()
	tel := componenttest.NewTelemetry()
	set := exportertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	cfg := createDefaultConfig().(*Config)
	cfg.Path = filepath.Join(t.TempDir(), "a.db")
	e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	ld, err := items(3, anomaly.ProcessID()).ToLogs()
	require.NoError(t, err)
	ld.ResourceLogs().At(1).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("driftlock.anomaly.p_value", "small")
	ld.ResourceLogs().At(5).ScopeLogs().At(0).LogRecords().At(0).Attributes().Remove("driftlock.window.service")
	require.NoError(t, e.ConsumeLogs(t.Context(), ld))
	require.NoError(t, e.Shutdown(t.Context()))
	s := started{tel: tel}
	assert.EqualValues(t, 4, s.count(t, "items_stored"))
	assert.EqualValues(t, 2, s.count(t, "items_damaged"))
	require.NoError(t, tel.Shutdown(t.Context()))
}

// failing fails a few times and then stores.
type failing struct {
	store.Store
	errs  []error
	calls chan int
}

func (f *failing) Add(_ context.Context, it anomaly.Items) (store.Counts, error) {
	f.calls <- it.Len()
	if len(f.errs) == 0 {
		return store.Counts{Anomalies: len(it.Anomalies)}, nil
	}
	err := f.errs[0]
	f.errs = f.errs[1:]
	return store.Counts{}, err
}

func TestRetriesWhatMayMendItself(t *testing.T) {
	t.Parallel()
	set := exportertest.NewNopSettings(metadata.Type)
	cfg := createDefaultConfig().(*Config)
	cfg.Retry.InitialInterval = time.Millisecond
	cfg.Queue = configoptional.None[exporterhelper.QueueBatchConfig]()
	k, err := newKeeper(set, cfg)
	require.NoError(t, err)
	f := &failing{calls: make(chan int, 10), errs: []error{errors.New("database is locked"), errors.New("disk is full")}}
	k.store = f
	inner, err := exporterhelper.NewLogs(t.Context(), set, cfg, k.pushLogs, exporterhelper.WithRetry(cfg.Retry), exporterhelper.WithTimeout(cfg.Timeout))
	require.NoError(t, err)
	require.NoError(t, inner.Start(t.Context(), componenttest.NewNopHost()))
	e := &logs{Logs: inner, keeper: k}
	ld, err := items(1, anomaly.ProcessID()).ToLogs()
	require.NoError(t, err)
	require.NoError(t, e.ConsumeLogs(t.Context(), ld))
	require.Len(t, f.calls, 3)

	f.errs = []error{&store.PermanentError{Err: errors.New("constraint failed")}}
	err = e.ConsumeLogs(t.Context(), ld)
	require.ErrorContains(t, err, "constraint failed")
	require.Len(t, f.calls, 4, "a permanent error is not tried again")
	require.NoError(t, inner.Shutdown(t.Context()))
}

func TestClassify(t *testing.T) {
	t.Parallel()
	assert.True(t, consumererror.IsPermanent(classify(fmt.Errorf("x: %w", &store.PermanentError{Err: errors.New("y")}))))
	assert.True(t, consumererror.IsPermanent(classify(store.ErrClosed)))
	assert.False(t, consumererror.IsPermanent(classify(context.DeadlineExceeded)))
}

func TestRetentionRuns(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	old, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Now: func() time.Time { return time.Now().Add(-8 * day) }})
	require.NoError(t, err)
	_, err = old.Add(t.Context(), items(3, "p"))
	require.NoError(t, err)
	require.NoError(t, old.Close())
	e := start(t, "logs", func(c *Config) { c.Path = path })
	require.Eventually(t, func() bool { return e.count(t, "items_expired") == 3 }, 5*time.Second, 5*time.Millisecond, "windows go after 7 days")
	e.stop(t)
	page, windows := stored(t, path)
	require.Len(t, page.Anomalies, 3)
	require.Empty(t, windows)
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	require.NoError(t, componenttest.CheckConfigStruct(NewFactory().CreateDefaultConfig()))
	for signal, create := range signals {
		cfg := createDefaultConfig().(*Config)
		cfg.Path = filepath.Join(t.TempDir(), "a.db")
		c, _, err := create(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
		require.NoError(t, err, signal)
		require.NoError(t, c.Shutdown(t.Context()), "without Start")

		require.NoError(t, os.WriteFile(cfg.Path, nil, 0o600))
		cfg.Path = filepath.Join(cfg.Path, "under a file", "a.db")
		c, _, err = create(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
		require.NoError(t, err)
		require.ErrorContains(t, c.Start(t.Context(), componenttest.NewNopHost()), "make the store's folder")
		require.NoError(t, c.Shutdown(t.Context()), "after a Start that failed")
	}
}

func BenchmarkOrdinaryLogs(b *testing.B) {
	k, err := newKeeper(exportertest.NewNopSettings(metadata.Type), &Config{})
	require.NoError(b, err)
	e := &logs{keeper: k}
	ld := testdata.GenerateLogs(1000)
	b.ReportAllocs()
	for b.Loop() {
		if err := e.ConsumeLogs(b.Context(), ld); err != nil {
			b.Fatal(err)
		}
	}
}
