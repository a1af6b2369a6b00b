package driftlockapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/sqlite"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// served is a handler on a store with n anomalies and the windows of three services.
func served(t *testing.T, n int) *handler {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	it := anomaly.Items{}
	for i := range n {
		it.Anomalies = append(it.Anomalies, storetest.Anomaly(i))
	}
	if n > 0 {
		for _, service := range []string{"cart", "checkout", "payment"} {
			it.Windows = append(it.Windows, storetest.Window(service, "driftlockcbad", "p", 3), storetest.Window(service, "driftlockcbad", "p", 2))
		}
	}
	_, err = s.Add(t.Context(), it)
	require.NoError(t, err)
	return newHandler(s, createDefaultConfig().(*Config), nil, zap.NewNop(), "0.1.0")
}

func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	return request(t, h, http.MethodGet, target)
}

// request serves one request and checks what every answer has.
func request(t *testing.T, h http.Handler, method, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8080"
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	header := w.Result().Header
	require.NotEmpty(t, header.Get("X-Request-Id"))
	require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
	require.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'")
	require.NotContains(t, header.Get("Content-Security-Policy"), "unsafe")
	if page := w.Code == http.StatusNotFound && navigates(r); w.Code >= 400 && !page && method != http.MethodHead {
		require.Equal(t, "application/json; charset=utf-8", header.Get("Content-Type"))
		var e apiError
		d := json.NewDecoder(strings.NewReader(w.Body.String()))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&e), w.Body.String())
		require.Equal(t, w.Code, e.Code)
		require.NotEmpty(t, e.Message)
		require.NotEmpty(t, e.Details)
	}
	if op := operationOf(t, method, r.URL.Path); op != nil && w.Code != http.StatusMethodNotAllowed {
		require.NoError(t, op.CheckAnswer(method, w.Code, header, w.Body.Bytes()), "%s %s: %s", method, target, w.Body)
	}
	return w
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) (out T) {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &out))
	return out
}

func TestHealthAndReadiness(t *testing.T) {
	t.Parallel()
	h := served(t, 0)
	assert.JSONEq(t, `{"status":"ok"}`, get(t, h, "/healthz").Body.String())
	assert.JSONEq(t, `{"status":"ready"}`, get(t, h, "/readyz").Body.String())
	require.NoError(t, h.store.Close())
	assert.Equal(t, http.StatusOK, get(t, h, "/healthz").Code, "alive without a store")
	w := get(t, h, "/readyz")
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.JSONEq(t, `{"code":503,"message":"Not available","details":"the store cannot be reached, or its schema is not this build's; the collector's log says more"}`, w.Body.String())
}

