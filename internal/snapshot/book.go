package snapshot

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// State is what a storage holds.
type State int

// The states.
const (
	None    State = iota // no snapshot
	Usable               // one to read
	Damaged              // one whose manifest is broken; it was set aside
	Older                // one in a format that is not read any more; the next snapshot replaces it
	Newer                // one of a newer version; it is left alone, and nothing is written
)

// Why a record cannot be had.
var (
	ErrMissing = errors.New("the record is missing")
	ErrDamaged = errors.New("the record is damaged")
)

// MaxAside bounds what is kept of damaged records: the first ones of the last opening that found any.
const MaxAside = 8

// Book is the snapshots in one storage. It is not safe for concurrent use.
type Book struct {
	storage Storage
	version Version
	state   State
	why     error
	current manifest
	index   map[string]int // names to places in current.Records
	garbage []string       // keys to delete
	aside   int
	unsure  bool // whether the manifest in the storage is the current one
}

// Open looks at what the storage holds, and removes what a crash left behind. The error is the storage's.
func Open(ctx context.Context, s Storage, v Version) (*Book, error) {
	b := &Book{storage: s, version: v}
	raw, err := b.look(ctx)
	if err != nil {
		return nil, err
	}
	if b.state == Damaged {
		if err := b.setAside(ctx, raw); err != nil {
			return nil, err
		}
		if err := s.Write(ctx, []Change{{Key: manifestKey}}); err != nil {
			return nil, fmt.Errorf("remove the damaged manifest: %w", err)
		}
	}
	return b, b.sweep(ctx)
}

// look reads the manifest.
func (b *Book) look(ctx context.Context) (raw []byte, err error) {
	raw, err = b.storage.Get(ctx, manifestKey)
	if err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	b.use(manifest{})
	b.state, b.why, b.unsure = None, nil, false
	if raw != nil {
		var m manifest
		m, b.state, b.why = readManifest(raw, b.version)
		b.use(m)
	}
	return raw, nil
}

func (b *Book) use(m manifest) {
	b.current, b.index = m, make(map[string]int, len(m.Records))
	for i := range m.Records {
		b.index[m.Records[i].Name] = i
	}
}

// Found is what Open found, and what is wrong with it.
func (b *Book) Found() (State, error) { return b.state, b.why }

// About is what Commit was given.
func (b *Book) About() []byte { return b.current.About }

// Names are those of the records.
func (b *Book) Names() []string {
	names := make([]string, len(b.current.Records))
	for i := range names {
		names[i] = b.current.Records[i].Name
	}
	return names
}

// Leave makes the book write nothing: for what turns out to be newer when its records are read.
func (b *Book) Leave() { b.state = Newer }

// Read returns a record of the snapshot that was found. A damaged one is set aside.
func (b *Book) Read(ctx context.Context, name string) ([]byte, error) {
	i, ok := b.index[name]
	if !ok || b.state != Usable {
		return nil, ErrMissing
	}
	r := &b.current.Records[i]
	raw, err := b.storage.Get(ctx, slotKey(name, r.Slot))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the record %s: %w", name, err)
	case raw == nil:
		return nil, ErrMissing
	case uint64(len(raw)) != r.Length || sha256.Sum256(raw) != r.Sum:
		return nil, errors.Join(ErrDamaged, b.setAside(ctx, raw))
	}
	return raw, nil
}

// SetAside keeps a record that is as it was written and cannot be used all the same.
func (b *Book) SetAside(ctx context.Context, raw []byte) error { return b.setAside(ctx, raw) }

func (b *Book) setAside(ctx context.Context, raw []byte) error {
	if b.aside == MaxAside {
		return nil
	}
	key := asideKeys + fmt.Sprint(b.aside)
	b.aside++
	if err := b.storage.Write(ctx, []Change{{Key: key, Value: raw}}); err != nil {
		return fmt.Errorf("set a damaged record aside: %w", err)
	}
	return nil
}

// sweep deletes records that no manifest knows, where the storage can list its keys.
func (b *Book) sweep(ctx context.Context) error {
	l, ok := b.storage.(Lister)
	if !ok || b.state == Newer || b.state == Older {
		return nil
	}
	keys, err := l.Keys(ctx)
	if err != nil {
		return fmt.Errorf("list the keys: %w", err)
	}
	known := make(map[string]bool, len(b.current.Records))
	for i := range b.current.Records {
		known[b.current.Records[i].key()] = true
	}
	var changes []Change
	for _, key := range keys {
		if strings.HasPrefix(key, recordKeys) && !known[key] {
			changes = append(changes, Change{Key: key})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := b.storage.Write(ctx, changes); err != nil {
		return fmt.Errorf("remove what a crash left behind: %w", err)
	}
	return nil
}
