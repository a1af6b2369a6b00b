// Package events reads events that people post, one JSON object each, and makes gauge points of them. It is also where the API that
// takes them and the receiver that passes them on meet. It does not serve HTTP.
package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Limits of one event and of one request.
const (
	MaxEvents   = 10_000
	MaxMetadata = 64   // keys of one event
	MaxKey      = 128  // bytes of a key
	MaxValue    = 1024 // bytes of a value
)

// Event is one number that somebody observed.
type Event struct {
	Time     time.Time // when; the time of receipt where the event does not say
	Value    float64
	Metadata []Pair // sorted by key
}

// Pair is one entry of the metadata; numbers and truth values are their JSON text.
type Pair struct{ Key, Value string }

// Get is a key's value; empty where there is none.
func (e *Event) Get(key string) string {
	if i, ok := slices.BinarySearchFunc(e.Metadata, key, func(p Pair, k string) int { return compare(p.Key, k) }); ok {
		return e.Metadata[i].Value
	}
	return ""
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Rejected is an event that cannot be taken, by its place in the request from 0 on.
type Rejected struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

// Batch is what a request brought.
type Batch struct {
	Events   []Event
	Rejected []Rejected
	Single   bool // it was one object, not a list
}

// wire is an event as JSON has it.
type wire struct {
	Timestamp json.RawMessage            `json:"timestamp"`
	Value     *float64                   `json:"value"`
	Metadata  map[string]json.RawMessage `json:"metadata"`
}

// Form is how a body holds its events.
type Form int

// The forms.
const (
	JSON   Form = iota // one object, or an array of them
	NDJSON             // one object a line; empty lines do not count
)

// Read reads a body. An error means that the body as a whole is no list of events; what is wrong with one event is in Rejected.
func Read(body []byte, form Form, received time.Time) (*Batch, error) {
	if form == NDJSON {
		return readLines(body, received)
	}
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, errors.New("the body is empty; it must hold an event, as {\"value\":12.5}, or an array of them")
	}
	b := &Batch{}
	if body[0] != '[' {
		b.Single = true
		b.add(body, received)
		return b, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("the body is no JSON array: %w", err)
	}
	for d.More() {
		var one json.RawMessage
		if err := d.Decode(&one); err != nil {
			return nil, fmt.Errorf("event %d of the array is no JSON: %w", b.len(), err)
		}
		if b.len() >= MaxEvents {
			return nil, fmt.Errorf("a request takes at most %d events", MaxEvents)
		}
		b.add(one, received)
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("the array does not end: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the array")
	}
	return b, nil
}

func readLines(body []byte, received time.Time) (*Batch, error) {
	b := &Batch{}
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if b.len() >= MaxEvents {
			return nil, fmt.Errorf("a request takes at most %d events", MaxEvents)
		}
		b.add(line, received)
	}
	return b, nil
}

func (b *Batch) len() int { return len(b.Events) + len(b.Rejected) }

func (b *Batch) add(text []byte, received time.Time) {
	e, err := parse(text, received)
	if err != nil {
		b.Rejected = append(b.Rejected, Rejected{Index: b.len(), Error: err.Error()})
		return
	}
	b.Events = append(b.Events, e)
}

func parse(text []byte, received time.Time) (e Event, err error) {
	if !utf8.Valid(text) {
		return e, errors.New("must be UTF-8")
	}
	var w wire
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return e, fmt.Errorf("must be an object with value and, if you like, timestamp and metadata: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return e, errors.New("must be one object, and something follows it")
	}
	if w.Value == nil || math.IsNaN(*w.Value) || math.IsInf(*w.Value, 0) {
		return e, errors.New("value must be a number")
	}
	e.Value = *w.Value
	if e.Time, err = parseTime(w.Timestamp, received); err != nil {
		return e, err
	}
	if len(w.Metadata) > MaxMetadata {
		return e, fmt.Errorf("metadata must have at most %d keys (got %d)", MaxMetadata, len(w.Metadata))
	}
	e.Metadata = make([]Pair, 0, len(w.Metadata))
	for key, raw := range w.Metadata {
		value, err := scalar(raw)
		if err != nil || len(key) > MaxKey || len(value) > MaxValue || key == "" {
			return e, fmt.Errorf("metadata must map keys of 1 to %d bytes to texts of at most %d bytes, numbers or truth values (see %q)", MaxKey, MaxValue, key[:min(len(key), MaxKey)])
		}
		e.Metadata = append(e.Metadata, Pair{key, value})
	}
	slices.SortFunc(e.Metadata, func(a, b Pair) int { return compare(a.Key, b.Key) })
	return e, nil
}

// parseTime reads RFC 3339 or seconds since 1970.
func parseTime(raw json.RawMessage, received time.Time) (time.Time, error) {
	const want = "timestamp must be a time as 2026-03-01T12:00:00Z, or seconds since 1970"
	if len(raw) == 0 || string(raw) == "null" {
		return received, nil
	}
	var t time.Time
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &t); err != nil {
			return t, fmt.Errorf("%s (got %s)", want, raw[:min(len(raw), 64)])
		}
	} else {
		s, err := strconv.ParseFloat(string(raw), 64)
		if err != nil || math.Abs(s) > 1e12 {
			return t, fmt.Errorf("%s (got %s)", want, raw[:min(len(raw), 64)])
		}
		whole, part := math.Modf(s)
		t = time.Unix(int64(whole), int64(math.Round(part*1e6))*1e3)
	}
	if y := t.Year(); y < 1971 || y > 2261 {
		return t, fmt.Errorf("timestamp must lie between 1971 and 2261 (got %s)", raw[:min(len(raw), 64)])
	}
	return t.UTC(), nil
}

func scalar(raw json.RawMessage) (string, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", errors.New("neither text nor number nor truth value")
}
