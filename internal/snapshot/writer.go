package snapshot

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Writer writes one snapshot. Until Commit returns, the one before it stands.
type Writer struct {
	book    *Book
	next    manifest
	named   map[string]bool
	changes []Change
	pending int // bytes of changes
	// Bytes were written, manifest left out; Kept records stood as they were.
	Bytes, Kept uint64
}

// batchBytes go to the storage at once.
const batchBytes = 4 << 20

// Begin starts a snapshot. It fails where the storage holds a newer one.
func (b *Book) Begin(ctx context.Context) (*Writer, error) {
	if b.unsure {
		// Whether the last manifest was written is not known: which slots are free depends on it.
		if _, err := b.look(ctx); err != nil {
			return nil, err
		}
	}
	if b.state == Newer {
		return nil, errors.New("the storage holds the snapshot of a newer version, which is left alone")
	}
	return &Writer{book: b, named: make(map[string]bool)}, nil
}

// Keep takes a record over from the snapshot before, and says whether there is one.
func (w *Writer) Keep(name string) bool {
	i, ok := w.book.index[name]
	if !ok || w.book.state != Usable || w.named[name] {
		return false
	}
	w.named[name] = true
	w.next.Records = append(w.next.Records, w.book.current.Records[i])
	w.Kept++
	return true
}

// Put adds a record; an equal one of the snapshot before is kept instead. The writer keeps the bytes until it wrote them.
func (w *Writer) Put(ctx context.Context, name string, data []byte) error {
	if w.named[name] {
		return fmt.Errorf("two records %s", name)
	}
	r := record{Name: name, Length: uint64(len(data)), Sum: sha256.Sum256(data)}
	if i, ok := w.book.index[name]; ok {
		last := &w.book.current.Records[i]
		if last.Length == r.Length && last.Sum == r.Sum && w.Keep(name) {
			return nil
		}
		r.Slot = 1 - last.Slot&1
	}
	if data == nil {
		data = []byte{}
	}
	w.named[name] = true
	w.next.Records = append(w.next.Records, r)
	w.changes = append(w.changes, Change{Key: r.key(), Value: data})
	w.pending += len(data)
	if w.pending >= batchBytes {
		return w.flush(ctx)
	}
	return nil
}

func (w *Writer) flush(ctx context.Context) error {
	if len(w.changes) == 0 {
		return nil
	}
	if err := w.book.storage.Write(ctx, w.changes); err != nil {
		return fmt.Errorf("write records: %w", err)
	}
	w.Bytes += uint64(w.pending)
	w.changes, w.pending = nil, 0
	return nil
}

// Commit makes this the current snapshot.
func (w *Writer) Commit(ctx context.Context, about []byte) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	b := w.book
	w.next.About = about
	if err := b.storage.Write(ctx, []Change{{Key: manifestKey, Value: w.next.marshal(b.version)}}); err != nil {
		b.unsure = true
		return fmt.Errorf("write the manifest: %w", err)
	}
	kept := make(map[string]bool, len(w.next.Records))
	for i := range w.next.Records {
		kept[w.next.Records[i].key()] = true
	}
	last := b.current.Records
	b.use(w.next)
	b.state, b.why = Usable, nil
	return b.collect(ctx, last, kept)
}

// collect deletes what the new manifest does not name. What cannot be deleted now is tried again after the next snapshot.
func (b *Book) collect(ctx context.Context, last []record, kept map[string]bool) error {
	var changes []Change
	for _, key := range b.garbage {
		if !kept[key] {
			changes = append(changes, Change{Key: key})
		}
	}
	for i := range last {
		if key := last[i].key(); !kept[key] {
			changes = append(changes, Change{Key: key})
		}
	}
	b.garbage = b.garbage[:0]
	if len(changes) == 0 {
		return nil
	}
	if err := b.storage.Write(ctx, changes); err != nil {
		for _, c := range changes {
			b.garbage = append(b.garbage, c.Key)
		}
		return fmt.Errorf("the snapshot is written; delete the records of the one before: %w", err)
	}
	return nil
}
