package canonical

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/driftlock/driftlock/internal/cbad"
)

// MaxText bounds the text of a log record; what is beyond it is not looked at. Templates show themselves much earlier.
const MaxText = 16 << 10

// DefaultLogAttributes are the attributes that say what a record is, whatever its body says. They are appended to the text as
// key=value in this order. Identifiers, sizes and the like are left out: the trace id travels beside the text, and the
// rest varies without meaning. An exception's message stands in for a missing body only; its stack trace is condensed.
var DefaultLogAttributes = []string{
	eventName, "exception.type", "error.type", "http.route", "http.request.method", "http.response.status_code",
	"rpc.service", "rpc.method", "db.operation.name", "messaging.operation.name",
}

const (
	eventName           = "event.name" // also a field of the record, which goes before
	exceptionMessage    = "exception.message"
	exceptionStacktrace = "exception.stacktrace"
)

// LogTime is the event time: the timestamp, else the observed time, else now.
func LogTime(lr plog.LogRecord, now uint64) uint64 {
	if t := lr.Timestamp(); t != 0 {
		return uint64(t)
	}
	if t := lr.ObservedTimestamp(); t != 0 {
		return uint64(t)
	}
	return now
}

// AppendLog appends one record to the batch: its body as text and the attributes that carry meaning. Severity and trace id come
// from the record's fields, else from those of a structured body.
func AppendLog(b *cbad.Batch, lr plog.LogRecord, timeNs uint64, s *Scratch) {
	record := len(b.Bytes)
	b.BeginLog(timeNs, lr.TraceID(), severity(lr))
	buf := b.Bytes
	text := len(buf)
	s.tooMany = false
	buf, said := s.appendBody(buf, lr.Body(), text+MaxText+1)
	buf = s.appendAttributes(buf, text, lr)
	if s.tooMany || len(buf)-text > MaxText {
		buf = buf[:min(len(buf), text+MaxText)]
		s.Truncated++
	}
	b.Bytes = buf
	b.AmendLog(record, said.trace, said.severity)
	b.End()
}

// appendBody appends a body: a structured one by key, a stack trace condensed, all else as it is.
func (s *Scratch) appendBody(buf []byte, body pcommon.Value, limit int) ([]byte, structured) {
	switch body.Type() {
	case pcommon.ValueTypeMap:
		s.resetFields()
		s.collect(span{}, body, maxDepth)
		return s.appendFields(buf, limit)
	case pcommon.ValueTypeStr:
		text := body.Str()
		if looksStructured(text) {
			s.resetFields()
			if text[0] == '{' && s.collectJSON(text) || text[0] != '{' && s.collectLogfmt(text) {
				return s.appendFields(buf, limit)
			}
		}
		if strings.IndexByte(text, '\n') < 0 {
			return append(buf, text[:min(len(text), limit-len(buf))]...), structured{}
		}
		return appendTrace(buf, text, limit), structured{}
	default:
		return s.appendText(buf, body), structured{}
	}
}

// looksStructured tells texts that may be JSON or logfmt from almost all others by a look at their ends.
func looksStructured(text string) bool {
	if len(text) < 2 || len(text) > 4*MaxText {
		return false
	}
	if text[0] == '{' {
		last := text[len(text)-1]
		return last == '}' || last == '\n' || last == '\r' || last == ' '
	}
	for i := range min(len(text), 32) {
		if text[i] == '=' {
			return i > 0
		}
		if !isKey(text[i]) {
			return false
		}
	}
	return false
}

// appendAttributes appends the attributes that say what a record is, in order of the list.
func (s *Scratch) appendAttributes(buf []byte, text int, lr plog.LogRecord) []byte {
	own, attributes := lr.EventName(), lr.Attributes()
	if own == "" && attributes.Len() == 0 {
		return buf
	}
	names := s.LogAttributes
	if names == nil {
		names = DefaultLogAttributes
	}
	var stack pcommon.Value
	var hasStack bool
	// Positions in the list, of those present, in order of the list: few of few.
	s.kept = s.kept[:0]
	for k, v := range attributes.All() {
		for i, name := range names {
			if k == name {
				s.kept = append(s.kept, listed{i, v})
				for j := len(s.kept) - 1; j > 0 && s.kept[j].at < s.kept[j-1].at; j-- {
					s.kept[j], s.kept[j-1] = s.kept[j-1], s.kept[j]
				}
				break
			}
		}
		switch {
		case k == exceptionMessage && len(buf) == text:
			buf = s.appendText(buf, v)
		case k == exceptionStacktrace && v.Type() == pcommon.ValueTypeStr:
			stack, hasStack = v, true
		}
	}
	if own != "" {
		buf = append(appendKey(buf, text, eventName), own...)
	}
	for _, l := range s.kept {
		name := names[l.at]
		if name == eventName && own != "" {
			continue
		}
		buf = s.appendText(appendKey(buf, text, name), l.value)
		if l.value.Type() == pcommon.ValueTypeInt && strings.HasSuffix(name, "status_code") {
			buf = appendStatusClass(buf, buf[len(buf)-min(3, len(buf)):])
		}
	}
	if hasStack {
		if len(buf) > text {
			buf = append(buf, " | "...)
		}
		buf = appendTrace(buf, stack.Str(), text+MaxText+1)
	}
	return buf
}

// listed is an attribute of the list.
type listed struct {
	at    int
	value pcommon.Value
}

func appendKey(buf []byte, start int, key string) []byte {
	if len(buf) > start {
		buf = append(buf, ' ')
	}
	buf = append(buf, key...)
	return append(buf, '=')
}

// severity is the severity number, or what the severity text means where there is no number.
func severity(lr plog.LogRecord) uint8 {
	if n := lr.SeverityNumber(); n > 0 && n <= plog.SeverityNumberFatal4 {
		return uint8(n)
	}
	return severityOfText(lr.SeverityText())
}

// severityOfText is what a level's name means, 0 when nothing.
func severityOfText(text string) uint8 {
	if text == "" {
		return 0
	}
	// The first letters tell the usual names apart: trace, debug, info, notice, warn, error, err, critical, fatal, panic,
	// emergency, alert.
	switch text[0] | 0x20 {
	case 't':
		return uint8(plog.SeverityNumberTrace)
	case 'd':
		return uint8(plog.SeverityNumberDebug)
	case 'i', 'n':
		return uint8(plog.SeverityNumberInfo)
	case 'w':
		return uint8(plog.SeverityNumberWarn)
	case 'e':
		if len(text) > 1 && text[1]|0x20 == 'm' {
			return uint8(plog.SeverityNumberFatal)
		}
		return uint8(plog.SeverityNumberError)
	case 'c', 'f', 'p', 'a':
		return uint8(plog.SeverityNumberFatal)
	default:
		return 0
	}
}
