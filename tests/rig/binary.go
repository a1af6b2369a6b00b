// Package rig runs the built binaries for tests as users run them. It looks at nothing inside the processes, and tests nothing itself.
package rig

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/pgtest"
)

// Main runs a package's tests, stops the database and removes the binaries that were made for them, and fails where goroutines are left.
func Main(m *testing.M) { MainThen(m, func() error { return nil }) }

// MainThen is Main with something to do at the end.
func MainThen(m *testing.M, end func() error) {
	pgtest.Main(m, end, func() error {
		if built.dir == "" {
			return nil
		}
		return os.RemoveAll(built.dir)
	})
}

// built holds binaries that `make collector tools` has not built.
var built struct {
	sync.Mutex
	dir string
}

// Binary is the path of bin/NAME; where there is none it is built now.
func Binary(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(root(t), "bin", name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	built.Lock()
	defer built.Unlock()
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "driftlock-rig-")
		require.NoError(t, err)
		built.dir = dir
	}
	path = filepath.Join(built.dir, name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	t.Logf("bin/%s is not there, building it; `make collector tools` does so beforehand", name)
	source := map[string]string{"driftlock-keys": "keys", "driftlock-migrate": "migrate"}[name]
	if source == "" {
		source = name
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/"+source)
	cmd.Dir = root(t)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "bin/%s is not there and cannot be built: run `make collector tools`\n%s", name, out)
	return path
}

// root is the folder of go.mod: tests run in their package's.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		require.NotEqual(t, dir, parent, "no go.mod above the test")
		dir = parent
	}
}

// Run calls a tool and returns what it printed; it must succeed. The environment comes on top of this process's.
func Run(t testing.TB, name string, env []string, args ...string) (stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Binary(t, name), args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	require.NoError(t, cmd.Run(), "%s %s\n%s", name, strings.Join(args, " "), errOut.String())
	return out.String(), errOut.String()
}
