package detect

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The committed layout is the one of stateFormat. A state of another layout is refused anyway; the number tells which of
// two is newer, and a newer one must be left alone.
func TestAnotherLayoutIsAnotherFormat(t *testing.T) {
	v := stateVersion()
	now := fmt.Sprintf("format %d\n%s", v.Format, strings.ReplaceAll(v.Layout, ";", ";\n"))
	file := filepath.Join("testdata", "state-layout.txt")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(now), 0o600))
	}
	committed, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.True(t, string(committed) == now,
		"what is saved changed: raise stateFormat in cut.go if a version with format %d was released, then go test ./internal/detect -run TestAnotherLayout -update", v.Format)
}
