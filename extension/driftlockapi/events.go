package driftlockapi

import (
	"bytes"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/openapi"
	"github.com/driftlock/driftlock/internal/events"
)

// eventSink is where posted events go: the receiver that registered, as long as it does.
type eventSink struct {
	mu   sync.RWMutex
	sink events.Sink
}

// RegisterEvents lets a driftlockevents receiver take the events. While a request is on its way into the pipeline, leaving waits.
func (s *eventSink) RegisterEvents(sink events.Sink) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sink != nil {
		return nil, events.ErrTaken
	}
	s.sink = sink
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.sink = nil
	}), nil
}

type accepted struct {
	Accepted int               `json:"accepted"`
	Rejected []events.Rejected `json:"rejected"`
}

// postEvents reads events and answers when the pipeline has them.
func (h *handler) postEvents(w http.ResponseWriter, r *http.Request) error {
	form, err := eventForm(r)
	if err != nil {
		return err
	}
	body := buffers.Get().(*bytes.Buffer)
	defer giveBack(body)
	if err := openapi.ReadAll(r.Body, body); err != nil {
		return err
	}
	batch, err := events.Read(body.Bytes(), form, time.Now().UTC())
	if err != nil {
		return problem(http.StatusBadRequest, "%s", clip(err.Error()))
	}
	if n := len(batch.Rejected); n > 0 {
		h.telemetry.Events.Add(r.Context(), int64(n), outcome["rejected"])
	}
	if len(batch.Events) == 0 {
		if len(batch.Rejected) == 0 {
			return problem(http.StatusBadRequest, "no event is in the body")
		}
		first := batch.Rejected[0]
		return problem(http.StatusBadRequest, "none of the %d events can be taken; event %d %s", len(batch.Rejected), first.Index, clip(first.Error))
	}
	if err := h.intoPipeline(r, batch.Events); err != nil {
		h.telemetry.Events.Add(r.Context(), int64(len(batch.Events)), outcome["refused"])
		w.Header().Set("Retry-After", "1")
		return err
	}
	h.telemetry.Events.Add(r.Context(), int64(len(batch.Events)), outcome["accepted"])
	answer := accepted{Accepted: len(batch.Events), Rejected: batch.Rejected}
	if answer.Rejected == nil {
		answer.Rejected = []events.Rejected{}
	}
	h.answer(w, r, http.StatusOK, answer)
	return nil
}

func (h *handler) intoPipeline(r *http.Request, list []events.Event) error {
	h.sink.mu.RLock()
	defer h.sink.mu.RUnlock()
	if h.sink.sink == nil {
		return problem(http.StatusServiceUnavailable, "no driftlockevents receiver is part of a metrics pipeline here; add one to receive events")
	}
	err := h.sink.sink.Consume(r.Context(), list)
	switch {
	case err == nil:
		return nil
	case consumererror.IsPermanent(err):
		return problem(http.StatusUnprocessableEntity, "the pipeline refuses these events: %s", clip(err.Error()))
	}
	return problem(http.StatusServiceUnavailable, "the pipeline cannot take events right now: %s", clip(err.Error()))
}

// eventForm is how the body holds the events. The body itself is read by the events' own decoder, which costs an event a fraction of
// what the document's schema would; a test holds the two together.
func eventForm(r *http.Request) (events.Form, error) {
	kind, err := called(r).operation.Media(r)
	if err != nil {
		return 0, err
	}
	if kind == "application/json" {
		return events.JSON, nil
	}
	return events.NDJSON, nil
}
