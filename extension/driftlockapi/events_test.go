package driftlockapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/openapi"
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
	require.JSONEq(t, `{"accepted":1,"rejected":[{"index":0,"error":"value is missing; it must be a number"}]}`, post("application/json; charset=utf-8", "[{},"+one+"]").Body.String())
	require.JSONEq(t, `{"accepted":2,"rejected":[]}`, post("application/x-ndjson", one+"\n\n"+one).Body.String())
	require.Len(t, p.got, 4)

	for _, c := range []struct {
		kind, body string
		code       int
		want       string
	}{
		{"application/json", `{"value":"x"}`, 400, "none of the 1 events can be taken; event 0 value must be a number that a double can hold"},
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

// TestEventsAsTheDocumentSaysThem holds the events' own decoder to the document: what the one takes, the other does.
func TestEventsAsTheDocumentSaysThem(t *testing.T) {
	t.Parallel()
	d, err := openapi.Load()
	require.NoError(t, err)
	op := d.Operation("/v1/events", http.MethodPost)
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	long := func(n int) string { return strings.Repeat(pick("x", "ü", "日"), n) }
	value := func() string {
		return pick("1", "-0.5e3", "1.7976931348623157e308", "1.8e308", "1e400", "-1e-400", "0", "-0", `"1"`, "null", "true", "{}", "[1]", "01", ".5")
	}
	timestamp := func() string {
		return pick(`"2026-03-01T12:00:00Z"`, `"2026-03-01T12:00:00.123456789+01:00"`, `"2026-02-29T12:00:00Z"`, `"2026-03-01T12:00:00,5Z"`, `"2026-03-01T1:00:00Z"`,
			`"2026-03-01 12:00:00Z"`, `"2026-03-01T12:00:00+24:00"`, `"today"`, "1767225600", "31536000", "31535999", "9214646399", "9214646400", "1e300", "null", "true", `""`)
	}
	scalar := func() string {
		return pick(`"a"`, `""`, "1", "-1e5", "true", "false", "null", "[]", "{}", `"`+long(1024)+`"`, `"`+long(1025)+`"`, `"\u0000\ud800"`)
	}
	metadata := func() string {
		if r.IntN(6) == 0 {
			return pick("null", "[]", `"a"`, "7", "{}")
		}
		keys := []int{0, 1, 2, 63, 64, 65}[r.IntN(6)]
		var pairs []string
		for i := range keys {
			v := "1"
			if i < 2 {
				v = scalar()
			}
			pairs = append(pairs, fmt.Sprintf(`"k%d":%s`, i, v))
		}
		if keys > 0 && r.IntN(3) == 0 {
			pairs[0] = `"` + pick("", long(128), long(129), "k1", `\u006b1`) + `":1`
		}
		return "{" + strings.Join(pairs, ",") + "}"
	}
	taken := 0
	for range 20_000 {
		var members []string
		if r.IntN(20) > 0 {
			members = append(members, `"value":`+pick("1", "1", "1", value()))
		}
		if r.IntN(3) == 0 {
			members = append(members, `"timestamp":`+timestamp())
		}
		if r.IntN(3) == 0 {
			members = append(members, `"metadata":`+metadata())
		}
		if r.IntN(20) == 0 {
			members = append(members, pick(`"Value":1`, `"value":1`, `"who":null`, `"":1`))
		}
		r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		text := "{" + strings.Join(members, pick(",", " , ", ",\n")) + "}"
		q := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(text))
		q.Header.Set("Content-Type", "application/json")
		var any any
		described := op.Body(q, &any)
		b, err := events.Read([]byte(text), events.JSON, time.Now())
		require.NoError(t, err)
		if described == nil {
			taken++
		}
		require.Equal(t, described == nil, len(b.Rejected) == 0, "%s\ndocument: %v\ndecoder: %v", text, described, b.Rejected)
	}
	require.Greater(t, taken, 5000)
	require.Less(t, taken, 15000)
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
	}(), nil, zap.NewNop(), "")
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
