package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"

	"github.com/driftlock/driftlock/internal/otlpclient"
	"github.com/driftlock/driftlock/internal/shop"

	"github.com/driftlock/driftlock/internal/cli"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// received is a real OTLP receiver and what came in.
type received struct {
	grpc, http string
	traces     consumertest.TracesSink
	logs       consumertest.LogsSink
	metrics    consumertest.MetricsSink
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func startReceiver(t *testing.T, grpc, http string) *received {
	t.Helper()
	r := &received{grpc: grpc, http: "http://" + http}
	f := otlpreceiver.NewFactory()
	cfg := f.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"grpc": map[string]any{"endpoint": grpc}, "http": map[string]any{"endpoint": http},
	}}).Unmarshal(cfg))
	set := receivertest.NewNopSettings(f.Type())
	tr, err := f.CreateTraces(t.Context(), set, cfg, &r.traces)
	require.NoError(t, err)
	lr, err := f.CreateLogs(t.Context(), set, cfg, &r.logs)
	require.NoError(t, err)
	mr, err := f.CreateMetrics(t.Context(), set, cfg, &r.metrics)
	require.NoError(t, err)
	for _, c := range []component.Component{tr, lr, mr} {
		require.NoError(t, c.Start(context.Background(), componenttest.NewNopHost()))
		t.Cleanup(func() { assert.NoError(t, c.Shutdown(context.Background())) })
	}
	return r
}

func synthetic(ctx context.Context, args ...string) (stderr string, err error) {
	var errOut bytes.Buffer
	cmd := newCommand(io.Discard, &errOut)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(ctx)
	return errOut.String(), err
}

func TestSendsOverBothProtocols(t *testing.T) {
	r := startReceiver(t, freePort(t), freePort(t))
	for _, endpoint := range []string{r.grpc, r.http} {
		r.traces.Reset()
		r.logs.Reset()
		r.metrics.Reset()
		stderr, err := synthetic(t.Context(), "100", "--endpoint", endpoint)
		require.NoError(t, err)
		assert.Contains(t, stderr, "sent 100 requests")
		traces := map[string]bool{}
		for _, td := range r.traces.AllTraces() {
			for _, rs := range td.ResourceSpans().All() {
				for _, s := range rs.ScopeSpans().At(0).Spans().All() {
					traces[s.TraceID().String()] = true
					assert.Less(t, time.Since(s.StartTimestamp().AsTime()), 2*time.Minute)
					assert.False(t, s.StartTimestamp().AsTime().After(time.Now()))
				}
			}
		}
		assert.Len(t, traces, 100)
		assert.Greater(t, r.logs.LogRecordCount(), 100)
		assert.NotEmpty(t, r.metrics.AllMetrics())
	}
}

func TestHistoryArrivesInOrderOfTimeAndEndsWhereAsked(t *testing.T) {
	r := startReceiver(t, freePort(t), freePort(t))
	labels := filepath.Join(t.TempDir(), "labels.json")
	_, err := synthetic(t.Context(), "--endpoint", r.grpc, "--history", "10m", "--end", "2026-03-02T12:00:00Z", "--rate", "3",
		"--incident", "errors@payment", "--incident", "silence@cart", "--incident-last", "3m", "--labels", labels)
	require.NoError(t, err)
	end := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	var last time.Time
	for _, td := range r.traces.AllTraces() {
		first := end.Add(time.Hour)
		for _, rs := range td.ResourceSpans().All() {
			for _, s := range rs.ScopeSpans().At(0).Spans().All() {
				if s.ParentSpanID().IsEmpty() && s.StartTimestamp().AsTime().Before(first) {
					first = s.StartTimestamp().AsTime()
				}
			}
		}
		if first.After(end) {
			continue
		}
		assert.False(t, first.Before(last), "batches step back in time")
		assert.False(t, first.Before(end.Add(-10*time.Minute)))
		last = first
	}
	assert.Less(t, end.Sub(last), 10*time.Second)
	b, err := os.ReadFile(labels)
	require.NoError(t, err)
	var got []shop.Label
	require.NoError(t, json.Unmarshal(b, &got))
	require.Len(t, got, 2)
	assert.Equal(t, end.Add(-3*time.Minute), got[0].InjectTime)
	assert.Equal(t, "errors", got[0].Fault)
}

func TestSameFlagsWriteTheSameFile(t *testing.T) {
	write := func(name string, more ...string) []byte {
		path := filepath.Join(t.TempDir(), name)
		_, err := synthetic(t.Context(), append([]string{"--history", "2m", "--end", "2026-03-02T12:00:00Z", "-o", path}, more...)...)
		require.NoError(t, err)
		f, err := os.Open(path)
		require.NoError(t, err)
		defer func() { _ = f.Close() }()
		var r io.Reader = f
		if strings.HasSuffix(name, ".gz") {
			r, err = gzip.NewReader(f)
			require.NoError(t, err)
		}
		b, err := io.ReadAll(r)
		require.NoError(t, err)
		return b
	}
	a := write("a.jsonl")
	assert.Equal(t, a, write("b.jsonl"))
	assert.Equal(t, a, write("c.jsonl.gz"))
	assert.NotEqual(t, a, write("d.jsonl", "--seed", "2"))
	assert.Contains(t, string(a), `{"resourceSpans":`)
	assert.Contains(t, string(a), `{"resourceLogs":`)
	assert.Contains(t, string(a), `{"resourceMetrics":`)
}

