package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/cli/clitest"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/locate"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestLifeOfAKey(t *testing.T) {
	for name, where := range map[string]string{"postgres": pgtest.Database(t), "sqlite": filepath.Join(t.TempDir(), "a.db")} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(locate.Variable, where)
			code, out := clitest.Call(t, newCommand, "create", "--name", "alice", "--role", "admin", "--expires", "1h")
			require.Equal(t, 0, code, out)
			token, _, _ := strings.Cut(out, "\n")
			s, err := (&options{store: where}).open(t.Context())
			require.NoError(t, err)
			who, err := auth.NewKeys(s, nil).Check(t.Context(), token)
			require.NoError(t, err)
			require.Equal(t, auth.Identity{Name: "alice", Role: auth.Admin, Key: who.Key}, who)

			code, out = clitest.Call(t, newCommand, "list")
			require.Equal(t, 0, code, out)
			require.Regexp(t, who.Key+`  admin  alice .*Z  valid until 20`, out)
			require.NotContains(t, out, token)
			code, out = clitest.Call(t, newCommand, "revoke", who.Key, "--store", where)
			require.Equal(t, 0, code, out)
			_, err = auth.NewKeys(s, nil).Check(t.Context(), token)
			require.ErrorIs(t, err, auth.ErrRevoked)
			_, out = clitest.Call(t, newCommand, "list")
			require.Contains(t, out, "revoked 20")
			entries, err := s.Audit(t.Context(), store.AuditQuery{})
			require.NoError(t, err)
			require.Len(t, entries, 2)
			require.Equal(t, "operator", entries[0].Role)
			require.NoError(t, s.Close())
		})
	}
}

func TestBadCalls(t *testing.T) {
	where := filepath.Join(t.TempDir(), "a.db")
	for _, c := range []struct {
		code int
		said string
		args []string
	}{
		{2, "say create, list or revoke", nil}, {2, `unknown command "remove"`, []string{"remove"}}, {2, "the name must have", []string{"create"}},
		{2, "reader, writer or admin", []string{"create", "--name", "x", "--role", "root"}}, {2, "expired already", []string{"create", "--name", "x", "--expires", "-1h"}},
		{2, "revoke takes one key's id", []string{"revoke"}}, {1, `no key has the id "x"`, []string{"revoke", "x"}}, {2, "list takes no arguments", []string{"list", "all"}},
		{1, "dsn is neither a URL", []string{"list", "--store", "postgres://u:s3cret@host:port/x"}},
	} {
		code, out := clitest.Call(t, newCommand, append([]string{"--store", where}, c.args...)...)
		require.Equal(t, c.code, code, out)
		require.Contains(t, out, c.said)
		require.NotContains(t, out, "s3cret")
	}
}
