package driftlocksqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.uber.org/goleak"

	"github.com/driftlock/driftlock/exporter/driftlocksqlite/internal/metadata"
	"github.com/driftlock/driftlock/internal/keeper/keepertest"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExporter(t *testing.T) {
	keepertest.Run(t, keepertest.Exporter{
		Factory: NewFactory(),
		Config: func(t *testing.T) component.Config {
			cfg := createDefaultConfig().(*Config)
			cfg.Path = filepath.Join(t.TempDir(), "a.db")
			return cfg
		},
		AcceptRemote: func(c component.Config) { c.(*Config).AcceptRemote = true },
		Open: func(t *testing.T, c component.Config, now func() time.Time) store.Store {
			s, err := sqlite.Open(t.Context(), sqlite.Options{Path: c.(*Config).Path, Now: now})
			require.NoError(t, err)
			return s
		},
	})
}

func TestFailedStart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.db")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	cfg := createDefaultConfig().(*Config)
	cfg.Path = filepath.Join(file, "under a file", "a.db")
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), "make the store's folder")
	require.NoError(t, e.Shutdown(t.Context()), "after a Start that failed")
}
