package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/driftlock/driftlock/internal/pack"
)

// The manifest is a header that every format has, and a list of records:
//
//	0..8    magic "DRFTLOCK"
//	8..12   format, little endian
//	12..16  zero
//	16..24  layout: the first bytes of the SHA-256 of how records are written
//	24..32  length of the list
//	32..64  SHA-256 of bytes 0..32 and the list
//	64..    the list
const (
	magic  = "DRFTLOCK"
	header = 64
	sumAt  = 32
)

// manifest is the list.
type manifest struct {
	About   []byte // the caller's
	Records []record
}

type record struct {
	Name   string
	Slot   uint8
	Length uint64
	Sum    [sha256.Size]byte
}

// Version is how records are written. A change of layout raises Format.
type Version struct {
	Format uint32
	// Layout describes the records' types (pack.Layout).
	Layout string
}

func (v Version) layout() (out [8]byte) {
	sum := sha256.Sum256([]byte(v.Layout))
	copy(out[:], sum[:])
	return out
}

func sumOf(head, list []byte) (out [sha256.Size]byte) {
	h := sha256.New()
	h.Write(head)
	h.Write(list)
	h.Sum(out[:0])
	return out
}

func (m *manifest) marshal(v Version) []byte {
	list := pack.Marshal(*m)
	b := make([]byte, header, header+len(list))
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[8:], v.Format)
	layout := v.layout()
	copy(b[16:], layout[:])
	binary.LittleEndian.PutUint64(b[24:], uint64(len(list)))
	sum := sumOf(b[:sumAt], list)
	copy(b[sumAt:], sum[:])
	return append(b, list...)
}

func (r *record) key() string { return slotKey(r.Name, r.Slot) }

// readManifest judges a manifest; the error says what is wrong with it. The list of an older one tells at best which
// keys are its own.
func readManifest(b []byte, v Version) (m manifest, state State, err error) {
	switch {
	case len(b) < header:
		return m, Damaged, fmt.Errorf("the manifest has %d bytes, fewer than its header", len(b))
	case string(b[:8]) != magic:
		return m, Damaged, fmt.Errorf("the manifest begins with %q, not %q", b[:8], magic)
	case binary.LittleEndian.Uint64(b[24:]) != uint64(len(b)-header):
		return m, Damaged, fmt.Errorf("the manifest's list has %d bytes, its header says %d", len(b)-header, binary.LittleEndian.Uint64(b[24:]))
	}
	if sum := sumOf(b[:sumAt], b[header:]); !bytes.Equal(sum[:], b[sumAt:header]) {
		return m, Damaged, errors.New("the manifest's checksum is wrong")
	}
	format := binary.LittleEndian.Uint32(b[8:])
	if format > v.Format {
		return m, Newer, fmt.Errorf("format %d is newer than %d, which this version reads", format, v.Format)
	}
	if err := pack.Unmarshal(b[header:], &m); err != nil {
		m = manifest{}
		if format == v.Format {
			return m, Damaged, fmt.Errorf("the manifest's list: %w", err)
		}
	}
	layout := v.layout()
	switch {
	case format < v.Format:
		return m, Older, fmt.Errorf("format %d is older than %d, which this version reads", format, v.Format)
	case !bytes.Equal(b[16:24], layout[:]):
		return m, Older, fmt.Errorf("another build of format %d wrote it, with other records", v.Format)
	}
	return m, Usable, nil
}
