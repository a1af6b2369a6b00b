package cbad

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"testing"
)

// FuzzObserve gives the core any bytes and any offsets. It may refuse them, as a whole, and nothing worse; a window
// closes with a probability after either.
func FuzzObserve(f *testing.F) {
	for _, kind := range kinds {
		b := oneOfEach(kind)
		f.Add(uint8(kind), b.Bytes, offsetBytes(b.Offsets))
	}
	f.Fuzz(func(t *testing.T, kind uint8, data, offsets []byte) {
		p := DefaultParams()
		p.EvidenceP, p.QuarantineP, p.WarmupWindows = 1, 0.3, 2
		s, err := New(kinds[int(kind)%len(kinds)], p)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Free()
		b := &Batch{Bytes: data}
		for ; len(offsets) >= 4; offsets = offsets[4:] {
			b.Offsets = append(b.Offsets, binary.LittleEndian.Uint32(offsets))
		}
		var v Verdict
		for w := range uint64(4) {
			taken := uint64(b.Len())
			if err := s.Observe(b); errors.Is(err, StatusBadBatch) {
				taken = 0
			} else if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(Window{StartNs: w * 60 * second, EndNs: (w + 1) * 60 * second}, &v); err != nil {
				t.Fatal(err)
			}
			if v.Records != taken {
				t.Fatalf("%d records of %d", v.Records, taken)
			}
			if !(v.P > 0 && v.P <= 1) {
				t.Fatalf("p = %v", v.P)
			}
			raw, err := s.Evidence()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := DecodeEvidence(raw); err != nil {
				t.Fatalf("%v in %s", err, raw)
			}
			raw, err = s.Items()
			if err != nil {
				t.Fatal(err)
			}
			if items, err := DecodeItems(raw); err != nil || len(items) != v.Items {
				t.Fatalf("%d items of %d: %v in %s", len(items), v.Items, err, raw)
			}
		}
		snapshot, err := s.Save()
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(snapshot)
		if err != nil {
			t.Fatal(err)
		}
		loaded.Free()
	})
}

// FuzzLoad gives the core any bytes as a snapshot, and the same behind a header and checksum that hold. Refused or
// loaded; a loaded forgery may fail later with a status, never with a crash.
func FuzzLoad(f *testing.F) {
	var head []byte // magic and format
	for _, kind := range kinds {
		s := newStream(f, kind)
		if err := s.Observe(oneOfEach(kind)); err != nil {
			f.Fatal(err)
		}
		var v Verdict
		if err := s.Close(Window{EndNs: 60 * second}, &v); err != nil {
			f.Fatal(err)
		}
		snapshot, err := s.Save()
		if err != nil {
			f.Fatal(err)
		}
		head = snapshot[:12]
		f.Add(snapshot)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := Load(data); err == nil {
			s.Free()
		}
		if len(data) < 48 {
			return
		}
		forged := append([]byte(nil), data...)
		copy(forged, head)
		binary.LittleEndian.PutUint64(forged[32:], uint64(len(forged)-48))
		copy(forged[44:48], "\x00\x00\x00\x00")
		sum := crc32.Update(crc32.ChecksumIEEE(forged[:40]), crc32.IEEETable, forged[48:])
		binary.LittleEndian.PutUint32(forged[40:], sum)
		s, err := Load(forged)
		if err != nil {
			if !errors.Is(err, StatusSnapshotDamaged) {
				t.Fatal(err)
			}
			return
		}
		defer s.Free()
		var v Verdict
		if err := s.Observe(oneOfEach(s.Kind())); err != nil && !errors.Is(err, StatusPanic) {
			t.Fatal(err)
		}
		_ = s.Close(Window{EndNs: 60 * second}, &v)
		_, _ = s.Save()
	})
}

func offsetBytes(offsets []uint32) []byte {
	var out []byte
	for _, o := range offsets {
		out = binary.LittleEndian.AppendUint32(out, o)
	}
	return out
}
