package driftlockapi

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
)

// TestConfigWithoutSecrets shows the configuration of a collector in which there is a secret wherever components take one.
func TestConfigWithoutSecrets(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	e := started(t, cfg)
	defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
	w := get(t, e.handler, "/v1/config")
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), "has not said its configuration yet")

	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "secrets.yaml"))
	require.NoError(t, err)
	own := confmap.New()
	cfg.Store.DSN = "postgres://driftlock:S3CRET@db/driftlock"
	require.NoError(t, own.Marshal(cfg))
	require.NoError(t, conf.Merge(confmap.NewFromStringMap(map[string]any{"extensions": map[string]any{"driftlockapi": own.ToStringMap()}})))
	require.NoError(t, e.NotifyConfigSnapshot(t.Context(), extensioncapabilities.NewConfigSnapshot(nil, nil)))
	require.NoError(t, e.NotifyConfigSnapshot(t.Context(), extensioncapabilities.NewConfigSnapshot(conf, nil)))

	w = get(t, e.handler, "/v1/config")
	require.NotContains(t, w.Body.String(), "S3CRET")
	require.NotContains(t, w.Body.String(), "73939133", "secrets can be numbers")
	got := decode[configAnswer](t, w)
	require.Len(t, got.Hash, 64)
	require.NotEmpty(t, got.CoreVersion)
	require.NotEmpty(t, got.GoVersion)
	shown, err := json.Marshal(got.Config)
	require.NoError(t, err)
	for _, want := range []string{
		`"endpoint":"localhost:4317"`, `"key_file":"/etc/driftlock/key.pem"`, `"query_timeout":"10s"`, `"dsn":"[REDACTED]"`, `"per_key":{"burst":200,"per_second":100}`,
		`"endpoint":"https://backend.example/v1 [REDACTED]"`, `"brokers":["kafka:9092"]`, `"logs":{"attributes":["http.route"]}`, `"receivers":["otlp"]`,
	} {
		require.Contains(t, string(shown), want)
	}
	require.Equal(t, got.Hash, decode[configAnswer](t, get(t, e.handler, "/v1/config")).Hash)
}
