package driftlockapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

// sse is one server-sent event.
type sse struct{ id, event, data string }

// following is a client of the live stream.
type following struct {
	response *http.Response
	lines    *bufio.Scanner
	cancel   context.CancelFunc
}

func followed(t *testing.T, url string, header ...string) *following {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return &following{response: resp, lines: lines, cancel: cancel}
}

// next reads the next event, or nothing where the stream has ended.
func (f *following) next() (e sse, ok bool) {
	for f.lines.Scan() {
		name, value, _ := strings.Cut(f.lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			e.data = value
		case "":
			if e.event != "" {
				return e, true
			}
		}
	}
	return e, false
}

func TestLiveStream(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	e := started(t, cfg)
	url := "http://" + e.listener.Addr().String() + "/v1/stream/anomalies"
	c := followed(t, url)
	require.Equal(t, 200, c.response.StatusCode)
	require.Equal(t, "text/event-stream; charset=utf-8", c.response.Header.Get("Content-Type"))
	require.Equal(t, "no", c.response.Header.Get("X-Accel-Buffering"))
	hello, ok := c.next()
	require.True(t, ok)
	require.Equal(t, "hello", hello.event)

	_, err := e.store.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1), storetest.Anomaly(2)}})
	require.NoError(t, err)
	first, _ := c.next()
	second, _ := c.next()
	var a anomaly.Anomaly
	require.NoError(t, json.Unmarshal([]byte(first.data), &a))
	described := operationOf(t, http.MethodGet, "/v1/anomalies/"+a.ID)
	header := http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"r"}, "Etag": {`"e"`}}
	require.NoError(t, described.CheckAnswer(http.MethodGet, http.StatusOK, header, []byte(first.data)), "an event's data is an anomaly")
	require.NotEmpty(t, a.Explanation)
	require.Empty(t, a.WindowData)
	require.Contains(t, second.data, `"status":"pending"`)
	filtered := followed(t, url+"?status=investigating")
	_, ok = filtered.next()
	require.True(t, ok)

	// The client goes away, the extension starts anew, something happens meanwhile.
	c.cancel()
	goodbye := make(chan sse, 1)
	go func() {
		e, _ := filtered.next()
		goodbye <- e
	}()
	require.NoError(t, e.Shutdown(t.Context()))
	end := <-goodbye
	require.Equal(t, "end", end.event)
	require.Contains(t, end.data, "going down")

	s, _, err := cfg.Store.open(t.Context(), nil, nil)
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(3)}})
	require.NoError(t, err)
	e = started(t, cfg)
	defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
	url = "http://" + e.listener.Addr().String() + "/v1/stream/anomalies"
	c = followed(t, url, "Last-Event-ID", first.id)
	var got []string
	for len(got) < 2 {
		event, ok := c.next()
		require.True(t, ok)
		if event.event == "anomaly" {
			require.NoError(t, json.Unmarshal([]byte(event.data), &a))
			got = append(got, a.ID)
		}
	}
	var secondID struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(second.data), &secondID))
	require.Equal(t, []string{secondID.ID, storetest.Anomaly(3).ID}, got, "nothing missed, nothing twice")

	for header, query := range map[string]string{"nonsense": "", "": "?colour=red"} {
		code, body := fetch(t, http.MethodGet, url+query, nil, "Last-Event-ID", header)
		require.Equal(t, 400, code, body)
	}
}

func TestLiveStreamIsBounded(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.Stream.Clients = 1
	e := started(t, cfg)
	defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
	url := "http://" + e.listener.Addr().String() + "/v1/stream/anomalies"
	one := followed(t, url)
	_, ok := one.next()
	require.True(t, ok)
	code, body := fetch(t, http.MethodGet, url, nil)
	require.Equal(t, 503, code)
	require.Contains(t, body, "too many clients follow already (stream.clients: 1)")
	one.cancel()
	require.Eventually(t, func() bool { return e.handler.hub.Clients() == 0 }, 5*time.Second, 5*time.Millisecond)
}

// stuck is a connection whose client takes so many writes and then no more.
type stuck struct {
	*httptest.ResponseRecorder
	takes int
}

func (s *stuck) SetWriteDeadline(time.Time) error { return nil }

func (s *stuck) Write(b []byte) (int, error) {
	if s.takes--; s.takes < 0 {
		return 0, fmt.Errorf("write tcp: %w", os.ErrDeadlineExceeded)
	}
	return s.ResponseRecorder.Write(b)
}

// TestAClientThatTakesNothingIsSlow: it is counted and logged as what it is, not as one that has gone.
func TestAClientThatTakesNothingIsSlow(t *testing.T) {
	t.Parallel()
	e := started(t, testConfig(t))
	defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
	core, logs := observer.New(zap.InfoLevel)
	e.handler.logger = zap.New(core)
	head, err := e.store.Head(t.Context())
	require.NoError(t, err)
	_, err = e.store.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}})
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodGet, "/v1/stream/anomalies", nil)
	r.Host = "localhost"
	r.Header.Set("Last-Event-ID", head.String())
	w := &stuck{httptest.NewRecorder(), 1}
	e.handler.ServeHTTP(w, r)
	require.Contains(t, w.Body.String(), "event: hello")
	require.NotContains(t, w.Body.String(), "event: end", "nothing more can be written")
	require.Equal(t, 1, logs.FilterMessageSnippet("it takes less than comes").Len())
}

// TestMatchesAsTheListDoes asks the store and the filter in memory the same.
func TestMatchesAsTheListDoes(t *testing.T) {
	t.Parallel()
	h := served(t, 100)
	number := func(f float64) *float64 { return &f }
	at := storetest.Anomaly(5).Timestamp
	for _, q := range []store.Query{
		{}, {StreamType: anomaly.Logs}, {Service: "cart"}, {Status: "resolved"}, {Kind: anomaly.KindSilence}, {IncidentID: storetest.Incident(1)},
		{MinNCDScore: number(.5)}, {MaxPValue: number(1e-5)}, {Start: at}, {End: at}, {Text: "WINDOW_1"}, {Text: "user <*> failed"}, {Text: "PAY"}, {Text: "nowhere"},
	} {
		q.Limit = store.MaxLimit
		page, err := h.store.List(t.Context(), q)
		require.NoError(t, err)
		want := 0
		for i := range 100 {
			if q.Matches(storetest.Anomaly(i)) {
				want++
			}
		}
		require.Len(t, page.Anomalies, want, "%+v", q)
	}
}
