package cbad

import "fmt"

// Status is why the core refused a call. errors.Is(err, cbad.StatusPoisoned) asks for one.
type Status int32

// The statuses of cbad.h.
const (
	StatusNull Status = iota + 1
	StatusABI
	StatusInvalid
	StatusBadBatch
	StatusBufferTooSmall
	StatusPoisoned
	StatusPanic
	StatusBadHandle
	StatusBusy
	StatusLimit
	StatusSnapshotForeign
	StatusSnapshotTruncated
	StatusSnapshotDamaged
	StatusSnapshotOlder
	StatusSnapshotNewer
)

var statusNames = [...]string{
	"ok", "null pointer", "wrong ABI", "invalid argument", "bad batch", "buffer too small", "poisoned stream",
	"panic in the core", "no such stream", "stream in use", "limit reached", "not a snapshot", "truncated snapshot",
	"damaged snapshot", "older snapshot", "newer snapshot",
}

// Error names the status.
func (s Status) Error() string {
	if s < 0 || int(s) >= len(statusNames) {
		return fmt.Sprintf("status %d", int32(s))
	}
	return statusNames[s]
}

// Error is a refused call.
type Error struct {
	// Action is what was tried.
	Action  string
	Status  Status
	Message string
}

func (e *Error) Error() string { return e.Action + ": " + e.Message }

// Unwrap gives the status to errors.Is.
func (e *Error) Unwrap() error { return e.Status }

func abiMismatch(have, want uint32) string {
	return fmt.Sprintf("the linked core has ABI %d, this program was compiled for %d: run `make cbad-core-lib` and rebuild",
		have, want)
}
