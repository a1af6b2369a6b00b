package canonical

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/driftlock/driftlock/internal/cbad"
	"github.com/driftlock/driftlock/internal/join"
)

// Span is a span before it is joined with its parent and children.
type Span struct {
	join.Span
	Error bool
}

// SpanTime is the time that decides a span's window: its end, else its start, else now.
func SpanTime(sp ptrace.Span, now uint64) uint64 {
	if t := sp.EndTimestamp(); t != 0 {
		return uint64(t)
	}
	if t := sp.StartTimestamp(); t != 0 {
		return uint64(t)
	}
	return now
}

// ReadSpan fills dst. The operation is the span's name with what looks like an identifier masked, and its kind.
func ReadSpan(dst *Span, sp ptrace.Span, res *Resource, timeNs uint64, names *Names, s *Scratch) {
	id, parent := sp.SpanID(), sp.ParentSpanID()
	operation := s.operation(sp.Name(), uint64(sp.Kind()), names)
	dst.Span = join.Span{
		TraceID:   sp.TraceID(),
		SpanID:    binary.BigEndian.Uint64(id[:]),
		ParentID:  binary.BigEndian.Uint64(parent[:]),
		Service:   res.ServiceHash,
		Operation: operation,
		StartNs:   uint64(sp.StartTimestamp()),
		EndNs:     timeNs,
	}
	if dst.StartNs == 0 || dst.StartNs > timeNs {
		dst.StartNs = timeNs
	}
	dst.Error = sp.Status().Code() == ptrace.StatusCodeError
	// An edge's parent is told by service and operation together.
	if edge := join.OperationKey(res.ServiceHash, operation); !names.has(edge) {
		names.put(edge, clip(res.Service+" "+names.Get(operation), 2*maxName))
	}
}

// AppendSpan appends a span with what the span table said about its surroundings.
func AppendSpan(b *cbad.Batch, sp *Span, r join.Resolved) {
	record := cbad.Span{
		EndNs: sp.EndNs, TraceID: sp.TraceID, Parent: r.Parent, Operation: sp.Operation, Caller: r.Caller,
		DurationNs: sp.DurationNs(), ExclusiveNs: r.ExclusiveNs, NetNs: cbad.NoNet, Error: sp.Error,
		RemoteChild: r.Remote,
	}
	if r.HasNet {
		record.NetNs = r.NetNs
	}
	b.AppendSpan(&record)
}

// operation hashes a span's name and kind, and enters the name on first sight.
func (s *Scratch) operation(name string, kind uint64, names *Names) uint64 {
	var h uint64
	masked := hasDigit(name)
	if masked {
		s.name = appendMasked(s.name[:0], name)
		h = xxhash.Sum64(s.name)
	} else {
		h = xxhash.Sum64String(name)
	}
	h = nonZero(mix(kind, h))
	if !names.has(h) {
		if masked {
			name = string(s.name)
		}
		names.put(h, clip(valid(name), maxName))
	}
	return h
}

func hasDigit(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i]-'0' < 10 {
			return true
		}
	}
	return false
}

// appendMasked copies a name with each word that is an identifier replaced by '*': all digits, or at least eight
// hexadecimal digits of which one is a decimal digit. A name ought to have few values (OpenTelemetry's rule for span
// names); many senders put ids in it all the same. "v2" and "oauth2" stay.
func appendMasked(dst []byte, name string) []byte {
	for i := 0; i < len(name); {
		if !isWord(name[i]) {
			dst = append(dst, name[i])
			i++
			continue
		}
		end := i
		digits, hexes := 0, 0
		for ; end < len(name) && isWord(name[end]); end++ {
			switch c := name[end]; {
			case c-'0' < 10:
				digits++
				hexes++
			case c|0x20 >= 'a' && c|0x20 <= 'f':
				hexes++
			}
		}
		n := end - i
		if digits == n || (n >= 8 && hexes == n && digits > 0) {
			dst = append(dst, '*')
		} else {
			dst = append(dst, name[i:end]...)
		}
		i = end
	}
	return dst
}

func isWord(c byte) bool {
	return c-'0' < 10 || (c|0x20 >= 'a' && c|0x20 <= 'z') || c >= 0x80
}
