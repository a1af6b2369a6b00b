package driftlockapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/metadata"
	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

// tokensOf makes a key of each role.
func tokensOf(t *testing.T, h *handler) map[auth.Role]string {
	t.Helper()
	tokens := map[auth.Role]string{}
	for _, role := range auth.Roles {
		k, token, hash, err := auth.NewKey(string(role)+"'s key", role, nil, "test", time.Now())
		require.NoError(t, err)
		require.NoError(t, h.store.AddKey(t.Context(), k, hash, store.System))
		h.keys.Forget(k.ID)
		tokens[role] = token
	}
	return tokens
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// send serves a request with a JSON body.
func send(t *testing.T, h http.Handler, method, target, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	return request(t, h, method, target, append([]func(*http.Request){func(r *http.Request) {
		r.Body = http.NoBody
		if body != "" {
			r.Body = http.MaxBytesReader(httptest.NewRecorder(), readCloser{strings.NewReader(body)}, 1<<20)
			r.Header.Set("Content-Type", "application/json")
		}
	}}, change...)...)
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// TestEveryRouteWithEveryRole goes through all routes that there are: a new one is part of it by being one.
func TestEveryRouteWithEveryRole(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	tokens := tokensOf(t, h)
	id := storetest.Anomaly(0).ID
	open := map[string]bool{"/healthz": true, "/readyz": true, "/openapi.json": true, "/{$}": true, "/streams": true, "/settings": true, "/anomalies/{id}": true, "/assets/{name}": true}
	seen := 0
	for pattern, all := range h.routes() {
		for method, route := range all {
			path := strings.NewReplacer("{id}", id, "{$}", "", "{name}", "none.js").Replace(pattern)
			if strings.HasPrefix(pattern, "/v1/keys/") {
				path = "/v1/keys/0123456789abcdef"
			}
			seen++
			assert.Equal(t, open[pattern], route.need == "", "%s is open by mistake, or closed by mistake", pattern)
			for _, role := range append([]auth.Role{""}, auth.Roles...) {
				var change []func(*http.Request)
				if role != "" {
					change = append(change, bearer(tokens[role]))
				}
				if route.lasts {
					brief, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
					defer cancel()
					change = append(change, func(r *http.Request) { *r = *r.WithContext(brief) })
				}
				w := send(t, h, method, path, "", change...)
				what := fmt.Sprintf("%s %s as %q: %s", method, path, role, w.Body)
				switch {
				case route.need == "" || role.Includes(route.need):
					assert.NotContains(t, []int{401, 403}, w.Code, what)
				case role == "":
					assert.Equal(t, 401, w.Code, what)
					assert.Equal(t, `Bearer realm="driftlock"`, w.Header().Get("WWW-Authenticate"))
				default:
					assert.Equal(t, 403, w.Code, what)
					assert.Contains(t, w.Body.String(), "needs the role "+string(route.need))
				}
			}
		}
	}
	require.GreaterOrEqual(t, seen, 15)
}

func TestBadCredentials(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	h := served(t, 1)
	h.logger = zap.New(core)
	h.limits = (&LimitConfig{Clients: 10}).tables()
	token := tokensOf(t, h)[auth.Reader]
	gone := time.Now().Add(50 * time.Millisecond)
	k, expired, hash, err := auth.NewKey("short", auth.Admin, &gone, "test", time.Now())
	require.NoError(t, err)
	require.NoError(t, h.store.AddKey(t.Context(), k, hash, store.System))
	k, revoked, hash, err := auth.NewKey("revoked", auth.Admin, nil, "test", time.Now())
	require.NoError(t, err)
	require.NoError(t, h.store.AddKey(t.Context(), k, hash, store.System))
	_, err = h.store.RevokeKey(t.Context(), k.ID, store.System)
	require.NoError(t, err)
	time.Sleep(time.Until(gone))
	for header, want := range map[string]string{
		"Bearer " + expired: "the key has expired", "Bearer " + revoked: "the key was revoked", "Bearer " + token + "x": "not valid",
		"Bearer dlk_x": "not valid", "Basic YTpi": "must be Bearer", "Bearer": "must be Bearer", "Bearer ' OR 1=1": "not valid", "\x00": "must be Bearer",
	} {
		w := request(t, h, http.MethodGet, "/v1/anomalies", func(r *http.Request) { r.Header["Authorization"] = []string{header} })
		assert.Equal(t, 401, w.Code, header)
		assert.Contains(t, w.Body.String(), want)
		assert.NotContains(t, w.Body.String(), storetest.Anomaly(0).ID)
	}
	text, err := json.Marshal(logs.All())
	require.NoError(t, err)
	for _, secret := range []string{token[21:], expired[21:], revoked[21:]} {
		require.NotContains(t, string(text), secret)
	}
	require.Equal(t, 200, request(t, h, http.MethodGet, "/v1/anomalies", bearer(token)).Code)
}

func TestStatusChanges(t *testing.T) {
	t.Parallel()
	h := served(t, 3)
	a := get(t, h, "/v1/anomalies/"+storetest.Anomaly(1).ID)
	tag := a.Header().Get("ETag")
	target := "/v1/anomalies/" + storetest.Anomaly(1).ID + "/status"
	ifMatch := func(tag string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("If-Match", tag) }
	}
	w := send(t, h, http.MethodPatch, target, `{"status":"investigating","note":"looking"}`, ifMatch(tag))
	changed := decode[*anomaly.Anomaly](t, w)
	require.Equal(t, "investigating", changed.Status)
	require.NotEqual(t, tag, w.Header().Get("ETag"))
	require.Equal(t, w.Header().Get("ETag"), get(t, h, "/v1/anomalies/"+changed.ID).Header().Get("ETag"))

	for _, c := range []struct {
		body   string
		code   int
		want   string
		change func(*http.Request)
	}{
		{`{"status":"resolved"}`, 412, "the anomaly changed since it was read", ifMatch(tag)},
		{`{"status":"resolved"}`, 400, "If-Match must be an ETag that this API gave out", ifMatch("yesterday")},
		{`{"status":"acknowledged"}`, 409, "an anomaly that is investigating cannot become acknowledged; it can become resolved, dismissed", ifMatch("*")},
		{`{"status":"gone"}`, 400, `status must be one of pending, acknowledged, investigating, resolved, dismissed (got \"gone\")`, nil},
		{`{}`, 400, "status is missing; status must be one of pending", nil},
		{`{"status":"resolved","who":"me"}`, 400, `unknown field \"who\"`, nil},
		{`{"status":"resolved"} {}`, 400, "something follows it", nil},
		{`{"status":`, 400, "the body is not what is expected", nil},
		{`{"status":7}`, 400, "status must be one of pending", nil},
		{`{"status":"resolved","status":"dismissed"}`, 400, `the field \"status\" is there twice`, nil},
		{`{"status":"resolved","note":"` + strings.Repeat("x", 4096+1) + `"}`, 400, "note must have at most 4096 characters (got 4097)", nil},
		{strings.Repeat("[", 17), 400, "nested at most 16 deep", nil},
		{"{\"status\":\"\xff\"}", 400, "the body must be UTF-8", nil},
		{`{"status":"resolved"}`, 415, "Content-Type must be application/json", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }},
		{`{"status":"resolved"}`, 403, "a page of another site", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }},
		{`{"status":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "at most 1048576 bytes", nil},
	} {
		var change []func(*http.Request)
		if c.change != nil {
			change = append(change, c.change)
		}
		w := send(t, h, http.MethodPatch, target, c.body, change...)
		require.Equal(t, c.code, w.Code, w.Body)
		require.Contains(t, w.Body.String(), c.want)
	}
	require.Equal(t, 404, send(t, h, http.MethodPatch, "/v1/anomalies/00000000-0000-8000-8000-000000000000/status", `{"status":"dismissed"}`).Code)
	require.Equal(t, 400, send(t, h, http.MethodPatch, "/v1/anomalies/x/status", `{"status":"dismissed"}`).Code)
	require.Equal(t, 405, send(t, h, http.MethodGet, target, "").Code)

	list := decode[auditList](t, get(t, h, "/v1/audit?target="+changed.ID))
	require.Len(t, list.Entries, 1)
	require.Equal(t, []string{"anybody", "looking"}, []string{list.Entries[0].Actor, list.Entries[0].Note})
	require.Equal(t, "192.0.2.1", list.Entries[0].Address)
	check := decode[auditCheck](t, get(t, h, "/v1/audit/check"))
	require.Equal(t, auditCheck{Rows: 1, Intact: true}, check)
}

func TestAuditPages(t *testing.T) {
	t.Parallel()
	h := served(t, 10)
	for i := range 10 {
		require.Equal(t, 200, send(t, h, http.MethodPatch, "/v1/anomalies/"+storetest.Anomaly(i).ID+"/status", `{"status":"dismissed"}`).Code)
	}
	cursor, seen := "", int64(11)
	for {
		list := decode[auditList](t, get(t, h, "/v1/audit?limit=3&cursor="+cursor))
		for _, e := range list.Entries {
			seen--
			require.Equal(t, seen, e.Seq)
		}
		if cursor = list.NextCursor; cursor == "" {
			break
		}
	}
	require.EqualValues(t, 1, seen)
	require.Equal(t, 400, get(t, h, "/v1/audit?cursor=x").Code)
	require.Equal(t, 400, get(t, h, "/v1/audit?who=x").Code)
	require.JSONEq(t, `{"entries":[],"next_cursor":""}`, get(t, h, "/v1/audit?actor=nobody").Body.String())
}

func TestStats(t *testing.T) {
	t.Parallel()
	h := served(t, 60)
	body := get(t, h, "/v1/stats?start_time=2025-06-01T12:00:00Z&end_time=2025-06-01T13:00:00Z&step=10m").Body.String()
	require.Contains(t, body, `"start_time":"2025-06-01T12:00:00Z","end_time":"2025-06-01T13:00:00Z","step":"10m0s","total":60,"by_status":{"pending":60}`)
	require.Contains(t, get(t, h, "/v1/stats").Body.String(), `"total":0`, "the last day by default")
	for query, want := range map[string]string{
		"step=0s": "step must be a duration", "step=x": "step must be a duration", "step=1ms": "step must be a duration as 5m or 1h30m", "span=1h": "unknown parameter",
		"start_time=2025-06-01T12:00:00Z&end_time=2025-06-01T12:00:00Z": "start_time must lie before end_time",
	} {
		w := get(t, h, "/v1/stats?"+query)
		require.Equal(t, 400, w.Code, query)
		require.Contains(t, w.Body.String(), want)
	}
}

func TestKeysOverTheAPI(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	require.JSONEq(t, `{"keys":[]}`, get(t, h, "/v1/keys").Body.String())
	w := send(t, h, http.MethodPost, "/v1/keys", `{"name":"boss","role":"admin"}`)
	require.Equal(t, 201, w.Code, w.Body)
	var boss newKey
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &boss))
	require.Equal(t, "/v1/keys/"+boss.ID, w.Header().Get("Location"))
	require.Equal(t, 401, get(t, h, "/v1/keys").Code, "with the first key the API is open no more")

	w = send(t, h, http.MethodPost, "/v1/keys", `{"name":"ci","role":"reader","expires_at":"2100-01-01T00:00:00Z"}`, bearer(boss.Token))
	require.Equal(t, 201, w.Code, w.Body)
	var ci newKey
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &ci))
	require.Equal(t, "boss", ci.CreatedBy)
	require.Equal(t, 200, request(t, h, http.MethodGet, "/v1/anomalies", bearer(ci.Token)).Code)
	list := request(t, h, http.MethodGet, "/v1/keys", bearer(boss.Token))
	require.Equal(t, 200, list.Code)
	require.NotContains(t, list.Body.String(), "dlk_", "a token is shown once")
	require.Len(t, decode[keyList](t, list).Keys, 2)

	w = send(t, h, http.MethodDelete, "/v1/keys/"+ci.ID, "", bearer(boss.Token))
	require.Equal(t, 200, w.Code, w.Body)
	require.Contains(t, w.Body.String(), `"revoked_at":"20`)
	require.Equal(t, 401, request(t, h, http.MethodGet, "/v1/anomalies", bearer(ci.Token)).Code, "at once")
	require.Equal(t, 404, send(t, h, http.MethodDelete, "/v1/keys/0123456789abcdef", "", bearer(boss.Token)).Code)
	require.Equal(t, 400, send(t, h, http.MethodDelete, "/v1/keys/1", "", bearer(boss.Token)).Code)
	for body, want := range map[string]string{
		`{"name":"x","role":"root"}`: "role must be one of reader, writer, admin", `{"name":"","role":"admin"}`: "name must have", `{"name":"` + strings.Repeat("ü", 129) + `","role":"admin"}`: "name must have at most 128 characters (got 129)",
		`{"name":"x","role":"admin","expires_at":"2000-01-01T00:00:00Z"}`: "expired already", `{"name":"x","role":"admin","expires_at":"soon"}`: "expires_at must be a time as",
	} {
		w := send(t, h, http.MethodPost, "/v1/keys", body, bearer(boss.Token))
		require.Equal(t, 400, w.Code, w.Body)
		require.Contains(t, w.Body.String(), want)
	}
	require.Equal(t, 201, send(t, h, http.MethodPost, "/v1/keys", `{"name":"`+strings.Repeat("ü", 128)+`","role":"reader"}`, bearer(boss.Token)).Code, "characters, not bytes")
	audit := request(t, h, http.MethodGet, "/v1/audit", bearer(boss.Token))
	require.NotContains(t, audit.Body.String(), "dlk_")
	require.Len(t, decode[auditList](t, audit).Entries, 4)
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	token := tokensOf(t, h)[auth.Reader]
	h.limits = (&LimitConfig{
		PerAddress: RateConfig{PerSecond: 0.001, Burst: 8}, PerKey: RateConfig{PerSecond: 0.001, Burst: 3}, FailedLogins: RateConfig{PerSecond: 0.001, Burst: 2}, Clients: 10,
	}).tables()
	from := func(address string) func(*http.Request) {
		return func(r *http.Request) { r.RemoteAddr = address + ":1234" }
	}
	for left := 2; left >= 0; left-- {
		w := request(t, h, http.MethodGet, "/v1/streams", bearer(token), from("192.0.2.1"))
		require.Equal(t, 200, w.Code)
		require.Equal(t, []string{"3", fmt.Sprint(left)}, []string{w.Header().Get("RateLimit-Limit"), w.Header().Get("RateLimit-Remaining")})
		require.NotEmpty(t, w.Header().Get("RateLimit-Reset"))
	}
	w := request(t, h, http.MethodGet, "/v1/streams", bearer(token), from("192.0.2.2"))
	require.Equal(t, 429, w.Code, "a key is the same from everywhere")
	require.Equal(t, "1000", w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), "too many requests of this key; try again in 1000 s")

	for range 2 {
		require.Equal(t, 401, request(t, h, http.MethodGet, "/v1/streams", bearer("dlk_x"), from("192.0.2.3")).Code)
	}
	w = request(t, h, http.MethodGet, "/v1/streams", bearer(token), from("192.0.2.3"))
	require.Equal(t, 429, w.Code)
	require.Contains(t, w.Body.String(), "too many failed logins from this address")
	require.Equal(t, 401, request(t, h, http.MethodGet, "/v1/streams", from("192.0.2.3")).Code, "to send nothing is no failed login")

	for range 8 {
		require.Equal(t, 200, request(t, h, http.MethodGet, "/healthz", from("[2001:db8::1]")).Code)
	}
	require.Equal(t, 429, request(t, h, http.MethodGet, "/healthz", from("[2001:db8::ffff]")).Code, "one /64 is one client")
	require.Equal(t, 200, request(t, h, http.MethodGet, "/healthz", from("[2001:db8:0:1::1]")).Code)
}

