package recording

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// layouts of a whole field, tried in order; all without a zone are UTC.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04:05.999999999",
	"2006/01/02 15:04:05.999999999",
	"2006-01-02 15:04",
	"2006-01-02T15:04",
	"2006-01-02",
	"02/Jan/2006:15:04:05 -0700",
}

// ParseTime reads RFC 3339, the usual forms without a zone (UTC), and seconds, milliseconds, microseconds or nanoseconds since 1970,
// which it tells apart by size.
func ParseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 64 || s == "" {
		return time.Time{}, false
	}
	if t, ok := parseEpoch(s); ok {
		return t, true
	}
	s = strings.Replace(s, ",", ".", 1) // log4j writes 12:00:00,123
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return t.UTC(), inRange(t)
		}
	}
	return time.Time{}, false
}

// inRange keeps to what nanoseconds since 1970 hold.
func inRange(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 2262 }

func parseEpoch(s string) (time.Time, bool) {
	if s[0] < '0' || s[0] > '9' {
		return time.Time{}, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		var t time.Time
		switch digits := len(s); {
		case digits >= 8 && digits <= 11 || n == 0:
			t = time.Unix(n, 0)
		case digits <= 14 && digits > 11:
			t = time.UnixMilli(n)
		case digits <= 17 && digits > 14:
			t = time.UnixMicro(n)
		case digits <= 19 && digits > 17:
			t = time.Unix(0, n)
		default:
			return time.Time{}, false
		}
		return t.UTC(), inRange(t)
	}
	dot := strings.IndexByte(s, '.')
	if dot < 8 || strings.ContainsAny(s, "-:/TeExX_ ") {
		return time.Time{}, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 9.2e9 || math.IsNaN(f) {
		return time.Time{}, false
	}
	whole, frac := math.Modf(f)
	return time.Unix(int64(whole), int64(frac*1e9)).UTC(), true
}

// shape is the beginning of a line with digits as 0 and letters as a, against which the forms are compared.
type shape struct {
	pattern string
	layout  string // empty: an epoch number
}

// shapes of timestamps at the start of a line, the longest first.
var shapes = []shape{
	{"0000-00-00T00:00:00", "2006-01-02T15:04:05"},
	{"0000-00-00 00:00:00", "2006-01-02 15:04:05"},
	{"0000/00/00 00:00:00", "2006/01/02 15:04:05"},
	{"00/aaa/0000:00:00:00 ", "02/Jan/2006:15:04:05 "},
	{"aaa 00 00:00:00", "Jan 02 15:04:05"},
	{"aaa  0 00:00:00", "Jan _2 15:04:05"},
	{"000000 000000 ", "060102 150405 "},
	{"0000000000000000000", ""},
	{"0000000000000", ""},
	{"0000000000", ""},
}

// lineTime finds a timestamp at the start of a log line, after brackets and the host and user fields of an access log at most.
// Forms without a year (syslog) get the given one.
func lineTime(line []byte, year int) (time.Time, bool) {
	b := bytes.TrimLeft(line[:min(len(line), 200)], "[(<\"' \t")
	if t, ok := prefixTime(b, year); ok {
		return t, true
	}
	if i := bytes.IndexByte(line[:min(len(line), 120)], '['); i > 0 {
		return prefixTime(line[i+1:min(len(line), i+64)], year)
	}
	return time.Time{}, false
}

func prefixTime(b []byte, year int) (time.Time, bool) {
	for _, s := range shapes {
		if !matches(b, s.pattern) {
			continue
		}
		text := string(b[:len(s.pattern)])
		rest := b[len(s.pattern):]
		if s.layout == "" {
			if len(rest) > 0 && (rest[0] >= '0' && rest[0] <= '9') {
				continue
			}
			t, ok := parseEpoch(text)
			return t, ok && t.Year() >= 1990 && t.Year() < 2100
		}
		t, err := time.Parse(s.layout, text)
		if err != nil {
			continue
		}
		if t.Year() == 0 {
			t = t.AddDate(year, 0, 0)
		}
		t = addFraction(t, &rest)
		return addZone(t, rest), inRange(t)
	}
	return time.Time{}, false
}

func matches(b []byte, pattern string) bool {
	if len(b) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		c := b[i]
		switch pattern[i] {
		case '0':
			if c < '0' || c > '9' {
				return false
			}
		case 'a':
			if c|0x20 < 'a' || c|0x20 > 'z' {
				return false
			}
		default:
			if c != pattern[i] {
				return false
			}
		}
	}
	return true
}

// addFraction takes .123 or ,123 off the rest.
func addFraction(t time.Time, rest *[]byte) time.Time {
	b := *rest
	if len(b) < 2 || (b[0] != '.' && b[0] != ',') {
		return t
	}
	unit, i := int64(100_000_000), 1
	var ns int64
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		ns += int64(b[i]-'0') * unit
		unit /= 10
	}
	if i == 1 {
		return t
	}
	*rest = b[i:]
	return t.Add(time.Duration(ns))
}

// addZone reads Z, +01:00 or +0100; a blank before it is allowed.
func addZone(t time.Time, rest []byte) time.Time {
	b := bytes.TrimPrefix(rest, []byte(" "))
	for _, p := range []string{"00:00", "0000"} {
		if len(b) > len(p) && (b[0] == '+' || b[0] == '-') && matches(b[1:], p) {
			hours, _ := strconv.Atoi(string(b[1:3]))
			minutes, _ := strconv.Atoi(string(b[len(p)-1 : len(p)+1]))
			offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
			if hours > 14 || minutes > 59 {
				return t
			}
			if b[0] == '+' {
				offset = -offset
			}
			return t.Add(offset)
		}
	}
	return t
}
