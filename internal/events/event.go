// Package events reads events that people post, one JSON object each, and makes gauge points of them. It is also where the API that
// takes them and the receiver that passes them on meet. It does not serve HTTP.
package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Limits of one event and of one request.
const (
	MaxEvents   = 10_000
	MaxMetadata = 64   // keys of one event
	MaxKey      = 128  // characters of a key
	MaxValue    = 1024 // characters of a value
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

// Form is how a body holds its events.
type Form int

// The forms.
const (
	JSON   Form = iota // one object, or an array of them
	NDJSON             // one object a line; empty lines do not count
)

// Read reads a body, of which it keeps nothing. An error means that the body as a whole is no list of events; what is wrong with one event is in Rejected.
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
