package driftlockpostgres

import (
	"fmt"
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
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/driftlock/driftlock/exporter/driftlockpostgres/internal/metadata"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	read := func(name string) (*Config, error) {
		cfg := createDefaultConfig()
		sub, err := conf.Sub(component.NewIDWithName(metadata.Type, name).String())
		require.NoError(t, err)
		if err := sub.Unmarshal(cfg); err != nil {
			return nil, err
		}
		return cfg.(*Config), confmap.Validate(cfg)
	}

	cfg, err := read("")
	require.NoError(t, err)
	want := createDefaultConfig().(*Config)
	want.DSN = "postgres://driftlock@db.example:5432/driftlock"
	assert.Equal(t, want, cfg)
	require.NoError(t, componenttest.CheckConfigStruct(cfg))

	cfg, err = read("all")
	require.NoError(t, err)
	assert.Equal(t, PoolConfig{MaxOpen: 10, MaxLifetime: time.Hour}, cfg.Pool)
	assert.Equal(t, "/etc/ssl/db.pem", cfg.TLS.Get().CAFile)
	assert.False(t, cfg.Migrate)
	assert.True(t, cfg.AcceptRemote)
	assert.Equal(t, 3*time.Second, cfg.ConnectTimeout)
	assert.Equal(t, time.Minute, cfg.StatementTimeout)
	assert.EqualValues(t, 8<<20, cfg.Queue.Get().QueueSize)
	assert.Equal(t, 4, cfg.Queue.Get().NumConsumers, "what is not set keeps its default")
	assert.NotContains(t, fmt.Sprintf("%v %+v", cfg, *cfg), "s3cret")

	for name, want := range map[string][]string{
		"no_dsn":  {"dsn must name a database"},
		"bad_dsn": {"dsn is neither a URL"},
		"pool": {
			"pool.max_open must be from 1 to 1000 (got 0)", "pool.min_idle must be from 0 to pool.max_open (got 3)",
			"pool.max_lifetime must be at least 1s (got 1ms)", "connect_timeout must be at least 100ms (got 0s)", "statement_timeout must be at least 100ms (got 1ms)",
		},
		"queue":   {"sending_queue.queue_size must be at least 1048576 bytes (got 1000)"},
		"unknown": {"path"},
	} {
		_, err := read(name)
		for _, text := range want {
			require.ErrorContains(t, err, text, name)
		}
		require.NotContains(t, err.Error(), "s3cret")
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestReadme loads the README's example and looks for every key in its table.
func TestReadme(t *testing.T) {
	t.Setenv("DRIFTLOCK_DSN", "postgres://db/driftlock")
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := yamlBlock.FindAllStringSubmatch(string(b), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		r, err := confmap.NewRetrievedFromYAML([]byte(os.Expand(strings.ReplaceAll(block[1], "env:", ""), os.Getenv)))
		require.NoError(t, err)
		conf, err := r.AsConf()
		require.NoError(t, err)
		sub, err := conf.Sub("exporters::driftlockpostgres")
		require.NoError(t, err)
		cfg := createDefaultConfig()
		require.NoError(t, sub.Unmarshal(cfg))
		require.NoError(t, confmap.Validate(cfg))
	}
	for _, key := range []string{
		"dsn", "tls", "migrate", "pool.max_open", "pool.min_idle", "pool.max_lifetime", "connect_timeout", "statement_timeout", "accept_remote",
		"retention.anomalies", "retention.windows", "retention.interval", "timeout", "retry_on_failure", "sending_queue",
	} {
		assert.Contains(t, string(b), "| `"+key+"` |")
	}
	meta, err := os.ReadFile("metadata.yaml") // its metrics are keepertest's to check
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(meta), "type: "+metadata.Type.String()+"\n"))
}