func TestListPagesThroughAll(t *testing.T) {
	t.Parallel()
	h := served(t, 120)
	for _, query := range []string{"", "sort=p_value", "sort=-score", "sort=-ncd_score", "sort=timestamp", "service=cart", "stream_type=logs&max_p_value=1e-4", "q=window_1&sort=score"} {
		seen := map[string]bool{}
		cursor := ""
		for {
			list := decode[anomalyList](t, get(t, h, "/v1/anomalies?limit=7&"+query+"&cursor="+cursor))
			for _, a := range list.Anomalies {
				require.False(t, seen[a.ID])
				seen[a.ID] = true
			}
			if cursor = list.NextCursor; cursor == "" {
				break
			}
			require.Len(t, list.Anomalies, 7)
		}
		whole := decode[anomalyList](t, get(t, h, "/v1/anomalies?limit=500&"+query))
		require.Len(t, seen, len(whole.Anomalies), query)
		require.NotEmpty(t, seen, query)
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	h := served(t, 120)
	for query, holds := range map[string]func(*anomaly.Anomaly) bool{
		"stream_type=traces":                   func(a *anomaly.Anomaly) bool { return a.StreamType == anomaly.Traces },
		"service=checkout":                     func(a *anomaly.Anomaly) bool { return a.Service == "checkout" },
		"status=pending":                       func(a *anomaly.Anomaly) bool { return a.Status == "pending" },
		"kind=silence":                         func(a *anomaly.Anomaly) bool { return a.Kind == anomaly.KindSilence },
		"incident_id=" + storetest.Incident(1): func(a *anomaly.Anomaly) bool { return a.IncidentID == storetest.Incident(1) },
		"min_ncd_score=0.5":                    func(a *anomaly.Anomaly) bool { return a.NCDScore >= .5 },
		"max_p_value=1e-5":                     func(a *anomaly.Anomaly) bool { return a.PValue <= 1e-5 },
		"start_time=2025-06-01T12:10:00Z":      func(a *anomaly.Anomaly) bool { return a.Timestamp.Minute() >= 10 },
		"end_time=2025-06-01T12:10:00.0Z":      func(a *anomaly.Anomaly) bool { return a.Timestamp.Minute() < 10 },
		"end_time=2025-06-01T14:10:00%2B02:00": func(a *anomaly.Anomaly) bool { return a.Timestamp.Minute() < 10 },
		"q=PAYMENT%20logged":                   func(a *anomaly.Anomaly) bool { return a.Service == "payment" },
	} {
		list := decode[anomalyList](t, get(t, h, "/v1/anomalies?limit=500&"+query))
		want := 0
		for i := range 120 {
			if holds(storetest.Anomaly(i)) {
				want++
			}
		}
		require.Len(t, list.Anomalies, want, query)
		require.Positive(t, want)
		for _, a := range list.Anomalies {
			require.True(t, holds(a), query)
			require.Empty(t, a.WindowData, "lists leave excerpts out")
		}
	}
	empty := get(t, h, "/v1/anomalies?status=resolved")
	assert.JSONEq(t, `{"anomalies":[],"next_cursor":""}`, empty.Body.String())
	require.Len(t, decode[anomalyList](t, get(t, h, "/v1/anomalies")).Anomalies, store.DefaultLimit)
}

func TestBadParametersAreNamed(t *testing.T) {
	t.Parallel()
	h := served(t, 60)
	cursor := decode[anomalyList](t, get(t, h, "/v1/anomalies?limit=5")).NextCursor
	for target, want := range map[string]string{
		"/v1/anomalies?colour=red":                                                    `unknown parameter "colour"; known: stream_type, service, status, kind, incident_id, min_ncd_score, max_p_value, start_time, end_time, q, sort, cursor, limit`,
		"/v1/anomalies?stream_type=profiles":                                          `stream_type must be one of logs, metrics, traces (got "profiles")`,
		"/v1/anomalies?status=open":                                                   `status must be one of pending, acknowledged, investigating, resolved, dismissed (got "open")`,
		"/v1/anomalies?service=a&service=b":                                           `service may be given once (got 2)`,
		"/v1/anomalies?service=" + strings.Repeat("x", 1025):                          `service must have at most 1024 characters (got 1025)`,
		"/v1/anomalies?q=%ff":                                                         `q must be UTF-8`,
		"/v1/anomalies?q=%zz":                                                         `the query cannot be read: invalid URL escape "%zz"`,
		"/v1/anomalies?incident_id=7":                                                 `incident_id must be a UUID (got "7")`,
		"/v1/anomalies?min_ncd_score=high":                                            `min_ncd_score must be a number from 0 on (got "high")`,
		"/v1/anomalies?max_p_value=NaN":                                               `max_p_value must be a number from 0 to 1 (got "NaN")`,
		"/v1/anomalies?max_p_value=-1":                                                `max_p_value must be a number from 0 to 1 (got "-1")`,
		"/v1/anomalies?max_p_value=1e999":                                             `max_p_value must be a number from 0 to 1 (got "1e999")`,
		"/v1/anomalies?start_time=yesterday":                                          `start_time must be a time as 2026-03-01T12:00:00Z, with + written as %2B (got "yesterday")`,
		"/v1/anomalies?end_time=2026-03-01T12:00:00+01:00":                            `end_time must be a time as 2026-03-01T12:00:00Z, with + written as %2B (got "2026-03-01T12:00:00 01:00")`,
		"/v1/anomalies?start_time=2026-03-02T00:00:00Z&end_time=2026-03-01T00:00:00Z": `end_time must not lie before start_time`,
		"/v1/anomalies?sort=id":                                                       `sort must be one of timestamp, -timestamp, score, -score, p_value, -p_value, ncd_score, -ncd_score (got "id")`,
		"/v1/anomalies?limit=0":                                                       `limit must be a whole number from 1 to 500 (got "0")`,
		"/v1/anomalies?limit=501":                                                     `limit must be a whole number from 1 to 500 (got "501")`,
		"/v1/anomalies?limit=ten":                                                     `limit must be a whole number from 1 to 500 (got "ten")`,
		"/v1/anomalies?cursor=abc":                                                    `cursor is not a cursor of this list; take next_cursor from the answer before, and keep filters and sort (got "abc")`,
		"/v1/anomalies?sort=score&cursor=" + cursor:                                   `cursor is not a cursor of this list`,
		"/v1/anomalies?service=cart&cursor=" + cursor:                                 `cursor is not a cursor of this list`,
		"/v1/anomalies/7":                                                             `id must be a UUID, as 1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f is (got "7")`,
		"/v1/anomalies/" + storetest.Anomaly(1).ID + "?x=":                            `unknown parameter "x"; known: none`,
		"/v1/streams?limit=501":                                                       `limit must be a whole number from 1 to 500 (got "501")`,
		"/v1/streams?cursor=AA":                                                       `cursor is not a cursor of this list; take next_cursor from the answer before (got "AA")`,
		"/v1/streams?state=ready":                                                     `unknown parameter "state"; known: service, cursor, limit`,
		"/healthz?verbose=1":                                                          `unknown parameter "verbose"`,
		"/readyz?verbose=1":                                                           `unknown parameter "verbose"`,
		"/anomalies/7":                                                                `id must be a UUID`,
	} {
		w := get(t, h, target)
		assert.Equal(t, http.StatusBadRequest, w.Code, target)
		var e apiError
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &e))
		assert.Equal(t, "Invalid request", e.Message)
		assert.Contains(t, e.Details, want, target)
	}
	require.Equal(t, http.StatusOK, get(t, h, "/v1/anomalies?limit=6&cursor="+cursor).Code)
}

