package cbad

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever builds without the Rust core, or without cgo, must be told what to run.
func TestBuildWithoutCoreNamesTheCommand(t *testing.T) {
	for name, cgo := range map[string]string{"no archive": "1", "no cgo": "0"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			pkg := filepath.Join(dir, "internal", "cbad")
			require.NoError(t, os.MkdirAll(pkg, 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module guard\n\ngo 1.25.0\n"), 0o644))
			for _, file := range []string{"archive.go", "nocgo.go"} {
				source, err := os.ReadFile(file)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(pkg, file), source, 0o644))
			}

			build := exec.Command("go", "build", "./...")
			build.Dir = dir
			build.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
			out, err := build.CombinedOutput()
			require.Error(t, err, "the build passed without the Rust core")
			assert.Contains(t, string(out), "`make cbad-core-lib`")
		})
	}
}
