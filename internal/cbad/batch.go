package cbad

import (
	"encoding/binary"
	"math"
	"slices"
)

// Sizes of the records' fixed parts. Layouts: cbad.h at cbad_stream_observe.
const (
	logFixed  = 28
	pointSize = 56
	spanSize  = 80
)

// Flags of a span's record.
const (
	spanError = 1 << iota
	spanRemoteChild
)

// NoNet is Span.NetNs of a span without a caller in another service.
const NoNet = math.MinInt64

// Batch holds records of one kind: record i is Bytes[Offsets[i]:Offsets[i+1]], little endian. The zero value is empty.
// The Append methods allocate only while the buffers grow; Reset keeps them. A batch holds at most 4 GiB; a larger
// one is refused by Observe as a whole.
type Batch struct {
	Bytes   []byte
	Offsets []uint32
}

// Span is a span joined with its parent and children. Ids are the caller's hashes.
type Span struct {
	// EndNs is the span's end, nanoseconds since the epoch.
	EndNs   uint64
	TraceID [16]byte
	// Parent is the hash of the parent's service and operation; 0: a root; 1: never seen.
	Parent uint64
	// Operation is the hash of this span's operation.
	Operation uint64
	// Caller is the hash of the calling service when it is another one, else 0.
	Caller      uint64
	DurationNs  uint64
	ExclusiveNs uint64
	// NetNs is the parent's duration less this span's where the parent is of another service, else NoNet.
	NetNs int64
	// Error: the span's status is error.
	Error bool
	// RemoteChild: a child ran in another service, so the exclusive time is that call's network and queue.
	RemoteChild bool
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	b.Bytes = b.Bytes[:0]
	b.Offsets = append(b.Offsets[:0], 0)
}

// Len is the number of records.
func (b *Batch) Len() int {
	return max(len(b.Offsets)-1, 0)
}

// AppendLog appends a log record. A zero trace means none; severity is OpenTelemetry's number, 0 to 24.
func (b *Batch) AppendLog(timeNs uint64, trace [16]byte, severity uint8, text string) {
	b.BeginLog(timeNs, trace, severity)
	b.Bytes = append(b.Bytes, text...)
	b.End()
}

// BeginLog starts a log record whose text the caller appends to Bytes; End ends it. No copy of the text is made first.
func (b *Batch) BeginLog(timeNs uint64, trace [16]byte, severity uint8) {
	r := b.grow(logFixed)
	binary.LittleEndian.PutUint64(r, timeNs)
	copy(r[8:24], trace[:])
	r[24], r[25], r[26], r[27] = severity, 0, 0, 0
}

// AmendLog fills in what the log record at offset from has not: the trace id and the severity that its body named.
func (b *Batch) AmendLog(from int, trace [16]byte, severity uint8) {
	r := b.Bytes[from : from+logFixed]
	if [16]byte(r[8:24]) == [16]byte{} {
		copy(r[8:24], trace[:])
	}
	if r[24] == 0 {
		r[24] = severity
	}
}

// End ends the record that BeginLog started.
func (b *Batch) End() {
	if len(b.Offsets) == 0 {
		b.Offsets = append(b.Offsets, 0)
	}
	b.Offsets = append(b.Offsets, uint32(len(b.Bytes))) //nolint:gosec // past 4 GiB offsets fall, and the core refuses the batch
}

// Measurement is a metric point. Ids are the caller's hashes.
type Measurement struct {
	TimeNs uint64
	// Family is the series without its instance, and Instance who measured.
	Family, Instance uint64
	// Kin is the family that stands for all that tell of the same values, as the quantiles of one latency: of them the
	// oddest alone counts. It is Family itself for a series of its own.
	Kin uint64
	// Metric is what the series has in common with those of other services: hash of the metric's name and the kind of
	// resource. What series of one Metric show is lent to new ones of it.
	Metric uint64
	Value  float64
	// Tag comes back with the point's verdict; the core gives it no meaning.
	Tag uint64
}

// AppendPoint appends a metric point.
func (b *Batch) AppendPoint(m Measurement) {
	r := b.grow(pointSize)
	binary.LittleEndian.PutUint64(r, m.TimeNs)
	binary.LittleEndian.PutUint64(r[8:], m.Family)
	binary.LittleEndian.PutUint64(r[16:], m.Instance)
	binary.LittleEndian.PutUint64(r[24:], math.Float64bits(m.Value))
	binary.LittleEndian.PutUint64(r[32:], m.Tag)
	binary.LittleEndian.PutUint64(r[40:], m.Kin)
	binary.LittleEndian.PutUint64(r[48:], m.Metric)
	b.End()
}

// AppendSpan appends a span.
func (b *Batch) AppendSpan(s *Span) {
	r := b.grow(spanSize)
	binary.LittleEndian.PutUint64(r, s.EndNs)
	copy(r[8:24], s.TraceID[:])
	binary.LittleEndian.PutUint64(r[24:], s.Parent)
	binary.LittleEndian.PutUint64(r[32:], s.Operation)
	binary.LittleEndian.PutUint64(r[40:], s.Caller)
	binary.LittleEndian.PutUint64(r[48:], s.DurationNs)
	binary.LittleEndian.PutUint64(r[56:], s.ExclusiveNs)
	binary.LittleEndian.PutUint64(r[64:], uint64(s.NetNs)) // the same 64 bits
	var flags uint64
	if s.Error {
		flags |= spanError
	}
	if s.RemoteChild {
		flags |= spanRemoteChild
	}
	binary.LittleEndian.PutUint64(r[72:], flags)
	b.End()
}

// grow lengthens Bytes by n and returns the new part.
func (b *Batch) grow(n int) []byte {
	at := len(b.Bytes)
	b.Bytes = slices.Grow(b.Bytes, n)[:at+n]
	return b.Bytes[at : at+n : at+n]
}
