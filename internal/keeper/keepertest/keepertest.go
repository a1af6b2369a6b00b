// Package keepertest holds every exporter that stores anomalies to one behaviour: each runs Run in a test of its own.
// It does not test what only one database has.
package keepertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/testdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/storetest"
	"github.com/driftlock/driftlock/internal/telemetrytest"
)

// Exporter is what the suite needs to know of an exporter.
type Exporter struct {
	Factory exporter.Factory
	// Config makes a configuration with an empty store of its own.
	Config func(t *testing.T) component.Config
	// AcceptRemote makes a configuration accept items of other processes.
	AcceptRemote func(component.Config)
	// Open opens the store that a configuration names, with this clock.
	Open func(t *testing.T, cfg component.Config, now func() time.Time) store.Store
}

// Run runs the suite.
func Run(t *testing.T, e Exporter) {
	for name, test := range map[string]func(*testing.T, Exporter){
		"StoresItemsOfEverySignalOnce":           storesItemsOfEverySignalOnce,
		"AcceptRemote":                           acceptRemote,
		"SignalsShareOneStore":                   signalsShareOneStore,
		"DamagedItemsAreCountedAndTheRestStored": damagedItemsAreCountedAndTheRestStored,
		"RetentionRuns":                          retentionRuns,
		"Lifecycle":                              lifecycle,
		"MetricsAreDescribed":                    metricsAreDescribed,
		"AnExportIsATrace":                       anExportIsATrace,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

// sender hides the signal: it sends items in the midst of ordinary telemetry.
type sender func(context.Context, anomaly.Items) error

type started struct {
	component.Component
	kind component.Type
	send sender
	tel  *componenttest.Telemetry
}

var signals = map[string]func(context.Context, exporter.Factory, exporter.Settings, component.Config) (component.Component, sender, error){
	"logs": func(ctx context.Context, f exporter.Factory, set exporter.Settings, cfg component.Config) (component.Component, sender, error) {
		e, err := f.CreateLogs(ctx, set, cfg)
		return e, func(ctx context.Context, it anomaly.Items) error {
			ld := testdata.GenerateLogs(3)
			more, err := it.ToLogs()
			more.ResourceLogs().MoveAndAppendTo(ld.ResourceLogs())
			ld.MarkReadOnly()
			return errors.Join(err, e.ConsumeLogs(ctx, ld))
		}, err
	},
	"metrics": func(ctx context.Context, f exporter.Factory, set exporter.Settings, cfg component.Config) (component.Component, sender, error) {
		e, err := f.CreateMetrics(ctx, set, cfg)
		return e, func(ctx context.Context, it anomaly.Items) error {
			md := testdata.GenerateMetrics(3)
			more, err := it.ToMetrics()
			more.ResourceMetrics().MoveAndAppendTo(md.ResourceMetrics())
			md.MarkReadOnly()
			return errors.Join(err, e.ConsumeMetrics(ctx, md))
		}, err
	},
	"traces": func(ctx context.Context, f exporter.Factory, set exporter.Settings, cfg component.Config) (component.Component, sender, error) {
		e, err := f.CreateTraces(ctx, set, cfg)
		return e, func(ctx context.Context, it anomaly.Items) error {
			td := testdata.GenerateTraces(3)
			more, err := it.ToTraces()
			more.ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
			td.MarkReadOnly()
			return errors.Join(err, e.ConsumeTraces(ctx, td))
		}, err
	},
}

func start(t *testing.T, e Exporter, signal string, cfg component.Config) started {
	t.Helper()
	tel := componenttest.NewTelemetry()
	set := exportertest.NewNopSettings(e.Factory.Type())
	set.TelemetrySettings = tel.NewTelemetrySettings()
	c, send, err := signals[signal](t.Context(), e.Factory, set, cfg)
	require.NoError(t, err)
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	return started{Component: c, kind: e.Factory.Type(), send: send, tel: tel}
}

func (s started) count(name string) int64 {
	m, err := s.tel.GetMetric("otelcol_exporter_" + s.kind.String() + "_" + name)
	if err != nil {
		return 0
	}
	return m.Data.(metricdata.Sum[int64]).DataPoints[0].Value
}

// stop flushes the queue.
func (s started) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, s.Shutdown(context.Background()))
	t.Cleanup(func() { require.NoError(t, s.tel.Shutdown(context.Background())) })
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

func (e Exporter) stored(t *testing.T, cfg component.Config) (store.Page, []*anomaly.Window) {
	t.Helper()
	s := e.Open(t, cfg, time.Now)
	defer func() { require.NoError(t, s.Close()) }()
	page, err := s.List(t.Context(), store.Query{})
	require.NoError(t, err)
	windows, err := s.Windows(t.Context(), store.WindowQuery{Service: "cart"})
	require.NoError(t, err)
	return page, windows
}

func storesItemsOfEverySignalOnce(t *testing.T, e Exporter) {
	for signal := range signals {
		cfg := e.Config(t)
		s := start(t, e, signal, cfg)
		own := items(5, anomaly.ProcessID())
		for range 3 {
			require.NoError(t, s.send(t.Context(), own))
		}
		require.NoError(t, s.send(t.Context(), anomaly.Items{}))
		require.NoError(t, s.send(t.Context(), items(2, "another process")))
		s.stop(t)
		assert.EqualValues(t, 10, s.count("items_stored"), signal)
		assert.EqualValues(t, 20, s.count("items_known"), signal)
		assert.EqualValues(t, 4, s.count("items_refused"), signal)
		assert.EqualValues(t, 0, s.count("items_damaged"), signal)

		page, windows := e.stored(t, cfg)
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
	}
}

func acceptRemote(t *testing.T, e Exporter) {
	cfg := e.Config(t)
	e.AcceptRemote(cfg)
	s := start(t, e, "traces", cfg)
	require.NoError(t, s.send(t.Context(), items(2, "an agent")))
	s.stop(t)
	assert.EqualValues(t, 4, s.count("items_stored"))
	assert.EqualValues(t, 0, s.count("items_refused"))
	page, _ := e.stored(t, cfg)
	require.Equal(t, "an agent", page.Anomalies[0].ProcessID)
}

// signalsShareOneStore runs the three instances that one component id has in three pipelines.
func signalsShareOneStore(t *testing.T, e Exporter) {
	cfg := e.Config(t)
	var all []started
	for signal := range signals {
		all = append(all, start(t, e, signal, cfg))
	}
	done := make(chan error)
	for _, s := range all {
		go func() { done <- s.send(context.Background(), items(50, anomaly.ProcessID())) }()
	}
	for range all {
		require.NoError(t, <-done)
	}
	stored, known := int64(0), int64(0)
	for _, s := range all {
		s.stop(t)
	}
	for _, s := range all {
		if s.count("items_stored") > 0 {
			assert.Zero(t, stored, "one keeper counts for all signals")
		}
		stored, known = stored+s.count("items_stored"), known+s.count("items_known")
	}
	assert.EqualValues(t, 100, stored)
	assert.EqualValues(t, 200, known)
	page, windows := e.stored(t, cfg)
	require.Len(t, page.Anomalies, 50)
	require.Len(t, windows, 50)
}

func damagedItemsAreCountedAndTheRestStored(t *testing.T, e Exporter) {
	tel := componenttest.NewTelemetry()
	set := exportertest.NewNopSettings(e.Factory.Type())
	set.TelemetrySettings = tel.NewTelemetrySettings()
	x, err := e.Factory.CreateLogs(t.Context(), set, e.Config(t))
	require.NoError(t, err)
	require.NoError(t, x.Start(t.Context(), componenttest.NewNopHost()))
	ld, err := items(3, anomaly.ProcessID()).ToLogs()
	require.NoError(t, err)
	ld.ResourceLogs().At(1).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("driftlock.anomaly.p_value", "small")
	ld.ResourceLogs().At(5).ScopeLogs().At(0).LogRecords().At(0).Attributes().Remove("driftlock.window.service")
	require.NoError(t, x.ConsumeLogs(t.Context(), ld))
	s := started{Component: x, kind: e.Factory.Type(), tel: tel}
	s.stop(t)
	assert.EqualValues(t, 4, s.count("items_stored"))
	assert.EqualValues(t, 2, s.count("items_damaged"))
}

func retentionRuns(t *testing.T, e Exporter) {
	cfg := e.Config(t)
	old := e.Open(t, cfg, func() time.Time { return time.Now().Add(-8 * 24 * time.Hour) })
	_, err := old.Add(t.Context(), items(3, "p"))
	require.NoError(t, err)
	require.NoError(t, old.Close())
	s := start(t, e, "logs", cfg)
	require.Eventually(t, func() bool { return s.count("items_expired") == 3 }, 10*time.Second, 5*time.Millisecond, "windows go after 7 days")
	s.stop(t)
	page, windows := e.stored(t, cfg)
	require.Len(t, page.Anomalies, 3)
	require.Empty(t, windows)
}

func lifecycle(t *testing.T, e Exporter) {
	require.NoError(t, componenttest.CheckConfigStruct(e.Factory.CreateDefaultConfig()))
	for signal, create := range signals {
		c, _, err := create(t.Context(), e.Factory, exportertest.NewNopSettings(e.Factory.Type()), e.Config(t))
		require.NoError(t, err, signal)
		require.NoError(t, c.Shutdown(t.Context()), "without Start")
	}
}

// metricsAreDescribed lets an exporter do everything that it counts.
func metricsAreDescribed(t *testing.T, e Exporter) {
	cfg := e.Config(t)
	old := e.Open(t, cfg, func() time.Time { return time.Now().Add(-8 * 24 * time.Hour) })
	_, err := old.Add(t.Context(), anomaly.Items{Windows: []*anomaly.Window{storetest.Window("old", "c", "p", 1)}})
	require.NoError(t, err)
	require.NoError(t, old.Close())
	s := start(t, e, "logs", cfg)
	for range 2 {
		require.NoError(t, s.send(t.Context(), items(2, anomaly.ProcessID())))
	}
	require.NoError(t, s.send(t.Context(), items(1, "another process")))
	ld, err := items(1, anomaly.ProcessID()).ToLogs()
	require.NoError(t, err)
	ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr("driftlock.anomaly.p_value", "small")
	require.NoError(t, s.Component.(exporter.Logs).ConsumeLogs(t.Context(), ld))
	require.Eventually(t, func() bool { return s.count("items_expired") == 1 && s.count("items_known") > 0 }, 10*time.Second, 5*time.Millisecond)
	telemetrytest.Described(t, s.tel)
	s.stop(t)
}

// anExportIsATrace: what the store was asked to do hangs under the exporter's span, and that one under the span of whoever sent the items.
func anExportIsATrace(t *testing.T, e Exporter) {
	s := start(t, e, "traces", e.Config(t))
	ctx, sender := s.tel.NewTelemetrySettings().TracerProvider.Tracer("sender").Start(t.Context(), "sender")
	require.NoError(t, s.send(ctx, items(2, anomaly.ProcessID())))
	sender.End()
	s.stop(t)
	var export, add sdktrace.ReadOnlySpan
	for _, span := range s.tel.SpanRecorder.Ended() {
		switch name := span.Name(); {
		case name == "store add":
			add = span
		case strings.HasPrefix(name, "exporter/"+s.kind.String()) && strings.HasSuffix(name, "/traces"):
			export = span
		}
	}
	require.NotNil(t, export)
	require.NotNil(t, add)
	assert.Equal(t, export.SpanContext().SpanID(), add.Parent().SpanID())
	assert.Equal(t, sender.SpanContext().TraceID(), export.SpanContext().TraceID())
}
