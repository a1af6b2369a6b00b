package keeper

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/testdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var kind = component.MustNewType("driftlocktest")

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

func TestQueueNeverHoldsOrdinaryTelemetry(t *testing.T) {
	t.Parallel()
	k, err := newKeeper(exportertest.NewNopSettings(kind), Settings{AcceptRemote: true})
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
	set := exportertest.NewNopSettings(kind)
	retry := configretry.NewDefaultBackOffConfig()
	retry.InitialInterval = time.Millisecond
	k, err := newKeeper(set, Settings{})
	require.NoError(t, err)
	f := &failing{calls: make(chan int, 10), errs: []error{errors.New("database is locked"), errors.New("disk is full")}}
	k.store = f
	inner, err := exporterhelper.NewLogs(t.Context(), set, &struct{}{}, k.pushLogs, exporterhelper.WithRetry(retry))
	require.NoError(t, err)
	require.NoError(t, inner.Start(t.Context(), componenttest.NewNopHost()))
	e := &logs{Logs: inner, keeper: k}
	ld, err := items(1, anomaly.ProcessID()).ToLogs()
	require.NoError(t, err)
	require.NoError(t, e.ConsumeLogs(t.Context(), ld))
	require.Len(t, f.calls, 3)

	f.errs = []error{&store.PermanentError{Err: errors.New("constraint failed")}}
	ld, err = anomaly.Items{Anomalies: items(1, anomaly.ProcessID()).Anomalies}.ToLogs()
	require.NoError(t, err)
	err = e.ConsumeLogs(t.Context(), ld)
	require.ErrorContains(t, err, "constraint failed")
	require.Len(t, f.calls, 4, "a permanent error is not tried again")
	require.NoError(t, inner.Shutdown(t.Context()))
}

// picky never takes some anomalies; it is a store that breaks off, as a transaction does.
type picky struct {
	store.Store
	never  map[string]bool
	broken error
	stored map[string]bool
}

func (p *picky) Add(_ context.Context, it anomaly.Items) (store.Counts, error) {
	if p.broken != nil {
		return store.Counts{}, p.broken
	}
	for _, a := range it.Anomalies {
		if p.never[a.ID] {
			return store.Counts{}, &store.PermanentError{Err: errors.New("value out of range")}
		}
	}
	for _, a := range it.Anomalies {
		p.stored[a.ID] = true
	}
	return store.Counts{Anomalies: len(it.Anomalies), Windows: len(it.Windows)}, nil
}

func TestOneBadItemTakesNoOthersWithIt(t *testing.T) {
	t.Parallel()
	tel := componenttest.NewTelemetry()
	defer func() { require.NoError(t, tel.Shutdown(context.Background())) }()
	set := exportertest.NewNopSettings(kind)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	k, err := newKeeper(set, Settings{})
	require.NoError(t, err)
	it := items(100, "p")
	p := &picky{stored: map[string]bool{}, never: map[string]bool{it.Anomalies[17].ID: true, it.Anomalies[99].ID: true}}
	k.store = p
	require.NoError(t, k.add(t.Context(), it, nil))
	require.Len(t, p.stored, 98)
	m, err := tel.GetMetric("otelcol_exporter_driftlocktest_items_damaged")
	require.NoError(t, err)
	require.EqualValues(t, 2, m.Data.(metricdata.Sum[int64]).DataPoints[0].Value)

	for _, broken := range []error{&store.PermanentError{Err: errors.New("no database file")}, errors.New("database is locked")} {
		p.broken = broken
		err = k.add(t.Context(), it, nil)
		require.ErrorIs(t, err, broken, "nothing can be stored: no fault of the items")
		require.Equal(t, store.IsPermanent(broken), consumererror.IsPermanent(err))
	}
	m, err = tel.GetMetric("otelcol_exporter_driftlocktest_items_damaged")
	require.NoError(t, err)
	require.EqualValues(t, 2, m.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
}

func TestClassify(t *testing.T) {
	t.Parallel()
	assert.True(t, consumererror.IsPermanent(classify(fmt.Errorf("x: %w", &store.PermanentError{Err: errors.New("y")}))))
	assert.True(t, consumererror.IsPermanent(classify(store.ErrClosed)))
	assert.False(t, consumererror.IsPermanent(classify(context.DeadlineExceeded)))
}

func TestRetentionConfig(t *testing.T) {
	t.Parallel()
	c := NewDefaultRetentionConfig()
	require.NoError(t, c.Validate())
	c = RetentionConfig{Anomalies: time.Second, Windows: -time.Hour, Interval: time.Millisecond}
	err := c.Validate()
	for _, want := range []string{
		"anomalies must be 0 (for ever) or at least 1m (got 1s)", "windows must be 0 (for ever) or at least 1m (got -1h0m0s)", "interval must be at least 1s (got 1ms)",
	} {
		require.ErrorContains(t, err, want)
	}
}

func BenchmarkOrdinaryLogs(b *testing.B) {
	k, err := newKeeper(exportertest.NewNopSettings(kind), Settings{})
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
