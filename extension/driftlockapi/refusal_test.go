package driftlockapi

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store/postgres"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

// example is a path of a route's pattern that leads somewhere.
func example(pattern string) string {
	id := storetest.Anomaly(0).ID
	if strings.HasPrefix(pattern, "/v1/keys/") {
		id = "0123456789abcdef"
	}
	return strings.NewReplacer("{id}", id, "{$}", "", "{name}", "none.js").Replace(pattern)
}

// TestOtherMethods: every route refuses every method that it does not have, and names those that it has.
func TestOtherMethods(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	for pattern, all := range h.routes() {
		var allowed []string
		for method := range all {
			allowed = append(allowed, method)
			if method == http.MethodGet {
				allowed = append(allowed, http.MethodHead)
			}
		}
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", "PROPFIND"} {
			if slices.Contains(allowed, method) {
				continue
			}
			w := request(t, h, method, example(pattern))
			require.Equal(t, http.StatusMethodNotAllowed, w.Code, "%s %s", method, pattern)
			require.ElementsMatch(t, allowed, strings.Split(w.Header().Get("Allow"), ", "), pattern)
		}
	}
}

// TestPathsBesideThoseThatThereAre: nothing answers, and nothing redirects, at a path that only looks like one of ours.
func TestPathsBesideThoseThatThereAre(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	for pattern := range h.routes() {
		p := example(pattern)
		wrong := []string{"/" + p, strings.ToUpper(p) + "x", p + "/.", p + "/..", p + "//", "/." + p, "/x/.." + p, strings.Replace(p, "/", "/%2e/", 1), p + "%00", p + "%2f"}
		if p != "/" {
			wrong = append(wrong, p+"/", strings.Replace(p, "/", "//", 1), strings.Replace(p, "/", "/../", 1))
		}
		for _, at := range wrong {
			w := request(t, h, http.MethodGet, "/", func(r *http.Request) {
				u, err := url.ParseRequestURI(at)
				if err != nil {
					u = &url.URL{Path: at}
				}
				r.URL, r.RequestURI = u, at
			})
			require.Contains(t, []int{http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed}, w.Code, "%q: %s", at, w.Body)
			require.Empty(t, w.Header().Get("Location"), at)
		}
	}
	for _, at := range []string{"/../../etc/passwd", "/v1/anomalies/../../../etc/passwd", "/v1/anomalies/..%2f..%2fetc%2fpasswd", "/index.html", "/assets/..", "/assets/../index.html", "/assets/%2e%2e%2findex.html", "/dist/index.html", "/placeholder/index.html", "/.gitkeep", `/..\..\x`, "/internal/openapi", "/v1/anomalies/" + strings.Repeat("a", 9000)} {
		w := request(t, h, http.MethodGet, "/", func(r *http.Request) {
			u, err := url.ParseRequestURI(at)
			require.NoError(t, err)
			r.URL = u
		})
		require.Contains(t, []int{400, 404}, w.Code, at)
		require.Less(t, w.Body.Len(), 1000)
		require.NotContains(t, w.Body.String(), "root:")
	}
}

