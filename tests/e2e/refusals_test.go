package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/tests/rig"
)

// TestRefusals sends a running collector what nobody should, over sockets of its own: each is refused with an error as docs/API.md says,
// nothing is stored, and nothing is told that the sender could not know.
func TestRefusals(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, c *rig.Collector, store string) {
		keys := map[string]string{}
		for _, role := range []string{"reader", "writer", "admin"} {
			keys[role], _ = rig.NewKey(t, store, "--name", role, "--role", role)
		}
		expired, _ := rig.NewKey(t, store, "--name", "late", "--role", "admin", "--expires", "1ms")
		revoked, id := rig.NewKey(t, store, "--name", "gone", "--role", "admin")
		rig.Run(t, "driftlock-keys", []string{"DRIFTLOCK_DSN=" + store}, "revoke", id)
		c.Key = keys["admin"]
		c.Start()
		answer, err := c.Do(http.MethodPost, "/v1/events", []byte(`{"value":1}`), "Content-Type", "application/json")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
		require.EqualValues(t, 1, c.Metric("receiver_accepted_metric_points"))
		before := whatIsThere(c)

		r := refuser{t, c}
		r.keys(expired, revoked, keys)
		r.injections()
		r.traversals()
		r.oversized()
		r.halves()
		r.slow()

		assert.Equal(t, before, whatIsThere(c), "something was stored")
		assert.EqualValues(t, 1, c.Metric("receiver_accepted_metric_points"), "something went into the pipeline")
		log, err := os.ReadFile(c.Log)
		require.NoError(t, err)
		for _, secret := range append([]string{expired, revoked}, keys["reader"], keys["writer"], keys["admin"]) {
			assert.NotContains(t, string(log), secret[len(secret)-43:], "a key's secret is in the log")
		}
		assert.NotContains(t, string(log), "panic")
	}, "E2E_P=1e-3", "E2E_HEADER_WITHIN=1s", "E2E_REQUEST_WITHIN=2s", "E2E_PER_SECOND=0")
}

// whatIsThere is all that a request could have changed.
func whatIsThere(c *rig.Collector) map[string]any {
	all := map[string]any{}
	for _, path := range []string{"/v1/anomalies", "/v1/audit", "/v1/audit/check"} {
		var answer any
		c.Read(path, nil, &answer)
		all[path] = answer
	}
	var keys struct{ Keys []map[string]any }
	c.Read("/v1/keys", nil, &keys)
	for _, k := range keys.Keys {
		delete(k, "last_used_at")
	}
	all["/v1/keys"] = keys
	return all
}

// refuser sends what is to be refused.
type refuser struct {
	t *testing.T
	c *rig.Collector
}

