package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/cli/clitest"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store/locate"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestUpStatusDown(t *testing.T) {
	for name, where := range map[string]string{"postgres": pgtest.Database(t), "sqlite": filepath.Join(t.TempDir(), "a.db")} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(locate.Variable, where)
			code, out := clitest.Call(t, newCommand, "up")
			require.Equal(t, 0, code, out)
			require.Contains(t, out, "schema version ")
			again, out2 := clitest.Call(t, newCommand, "up")
			require.Equal(t, 0, again)
			require.Equal(t, out, out2, "nothing to do")
			code, status := clitest.Call(t, newCommand, "status")
			require.Equal(t, 0, code, status)
			require.Equal(t, out, status)
			code, out = clitest.Call(t, newCommand, "down")
			require.Equal(t, 0, code, out)
			code, out = clitest.Call(t, newCommand, "status")
			require.Equal(t, 1, code, out)
			require.Contains(t, out, "migrate it first")
			code, _ = clitest.Call(t, newCommand, "up", "--store", where)
			require.Equal(t, 0, code)
		})
	}
}

func TestBadCalls(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.db")
	for _, c := range []struct {
		code int
		said string
		args []string
	}{
		{2, "say up, down or status", nil}, {2, `unknown command "sideways"`, []string{"sideways"}}, {2, "takes no arguments", []string{"up", "x"}},
		{2, "unknown flag: --dsn", []string{"up", "--dsn", "x"}}, {1, "no SQLite file to look at", []string{"status", "--store", missing}},
		{1, "dsn is neither a URL", []string{"up", "--store", "postgres://u:s3cret@host:port/x"}},
	} {
		code, out := clitest.Call(t, newCommand, c.args...)
		require.Equal(t, c.code, code, out)
		require.Contains(t, out, c.said)
		require.NotContains(t, out, "s3cret")
	}
	code, out := clitest.Call(t, newCommand, "--help")
	require.Equal(t, 0, code)
	require.Contains(t, out, "DRIFTLOCK_DSN")
}
