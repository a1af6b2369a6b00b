package canonical

import (
	"cmp"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// maxDepth bounds how deep nested values are followed, maxPairs how many pairs of one map are looked at.
const (
	maxDepth = 8
	maxPairs = 1024
)

// Scratch is the working memory of one encoding goroutine. It must be released before the data it saw goes away.
type Scratch struct {
	// Truncated counts texts that were cut at MaxText.
	Truncated uint64

	pairs []pair // a stack: nested maps sort their part of it
	name  []byte

	// Of the structured body under way.
	fields    []field
	bytes     []byte
	unescaped []byte
	tooMany   bool // fields
	// LogAttributes are the attributes that say what a log record is; nil means DefaultLogAttributes.
	LogAttributes []string
	kept          []listed
}

type pair struct {
	key   string
	value pcommon.Value
}

// Release drops every reference to the data seen.
func (s *Scratch) Release() {
	clear(s.pairs[:cap(s.pairs)])
	s.pairs = s.pairs[:0]
	clear(s.fields[:cap(s.fields)])
	s.fields = s.fields[:0]
	clear(s.kept[:cap(s.kept)])
	s.kept = s.kept[:0]
}

// appendText appends a value as text: strings and bytes as they are, maps as key=value sorted by key, lists in brackets.
func (s *Scratch) appendText(buf []byte, v pcommon.Value) []byte {
	return s.appendValue(buf, v, len(buf)+MaxText+1, maxDepth)
}

// appendValue stops growing the buffer beyond limit, give or take one leaf, which itself is cut.
func (s *Scratch) appendValue(buf []byte, v pcommon.Value, limit, depth int) []byte {
	room := limit - len(buf)
	if room <= 0 {
		return buf
	}
	switch v.Type() {
	case pcommon.ValueTypeStr:
		text := v.Str()
		return append(buf, text[:min(len(text), room)]...)
	case pcommon.ValueTypeInt:
		return strconv.AppendInt(buf, v.Int(), 10)
	case pcommon.ValueTypeDouble:
		return strconv.AppendFloat(buf, v.Double(), 'g', -1, 64)
	case pcommon.ValueTypeBool:
		return strconv.AppendBool(buf, v.Bool())
	case pcommon.ValueTypeBytes:
		bytes := v.Bytes()
		for i := range min(bytes.Len(), room) {
			buf = append(buf, bytes.At(i))
		}
		return buf
	case pcommon.ValueTypeSlice:
		buf = append(buf, '[')
		if depth > 0 {
			for i, e := range v.Slice().All() {
				if i > 0 {
					buf = append(buf, ' ')
				}
				if len(buf) > limit {
					break
				}
				buf = s.appendValue(buf, e, limit, depth-1)
			}
		}
		return append(buf, ']')
	case pcommon.ValueTypeMap:
		return s.appendMap(buf, v.Map(), limit, depth)
	default:
		return buf
	}
}

func (s *Scratch) appendMap(buf []byte, m pcommon.Map, limit, depth int) []byte {
	if depth == 0 {
		return append(buf, "{}"...)
	}
	outermost := depth == maxDepth
	first := len(s.pairs)
	for k, v := range m.All() {
		if len(s.pairs) == first+maxPairs {
			break
		}
		s.pairs = append(s.pairs, pair{k, v})
	}
	n := len(s.pairs)
	// Stable, so that duplicate keys (which OTLP forbids and senders produce) keep their order.
	slices.SortStableFunc(s.pairs[first:n], func(a, b pair) int { return cmp.Compare(a.key, b.key) })
	if !outermost {
		buf = append(buf, '{')
	}
	for i := first; i < n && len(buf) <= limit; i++ {
		if i > first {
			buf = append(buf, ' ')
		}
		key := s.pairs[i].key
		buf = append(buf, key[:min(len(key), max(limit-len(buf), 0))]...)
		buf = append(buf, '=')
		buf = s.appendValue(buf, s.pairs[i].value, limit, depth-1)
	}
	if !outermost {
		buf = append(buf, '}')
	}
	s.pairs = s.pairs[:first]
	return buf
}