// raw sends bytes and reads one answer; an error where the server hangs up without any.
func (r refuser) raw(text string) (*http.Response, []byte, error) {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.c.API)
	require.NoError(r.t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(r.t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	_, _ = io.WriteString(conn, text) // the server may have hung up before the end
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// refused sends a request head and body, and wants one of the statuses with an error in the one form, telling nothing.
func (r refuser) refused(text string, statuses ...int) (body string) {
	r.t.Helper()
	what := fmt.Sprintf("%.200q", text)
	resp, b, err := r.raw(text)
	require.NoError(r.t, err, what)
	assert.Contains(r.t, statuses, resp.StatusCode, "%s: %s", what, b)
	assert.Empty(r.t, resp.Header.Get("X-Evil"), what)
	assert.Empty(r.t, resp.Header.Get("Location"), what)
	for _, word := range []string{"SELECT", "syntax error", "SQLSTATE", "sqlite", "goroutine", ".go:", "root:", r.c.Data} {
		assert.NotContains(r.t, string(b), word, what)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		var e struct {
			Code             int
			Message, Details string
		}
		require.NoError(r.t, json.Unmarshal(b, &e), "%s: %s", what, b)
		assert.Equal(r.t, resp.StatusCode, e.Code)
		assert.NotEmpty(r.t, e.Message)
		assert.NotEmpty(r.t, resp.Header.Get("X-Request-Id"))
	} else { // what net/http refuses by itself, before there is a request
		assert.Contains(r.t, []int{400, 431, 501, 505}, resp.StatusCode, what)
	}
	return string(b)
}

func (r refuser) head(method, target, token string, more ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer " + token + "\r\n" + strings.Join(more, "") + "\r\n"
}

func (r refuser) keys(expired, revoked string, keys map[string]string) {
	admin := keys["admin"]
	wrong := admin[:len(admin)-43] + strings.Repeat("A", 43)
	for token, says := range map[string]string{wrong: "not valid", expired: "expired", revoked: "revoked", "dlk_nonsense": "not valid", "' OR 1=1 --": ""} {
		body := r.refused(r.head("GET", "/v1/keys", token), 401)
		assert.Contains(r.t, body, says)
		assert.NotContains(r.t, body, token)
	}
	r.refused("GET /v1/anomalies HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 401)
	r.refused(r.head("GET", "/v1/keys", keys["writer"]), 403)
	r.refused(r.head("POST", "/v1/events", keys["reader"], "Content-Type: application/json\r\n", "Content-Length: 11\r\n")+`{"value":1}`, 403)
	r.refused(r.head("DELETE", "/v1/keys/"+strings.Split(admin, "_")[1], keys["writer"]), 403)
}

func (r refuser) injections() {
	key := r.c.Key
	for _, evil := range []string{"' OR '1'='1", `"; DROP TABLE anomalies; --`, "1); DELETE FROM audit_log; --", `{"$ne":null}`, "a\r\nX-Evil: 1", "${jndi:ldap://x}", "a\x00b", "\xff\xfe"} {
		q := url.QueryEscape(evil)
		for _, name := range []string{"limit", "sort", "cursor", "status", "incident_id", "start_time", "min_ncd_score", q} {
			r.refused(r.head("GET", "/v1/anomalies?"+name+"="+q, key), 400)
		}
		resp, body, err := r.raw(r.head("GET", "/v1/anomalies?service="+q, key))
		require.NoError(r.t, err)
		if assert.Contains(r.t, []int{200, 400}, resp.StatusCode) && resp.StatusCode == http.StatusOK {
			assert.JSONEq(r.t, `{"anomalies":[],"next_cursor":""}`, string(body))
		}
		r.refused(r.head("GET", "/v1/anomalies/"+url.PathEscape(evil), key), 400, 404)
		text, _ := json.Marshal(evil)
		for _, body := range []string{`{"status":` + string(text) + `}`, `{"status":"dismissed",` + string(text) + `:1}`, `{"status":{"$gt":""}}`, `{"status":"dismissed","status":"pending"}`, `[` + string(text) + `]`} {
			r.refused(r.head("PATCH", "/v1/anomalies/1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f/status", key, "Content-Type: application/json\r\n", fmt.Sprintf("Content-Length: %d\r\n", len(body)))+body, 400, 404)
		}
	}
	for _, header := range []string{"X: a\x00b\r\n", "X : a\r\n", "X\x01: a\r\n", "Host: other\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n", "Transfer-Encoding: chunked, x\r\n", "Last-Event-ID: 1\r\n  X-Evil: 1\r\n"} {
		r.refused(r.head("GET", "/v1/stream/anomalies", key, header), 400, 501)
	}
	resp, _, err := r.raw(r.head("GET", "/healthz", key, "X-Request-Id: a<script>\r\n"))
	require.NoError(r.t, err)
	assert.NotContains(r.t, resp.Header.Get("X-Request-Id"), "<", "a request id is taken over only where it is one")
	r.refused(strings.Replace(r.head("GET", "/v1/anomalies", key), "localhost", "evil.example", 1), 421)
}

func (r refuser) traversals() {
	for _, target := range []string{
		"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "/%252e%252e/etc/passwd", `/..\..\etc\passwd`, "/..;/etc/passwd", "//etc/passwd", "/./v1/keys",
		"/v1/anomalies/..%2f..%2f..%2fetc%2fpasswd", "/v1/anomalies/%2e%2e/keys", "/v1/anomalies/../keys", "/v1/anomalies/%2e", "/v1//keys", "/v1/keys/", "/v1/keys%2f", "/v1/keys%00",
		"/assets/..%2f..%2fdriftlock.db", "/assets/../../driftlock.db", "/style.css/..%2fhome.html", "http://localhost/../etc/passwd", "/v1/%6beys/..",
	} {
		r.refused(r.head("GET", target, r.c.Key), 400, 404)
		r.refused(r.head("DELETE", target, r.c.Key), 400, 404, 405)
	}
}

func (r refuser) oversized() {
	key, json := r.c.Key, "Content-Type: application/json\r\n"
	post := func(body string, header ...string) string {
		return r.head("POST", "/v1/events", key, append(header, json, fmt.Sprintf("Content-Length: %d\r\n", len(body)))...) + body
	}
	r.refused(r.head("GET", "/v1/anomalies?q="+strings.Repeat("x", 80<<10), key), 431)
	r.refused(r.head("GET", "/v1/anomalies", key, "X: "+strings.Repeat("x", 80<<10)+"\r\n"), 431)
	r.refused(post(strings.Repeat(" ", 2<<20)), 413)
	r.refused(r.head("POST", "/v1/events", key, json, "Content-Length: 99999999999999999999\r\n"), 400)
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 1<<16, strings.Repeat(" ", 1<<16))
	r.refused(r.head("POST", "/v1/events", key, json, "Transfer-Encoding: chunked\r\n")+strings.Repeat(chunk, 32)+"0\r\n\r\n", 413)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, err := z.Write(make([]byte, 64<<20))
	require.NoError(r.t, errors.Join(err, z.Close()))
	r.refused(post(bomb.String(), "Content-Encoding: gzip\r\n"), 413)
	r.refused(post(strings.Repeat("[", 1000)+strings.Repeat("]", 1000)), 400)
	r.refused(post("["+strings.Repeat(`{"value":1},`, 10_000)+`{"value":1}]`), 400)
	r.refused(post("{\"value\":1,\"metadata\":{\"a\":\"\xff\"}}"), 400)
}

// halves are connections that one side ends in the middle.
func (r refuser) halves() {
	head := r.head("POST", "/v1/events", r.c.Key, "Content-Type: application/json\r\n", "Content-Length: 100\r\n")
	for _, text := range []string{"", "G", "GET /v1/anom", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n", head + `[{"value":1}`, head} {
		conn, err := net.Dial("tcp", r.c.API)
		require.NoError(r.t, err)
		require.NoError(r.t, conn.SetDeadline(time.Now().Add(30*time.Second)))
		_, err = io.WriteString(conn, text)
		require.NoError(r.t, err)
		require.NoError(r.t, conn.(*net.TCPConn).CloseWrite())
		b, err := io.ReadAll(conn)
		assert.NoError(r.t, err, "%q: the server keeps a connection that can say nothing more", text)
		assert.NotContains(r.t, string(b), "200 OK", "%q", text)
		require.NoError(r.t, conn.Close())
		reset, err := net.Dial("tcp", r.c.API) // the same, and gone at once
		require.NoError(r.t, err)
		_, err = io.WriteString(reset, text)
		require.NoError(r.t, err)
		require.NoError(r.t, reset.(*net.TCPConn).SetLinger(0))
		require.NoError(r.t, reset.Close())
	}
}

// slow holds two hundred connections by a byte now and then, in the header and in the body. All are ended, and others are served meanwhile.
func (r refuser) slow() {
	head := r.head("POST", "/v1/events", r.c.Key, "Content-Type: application/json\r\n", "Content-Length: 1000000\r\n")
	var wg sync.WaitGroup
	for i := range 200 {
		conn, err := net.Dial("tcp", r.c.API)
		require.NoError(r.t, err)
		begin, drip, want := "GET /v1/anomalies HTTP/1.1\r\nHost: localhost\r\nX: ", "x", ""
		switch i % 3 {
		case 1:
			begin, drip, want = head+`[{"value":`, "1", "HTTP/1.1 408 "
		case 2:
			begin, drip = "", "" // says nothing at all
		}
		wg.Go(func() {
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				b, err := io.ReadAll(conn)
				var timeout net.Error
				if errors.As(err, &timeout) && timeout.Timeout() {
					r.t.Errorf("connection %d is held for ever", i)
				}
				if !strings.HasPrefix(string(b), want) || strings.HasPrefix(string(b), "HTTP/1.1 200") {
					r.t.Errorf("connection %d: want %q, got %.100q", i, want, b)
				}
			}()
			_, _ = io.WriteString(conn, begin)
			for {
				select {
				case <-ended:
					return
				case <-time.After(100 * time.Millisecond):
					_, _ = io.WriteString(conn, drip)
				}
			}
		})
	}
	status, _, err := r.c.Get("/v1/anomalies", nil)
	assert.NoError(r.t, err)
	assert.Equal(r.t, http.StatusOK, status, "others are served meanwhile")
	wg.Wait()
}
