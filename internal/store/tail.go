package store

import (
	"encoding/base64"
	"encoding/binary"
	"errors"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// Mark is a place in the order in which anomalies came and changed. A row has the mark of its newest change only, so that whoever
// follows from a mark on sees every anomaly as it stands now, and each state once.
type Mark struct {
	Tx  uint64 // the transaction, where numbers are given out before transactions end
	Seq int64
}

// Change is an anomaly that is new or changed.
type Change struct {
	Mark    Mark
	Anomaly *anomaly.Anomaly
}

const markVersion = 1

// String is the mark as clients carry it.
func (m Mark) String() string {
	b := binary.AppendUvarint([]byte{markVersion}, m.Tx)
	return base64.RawURLEncoding.EncodeToString(binary.AppendUvarint(b, uint64(m.Seq)))
}

// ErrMark is what a text that is no mark is refused with.
var ErrMark = errors.New("is not the id of an event of this stream")

// ParseMark reads what String wrote.
func ParseMark(text string) (Mark, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < 3 || b[0] != markVersion {
		return Mark{}, ErrMark
	}
	tx, n := binary.Uvarint(b[1:])
	if n <= 0 {
		return Mark{}, ErrMark
	}
	seq, m := binary.Uvarint(b[1+n:])
	if m <= 0 || 1+n+m != len(b) || seq > 1<<63-1 || tx > 1<<63-1 {
		return Mark{}, ErrMark
	}
	return Mark{Tx: tx, Seq: int64(seq)}, nil
}

// Before says whether this place comes before another.
func (m Mark) Before(other Mark) bool {
	return m.Tx < other.Tx || m.Tx == other.Tx && m.Seq < other.Seq
}
