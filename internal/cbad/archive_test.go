package cbad

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestArchiveIsTheOneThatWasHashed(t *testing.T) {
	archive, err := os.ReadFile("../../cbad-core/target/release/libcbad_core.a")
	require.NoError(t, err)
	sum := sha256.Sum256(archive)
	assert.Equal(t, hex.EncodeToString(sum[:]), ArchiveSHA256,
		"the archive was built without `make cbad-core-lib`: run it, then test again")
}