func TestGetAnomaly(t *testing.T) {
	t.Parallel()
	h := served(t, 3)
	want := storetest.Anomaly(2)
	got := decode[*anomaly.Anomaly](t, get(t, h, "/v1/anomalies/"+want.ID))
	require.NotNil(t, got.CreatedAt)
	got.CreatedAt, got.UpdatedAt = nil, nil
	require.Equal(t, want, got)
	require.Equal(t, want.ID, decode[*anomaly.Anomaly](t, get(t, h, "/v1/anomalies/"+strings.ToUpper(want.ID))).ID)

	w := get(t, h, "/v1/anomalies/00000000-0000-8000-8000-000000000000")
	require.Equal(t, http.StatusNotFound, w.Code)
	assert.JSONEq(t, `{"code":404,"message":"Resource not found","details":"read anomaly 00000000-0000-8000-8000-000000000000: no such anomaly"}`, w.Body.String())

	pretty := request(t, h, http.MethodGet, "/v1/anomalies/"+want.ID, func(r *http.Request) { r.Header.Set("Accept", "text/html,*/*") })
	require.Contains(t, pretty.Body.String(), "\n  \"service\"")
	require.Equal(t, "application/json; charset=utf-8", pretty.Header().Get("Content-Type"))
}

func TestStreams(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	list := decode[streamList](t, get(t, h, "/v1/streams"))
	require.Len(t, list.Streams, 3)
	w := storetest.Window("cart", "driftlockcbad", "p", 3)
	require.Equal(t, stream{
		Service: "cart", ComponentID: "driftlockcbad", Timestamp: w.Timestamp, WindowStart: w.WindowStart, Score: 3, Level: 1e-3, Anomaly: true, Stream: w.Streams[0],
	}, list.Streams[0], "the newest window counts, not the last to arrive")
	require.Contains(t, get(t, h, "/v1/streams?service=cart").Body.String(), `"signal":"logs","state":"warming","seen":3,"needed":30,"records":9`)

	var services []string
	cursor := ""
	for {
		list := decode[streamList](t, get(t, h, "/v1/streams?limit=1&cursor="+cursor))
		for _, s := range list.Streams {
			services = append(services, s.Service)
		}
		if cursor = list.NextCursor; cursor == "" {
			break
		}
	}
	require.Equal(t, []string{"cart", "checkout", "payment"}, services)
	assert.JSONEq(t, `{"streams":[],"next_cursor":""}`, get(t, served(t, 0), "/v1/streams").Body.String())
}

func FuzzStreamCursor(f *testing.F) {
	f.Add(place(storetest.Window("cart", "driftlockcbad", "p", 1)))
	f.Add("Af____________8B")
	f.Fuzz(func(t *testing.T, text string) {
		service, component, ok := parsePlace(text)
		if !ok {
			return
		}
		again, _, ok := parsePlace(place(&anomaly.Window{Service: service, ComponentID: component}))
		require.True(t, ok)
		require.Equal(t, service, again)
	})
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	for _, target := range []string{"/v1", "/v1/", "/v2/anomalies", "/v1/anomalies/", "/healthz/", "/favicon.ico", "/page/home.html", "/v1/anomalies/a/b", "/" + strings.Repeat("x", 5000)} {
		w := get(t, h, target)
		require.Equal(t, http.StatusNotFound, w.Code, target)
		require.Contains(t, w.Body.String(), `"message":"Resource not found"`)
		require.Less(t, w.Body.Len(), 1000)
	}
	for _, target := range []string{"/", "/healthz", "/readyz", "/v1/anomalies", "/v1/anomalies/x", "/v1/streams", "/settings"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, "BREW"} {
			w := request(t, h, method, target)
			require.Equal(t, http.StatusMethodNotAllowed, w.Code, "%s %s", method, target)
			require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
		}
	}
	for _, target := range []string{"/", "/healthz", "/v1/anomalies", "/v1/streams", "/settings", "/v1/anomalies/" + storetest.Anomaly(0).ID} {
		w := request(t, h, http.MethodHead, target)
		require.Equal(t, http.StatusOK, w.Code, target)
		require.Zero(t, w.Body.Len())
	}
	require.Equal(t, http.StatusNotFound, request(t, h, http.MethodHead, "/v2").Code)
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	h := served(t, 0)
	with := func(id string) string {
		return request(t, h, http.MethodGet, "/healthz", func(r *http.Request) { r.Header.Set("X-Request-Id", id) }).Header().Get("X-Request-Id")
	}
	assert.Equal(t, "trace-7.a_B", with("trace-7.a_B"))
	for _, bad := range []string{"a b", "a\"b", strings.Repeat("x", 65), "é", ""} {
		assert.Len(t, with(bad), 36, bad)
	}
}

