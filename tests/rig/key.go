package rig

import (
	"path/filepath"
	"strings"
	"testing"
)

// NewKey makes a key with driftlock-keys, in the store of a DSN or a path, and returns its token and its id.
func NewKey(t testing.TB, store string, args ...string) (token, id string) {
	t.Helper()
	out, _ := Run(t, "driftlock-keys", []string{"DRIFTLOCK_DSN=" + store}, append([]string{"create"}, args...)...)
	token, _, _ = strings.Cut(out, "\n")
	return token, strings.Split(token, "_")[1]
}

// File is the path of the SQLite file that configurations of this rig name.
func (c *Collector) File() string { return filepath.Join(c.Data, "driftlock.db") }
