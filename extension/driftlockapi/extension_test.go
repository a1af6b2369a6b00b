package driftlockapi

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/metadata"
	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store/postgres"
	"github.com/driftlock/driftlock/internal/store/sqlite"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

func testConfig(t *testing.T) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.NetAddr.Endpoint = "localhost:0"
	cfg.Store.Path = filepath.Join(t.TempDir(), "a.db")
	return cfg
}

func started(t *testing.T, cfg *Config) *api {
	t.Helper()
	e, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	return e.(*api)
}

func fetch(t *testing.T, method, url string, body io.Reader, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	if op := operationOf(t, method, resp.Request.URL.Path); op != nil && resp.Header.Get("X-Request-Id") != "" {
		require.NoError(t, op.CheckAnswer(method, resp.StatusCode, resp.Header, b), "%s %s: %s", method, url, b)
	}
	return resp.StatusCode, string(b)
}

// TestSharesTheStoreOfAnExporter adds through another handle on the same file, as the exporter does, and reads over the wire.
func TestSharesTheStoreOfAnExporter(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	exporter, err := sqlite.Open(t.Context(), sqlite.Options{Path: cfg.Store.Path})
	require.NoError(t, err)
	e := started(t, cfg)
	base := "http://" + e.listener.Addr().String()
	code, body := fetch(t, http.MethodGet, base+"/readyz", nil)
	require.Equal(t, 200, code, body)
	_, err = exporter.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}})
	require.NoError(t, err)
	require.NoError(t, exporter.Close())
	code, body = fetch(t, http.MethodGet, base+"/v1/anomalies", nil)
	require.Equal(t, 200, code)
	require.Contains(t, body, storetest.Anomaly(1).ID)

	code, body = fetch(t, http.MethodPost, base+"/v1/anomalies", strings.NewReader("not gzip"), "Content-Encoding", "gzip")
	require.Equal(t, 400, code)
	require.Contains(t, body, `"message":"Invalid request"`, "confighttp's own errors have our form")
	require.NoError(t, e.Shutdown(t.Context()))
	require.NoError(t, e.Shutdown(t.Context()))
}

// TestOnPostgres serves what a collector elsewhere has stored in a shared database.
func TestOnPostgres(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	exporter, err := postgres.Open(t.Context(), postgres.Options{DSN: dsn, MigrateAtStart: true, MaxOpen: 2})
	require.NoError(t, err)
	_, err = exporter.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}, Windows: []*anomaly.Window{storetest.Window("cart", "c", "p", 1)}})
	require.NoError(t, err)
	require.NoError(t, exporter.Close())
	cfg := testConfig(t)
	cfg.Store.DSN = configopaque.String(dsn)
	e := started(t, cfg)
	base := "http://" + e.listener.Addr().String()
	for path, want := range map[string]string{
		"/readyz": `"ready"`, "/v1/anomalies?q=window_1": storetest.Anomaly(1).ID, "/v1/anomalies/" + storetest.Anomaly(1).ID: "log_new", "/v1/streams": `"cart"`,
		"/v1/overview": `"pending":1`, "/v1/windows?service=cart": `"process_id":"p"`, "/v1/levels?level=0.5&start_time=2025-06-01T00:00:00Z": `"anomalous_windows":1`,
		"/v1/lanes?start_time=2025-06-01T00:00:00Z&end_time=2025-06-02T00:00:00Z": `"max_score":1`, "/v1/anomalies/" + storetest.Anomaly(1).ID + "/similar": `[]`,
	} {
		code, body := fetch(t, http.MethodGet, base+path, nil)
		require.Equal(t, 200, code, body)
		require.Contains(t, body, want)
	}
	require.NoError(t, e.Shutdown(t.Context()))
}

func TestShutdownLetsRequestsEnd(t *testing.T) {
	t.Parallel()
	e := started(t, testConfig(t))
	entered, leave := make(chan struct{}), make(chan struct{})
	e.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		assert.NoError(t, e.store.Ping(r.Context()), "the store outlives the last request")
	})
	answered := make(chan int)
	go func() {
		code, _ := fetch(t, http.MethodGet, "http://"+e.listener.Addr().String()+"/", nil)
		answered <- code
	}()
	<-entered
	stopped := make(chan error)
	go func() { stopped <- e.Shutdown(context.Background()) }()
	select {
	case <-stopped:
		t.Fatal("stopped under a request")
	case <-time.After(50 * time.Millisecond):
	}
	close(leave)
	require.Equal(t, 200, <-answered)
	require.NoError(t, <-stopped)
}

