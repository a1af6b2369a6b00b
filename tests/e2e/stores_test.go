package e2e

import (
	"testing"

	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/tests/rig"
)

// onEveryStore runs a test with a collector that does not run yet, once with an SQLite file and once with a PostgreSQL database; store is
// what driftlock-keys calls it.
func onEveryStore(t *testing.T, test func(t *testing.T, c *rig.Collector, store string), env ...string) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		c := rig.New(t, config, env...)
		test(t, c, c.File())
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dsn := pgtest.Database(t)
		test(t, rig.New(t, "testdata/postgres.yaml", append(env, "E2E_DSN="+dsn)...), dsn)
	})
}
