package canonical

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/driftlock/driftlock/internal/cbad"
)

// MaxText bounds the text of a log record; what is beyond it is not looked at. Templates show themselves much earlier.
const MaxText = 16 << 10

// logAttributes are the attributes that say what a record is, whatever its body says. They are appended to the text as
// key=value in this order. Identifiers, sizes and the like are left out: the trace id travels beside the text, and the
// rest varies without meaning. The message of an exception stands in for a missing body only.
var logAttributes = [...]string{"event.name", "exception.type", "error.type", "http.route"}

const (
	eventNameAttribute = 0 // position of event.name, which a record's own EventName field replaces
	exceptionMessage   = "exception.message"
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

// AppendLog appends one record to the batch: its body as text and the attributes that carry meaning.
func AppendLog(b *cbad.Batch, lr plog.LogRecord, timeNs uint64, s *Scratch) {
	b.BeginLog(timeNs, lr.TraceID(), severity(lr))
	buf := b.Bytes
	text := len(buf)
	buf = s.appendText(buf, lr.Body())

	var kept [len(logAttributes)]pcommon.Value
	var have [len(logAttributes)]bool
	if attributes := lr.Attributes(); attributes.Len() > 0 {
		for k, v := range attributes.All() {
			for i := range logAttributes {
				if k == logAttributes[i] {
					kept[i], have[i] = v, true
				}
			}
			if k == exceptionMessage && len(buf) == text {
				buf = s.appendText(buf, v)
			}
		}
	}
	if name := lr.EventName(); name != "" {
		have[eventNameAttribute] = false
		buf = appendPair(buf, text, logAttributes[eventNameAttribute])
		buf = append(buf, name...)
	}
	for i := range logAttributes {
		if have[i] {
			buf = appendPair(buf, text, logAttributes[i])
			buf = s.appendText(buf, kept[i])
		}
	}
	if len(buf)-text > MaxText {
		buf = buf[:text+MaxText]
		s.Truncated++
	}
	b.Bytes = buf
	b.End()
}

func appendPair(buf []byte, start int, key string) []byte {
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
	text := lr.SeverityText()
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
