package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var builderLine = regexp.MustCompile(`(?m)^builder=(\S+)$`)

// The files that scripts/generate.sh writes; the tests beside them are by hand.
var generated = []string{"components.go", "main.go", "main_others.go", "main_windows.go"}

func TestGeneratedCodeEqualsBuilderConfig(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the builder is not run")
	}
	// The builder is no dependency of this module. A machine without network can do without this test.
	if out, err := exec.Command("go", "run", builderModule(t), "version").CombinedOutput(); err != nil {
		t.Skipf("the collector builder cannot be downloaded here (%v):\n%s", err, out)
	}

	fresh := filepath.Join(t.TempDir(), "driftlock")
	out, err := exec.Command("../../scripts/generate.sh", fresh).CombinedOutput()
	require.NoErrorf(t, err, "scripts/generate.sh:\n%s", out)

	for _, name := range generated {
		want, err := os.ReadFile(filepath.Join(fresh, name))
		require.NoError(t, err)
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equalf(t, string(want), string(got), "%s differs from builder-config.yaml: run `make generate`", name)
	}
}

// builderModule reads the builder's version from the script, its one place.
func builderModule(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("../../scripts/generate.sh")
	require.NoError(t, err)
	m := builderLine.FindStringSubmatch(string(script))
	require.NotNil(t, m, "scripts/generate.sh names no builder")
	return m[1]
}
