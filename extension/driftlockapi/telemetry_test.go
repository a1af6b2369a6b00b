package driftlockapi

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/metadata"
	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/events"
	"github.com/driftlock/driftlock/internal/store/storetest"
	"github.com/driftlock/driftlock/internal/telemetrytest"
)

// told is a running extension and what it tells.
type told struct {
	*api
	base string
	tel  *componenttest.Telemetry
	logs *observer.ObservedLogs
}

func telling(t *testing.T, change func(*Config)) told {
	t.Helper()
	cfg := testConfig(t)
	if change != nil {
		change(cfg)
	}
	tel := componenttest.NewTelemetry()
	core, logs := observer.New(zap.DebugLevel)
	set := extensiontest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	set.Logger = zap.New(core)
	e, err := NewFactory().Create(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		require.NoError(t, e.Shutdown(context.Background()))
		require.NoError(t, tel.Shutdown(context.Background()))
	})
	a := e.(*api)
	return told{api: a, base: "http://" + a.listener.Addr().String(), tel: tel, logs: logs}
}

type noSink struct{}

func (noSink) Consume(context.Context, []events.Event) error { return nil }

// TestMetricsAreDescribed makes the extension tell everything that it can.
func TestMetricsAreDescribed(t *testing.T) {
	t.Parallel()
	e := telling(t, func(c *Config) {
		c.RateLimit.PerAddress = RateConfig{PerSecond: 0.001, Burst: 8}
		c.Stream.Remember = 1
	})
	_, err := e.store.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}})
	require.NoError(t, err)
	unregister, err := e.RegisterEvents(noSink{})
	require.NoError(t, err)
	defer unregister()

	follow, stop := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(follow, http.MethodGet, e.base+"/v1/stream/anomalies", nil)
	require.NoError(t, err)
	stream, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer stream.Body.Close()
	_, err = bufio.NewReader(stream.Body).ReadString('\n')
	require.NoError(t, err)
	assert.EqualValues(t, 1, e.gauge(t, "stream_clients"))
	for i := range 3 {
		_, err = e.store.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(10 + i)}})
		require.NoError(t, err)
	}
	stop()
	require.Eventually(t, func() bool { return e.count("streams_ended") == 1 && e.gauge(t, "stream_clients") == 0 }, 10*time.Second, 5*time.Millisecond)

	code, _ := fetch(t, http.MethodPost, e.base+"/v1/events", strings.NewReader(`[{"value":1},{"value":"x"}]`), "Content-Type", "application/json")
	require.Equal(t, 200, code)
	code, body := fetch(t, http.MethodPost, e.base+"/v1/keys", strings.NewReader(`{"name":"a","role":"admin"}`), "Content-Type", "application/json")
	require.Equal(t, 201, code, body)
	code, _ = fetch(t, http.MethodGet, e.base+"/v1/anomalies", nil)
	require.Equal(t, 401, code)
	for code != 429 {
		code, _ = fetch(t, http.MethodGet, e.base+"/healthz", nil)
	}
	telemetrytest.Described(t, e.tel)
}

func (e told) gauge(t *testing.T, name string) int64 {
	m, err := e.tel.GetMetric(metadata.Prefix + name)
	require.NoError(t, err)
	return m.Data.(metricdata.Gauge[int64]).DataPoints[0].Value
}

func (e told) count(name string) (n int64) {
	m, err := e.tel.GetMetric(metadata.Prefix + name)
	if err != nil {
		return 0
	}
	for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
		n += p.Value
	}
	return n
}

