package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/evidence"
)

// pair makes a key pair the way the documents say.
func pair(t *testing.T) (private, public string) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	dir := t.TempDir()
	private, public = filepath.Join(dir, "driftlock.key"), filepath.Join(dir, "driftlock.pub")
	for _, args := range [][]string{{"genpkey", "-algorithm", "ed25519", "-out", private}, {"pkey", "-in", private, "-pubout", "-out", public}} {
		out, err := exec.Command("openssl", args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return private, public
}

func TestVerify(t *testing.T) {
	said, _, code := run(t, append([]string{"--quiet", "--p", "1e-3"}, recordShop(t, time.Hour)...)...)
	require.Zero(t, code)
	line, _, _ := strings.Cut(said, "\n")
	var a anomaly.Anomaly
	require.NoError(t, json.Unmarshal([]byte(line), &a))
	private, public := pair(t)
	key, err := evidence.LoadPrivateKey(private)
	require.NoError(t, err)
	b, err := evidence.New(&a, nil)
	require.NoError(t, err)
	signed, _, err := evidence.Seal(b, key)
	require.NoError(t, err)
	plain, _, err := evidence.Seal(b, nil)
	require.NoError(t, err)
	a.Statistics = nil
	b, err = evidence.New(&a, nil)
	require.NoError(t, err)
	old, _, err := evidence.Seal(b, nil)
	require.NoError(t, err)
	_, other := pair(t)

	good, bare, without := file(t, "good.json", string(signed)), file(t, "bare.json", string(plain)), file(t, "old.json", string(old))
	altered := file(t, "altered.json", strings.Replace(string(plain), `"statement_id":"`, `"statement_id":"0`, 1))
	forged := file(t, "forged.json", strings.Replace(string(signed), `"now":"pending"`, `"now":"resolved"`, 1))
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{good}, 0, []string{"good.json: verified", a.Service + ", ", "to the bit (core 0", "not checked against a key of yours"}},
		{[]string{"--public-key", public, good}, 0, []string{"the one asked for"}},
		{[]string{bare}, 0, []string{"verified", "not signed"}},
		{[]string{"--public-key", public, bare}, 2, []string{"the signature does not count", "not signed"}},
		{[]string{"--public-key", other, good}, 2, []string{"signed by key", "which was asked for"}},
		{[]string{altered}, 1, []string{"altered.json: differs", "/body/verdict/statement_id", "in the bundle: \"0", "should be:     \""}},
		{[]string{forged}, 2, []string{"/body/status", "is not that of key"}},
		{[]string{without}, 3, []string{"cannot be verified here", "no statistics"}},
		{[]string{file(t, "no.json", "{")}, 2, []string{"no.json: unreadable: not a bundle"}},
		{[]string{filepath.Join(t.TempDir(), "none.json")}, 2, []string{"unreadable", "no such file"}},
		{[]string{good, without, altered}, 1, []string{"good.json: verified", "old.json: cannot", "altered.json: differs"}},
	} {
		out, errOut, code := run(t, append([]string{"verify"}, c.args...)...)
		assert.Equal(t, c.code, code, "%s%s", out, errOut)
		for _, s := range c.says {
			assert.Contains(t, out, s)
		}
	}
	for _, args := range [][]string{{"verify"}, {"verify", "--public-key", private, good}, {"verify", "--public-key", "none.pub", good}} {
		_, errOut, code := run(t, args...)
		assert.Equal(t, 2, code)
		assert.Contains(t, errOut, "--help")
	}
	_, errOut, _ := run(t, "verify", "--public-key", private, good)
	assert.Contains(t, errOut, "openssl genpkey -algorithm ed25519")
	out, _, _ := run(t, "verify", "--help")
	assert.Contains(t, out, "Exit codes")
}
