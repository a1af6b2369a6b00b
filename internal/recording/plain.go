package recording

import (
	"bytes"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// A batch of plain lines ends after so many lines, or when so much event time has passed since its first.
const (
	plainLines = 512
	plainSpan  = 5 * time.Second
)

// Lines of a file without any timestamp are this far apart, from a time that nobody takes for a real one.
var (
	untimedStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	untimedStep  = 10 * time.Millisecond
)

// plain turns log lines into batches. A line without a timestamp has the time of the one before it.
type plain struct {
	service string
	year    int // of forms without a year
	last    time.Time
	timed   bool // a timestamp has been seen

	batch   plog.Logs
	records plog.LogRecordSlice
	first   int
	start   time.Time
}

func newPlain(path string, year int) *plain {
	return &plain{service: Stem(path), year: year, last: untimedStart}
}

// time of a line; December in front of January is last year's.
func (p *plain) time(line []byte) time.Time {
	if t, ok := lineTime(line, p.year); ok {
		if p.timed && p.last.Sub(t) > 300*24*time.Hour && t.Year() == p.year {
			p.year++
			t = t.AddDate(1, 0, 0)
		}
		p.timed, p.last = true, t
		return t
	}
	if !p.timed {
		p.last = p.last.Add(untimedStep)
	}
	return p.last
}

// add takes one line and returns the batch that it completes, if any.
func (p *plain) add(line []byte, number int) (Item, bool) {
	t := p.time(line)
	var done Item
	full := p.records != (plog.LogRecordSlice{}) &&
		(p.records.Len() >= plainLines || t.Sub(p.start) >= plainSpan || p.start.Sub(t) >= plainSpan)
	if full {
		done, _ = p.flush()
	}
	if p.records == (plog.LogRecordSlice{}) {
		p.batch = plog.NewLogs()
		rl := p.batch.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr("service.name", p.service)
		p.records = rl.ScopeLogs().AppendEmpty().LogRecords()
		p.first, p.start = number, t
	}
	r := p.records.AppendEmpty()
	r.SetTimestamp(pcommon.NewTimestampFromTime(t))
	r.Body().SetStr(strings.ToValidUTF8(string(line), "\uFFFD"))
	if s := severity(line); s != plog.SeverityNumberUnspecified {
		r.SetSeverityNumber(s)
		r.SetSeverityText(s.String())
	}
	return done, full
}

// flush returns what has been gathered.
func (p *plain) flush() (Item, bool) {
	if p.records == (plog.LogRecordSlice{}) {
		return Item{}, false
	}
	it := Item{Line: p.first, Logs: p.batch}
	it.set(Logs, p.records.Len(), logsTime(p.batch))
	p.records = plog.LogRecordSlice{}
	return it, true
}

var severities = []struct {
	word   string
	number plog.SeverityNumber
}{
	{"FATAL", plog.SeverityNumberFatal}, {"CRITICAL", plog.SeverityNumberFatal}, {"PANIC", plog.SeverityNumberFatal}, {"EMERG", plog.SeverityNumberFatal},
	{"ERROR", plog.SeverityNumberError}, {"SEVERE", plog.SeverityNumberError}, {"ERR", plog.SeverityNumberError},
	{"WARNING", plog.SeverityNumberWarn}, {"WARN", plog.SeverityNumberWarn},
	{"INFO", plog.SeverityNumberInfo}, {"NOTICE", plog.SeverityNumberInfo},
	{"DEBUG", plog.SeverityNumberDebug}, {"TRACE", plog.SeverityNumberTrace},
}

// severity is the first word near the line's start that names one, in capitals, or in any case right after "level=".
func severity(line []byte) plog.SeverityNumber {
	head := line[:min(len(line), 160)]
	if i := bytes.Index(head, []byte("level=")); i >= 0 {
		head = bytes.ToUpper(head[i+len("level="):])
	}
	best, at := plog.SeverityNumberUnspecified, len(head)
	for _, s := range severities {
		if i := wordAt(head, s.word); i >= 0 && i < at {
			best, at = s.number, i
		}
	}
	return best
}

func wordAt(b []byte, word string) int {
	for from := 0; ; {
		i := bytes.Index(b[from:], []byte(word))
		if i < 0 {
			return -1
		}
		i += from
		end := i + len(word)
		if (i == 0 || !isLetter(b[i-1])) && (end == len(b) || !isLetter(b[end])) {
			return i
		}
		from = i + 1
	}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
