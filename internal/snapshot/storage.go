package snapshot

import "context"

// Storage is what the records are kept in: the collector's storage clients have this shape. Get returns nil for a key
// that is not there. Changes of one Write may be applied one by one, in their order, or together.
type Storage interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Write(ctx context.Context, changes []Change) error
}

// Change sets a key, or deletes it where there is no value.
type Change struct {
	Key   string
	Value []byte
}

// Lister is a Storage that can name its keys. Without it, records of a service that was seen for the first time in a snapshot
// cut off by a crash, and never again, stay in the storage.
type Lister interface {
	Keys(ctx context.Context) ([]string, error)
}

// The keys. A record has two slots, written in turn: while a snapshot is under way the last one's records stay as they are,
// and the manifest, written last, says which slot of each record counts.
const (
	manifestKey = "manifest"
	recordKeys  = "record/"
	asideKeys   = "damaged/"
)

func slotKey(name string, slot uint8) string {
	return recordKeys + name + "." + string('0'+rune(slot&1))
}