// evils are what people send to see what happens.
var evils = []string{
	"' OR '1'='1", `"; DROP TABLE anomalies; --`, "1); DELETE FROM audit_log; --", "%", "_", `\`, "%%%s%n", `{"$ne":null}`, "[]", "null", "true", "-1", "1e999", "NaN",
	"a\r\nX-Evil: 1", "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "../../etc/passwd", "a\x00b", "\xff\xfe", "\u202e", "💣", "’ or 1=1", strings.Repeat("x", 1024),
	strings.Repeat("日", 1025), strings.Repeat("'", 1024), "';WAITFOR DELAY '0:0:5'--", "pg_sleep(5)", "dlk_0123456789abcdef_" + strings.Repeat("A", 43),
}

// onEveryStore runs a test on SQLite and on PostgreSQL.
func onEveryStore(t *testing.T, test func(t *testing.T, h *handler)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, served(t, 3))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s, err := postgres.Open(t.Context(), postgres.Options{DSN: pgtest.Database(t), MigrateAtStart: true, MaxOpen: 2})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		_, err = s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(0), storetest.Anomaly(1), storetest.Anomaly(2)}})
		require.NoError(t, err)
		test(t, newHandler(s, createDefaultConfig().(*Config), nil, zap.NewNop(), ""))
	})
}

// with is a path with one more parameter.
func with(path, name, value string) string {
	if strings.Contains(path, "?") {
		return path + "&" + url.Values{name: {value}}.Encode()
	}
	return path + "?" + url.Values{name: {value}}.Encode()
}

// TestInjection puts hostile texts wherever a text can be put: they find nothing, change nothing, and are never our fault.
func TestInjection(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, h *handler) {
		h.limits = (&LimitConfig{Clients: 1}).tables()
		harmless := func(w *httptest.ResponseRecorder, what string) {
			t.Helper()
			require.Contains(t, []int{200, 400, 404}, w.Code, "%s: %s", what, w.Body)
			require.Empty(t, w.Header().Get("X-Evil"))
			require.NotContains(t, w.Body.String(), "SQL")
			require.NotContains(t, w.Body.String(), "syntax error at")
		}
		for _, evil := range evils {
			for path, names := range map[string][]string{
				"/v1/anomalies": {"service", "status", "kind", "incident_id", "min_ncd_score", "max_p_value", "start_time", "q", "sort", "cursor", "limit", "stream_type"},
				"/v1/streams":   {"service", "cursor", "limit"}, "/v1/windows": {"service"}, "/v1/windows?service=cart": {"cursor", "start_time"}, "/v1/levels": {"level"},
				"/v1/levels?level=1": {"start_time", "limit"}, "/v1/lanes": {"service", "start_time", "step", "limit"}, "/v1/overview": nil,
				"/v1/anomalies/" + storetest.Anomaly(0).ID + "/similar": {"limit"},
				"/v1/stats": {"start_time", "step"}, "/v1/audit": {"target", "actor", "action", "cursor"},
			} {
				for _, name := range names {
					w := get(t, h, with(path, name, evil))
					harmless(w, path+" "+name+" "+evil)
					if w.Code == 200 && path == "/v1/anomalies" && (name == "service" || name == "kind") {
						require.Empty(t, decode[anomalyList](t, w).Anomalies, evil)
					}
				}
				harmless(get(t, h, with(path, evil, "1")), path+" name")
			}
			for _, path := range []string{"/v1/anomalies/", "/anomalies/", "/v1/keys/"} {
				harmless404 := request(t, h, http.MethodGet, "/", func(r *http.Request) { r.URL = &url.URL{Path: path + evil} })
				require.Contains(t, []int{400, 404, 405}, harmless404.Code)
			}
			harmless(request(t, h, http.MethodGet, "/v1/anomalies", func(r *http.Request) {
				r.Header.Set("X-Request-Id", evil)
				r.Header.Set("Accept", evil)
			}), "headers")
			id := storetest.Anomaly(0).ID
			w := send(t, h, http.MethodPatch, "/v1/anomalies/"+id+"/status", `{"status":"acknowledged"}`, func(r *http.Request) { r.Header.Set("If-Match", evil) })
			require.Contains(t, []int{400, 412}, w.Code, evil)
		}
		require.Equal(t, 3, len(decode[anomalyList](t, get(t, h, "/v1/anomalies?status=pending")).Anomalies), "nothing changed, nothing is gone")
		require.Zero(t, decode[auditCheck](t, get(t, h, "/v1/audit/check")).Rows)

		// Notes and names are kept as they are, or refused.
		for i, evil := range evils {
			body := fmt.Sprintf(`{"status":%q,"note":%s}`, []string{"dismissed", "pending"}[i%2], quoted(evil))
			w := send(t, h, http.MethodPatch, "/v1/anomalies/"+storetest.Anomaly(1).ID+"/status", body)
			require.Contains(t, []int{200, 400, 409}, w.Code, "%s: %s", body, w.Body)
			w = send(t, h, http.MethodPost, "/v1/keys", `{"name":`+quoted(evil)+`,"role":"reader","expires_at":"2020-01-01T00:00:00Z"}`)
			require.Equal(t, 400, w.Code, w.Body)
		}
		check := decode[auditCheck](t, get(t, h, "/v1/audit/check"))
		require.True(t, check.Intact, check.Problem)
		require.Positive(t, check.Rows)
	})
}

// quoted is a text as JSON has it, bytes that are no UTF-8 included.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

// TestSlowAndOversized talks to the real server as bad clients do.
func TestSlowAndOversized(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	cfg.ReadHeaderTimeout, cfg.ReadTimeout = 300*time.Millisecond, 600*time.Millisecond
	e := started(t, cfg)
	defer func() { require.NoError(t, e.Shutdown(context.Background())) }()
	dial := func(text string) *bufio.Reader {
		c, err := net.Dial("tcp", e.listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		require.NoError(t, c.SetDeadline(time.Now().Add(10*time.Second)))
		_, _ = c.Write([]byte(text)) // the server may have hung up before the end
		return bufio.NewReader(c)
	}
	status := func(r *bufio.Reader) string {
		line, _ := r.ReadString('\n')
		return strings.TrimSpace(line)
	}
	const head = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	assert.Empty(t, status(dial("GET /v1/anomalies HTTP/1.1\r\nHost: loc")), "a header that does not end: the connection does")
	assert.Equal(t, "HTTP/1.1 408 Request Timeout", status(dial(head+"Content-Length: 20\r\n\r\n{")))
	assert.Equal(t, "HTTP/1.1 431 Request Header Fields Too Large", status(dial("GET /v1/anomalies?q="+strings.Repeat("x", 80<<10)+" HTTP/1.1\r\nHost: localhost\r\n\r\n")))
	assert.Equal(t, "HTTP/1.1 431 Request Header Fields Too Large", status(dial("GET /v1/anomalies HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 80<<10)+"\r\n\r\n")))
	assert.Equal(t, "HTTP/1.1 413 Request Entity Too Large", status(dial(head+"Content-Length: 2000000\r\n\r\n"+strings.Repeat(" ", 2_000_000))))
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, err := z.Write(make([]byte, 50<<20))
	require.NoError(t, errors.Join(err, z.Close()))
	assert.Equal(t, "HTTP/1.1 413 Request Entity Too Large", status(dial(head+fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", bomb.Len(), bomb.Bytes()))), "a bomb")
	assert.Equal(t, "HTTP/1.1 400 Bad Request", status(dial(head+"Transfer-Encoding: chunked\r\n\r\nzz\r\n")))
	assert.Contains(t, status(dial("GET /v1/anomalies HTTP/1.1\r\n\r\n")), "HTTP/1.1 400 Bad Request", "no host")
	assert.Equal(t, "HTTP/1.1 400 Bad Request", status(dial(head+"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}")), "smuggling")
	assert.Equal(t, "HTTP/1.1 404 Not Found", status(dial("GET /v1/../v1/keys HTTP/1.1\r\nHost: localhost\r\n\r\n")))
	assert.Equal(t, "HTTP/1.1 421 Misdirected Request", status(dial("GET /v1/anomalies HTTP/1.1\r\nHost: evil.example\r\n\r\n")))
	assert.Equal(t, "HTTP/1.1 200 OK", status(dial("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")), "and all is well")
}

// TestUnauthorizedLearnNothing: who has no key is told so before anything else about a request is looked at.
func TestUnauthorizedLearnNothing(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	tokensOf(t, h)
	for _, target := range []string{"/v1/anomalies?colour=red", "/v1/anomalies/7", "/v1/anomalies/" + storetest.Anomaly(0).ID, "/v1/keys?x=1", "/v1/config"} {
		w := get(t, h, target)
		require.Equal(t, 401, w.Code, target)
	}
	require.Equal(t, 401, send(t, h, http.MethodPost, "/v1/keys", `{`).Code)
	w := request(t, h, http.MethodGet, "/v1/anomalies", func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer a", "Bearer b"} })
	require.Equal(t, 401, w.Code)
	require.Contains(t, w.Body.String(), "more than one Authorization header")
}
