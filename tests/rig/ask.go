package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
)

var client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// Answer is an HTTP answer, read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request to the API, with the collector's key. The header is a list of names and values.
func (c *Collector) Do(method, path string, body []byte, header ...string) (Answer, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), method, "http://"+c.API+path, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	if c.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.Key)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, b}, err
}

// Get asks the API.
func (c *Collector) Get(path string, query url.Values) (int, []byte, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	a, err := c.Do(http.MethodGet, path, nil)
	return a.Status, a.Body, err
}

// Read asks the API for JSON; the answer must be 200.
func (c *Collector) Read(path string, query url.Values, into any) {
	c.t.Helper()
	status, body, err := c.Get(path, query)
	require.NoError(c.t, err)
	require.Equal(c.t, http.StatusOK, status, "GET %s: %s", path, body)
	require.NoError(c.t, json.Unmarshal(body, into))
}

// Post sends a body as it is to the OTLP/HTTP receiver.
func (c *Collector) Post(path, contentType string, body []byte) int {
	c.t.Helper()
	resp, err := client.Post("http://"+c.HTTP+path, contentType, bytes.NewReader(body))
	require.NoError(c.t, err)
	require.NoError(c.t, resp.Body.Close())
	return resp.StatusCode
}

// Anomalies lists all that the query selects, page after page.
func (c *Collector) Anomalies(query url.Values) []anomaly.Anomaly {
	c.t.Helper()
	var all []anomaly.Anomaly
	q := url.Values{"limit": {"500"}}
	for k, v := range query {
		q[k] = v
	}
	for {
		var page struct {
			Anomalies  []anomaly.Anomaly `json:"anomalies"`
			NextCursor string            `json:"next_cursor"`
		}
		c.Read("/v1/anomalies", q, &page)
		all = append(all, page.Anomalies...)
		if page.NextCursor == "" {
			return all
		}
		q.Set("cursor", page.NextCursor)
	}
}

// Metric is the sum of one of the collector's own metrics over its series; names are those of metadata.yaml, and a counter's may lack the
// ending _total. Labels, as reason="slow", choose among the series. 0 where there is none.
func (c *Collector) Metric(name string, labels ...string) (sum float64) {
	c.t.Helper()
	resp, err := client.Get("http://" + c.Metrics + "/metrics")
	require.NoError(c.t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	line := regexp.MustCompile(`(?m)^(?:otelcol_)?` + regexp.QuoteMeta(name) + `(?:_total)?(?:\{.*\})? (\S+)$`)
series:
	for _, m := range line.FindAllSubmatch(b, -1) {
		for _, l := range labels {
			if !bytes.Contains(m[0], []byte(l)) {
				continue series
			}
		}
		v, err := strconv.ParseFloat(string(m[1]), 64)
		require.NoError(c.t, err, "%s", m[0])
		sum += v
	}
	return sum
}

// Await waits until the condition holds; say describes what was seen last.
func Await(t testing.TB, limit time.Duration, holds func() bool, say func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			require.Fail(t, "waited in vain", "for %s: %s", limit, say())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Summary is one line per anomaly, for messages.
func Summary(list []anomaly.Anomaly) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d anomalies\n", len(list))
	for _, a := range list {
		fmt.Fprintf(&b, "  %s %s %s p %.2g: %s\n", a.Timestamp.Format("15:04:05"), a.Service, a.StreamType, a.PValue, a.Explanation[:min(len(a.Explanation), 120)])
	}
	return b.String()
}
