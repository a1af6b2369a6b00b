package driftlockapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/limit"
	"github.com/driftlock/driftlock/internal/live"
	"github.com/driftlock/driftlock/internal/store"
)

// How the live stream behaves. A client that does not take so much as writeAtOnce bytes within writeWithin is cut off; one that comes back
// waits reconnectAfter.
const (
	heartbeat      = 15 * time.Second
	writeAtOnce    = 64 << 10 // also what a thousand clients may need a thousand times
	writeWithin    = 10 * time.Second
	reconnectAfter = "2000" // ms
)

// StreamConfig bounds the live stream.
type StreamConfig struct {
	// Clients is how many may follow at once.
	Clients int `mapstructure:"clients"`
	// Remember is how many changes are held for clients that are a little behind.
	Remember int `mapstructure:"remember"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate names every key that is wrong.
func (c *StreamConfig) Validate() error {
	var errs []error
	for _, v := range []struct {
		key   string
		value int
	}{{"clients", c.Clients}, {"remember", c.Remember}} {
		if v.value < 1 || v.value > 1_000_000 {
			errs = append(errs, fmt.Errorf("%s must be from 1 to 1000000 (got %d)", v.key, v.value))
		}
	}
	return errors.Join(errs...)
}

// follow streams what is new and what changes as server-sent events. The id of each is a mark to come back with.
func (h *handler) follow(w http.ResponseWriter, r *http.Request) error {
	p := parseParams(r)
	q := filters(p)
	if err := p.done(); err != nil {
		return err
	}
	after, err := lastEvent(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(h.closing, cancel)()
	joining, cancelJoin := context.WithTimeout(ctx, h.cfg.QueryTimeout)
	c, err := h.hub.Join(joining, q, after)
	cancelJoin()
	switch {
	case errors.Is(err, live.ErrFull):
		w.Header().Set("Retry-After", "10")
		return problem(http.StatusServiceUnavailable, "%s (stream.clients: %d)", err, h.cfg.Stream.Clients)
	case err != nil:
		w.Header().Set("Retry-After", "10")
		return problem(http.StatusServiceUnavailable, "the store cannot be followed right now")
	}
	defer c.Leave()

	header := w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-cache, no-transform")
	header.Set("X-Accel-Buffering", "no") // nginx: pass each event on at once
	s := &eventWriter{w: w, to: http.NewResponseController(w)}
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	s.event(c.At(), "hello", []byte("{}"))
	s.buffer.WriteString("retry: " + reconnectAfter + "\n\n")
	if s.flush() != nil {
		return nil
	}
	why := h.pump(ctx, r, c, s)
	if why.reason == "slow" {
		h.logger.Info("a client of the live stream is cut off: it takes less than comes; it may come back and go on where it was",
			zap.String("client", limit.Client(h.limits.addresses.Of(r))), zap.String("request_id", requestID(r)))
	}
	h.telemetry.StreamsEnded.Add(r.Context(), 1, reasonOf[why.reason])
	if why.text != "" {
		b, _ := json.Marshal(map[string]string{"reason": why.text})
		s.event(c.At(), "end", b)
		_ = s.flush() // a client that is gone needs no reason
	}
	return nil
}

// end is why a stream ends: a word for the metric and a sentence for the client, unless it is gone.
type end struct{ reason, text string }

var gone = end{reason: "client"}

// pump passes changes on until the client is gone or may not go on.
func (h *handler) pump(ctx context.Context, r *http.Request, c *live.Client, s *eventWriter) end {
	for {
		waiting, cancel := context.WithTimeout(ctx, heartbeat)
		events, err := c.Next(waiting)
		cancel()
		switch {
		case h.closing.Err() != nil:
			return end{"shutdown", "the server is going down; come back"}
		case r.Context().Err() != nil:
			return gone
		case errors.Is(err, live.ErrSlow):
			return end{"slow", err.Error()}
		case errors.Is(err, context.DeadlineExceeded):
			if _, err := h.gate.Who(ctx, r.Header["Authorization"]); err != nil {
				return end{"credentials", "the credentials are not valid any more"}
			}
			s.buffer.WriteString(": alive\n\n")
		case err != nil:
			h.logger.Warn("cannot read what a client of the live stream missed", zap.Error(err), zap.String("request_id", requestID(r)))
			return end{"store", "the store cannot be read; come back"}
		}
		for _, e := range events {
			s.event(e.Mark, "anomaly", e.JSON)
			if s.buffer.Len() > writeAtOnce {
				if err := s.flush(); err != nil {
					return notTaken(err)
				}
			}
		}
		if err := s.flush(); err != nil {
			return notTaken(err)
		}
	}
}

// notTaken is the end of a client to which nothing can be written any more, not even why.
func notTaken(err error) end {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return end{reason: "slow"}
	}
	return gone
}

// eventWriter writes events to one client.
type eventWriter struct {
	w      http.ResponseWriter
	to     *http.ResponseController
	buffer bytes.Buffer
}

// event appends one; JSON of ours has no line breaks.
func (s *eventWriter) event(at store.Mark, kind string, data []byte) {
	s.buffer.WriteString("id: " + at.String() + "\nevent: " + kind + "\ndata: ")
	s.buffer.Write(data)
	s.buffer.WriteString("\n\n")
}

// flush sends what was appended; it fails where the client does not take it in time.
func (s *eventWriter) flush() error {
	if s.buffer.Len() == 0 {
		return nil
	}
	if err := s.to.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	_, err := s.w.Write(s.buffer.Bytes())
	s.buffer.Reset()
	if s.buffer.Cap() > 4*writeAtOnce {
		s.buffer = bytes.Buffer{}
	}
	if err != nil {
		return err
	}
	return s.to.Flush()
}

// lastEvent is where a client that comes back left off; nil for one that is new.
func lastEvent(r *http.Request) (*store.Mark, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		return nil, nil
	}
	m, err := store.ParseMark(text)
	if err != nil {
		return nil, problem(http.StatusBadRequest, "Last-Event-ID %s (got %q)", err, clip(text))
	}
	return &m, nil
}
