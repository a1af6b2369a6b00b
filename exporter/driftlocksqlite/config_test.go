package driftlocksqlite

import (
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

	"github.com/driftlock/driftlock/exporter/driftlocksqlite/internal/metadata"
	"github.com/driftlock/driftlock/internal/keeper"
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
	assert.Equal(t, createDefaultConfig(), cfg)
	require.NoError(t, componenttest.CheckConfigStruct(cfg))

	cfg, err = read("all")
	require.NoError(t, err)
	assert.Equal(t, "/var/lib/driftlock/anomalies.db", cfg.Path)
	assert.True(t, cfg.AcceptRemote)
	assert.Equal(t, keeper.RetentionConfig{Anomalies: 90 * 24 * time.Hour, Windows: 0, Interval: time.Hour}, cfg.Retention)
	assert.Equal(t, 10*time.Second, cfg.Timeout.Timeout)
	assert.Zero(t, cfg.Retry.MaxElapsedTime)
	assert.EqualValues(t, 8<<20, cfg.Queue.Get().QueueSize)
	assert.Equal(t, "file_storage", cfg.Queue.Get().StorageID.String())
	assert.Equal(t, 1, cfg.Queue.Get().NumConsumers, "what is not set keeps its default")

	for name, want := range map[string][]string{
		"no_path":   {`path must name a file (got "")`},
		"memory":    {`path must name a file (got ":memory:")`},
		"retention": {"retention: anomalies must be 0 (for ever) or at least 1m (got 1s)"},
		"queue":     {"sending_queue.queue_size must be at least 1048576 bytes (got 1000)"},
		"unknown":   {"file"},
	} {
		_, err := read(name)
		for _, text := range want {
			require.ErrorContains(t, err, text, name)
		}
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestReadme loads the README's example and looks for every key in its table.
func TestReadme(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := yamlBlock.FindAllStringSubmatch(string(b), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		r, err := confmap.NewRetrievedFromYAML([]byte(block[1]))
		require.NoError(t, err)
		conf, err := r.AsConf()
		require.NoError(t, err)
		sub, err := conf.Sub("exporters::driftlocksqlite")
		require.NoError(t, err)
		cfg := createDefaultConfig()
		require.NoError(t, sub.Unmarshal(cfg))
		require.NoError(t, confmap.Validate(cfg))
	}
	for _, key := range []string{"path", "accept_remote", "retention.anomalies", "retention.windows", "retention.interval", "timeout", "retry_on_failure", "sending_queue"} {
		assert.Contains(t, string(b), "| `"+key+"` |")
	}
	meta, err := os.ReadFile("metadata.yaml") // its metrics are keepertest's to check
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(meta), "type: "+metadata.Type.String()+"\n"))
}
