package anomaly

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/google/uuid"
)

// NewID derives an anomaly's id from what makes it that anomaly, so that the same data give the same id, live and in replay.
// It is a UUIDv8 (RFC 9562, section 5.8): SHA-256 of the fields, each behind its length so that no two lists of fields run together.
func NewID(componentID, service, stream string, windowStart time.Time, configHash string) string {
	h := sha256.New()
	var n [8]byte
	for _, field := range []string{componentID, service, stream, configHash} {
		binary.BigEndian.PutUint64(n[:], uint64(len(field)))
		h.Write(n[:])
		h.Write([]byte(field))
	}
	binary.BigEndian.PutUint64(n[:], uint64(windowStart.UnixNano()))
	h.Write(n[:])
	id := uuid.UUID(h.Sum(nil)[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id.String()
}

// ProcessID names this process. It is random, so nobody outside can claim to be this process without having read its items.
var ProcessID = sync.OnceValue(uuid.NewString)
