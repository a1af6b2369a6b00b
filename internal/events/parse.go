package events

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/driftlock/driftlock/internal/rfc3339"
)

// parse reads one event strictly: a field that there is not, one that is there twice, or one in other letters (which encoding/json
// would take) is an error.
func parse(text []byte, received time.Time) (e Event, err error) {
	if !utf8.Valid(text) {
		return e, errors.New("must be UTF-8")
	}
	if !json.Valid(text) {
		return e, fmt.Errorf("must be one JSON object: %w", json.Unmarshal(text, &struct{}{}))
	}
	if text[0] != '{' {
		return e, errors.New("must be an object with value and, if you like, timestamp and metadata")
	}
	e.Time = received
	var seen [3]bool
	err = fields(text, func(name string, raw []byte) (err error) {
		i := slices.Index(names[:], name)
		if i < 0 {
			return fmt.Errorf("has an unknown field %q; known: %s", name[:min(len(name), MaxKey)], strings.Join(names[:], ", "))
		}
		if seen[i] {
			return fmt.Errorf("has the field %q twice", name)
		}
		seen[i] = true
		switch name {
		case "value":
			e.Value, err = parseValue(raw)
		case "timestamp":
			e.Time, err = parseTime(raw, received)
		default:
			e.Metadata, err = parseMetadata(raw)
		}
		return err
	})
	if err == nil && !seen[0] {
		err = errors.New("value is missing; it must be a number")
	}
	return e, err
}

// names are the fields of an event; the first must be there.
var names = [...]string{"value", "timestamp", "metadata"}

func parseValue(raw []byte) (float64, error) {
	f, err := strconv.ParseFloat(string(raw), 64) // JSON's numbers are some of Go's, and no other JSON is one of them
	if err != nil {
		return 0, fmt.Errorf("value must be a number that a double can hold (got %s)", raw[:min(len(raw), 64)])
	}
	return f, nil
}

// The first and the last second that a timestamp can be of.
const (
	firstSecond = 31536000   // 1971
	lastSecond  = 9214646399 // the end of 2261
)

// parseTime reads RFC 3339 or seconds since 1970.
func parseTime(raw []byte, received time.Time) (time.Time, error) {
	const want = "timestamp must be a time as 2026-03-01T12:00:00Z, or seconds since 1970"
	var t time.Time
	switch raw[0] {
	case 'n':
		return received, nil
	case '"':
		var err error
		if t, err = rfc3339.Parse(unquote(raw)); err != nil {
			return t, fmt.Errorf("%s (got %s)", want, raw[:min(len(raw), 64)])
		}
	default:
		s, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			return t, fmt.Errorf("%s (got %s)", want, raw[:min(len(raw), 64)])
		}
		whole, part := math.Modf(max(min(s, lastSecond+1), firstSecond-1))
		t = time.Unix(int64(whole), int64(math.Round(part*1e6))*1e3)
	}
	if s := t.Unix(); s < firstSecond || s > lastSecond || s == lastSecond && t.Nanosecond() > 0 {
		return t, fmt.Errorf("timestamp must lie between 1971 and 2261 (got %s)", raw[:min(len(raw), 64)])
	}
	return t.UTC(), nil
}

func parseMetadata(raw []byte) ([]Pair, error) {
	switch raw[0] {
	case 'n':
		return nil, nil
	case '{':
	default:
		return nil, errors.New("metadata must be an object")
	}
	list := make([]Pair, 0, 8)
	err := fields(raw, func(key string, raw []byte) error {
		value, ok := scalar(raw)
		if !ok || key == "" || longer(key, MaxKey) || longer(value, MaxValue) {
			return fmt.Errorf("metadata must map keys of 1 to %d characters to texts of at most %d characters, numbers or truth values (see %q)", MaxKey, MaxValue, key[:min(len(key), MaxKey)])
		}
		if len(list) <= MaxMetadata {
			list = append(list, Pair{key, value})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(list) > MaxMetadata {
		return nil, fmt.Errorf("metadata must have at most %d keys", MaxMetadata)
	}
	slices.SortFunc(list, func(a, b Pair) int { return cmp.Compare(a.Key, b.Key) })
	for i := 1; i < len(list); i++ {
		if list[i].Key == list[i-1].Key {
			return nil, fmt.Errorf("metadata has the key %q twice", list[i].Key)
		}
	}
	return list, nil
}

func longer(s string, most int) bool { return len(s) > most && utf8.RuneCountInString(s) > most }

func scalar(raw []byte) (string, bool) {
	switch raw[0] {
	case '"':
		return unquote(raw), true
	case '{', '[', 'n':
		return "", false
	}
	return string(raw), true
}

func unquote(raw []byte) string {
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(raw, &s) // it is valid
	return s
}

// fields calls visit for each field of an object that json.Valid took, which is what makes this short.
func fields(object []byte, visit func(name string, raw []byte) error) error {
	i := skip(object, 1)
	for object[i] != '}' {
		end := valueEnd(object, i)
		name := unquote(object[i:end])
		i = skip(object, skip(object, end)+1) // the colon
		end = valueEnd(object, i)
		if err := visit(name, object[i:end]); err != nil {
			return err
		}
		if i = skip(object, end); object[i] == ',' {
			i = skip(object, i+1)
		}
	}
	return nil
}

// skip is the place of what follows the white space at i.
func skip(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r' {
		i++
	}
	return i
}

// valueEnd is where the value that begins at i has ended.
func valueEnd(b []byte, i int) int {
	depth := 0
	for {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',', ':', ' ', '\t', '\n', '\r':
		default: // a number, true, false or null: its last byte comes before one of those above
			for i+1 < len(b) && !strings.ContainsRune(",:]} \t\n\r", rune(b[i+1])) {
				i++
			}
		}
		if i++; depth == 0 {
			return i
		}
	}
}
