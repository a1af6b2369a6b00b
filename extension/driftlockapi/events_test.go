package driftlockapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/driftlock/driftlock/internal/events"
)

// pipeline takes events, or fails.
type pipeline struct {
	got []events.Event
	err error
}

func (p *pipeline) Consume(_ context.Context, list []events.Event) error {
	p.got = append(p.got, list...)
	return p.err
}

func TestPostEvents(t *testing.T) {
	t.Parallel()
	h := served(t, 0)
	post := func(kind, body string) *httptest.ResponseRecorder {
		return send(t, h, http.MethodPost, "/v1/events", body, func(r *http.Request) { r.Header.Set("Content-Type", kind) })
	}
	const one = `{"timestamp":"2026-03-01T12:00:00Z","value":12.5,"metadata":{"service":"shop"}}`
	w := post("application/json", one)
	require.Equal(t, 503, w.Code)
	require.Contains(t, w.Body.String(), "no driftlockevents receiver")

	p := &pipeline{}
	leave, err := h.sink.RegisterEvents(p)
	require.NoError(t, err)
	_, err = h.sink.RegisterEvents(p)
	require.ErrorIs(t, err, events.ErrTaken)
	require.JSONEq(t, `{"accepted":1,"rejected":[]}`, post("application/json", one).Body.String())
	require.JSONEq(t, `{"accepted":1,"rejected":[{"index":0,"error":"value must be a number"}]}`, post("application/json; charset=utf-8", "[{},"+one+"]").Body.String())
	require.JSONEq(t, `{"accepted":2,"rejected":[]}`, post("application/x-ndjson", one+"\n\n"+one).Body.String())
	require.Len(t, p.got, 4)

	for _, c := range []struct {
		kind, body string
		code       int
		want       string
	}{
		{"application/json", `{"value":"x"}`, 400, "none of the 1 events can be taken; event 0 must be an object with value"},
		{"application/json", `[]`, 400, "no event is in the body"}, {"application/x-ndjson", "\n", 400, "no event is in the body"},
		{"application/json", `[`, 400, "the array does not end"}, {"text/plain", one, 415, "Content-Type must be one of application/json, application/jsonl, application/x-ndjson"},
		{"application/json; charset=latin1", one, 415, "Content-Type must be"}, {"application/json", strings.Repeat(" ", 1<<20+1), 413, "at most 1048576 bytes"},
	} {
		w := post(c.kind, c.body)
		require.Equal(t, c.code, w.Code, w.Body)
		require.Contains(t, w.Body.String(), c.want)
	}
	require.Len(t, p.got, 4, "what is refused does not reach the pipeline")

	p.err = errors.New("the queue is full")
	w = post("application/json", one)
	require.Equal(t, 503, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), "the queue is full")
	p.err = consumererror.NewPermanent(errors.New("no such tenant"))
	require.Equal(t, 422, post("application/json", one).Code)
	leave()
	leave()
	require.Equal(t, 503, post("application/json", one).Code)
}

// nowhere takes events and forgets them.
type nowhere struct{}

func (nowhere) Consume(context.Context, []events.Event) error { return nil }

// BenchmarkEventsHandler serves single events, beside a handler that reads the body and answers, and reports the ratio.
func BenchmarkEventsHandler(b *testing.B) {
	h := newHandler(broken{}, func() *Config {
		c := createDefaultConfig().(*Config)
		c.RateLimit = LimitConfig{Clients: 1}
		return c
	}(), nil, nil, "")
	h.gate = nil
	h.next = h.serve("/v1/events", methods{http.MethodPost: {"", h.postEvents, false}})
	if _, err := h.sink.RegisterEvents(nowhere{}); err != nil {
		b.Fatal(err)
	}
	bare := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"accepted":1,"rejected":[]}`)
	})
	const body = `{"timestamp":"2026-03-01T12:00:00Z","value":12.5,"metadata":{"service":"shop","region":"eu"}}`
	for name, handler := range map[string]http.Handler{"bare": bare, "events": h} {
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(handler)
			defer server.Close()
			client := server.Client()
			b.ReportAllocs()
			for b.Loop() {
				resp, err := client.Post(server.URL+"/v1/events", "application/json", strings.NewReader(body))
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Fatal(err, resp)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
}
