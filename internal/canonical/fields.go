package canonical

import (
	"bytes"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// A structured body (a map, JSON text, logfmt) is modelled by key. Its text is the message, then each other field as
// key=value in order of the keys: numbers and most strings as variables, so that the template is the message and the set of
// keys; values that say what the record is (level, logger, method, …) as they are.

const (
	// maxFields bounds the fields of one body, maxPath the bytes of a field's dotted key; what is beyond is left out.
	maxFields = 256
	maxPath   = 256
	// maxBytes bounds the keys of one body together.
	maxBytes = 1 << 20
	// mark encloses a value that the core takes for a variable. It is no byte of valid UTF-8.
	mark = 0xff
)

type fieldKind uint8

const (
	textField    fieldKind = iota
	escapedField           // text with JSON's escapes
	numberField
	wordField // true, false, null, and values of no kind
)

// field is a leaf of a body. Its key, and its value where it had to be written, lie in the scratch's bytes.
type field struct {
	key, value span
	kind       fieldKind
	text       string // the value, where it lies in the data
}

// span is a part of the scratch's bytes.
type span struct{ from, to int }

// resetFields forgets the fields of the record before.
func (s *Scratch) resetFields() {
	s.fields, s.bytes, s.tooMany = s.fields[:0], s.bytes[:0], false
}

// path puts the dotted key of what is under parent into the scratch.
func (s *Scratch) path(parent span, key string) span {
	from := len(s.bytes)
	s.bytes = append(s.bytes, s.bytes[parent.from:parent.to]...)
	if parent.to > parent.from && key != "" {
		s.bytes = append(s.bytes, '.')
	}
	s.bytes = append(s.bytes, key[:min(len(key), max(maxPath-(len(s.bytes)-from), 0))]...)
	return span{from, len(s.bytes)}
}

func (s *Scratch) add(key span, kind fieldKind, text string) {
	if len(s.fields) == maxFields {
		s.tooMany = true
		return
	}
	s.fields = append(s.fields, field{key: key, kind: kind, text: text})
}

// collect takes in a value of pdata. Elements of a list are fields of the list's key.
func (s *Scratch) collect(key span, v pcommon.Value, depth int) {
	if len(s.fields) == maxFields {
		s.tooMany = true
		return
	}
	switch v.Type() {
	case pcommon.ValueTypeMap:
		if depth == 0 || v.Map().Len() == 0 && key.to > key.from {
			s.add(key, wordField, "{}")
			return
		}
		for k, e := range v.Map().All() {
			if s.tooMany {
				return
			}
			if len(s.bytes) > maxBytes {
				s.tooMany = true
				return
			}
			s.collect(s.path(key, k), e, depth-1)
		}
	case pcommon.ValueTypeSlice:
		if depth == 0 || v.Slice().Len() == 0 {
			s.add(key, wordField, "[]")
			return
		}
		for _, e := range v.Slice().All() {
			if s.tooMany {
				return
			}
			s.collect(key, e, depth-1)
		}
	case pcommon.ValueTypeStr:
		s.add(key, textField, v.Str())
	case pcommon.ValueTypeBool:
		s.add(key, wordField, strconv.FormatBool(v.Bool()))
	case pcommon.ValueTypeInt, pcommon.ValueTypeDouble:
		from := len(s.bytes)
		if v.Type() == pcommon.ValueTypeInt {
			s.bytes = strconv.AppendInt(s.bytes, v.Int(), 10)
		} else {
			s.bytes = strconv.AppendFloat(s.bytes, v.Double(), 'g', -1, 64)
		}
		s.add(key, numberField, "")
		s.fields[len(s.fields)-1].value = span{from, len(s.bytes)}
	default:
		s.add(key, wordField, "")
	}
}

// structured is what a structured body says beside its text.
type structured struct {
	severity uint8
	trace    pcommon.TraceID
}

// appendFields appends the collected fields as text.
func (s *Scratch) appendFields(buf []byte, limit int) ([]byte, structured) {
	slices.SortStableFunc(s.fields, func(a, b field) int {
		return bytes.Compare(s.bytes[a.key.from:a.key.to], s.bytes[b.key.from:b.key.to])
	})
	var out structured
	start := len(buf)
	message := s.message()
	if message >= 0 {
		buf = s.appendMessage(buf, &s.fields[message], limit)
	}
	stack := -1
	for i := range s.fields {
		if i == message {
			continue
		}
		f := &s.fields[i]
		path := s.bytes[f.key.from:f.key.to]
		role := roleOf(path)
		switch role {
		case roleTrace:
			if id, ok := traceID(f.text); ok {
				out.trace = id
			}
			continue
		case roleStack:
			if stack < 0 && f.kind <= escapedField {
				stack = i
				continue
			}
		case roleLevel:
			if out.severity == 0 {
				out.severity = s.severityOf(f)
			}
		default:
		}
		if len(buf) >= limit {
			continue
		}
		if len(buf) > start {
			buf = append(buf, ' ')
		}
		buf = append(buf, path...)
		buf = append(buf, '=')
		buf = s.appendField(buf, f, role, limit)
	}
	if stack >= 0 && len(buf) < limit {
		if len(buf) > start {
			buf = append(buf, " | "...)
		}
		buf = s.appendMessage(buf, &s.fields[stack], limit)
	}
	return buf, out
}

func (s *Scratch) appendField(buf []byte, f *field, role role, limit int) []byte {
	switch f.kind {
	case numberField:
		number := s.number(f)
		buf = append(buf, number...)
		if role == roleStatus {
			buf = appendStatusClass(buf, number)
		}
		return buf
	case wordField:
		return append(buf, f.text...)
	default:
	}
	if role == roleStatus && len(f.text) == 3 {
		return appendStatusClass(append(buf, f.text...), []byte(f.text))
	}
	if role != roleNone {
		return appendString(buf, f, limit)
	}
	if f.text == "" {
		return buf
	}
	return append(appendString(append(buf, mark), f, limit), mark)
}

// number is the text of a number.
func (s *Scratch) number(f *field) []byte {
	if f.text == "" {
		return s.bytes[f.value.from:f.value.to]
	}
	from := len(s.bytes)
	s.bytes = append(s.bytes, f.text...)
	return s.bytes[from:]
}

// appendStatusClass says in letters what a number's first digit says, since numbers are variables.
func appendStatusClass(buf, status []byte) []byte {
	if len(status) != 3 {
		return buf
	}
	switch status[0] {
	case '1':
		return append(buf, ":informational"...)
	case '2':
		return append(buf, ":success"...)
	case '3':
		return append(buf, ":redirect"...)
	case '4':
		return append(buf, ":client_error"...)
	case '5':
		return append(buf, ":server_error"...)
	}
	return buf
}

// appendString appends a string without marks of its own, its escapes resolved.
func appendString(buf []byte, f *field, limit int) []byte {
	text := f.text[:min(len(f.text), max(limit-len(buf), 0))]
	from := len(buf)
	if f.kind == escapedField {
		buf = appendUnescaped(buf, text)
	} else {
		buf = append(buf, text...)
	}
	for i := from; i < len(buf); i++ {
		at := bytes.IndexByte(buf[i:], mark)
		if at < 0 {
			break
		}
		i += at
		buf[i] = '?'
	}
	return buf
}

// appendMessage appends a text that is to be read as text: a stack trace is condensed.
func (s *Scratch) appendMessage(buf []byte, f *field, limit int) []byte {
	if f.kind != escapedField {
		return appendTrace(buf, f.text, limit)
	}
	s.unescaped = appendUnescaped(s.unescaped[:0], f.text[:min(len(f.text), 4*MaxText)])
	return appendTrace(buf, s.unescaped, limit)
}

// message is the field that holds the record's message, or −1: of several the first in order of messageKeys.
func (s *Scratch) message() int {
	best, at := len(messageKeys), -1
	for i := range s.fields {
		f := &s.fields[i]
		if f.kind > escapedField || f.key.to-f.key.from > len("short_message") {
			continue
		}
		key := string(s.bytes[f.key.from:f.key.to]) // does not escape: no allocation up to 32 bytes
		for rank := range best {
			if key == messageKeys[rank] {
				best, at = rank, i
				break
			}
		}
	}
	return at
}

// severityOf reads a level field: its name, or the number that pino and bunyan use (30 is info, 50 error).
func (s *Scratch) severityOf(f *field) uint8 {
	if f.kind == numberField {
		number := s.number(f)
		if len(number) != 2 || number[0] < '1' || number[0] > '6' || number[1] != '0' {
			return 0
		}
		return (number[0]-'0')*4 - 3 // 10, 20, … 60 are OpenTelemetry's 1, 5, … 21
	}
	return severityOfText(f.text)
}

// traceID reads 32 hex digits.
func traceID(text string) (id pcommon.TraceID, ok bool) {
	if len(text) != 2*len(id) {
		return id, false
	}
	for i := range id {
		high, low := hexDigit(text[2*i]), hexDigit(text[2*i+1])
		if high > 15 || low > 15 {
			return pcommon.TraceID{}, false
		}
		id[i] = high<<4 | low
	}
	return id, !id.IsEmpty()
}

func hexDigit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
