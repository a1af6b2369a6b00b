package driftlockpostgres

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/driftlock/driftlock/exporter/driftlockpostgres/internal/metadata"
	"github.com/driftlock/driftlock/internal/keeper/keepertest"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestExporter(t *testing.T) {
	keepertest.Run(t, keepertest.Exporter{
		Factory: NewFactory(),
		Config: func(t *testing.T) component.Config {
			cfg := createDefaultConfig().(*Config)
			cfg.DSN = configopaque.String(pgtest.Database(t))
			cfg.Pool.MinIdle = 1
			return cfg
		},
		AcceptRemote: func(c component.Config) { c.(*Config).AcceptRemote = true },
		Open: func(t *testing.T, c component.Config, now func() time.Time) store.Store {
			s, err := postgres.Open(t.Context(), postgres.Options{DSN: string(c.(*Config).DSN), MigrateAtStart: true, Now: now, MaxOpen: 2})
			require.NoError(t, err)
			return s
		},
	})
}

// TestStartWhileTheDatabaseIsAway: the collector runs, and what it says holds no password.
func TestStartWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	cfg := createDefaultConfig().(*Config)
	cfg.DSN = "postgres://driftlock:s3cret@127.0.0.1:1/driftlock"
	core, logs := observer.New(zap.DebugLevel)
	set := exportertest.NewNopSettings(metadata.Type)
	set.Logger = zap.New(core)
	e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, e.Shutdown(t.Context()))
	require.Equal(t, 1, logs.FilterMessageSnippet("the store cannot be reached").Len())
	for _, entry := range logs.All() {
		require.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), "s3cret")
	}
}

func TestFailedStart(t *testing.T) {
	t.Parallel()
	cfg := createDefaultConfig().(*Config)
	dsn := pgtest.Database(t)
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User, u.Path = url.UserPassword(u.User.Username(), "s3cret"), u.Path+"_not_there"
	cfg.DSN = configopaque.String(u.String())
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	err = e.Start(t.Context(), componenttest.NewNopHost())
	require.ErrorContains(t, err, u.Path[1:])
	require.NotContains(t, err.Error(), "s3cret")
	require.NoError(t, e.Shutdown(t.Context()), "after a Start that failed")

	cfg.DSN, cfg.Migrate = configopaque.String(dsn), false
	require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), "migrate it first")
}
