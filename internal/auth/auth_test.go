package auth

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/client"

	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/sqlite"
)

var boss = store.Actor{Name: "boss", Role: "admin"}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func keyring(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func newKey(t *testing.T, s store.Store, c *clock, role Role, expires *time.Time) (store.Key, string) {
	t.Helper()
	k, token, hash, err := NewKey("ci", role, expires, "boss", c.at)
	require.NoError(t, err)
	require.NoError(t, s.AddKey(t.Context(), k, hash, boss))
	return k, token
}

func TestRoles(t *testing.T) {
	for i, r := range Roles {
		for j, other := range Roles {
			require.Equal(t, i >= j, r.Includes(other), "%s %s", r, other)
		}
		require.False(t, Role("").Includes(r))
		require.False(t, r.Includes("root"))
	}
	_, err := ParseRole("root")
	require.ErrorContains(t, err, `reader, writer or admin (got "root")`)
}

func TestNewKey(t *testing.T) {
	now := time.Unix(1e9, 0)
	seen := map[string]bool{}
	for range 100 {
		k, token, _, err := NewKey(" ci ", Writer, nil, "boss", now)
		require.NoError(t, err)
		require.Equal(t, "ci", k.Name)
		require.Regexp(t, `^dlk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$`, token)
		require.False(t, seen[token] || seen[k.ID])
		seen[token], seen[k.ID] = true, true
	}
	past := now.Add(-time.Second)
	for _, c := range []struct {
		name    string
		role    Role
		expires *time.Time
		want    string
	}{
		{"", Writer, nil, "the name must have"}, {"a\nb", Writer, nil, "control characters"}, {strings.Repeat("x", 129), Writer, nil, "1 to 128"},
		{"ci", "root", nil, "reader, writer or admin"}, {"ci", Reader, &past, "expired already"},
	} {
		_, _, _, err := NewKey(c.name, c.role, c.expires, "boss", now)
		require.ErrorContains(t, err, c.want)
	}
}

func TestKeys(t *testing.T) {
	s, c := keyring(t), &clock{time.Now().UTC().Truncate(time.Second)}
	keys := NewKeys(s, c.now)
	expires := c.at.Add(time.Hour)
	k, token := newKey(t, s, c, Writer, &expires)

	got, err := keys.Check(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, Identity{Name: "ci", Role: Writer, Key: k.ID}, got)
	stored, _, err := s.Key(t.Context(), k.ID)
	require.NoError(t, err)
	require.Equal(t, c.at, *stored.LastUsedAt)
	c.at = c.at.Add(30 * time.Second)
	_, err = keys.Check(t.Context(), token)
	require.NoError(t, err)
	stored, _, err = s.Key(t.Context(), k.ID)
	require.NoError(t, err)
	require.Equal(t, c.at.Add(-30*time.Second), *stored.LastUsedAt, "noted once a minute")

	for _, bad := range []string{
		"", "dlk_", token[:len(token)-1], token + "A", strings.ToUpper(token), "dlk_0123456789abcdef_" + token[21:], token[:21] + strings.Repeat("A", 43),
		"dlk_" + k.ID + "_" + strings.Repeat("=", 43), "dlk_" + strings.Repeat("'", 16) + token[20:],
		token[:len(token)-1] + "\n", token[:30] + "\n" + token[30:], token[:30] + "\r" + token[31:], token[:20] + "-" + token[21:],
	} {
		_, err := keys.Check(t.Context(), bad)
		require.ErrorIs(t, err, ErrInvalid, bad)
	}

	_, err = s.RevokeKey(t.Context(), k.ID, boss)
	require.NoError(t, err)
	_, err = keys.Check(t.Context(), token)
	require.NoError(t, err, "another process's revocation is seen a moment later")
	c.at = c.at.Add(remember)
	_, err = keys.Check(t.Context(), token)
	require.ErrorIs(t, err, ErrRevoked)

	_, token = newKey(t, s, c, Reader, &expires)
	c.at = expires
	_, err = keys.Check(t.Context(), token)
	require.ErrorIs(t, err, ErrExpired)

	k, token = newKey(t, s, c, Reader, nil)
	_, err = keys.Check(t.Context(), token)
	require.NoError(t, err)
	_, err = s.RevokeKey(t.Context(), k.ID, boss)
	require.NoError(t, err)
	keys.Forget(k.ID)
	_, err = keys.Check(t.Context(), token)
	require.ErrorIs(t, err, ErrRevoked, "our own holds at once")
}

func TestMemoryIsBounded(t *testing.T) {
	keys := NewKeys(keyring(t), nil)
	for i := range rememberMax + 100 {
		_, err := keys.Check(t.Context(), fmt.Sprintf("dlk_%016x_%s", i, strings.Repeat("A", 43)))
		require.ErrorIs(t, err, ErrInvalid)
	}
	require.Len(t, keys.known, rememberMax)
}

func TestGateOpensUntilThereIsAKey(t *testing.T) {
	s, c := keyring(t), &clock{time.Now()}
	keys := NewKeys(s, c.now)
	open, closed := NewGate(keys, nil, true), NewGate(keys, nil, false)
	who, err := open.Who(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, Anybody, who)
	_, err = closed.Who(t.Context(), nil)
	require.ErrorIs(t, err, ErrMissing)

	_, token := newKey(t, s, c, Reader, nil)
	c.at = c.at.Add(remember)
	_, err = open.Who(t.Context(), nil)
	require.ErrorIs(t, err, ErrMissing, "with the first key the gate closes")
	who, err = open.Who(t.Context(), []string{"bearer  " + token})
	require.NoError(t, err)
	require.Equal(t, Reader, who.Role)
	for _, bad := range [][]string{{"Basic " + token}, {token}, {"Bearer "}, {"Bearer " + token, "Bearer " + token}} {
		_, err = open.Who(t.Context(), bad)
		require.ErrorIs(t, err, ErrInvalid, "%q", bad)
	}
	_, err = open.Who(t.Context(), []string{"Bearer eyJhbGciOi"})
	require.ErrorIs(t, err, ErrInvalid, "no authenticator is configured")

	require.NoError(t, s.Close())
	c.at = c.at.Add(remember)
	_, err = open.Who(t.Context(), []string{"Bearer " + token})
	require.ErrorIs(t, err, store.ErrClosed, "a store that is away is not the credentials' fault")
}

// TestGateStaysClosed also after a restart: what ends the last key's life opens nothing.
func TestGateStaysClosed(t *testing.T) {
	s, c := keyring(t), &clock{time.Now()}
	soon := c.at.Add(time.Hour)
	k, token := newKey(t, s, c, Admin, &soon)
	c.at = c.at.Add(2 * time.Hour)
	for _, end := range []func(){func() {}, func() {
		_, err := s.RevokeKey(t.Context(), k.ID, store.System)
		require.NoError(t, err)
	}} {
		end()
		gate := NewGate(NewKeys(s, c.now), nil, true)
		open, err := gate.Open(t.Context())
		require.NoError(t, err)
		require.False(t, open)
		_, err = gate.Who(t.Context(), nil)
		require.ErrorIs(t, err, ErrMissing)
		_, err = gate.Who(t.Context(), []string{"Bearer " + token})
		require.Error(t, err)
	}
}

// authenticator accepts one token, as an extension of the collector would.
type authenticator map[string]client.AuthData

func (a authenticator) Authenticate(ctx context.Context, headers map[string][]string) (context.Context, error) {
	data, ok := a[headers["authorization"][0]]
	if !ok {
		return ctx, errors.New("signature of key 17 does not match")
	}
	return client.NewContext(ctx, client.Info{Auth: data}), nil
}

type data map[string]any

func (d data) GetAttribute(name string) any { return d[name] }
func (d data) GetAttributeNames() []string  { return nil }

func TestTokens(t *testing.T) {
	s := keyring(t)
	tokens := &Tokens{
		Server: authenticator{
			"Bearer a": data{"subject": "alice", "membership": []string{"sre", "dev"}}, "Bearer b": data{"subject": "bob", "membership": "dev"},
			"Bearer c": data{"subject": "carol", "membership": []any{"guests", 7}}, "Bearer d": data{}, "Bearer e": nil,
		},
		Claim: "membership", Groups: map[Role][]string{Admin: {"sre"}, Writer: {"dev"}, Reader: {"guests"}},
	}
	gate := NewGate(NewKeys(s, nil), tokens, true)
	_, err := gate.Who(t.Context(), nil)
	require.ErrorIs(t, err, ErrMissing, "with an authenticator the gate is never open")
	for token, want := range map[string]Identity{
		"a": {Name: "alice", Role: Admin}, "b": {Name: "bob", Role: Writer}, "c": {Name: "carol", Role: Reader}, "d": {Name: "unnamed"},
	} {
		got, err := gate.Who(t.Context(), []string{"Bearer " + token})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	_, err = gate.Who(t.Context(), []string{"Bearer e"})
	require.ErrorIs(t, err, ErrInvalid)
	_, err = gate.Who(t.Context(), []string{"Bearer x"})
	require.ErrorIs(t, err, ErrInvalid)
	require.ErrorContains(t, Cause(err), "key 17")
	require.NoError(t, Cause(ErrInvalid))
	tokens.Groups[Reader] = []string{"*"}
	got, err := gate.Who(t.Context(), []string{"Bearer d"})
	require.NoError(t, err)
	require.Equal(t, Reader, got.Role)
}