// TestRequestsAreCountedByRoute: what clients can make up becomes no attribute.
func TestRequestsAreCountedByRoute(t *testing.T) {
	t.Parallel()
	e := telling(t, nil)
	for _, path := range []string{"/v1/anomalies/" + storetest.Anomaly(1).ID, "/v1/anomalies/" + storetest.Anomaly(2).ID, "/made/up", "/made/up/too", "/v1/anomalies?limit=7"} {
		fetch(t, http.MethodGet, e.base+path, nil)
	}
	fetch(t, "MADEUP", e.base+"/v1/anomalies", nil)
	fetch(t, http.MethodPost, e.base+"/v1/events", strings.NewReader("no gzip"), "Content-Encoding", "gzip")
	m, err := e.tel.GetMetric(metadata.Prefix + "request_duration")
	require.NoError(t, err)
	got := map[string]uint64{}
	for _, p := range m.Data.(metricdata.Histogram[float64]).DataPoints {
		got[p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Count
	}
	assert.Equal(t, map[string]uint64{
		"http.request.method=GET,http.response.status_code=404,http.route=/v1/anomalies/{id}": 2,
		"http.request.method=GET,http.response.status_code=404":                               2,
		"http.request.method=GET,http.response.status_code=200,http.route=/v1/anomalies":      1,
		"http.request.method=_OTHER,http.response.status_code=405,http.route=/v1/anomalies":   1,
		"http.request.method=POST,http.response.status_code=400":                              1,
	}, got)

	theirs, err := e.tel.GetMetric("http.server.request.duration") // confighttp's, at level detailed
	require.NoError(t, err)
	routes := map[string]bool{}
	for _, p := range theirs.Data.(metricdata.Histogram[float64]).DataPoints {
		route, _ := p.Attributes.Value("http.route")
		routes[route.AsString()] = true
	}
	assert.Equal(t, map[string]bool{"/v1/anomalies/{id}": true, "/v1/anomalies": true, "": true}, routes)
}

// TestARequestIsASpanInItsSendersTrace, with the store's calls under it; the collector's propagators are not set here, as they are not by default.
func TestARequestIsASpanInItsSendersTrace(t *testing.T) {
	t.Parallel()
	e := telling(t, nil)
	_, err := e.store.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}})
	require.NoError(t, err)
	const trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	code, _ := fetch(t, http.MethodGet, e.base+"/v1/anomalies/"+storetest.Anomaly(1).ID, nil, "Traceparent", "00-"+trace+"-"+parent+"-01", "X-Request-Id", "mine")
	require.Equal(t, 200, code)
	spans := map[string]sdktrace.ReadOnlySpan{}
	require.Eventually(t, func() bool { // the span ends after the answer
		for _, span := range e.tel.SpanRecorder.Ended() {
			spans[span.Name()] = span
		}
		return spans["GET /v1/anomalies/{id}"] != nil
	}, 10*time.Second, 5*time.Millisecond)
	request, get := spans["GET /v1/anomalies/{id}"], spans["store get"]
	assert.Equal(t, trace, request.SpanContext().TraceID().String())
	assert.Equal(t, parent, request.Parent().SpanID().String())
	attributes := map[string]string{}
	for _, kv := range request.Attributes() {
		attributes[string(kv.Key)] = kv.Value.String()
	}
	assert.Equal(t, "mine", attributes["driftlock.request.id"])
	assert.Equal(t, "/v1/anomalies/{id}", attributes["http.route"])
	assert.Equal(t, "200", attributes["http.response.status_code"])
	require.NotNil(t, get)
	assert.Equal(t, request.SpanContext().SpanID(), get.Parent().SpanID())
}

// TestLogsHoldNoSecrets goes through what people send, right and wrong, at level debug.
func TestLogsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	e := telling(t, nil)
	code, body := fetch(t, http.MethodPost, e.base+"/v1/keys", strings.NewReader(`{"name":"a","role":"admin"}`), "Content-Type", "application/json")
	require.Equal(t, 201, code)
	_, token, _ := strings.Cut(body, `"token":"`)
	token, _, _ = strings.Cut(token, `"`)
	require.True(t, strings.HasPrefix(token, "dlk_"), body)
	secret := token[len("dlk_0123456789abcdef_"):]
	wrongSecret := strings.Repeat("w", len(secret))
	for _, bearer := range []string{token, token[:21] + wrongSecret, "dlk_short" + wrongSecret, wrongSecret} {
		fetch(t, http.MethodGet, e.base+"/v1/anomalies?q=searched-for", nil, "Authorization", "Bearer "+bearer)
	}
	fetch(t, http.MethodGet, e.base+"/v1/anomalies?token="+wrongSecret, nil, "Authorization", "Bearer "+token)
	requests := 0
	for _, entry := range e.logs.All() {
		line := entry.ContextMap()
		text := fmt.Sprint(entry.Message, line)
		for _, no := range []string{secret, wrongSecret, "searched-for"} {
			assert.NotContains(t, text, no)
		}
		if entry.Message == "request" {
			requests++
			assert.NotEmpty(t, line["request_id"])
			assert.Equal(t, zap.DebugLevel, entry.Level)
		}
		if entry.Message == "credentials refused" {
			assert.NotEmpty(t, line["request_id"])
			assert.Equal(t, zap.WarnLevel, entry.Level)
		}
	}
	assert.Equal(t, 6, requests)
	assert.Equal(t, 3, e.logs.FilterMessage("credentials refused").Len())
	text := ""
	for _, span := range e.tel.SpanRecorder.Ended() {
		for _, kv := range span.Attributes() {
			text += kv.Value.String() + "\n"
		}
	}
	require.NotEmpty(t, text)
	for _, no := range []string{secret, wrongSecret, "searched-for"} {
		assert.NotContains(t, text, no, "spans")
	}
}