func TestForeignHostNames(t *testing.T) {
	t.Parallel()
	h := served(t, 0)
	as := func(host string) int {
		return request(t, h, http.MethodGet, "/healthz", func(r *http.Request) { r.Host = host }).Code
	}
	for _, host := range []string{"localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.0.0.1", "[::1]:8080", "[::1]", ""} {
		assert.Equal(t, http.StatusOK, as(host), host)
	}
	for _, host := range []string{"evil.example", "evil.example:8080", "localhost.evil.example:8080", "192.0.2.1:8080", "[2001:db8::1]:8080", "[", "[]"} {
		assert.Equal(t, http.StatusMisdirectedRequest, as(host), host)
	}
	h.cfg.Insecure = true
	assert.Equal(t, http.StatusOK, as("monitoring.example:8080"))
}

// broken is a store whose list fails or panics.
type broken struct {
	store.Store
	list func(context.Context) error
}

func (b broken) List(ctx context.Context, _ store.Query) (store.Page, error) {
	return store.Page{}, b.list(ctx)
}

func TestFailuresOfTheStore(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.ErrorLevel)
	for _, c := range []struct {
		list    func(context.Context) error
		code    int
		details string
		logged  string
	}{
		{func(context.Context) error { return errors.New("secret: disk 7 is on fire") }, 500, "the collector's log says more under request_id r1", "secret: disk 7 is on fire"},
		{func(context.Context) error { panic("index out of range") }, 500, "the collector's log says more under request_id r1", "index out of range"},
		{func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 504, "the store needed more than query_timeout, 20ms; narrow the filters", ""},
		{func(context.Context) error { return context.Canceled }, 503, "the request was given up", ""},
	} {
		cfg := createDefaultConfig().(*Config)
		if c.code == 504 { // the others have time, however busy the machine is
			cfg.QueryTimeout = 20 * time.Millisecond
		}
		h := newHandler(broken{Store: served(t, 0).store, list: c.list}, cfg, nil, zap.New(core), "")
		for _, target := range []string{"/v1/anomalies", "/v1/anomalies?service=cart"} {
			w := request(t, h, http.MethodGet, target, func(r *http.Request) { r.Header.Set("X-Request-Id", "r1") })
			require.Equal(t, c.code, w.Code)
			var e apiError
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &e))
			require.Equal(t, c.details, e.Details)
			require.NotContains(t, w.Body.String(), "secret")
			entries := logs.TakeAll()
			if c.logged == "" {
				require.Empty(t, entries)
				continue
			}
			require.Len(t, entries, 1)
			require.Contains(t, entries[0].ContextMap(), "request_id")
			text, err := json.Marshal(entries[0].ContextMap())
			require.NoError(t, err)
			require.Contains(t, string(text), c.logged)
		}
	}
}

func TestPanicAfterTheAnswerBeganCutsTheConnection(t *testing.T) {
	t.Parallel()
	h := served(t, 0)
	h.next = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("half"))
		panic("late")
	})
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { get(t, h, "/") })
}

func TestAnswerThatCannotBeEncoded(t *testing.T) {
	t.Parallel()
	h := served(t, 0)
	h.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.answer(w, r, http.StatusOK, func() {}) })
	w := get(t, h, "/")
	require.Equal(t, http.StatusInternalServerError, w.Code)
}

func BenchmarkList50(b *testing.B) {
	s, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "a.db")})
	require.NoError(b, err)
	defer s.Close()
	it := anomaly.Items{}
	for i := range 10000 {
		it.Anomalies = append(it.Anomalies, storetest.Anomaly(i))
	}
	_, err = s.Add(b.Context(), it)
	require.NoError(b, err)
	h := newHandler(s, createDefaultConfig().(*Config), nil, zap.NewNop(), "")
	r := httptest.NewRequest(http.MethodGet, "/v1/anomalies?"+url.Values{"service": {"cart"}}.Encode(), nil)
	r.Host = "localhost"
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