// gatekeeper is an authenticator of the collector.
type gatekeeper struct{ component.Component }

func (gatekeeper) Authenticate(ctx context.Context, _ map[string][]string) (context.Context, error) {
	return ctx, errors.New("no")
}

type hostWith struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h hostWith) GetExtensions() map[component.ID]component.Component { return h.extensions }

func TestWhoMayListenWhere(t *testing.T) {
	t.Parallel()
	id := component.MustNewID("oidc")
	host := hostWith{componenttest.NewNopHost(), map[component.ID]component.Component{
		id: gatekeeper{}, component.MustNewID("other"): struct{ extension.Extension }{},
	}}
	begin := func(change func(*Config), prepare func(*Config)) error {
		cfg := testConfig(t)
		cfg.NetAddr.Endpoint = "0.0.0.0:0"
		cfg.Store.Path = filepath.Join(t.TempDir(), "a.db")
		change(cfg)
		if prepare != nil {
			prepare(cfg)
		}
		e, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), cfg)
		require.NoError(t, err)
		err = e.Start(t.Context(), host)
		require.NoError(t, e.Shutdown(t.Context()))
		return err
	}
	require.ErrorContains(t, begin(func(*Config) {}, nil), "nobody would have to say who they are: make a key with driftlock-keys create")
	require.NoError(t, begin(func(c *Config) { c.Insecure = true }, nil))
	require.NoError(t, begin(func(c *Config) { c.NetAddr.Endpoint = "localhost:0" }, nil))
	require.NoError(t, begin(func(*Config) {}, func(c *Config) {
		s, _, err := c.Store.open(t.Context(), nil, nil)
		require.NoError(t, err)
		k, _, hash, err := auth.NewKey("k", auth.Admin, nil, "", time.Now())
		require.NoError(t, err)
		require.NoError(t, s.AddKey(t.Context(), k, hash, store.System))
		require.NoError(t, s.Close())
	}))
	oidc := func(name string) func(*Config) {
		return func(c *Config) {
			c.Access = AccessConfig{Authenticator: component.MustNewID(name), Claim: "membership", Reader: []string{"*"}}
		}
	}
	require.NoError(t, begin(oidc("oidc"), nil))
	require.ErrorContains(t, begin(oidc("missing"), nil), "access.authenticator names missing, which is not among service.extensions")
	require.ErrorContains(t, begin(oidc("other"), nil), "does not authenticate those who call a server")
}
