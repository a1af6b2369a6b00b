package observe

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/sqlite"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, tel *componenttest.Telemetry, now func() time.Time) store.Store {
	inner, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db"), Now: now})
	require.NoError(t, err)
	s, err := Store(inner, tel.NewTelemetrySettings(), "scope", "p_")
	require.NoError(t, err)
	return s
}

// TestEveryCallIsMeasured calls each method of the interface, those included that it will have one day.
func TestEveryCallIsMeasured(t *testing.T) {
	t.Parallel()
	tel := componenttest.NewTelemetry()
	s := open(t, tel, nil)
	ctx, root := tel.NewTelemetrySettings().TracerProvider.Tracer("test").Start(t.Context(), "request")
	ctx, cancel := context.WithCancel(ctx)
	calls := 0
	v := reflect.ValueOf(s)
	for i, m := 0, reflect.TypeFor[store.Store](); i < m.NumMethod(); i++ {
		if name := m.Method(i).Name; name == "Close" || name == "Watch" {
			continue
		}
		method := v.MethodByName(m.Method(i).Name)
		args := []reflect.Value{reflect.ValueOf(ctx)}
		for j := 1; j < method.Type().NumIn(); j++ {
			args = append(args, reflect.Zero(method.Type().In(j)))
		}
		method.Call(args)
		calls++
	}
	root.End()
	cancel()
	assert.Equal(t, calls, len(operations))
	m, err := tel.GetMetric("p_store_duration")
	require.NoError(t, err)
	byOperation := map[string]uint64{}
	for _, p := range m.Data.(metricdata.Histogram[float64]).DataPoints {
		op, _ := p.Attributes.Value("db.operation.name")
		byOperation[op.AsString()] += p.Count
	}
	for _, op := range operations {
		assert.EqualValues(t, 1, byOperation[op], op)
	}
	spans := map[string]bool{}
	for _, span := range tel.SpanRecorder.Ended() {
		if span.Name() != "request" {
			spans[span.Name()] = true
			assert.Equal(t, root.SpanContext().SpanID(), span.Parent().SpanID(), span.Name())
		}
	}
	assert.Len(t, spans, calls)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "twice")
	require.NoError(t, tel.Shutdown(context.Background()))
}

// TestWhatIsMeasured: rows, kinds of errors, connections; spans only inside a trace.
func TestWhatIsMeasured(t *testing.T) {
	t.Parallel()
	tel := componenttest.NewTelemetry()
	s := open(t, tel, nil)
	ctx := t.Context()
	_, err := s.Add(ctx, anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1), storetest.Anomaly(2)}})
	require.NoError(t, err)
	_, err = s.List(ctx, store.Query{})
	require.NoError(t, err)
	_, err = s.Get(ctx, anomaly.NewID("", "", "", time.Time{}, ""))
	require.ErrorIs(t, err, store.ErrNotFound)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = s.List(gone, store.Query{})
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, tel.SpanRecorder.Ended())

	rows, err := tel.GetMetric("p_store_rows")
	require.NoError(t, err)
	got := map[string]int64{}
	for _, p := range rows.Data.(metricdata.Sum[int64]).DataPoints {
		op, _ := p.Attributes.Value("db.operation.name")
		got[op.AsString()] = p.Value
	}
	assert.Equal(t, map[string]int64{"add": 2, "list": 2}, got)

	duration, err := tel.GetMetric("p_store_duration")
	require.NoError(t, err)
	outcomes := map[string]uint64{}
	for _, p := range duration.Data.(metricdata.Histogram[float64]).DataPoints {
		op, _ := p.Attributes.Value("db.operation.name")
		failed, _ := p.Attributes.Value("error.type")
		outcomes[op.AsString()+" "+failed.AsString()] = p.Count
	}
	assert.Equal(t, map[string]uint64{"add ": 1, "list ": 1, "get refused": 1, "list canceled": 1}, outcomes)

	connections, err := tel.GetMetric("p_store_connections")
	require.NoError(t, err)
	states := map[attribute.Set]int64{}
	for _, p := range connections.Data.(metricdata.Gauge[int64]).DataPoints {
		states[p.Attributes] = p.Value
	}
	assert.Zero(t, states[attribute.NewSet(attribute.String("state", "used"))], "a connection was not given back")
	assert.Positive(t, states[attribute.NewSet(attribute.String("state", "idle"))])
	require.NoError(t, s.Close())
	require.NoError(t, tel.Shutdown(context.Background()))
}

func TestKindsOfErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		kind string
	}{
		{store.ErrNotFound, refused}, {store.ErrNoKey, refused}, {store.ErrModified, refused}, {store.ErrLocked, refused}, {&store.TransitionError{}, refused},
		{context.Canceled, canceled}, {context.DeadlineExceeded, timeout}, {store.ErrClosed, permanent}, {&store.PermanentError{Err: assert.AnError}, permanent},
		{assert.AnError, retryable},
	} {
		assert.Equal(t, c.kind, kind(fmt.Errorf("list anomalies: %w", c.err)), c.err)
	}
}
