package rig

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// Event is one server-sent event, or a comment, which has neither id nor name.
type Event struct{ ID, Name, Data string }

// Anomaly is the one that the event tells of.
func (e Event) Anomaly(t testing.TB) anomaly.Anomaly {
	t.Helper()
	var a anomaly.Anomaly
	require.NoError(t, json.Unmarshal([]byte(e.Data), &a), "%q", e.Data)
	return a
}

// Stream is a client of the live stream. It ends with the test.
type Stream struct {
	// Header is that of the answer.
	Header http.Header

	t      testing.TB
	events chan Event
	close  context.CancelFunc
}

// Follow opens the live stream at an address, the API's own or a proxy's in front of it, from an event's id on or, where that is empty, from now on.
func (c *Collector) Follow(address, lastID string) *Stream {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/v1/stream/anomalies", nil)
	require.NoError(c.t, err)
	if c.Key != "" {
		r.Header.Set("Authorization", "Bearer "+c.Key)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	require.NoError(c.t, err)
	s := &Stream{Header: resp.Header, t: c.t, events: make(chan Event, 1024), close: cancel}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(s.events)
		defer func() { _ = resp.Body.Close() }()
		s.read(ctx, bufio.NewReaderSize(resp.Body, 64<<10))
	}()
	c.t.Cleanup(func() {
		cancel()
		<-ended
	})
	require.Equal(c.t, http.StatusOK, resp.StatusCode)
	hello, ok := s.Next(10 * time.Second)
	require.True(c.t, ok, "the stream does not begin")
	require.Equal(c.t, "hello", hello.Name)
	return s
}

// read passes events on until the stream or the context ends.
func (s *Stream) read(ctx context.Context, lines *bufio.Reader) {
	var e Event
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			e.ID = value
		case "event":
			e.Name = value
		case "data":
			e.Data = value
		case "":
			if value != "" { // a comment begins with the colon
				e = Event{Data: value}
			}
			if e == (Event{}) {
				continue
			}
			select {
			case s.events <- e:
			case <-ctx.Done():
				return
			}
			e = Event{}
		}
	}
}

// Next waits for the next event or comment; not ok where none comes or the stream has ended.
func (s *Stream) Next(limit time.Duration) (Event, bool) {
	select {
	case e, ok := <-s.events:
		return e, ok
	case <-time.After(limit):
		return Event{}, false
	}
}

// Until reads anomalies until one is what is waited for.
func (s *Stream) Until(limit time.Duration, what string, is func(anomaly.Anomaly) bool) (seen []Event) {
	s.t.Helper()
	for end := time.Now().Add(limit); ; {
		e, ok := s.Next(time.Until(end))
		require.True(s.t, ok, "the live stream never told of %s; it told of %d anomalies", what, len(seen))
		if e.Name != "anomaly" {
			continue
		}
		seen = append(seen, e)
		if is(e.Anomaly(s.t)) {
			return seen
		}
	}
}

// Rest reads what comes until the stream ends, which it must within the limit, and returns the anomalies and the reason of the end.
func (s *Stream) Rest(limit time.Duration) (anomalies []Event, reason string) {
	s.t.Helper()
	for end := time.Now().Add(limit); ; {
		select {
		case e, ok := <-s.events:
			switch {
			case !ok:
				return anomalies, reason
			case e.Name == "anomaly":
				anomalies = append(anomalies, e)
			case e.Name == "end":
				reason = e.Data
			}
		case <-time.After(time.Until(end)):
			require.Fail(s.t, "the live stream does not end", "within %s", limit)
		}
	}
}

// Close leaves the stream.
func (s *Stream) Close() { s.close() }