func TestLiveGoesOnInRealTime(t *testing.T) {
	r := startReceiver(t, freePort(t), freePort(t))
	began := time.Now()
	_, err := synthetic(t.Context(), "--endpoint", r.grpc, "--duration", "2s", "--rate", "50")
	require.NoError(t, err)
	assert.Greater(t, time.Since(began), time.Second)
	assert.Greater(t, r.traces.SpanCount(), 100)

	ctx, cancel := context.WithTimeout(t.Context(), time.Second+200*time.Millisecond)
	defer cancel()
	stop, end := context.WithCancel(ctx)
	time.AfterFunc(1200*time.Millisecond, end)
	_, err = synthetic(stop, "--endpoint", r.grpc, "--live", "--rate", "50")
	if ctx.Err() == nil {
		assert.NoError(t, err, "Ctrl-C ends --live well")
	}
}

func TestCtrlCEndsHistory(t *testing.T) {
	r := startReceiver(t, freePort(t), freePort(t))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(150*time.Millisecond, cancel)
	began := time.Now()
	_, err := synthetic(ctx, "--endpoint", r.grpc, "--history", "2000h")
	require.ErrorContains(t, err, "cancel")
	assert.Less(t, time.Since(began), 10*time.Second)
}

func TestWaitsForAReceiverThatStartsLate(t *testing.T) {
	grpc, http := freePort(t), freePort(t)
	for _, endpoint := range []string{grpc, "http://" + http} {
		_, err := synthetic(t.Context(), "3", "--endpoint", endpoint, "--patience", "300ms", "--quiet")
		var lost *otlpclient.UnreachableError
		require.ErrorAs(t, err, &lost)
		assert.ErrorContains(t, err, "make run")
		assert.ErrorContains(t, err, "--endpoint")
	}
	done := make(chan error)
	go func() {
		_, err := synthetic(t.Context(), "3", "--endpoint", grpc, "--patience", "20s", "--quiet")
		done <- err
	}()
	time.Sleep(500 * time.Millisecond)
	r := startReceiver(t, grpc, http)
	err := <-done
	require.NoError(t, err)
	assert.Positive(t, r.traces.SpanCount())
}

func TestUsageMistakesAreNamed(t *testing.T) {
	for want, args := range map[string][]string{
		"say how much":                     {},
		"whole number":                     {"ten"},
		"at least 1":                       {"0"},
		"one COUNT":                        {"1", "2"},
		"goes with neither":                {"10", "--live"},
		"give one of them":                 {"--live", "--duration", "1s"},
		"must be above 0":                  {"10", "--rate", "0"},
		"rate must":                        {"10", "--rate", "NaN"},
		`no kind "fire"`:                   {"10", "--incident", "fire@cart"},
		"nobody in the shop calls":         {"10", "--incident", "retry-storm@gateway"},
		"RFC 3339":                         {"--history", "1h", "--end", "yesterday"},
		"--incident-at must be":            {"--history", "1h", "--incident", "errors@cart", "--incident-at", "soon"},
		"would end":                        {"--history", "1h", "--incident", "errors@cart", "--incident-at", "2h"},
		"protocol must be grpc or http":    {"10", "--protocol", "kafka"},
		"endpoint must name host and port": {"10", "--endpoint", "localhost"},
		"endpoint must be":                 {"10", "--endpoint", "ftp://localhost:1"},
		"--output needs an end":            {"--live", "-o", "x"},
		"unknown flag":                     {"--colour"},
	} {
		_, err := synthetic(t.Context(), args...)
		require.True(t, cli.IsUsage(err), "%v: %v", args, err)
		assert.ErrorContains(t, err, want)
	}
}

func TestIncidentTimes(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		o          options
		start, end time.Duration // after now
	}{
		"the last of history":          {options{history: 2 * time.Hour}, -10 * time.Minute, 0},
		"not longer than history":      {options{history: 5 * time.Minute}, -5 * time.Minute, 0},
		"in history, live goes on":     {options{history: time.Hour, forever: true}, -10 * time.Minute, 0},
		"at and for":                   {options{history: time.Hour, incidentAt: "30m", incidentFor: time.Minute}, -30 * time.Minute, -29 * time.Minute},
		"at a time, to the end":        {options{history: time.Hour, incidentAt: "2026-03-02T11:50:00Z"}, -10 * time.Minute, 0},
		"all of a live run":            {options{duration: time.Minute}, 0, time.Minute},
		"of a live run, from a minute": {options{duration: time.Hour, incidentAt: "1m", incidentFor: time.Minute}, time.Minute, 2 * time.Minute},
	} {
		c.o.incidents, c.o.incidentLast, c.o.rate = []string{"errors@cart"}, 10*time.Minute, 5
		p, err := c.o.plan(now)
		require.NoError(t, err, name)
		require.Len(t, p.config.Incidents, 1)
		assert.Equal(t, c.start, p.config.Incidents[0].Start.Sub(now), name)
		assert.Equal(t, c.end, p.config.Incidents[0].End.Sub(now), name)
	}
}

func TestHelpNamesEveryKindAndService(t *testing.T) {
	h := longHelp()
	for _, s := range append(shop.KindNames(), shop.ServiceNames()...) {
		assert.Contains(t, h, s)
	}
}