func TestShutdownHonoursItsContext(t *testing.T) {
	t.Parallel()
	e := started(t, testConfig(t))
	entered := make(chan struct{})
	e.server.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	})
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		if resp, err := client.Get("http://" + e.listener.Addr().String()); err == nil {
			resp.Body.Close()
		}
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, e.Shutdown(ctx), context.DeadlineExceeded)
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	defer taken.Close()
	cfg := testConfig(t)
	cfg.NetAddr.Endpoint = taken.Addr().String()
	e, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), "(is it taken by another program?)")
	require.NoError(t, e.Shutdown(t.Context()))

	cfg = testConfig(t)
	require.NoError(t, os.WriteFile(cfg.Store.Path, []byte(strings.Repeat("no database ", 100)), 0o600))
	e, err = NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), "file is not a database")

	e, err = NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), testConfig(t))
	require.NoError(t, err)
	require.NoError(t, e.Shutdown(t.Context()), "without Start")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	read := func(name string) (*Config, error) {
		cfg := createDefaultConfig()
		sub, err := conf.Sub(component.NewIDWithName(metadata.Type, name).String())
		require.NoError(t, err)
		return cfg.(*Config), errors.Join(sub.Unmarshal(cfg), confmap.Validate(cfg))
	}
	cfg, err := read("")
	require.NoError(t, err)
	require.Equal(t, createDefaultConfig(), cfg)
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	require.Equal(t, "localhost:8080", cfg.NetAddr.Endpoint)
	require.Equal(t, sqlite.DefaultPath, cfg.Store.Path)

	cfg, err = read("all")
	require.NoError(t, err)
	require.Equal(t, 2*time.Second, cfg.QueryTimeout)
	require.Equal(t, 5*time.Second, cfg.ReadHeaderTimeout)
	require.Equal(t, "/var/lib/driftlock/anomalies.db", cfg.Store.Path)
	require.Equal(t, 720*time.Hour, cfg.Store.AutoAcknowledgeAfter)
	for _, name := range []string{"open", "authenticated", "postgres", "exposed"} {
		_, err = read(name)
		require.NoError(t, err, name)
	}
	for name, want := range map[string]string{
		"auth":             "name the authenticator in access.authenticator",
		"roles":            `access: no group has a role`,
		"no_authenticator": "access: reader, writer and admin map groups of an authenticator, which is missing",
		"limits":           "rate_limit: per_key: per_second must be 0 (no limit) or more, and burst at least 1 (got 1 and 0)",
		"proxies":          `trusted_proxies must be networks, as 10.0.0.0/8 is (got "10.0.0.1")`,
		"hasty":            "store.auto_acknowledge_after must be 0 (off) or at least 1h, as 720h is for thirty days (got 1m0s)",
		"bad":              `store.path must name a file, or store.dsn a database (got "")`,
		"trace_url":        "dashboard: trace_url must be an http or https URL without credentials and with {trace_id} in it",
		"bad_dsn":          "store.dsn is neither a URL",
		"unknown":          "stor",
	} {
		_, err := read(name)
		require.ErrorContains(t, err, want, name)
	}
	_, err = read("bad")
	require.ErrorContains(t, err, "query_timeout must be at least 10ms (got 1ms)")
}

// TestReadme loads the README's example, looks for every key in its table and for every route.
func TestReadme(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(b)
	require.NotNil(t, block)
	r, err := confmap.NewRetrievedFromYAML(block[1])
	require.NoError(t, err)
	conf, err := r.AsConf()
	require.NoError(t, err)
	sub, err := conf.Sub("extensions::driftlockapi")
	require.NoError(t, err)
	cfg := createDefaultConfig()
	require.NoError(t, sub.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
	for _, word := range []string{"| `endpoint` |", "| `store.path` |", "| `store.dsn` |", "| `store.migrate` |", "| `query_timeout` |", "| `insecure` |", "| `access.authenticator` |", "| `access.claim` |",
		"`access.reader`", "`access.writer`", "`access.admin`", "| `stream.clients` |", "| `stream.remember` |", "| `rate_limit.per_address` |", "| `rate_limit.per_key` |", "| `rate_limit.failed_logins` |", "| `rate_limit.clients` |",
		"| `rate_limit.trusted_proxies` |", "| `dashboard.trace_url` |"} {
		assert.Contains(t, string(b), word)
	}
	for pattern, all := range served(t, 0).routes() {
		for method := range all {
			assert.Contains(t, string(b), "`"+method+" "+documented(pattern)+"`")
		}
	}
}

// TestAcknowledgesWhatNobodyTouched starts with a pending anomaly, which is past its time at once.
func TestAcknowledgesWhatNobodyTouched(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.Store.AutoAcknowledgeAfter = time.Nanosecond
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: cfg.Store.Path})
	require.NoError(t, err)
	_, err = s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	e := started(t, cfg)
	base := "http://" + e.listener.Addr().String()
	require.Eventually(t, func() bool {
		_, body := fetch(t, http.MethodGet, base+"/v1/audit", nil)
		return strings.Contains(body, `"actor":"system","role":"system"`) && strings.Contains(body, "nobody touched it")
	}, 10*time.Second, 20*time.Millisecond)
	code, body := fetch(t, http.MethodGet, base+"/v1/anomalies?status=acknowledged", nil)
	require.Equal(t, 200, code)
	require.Contains(t, body, storetest.Anomaly(1).ID)
	require.NoError(t, e.Shutdown(t.Context()))
}
