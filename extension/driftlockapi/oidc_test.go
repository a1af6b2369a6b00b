package driftlockapi

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/oidcauthextension"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/metadata"
	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/store/sqlite"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

// issuer is an OpenID provider on the loopback interface: a discovery document, a set of keys, and tokens signed with them.
type issuer struct {
	*httptest.Server
	mu   sync.Mutex
	keys map[string]crypto.Signer // served, by kid
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{keys: map[string]crypto.Signer{"rsa": rsaKey(t), "ec": ecKey(t)}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{
			"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token",
			"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"RS256", "ES256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		list := []map[string]string{}
		for kid, k := range i.keys {
			list = append(list, jwk(kid, k.Public()))
		}
		json.NewEncoder(w).Encode(map[string]any{"keys": list})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return k
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return k
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func jwk(kid string, k crypto.PublicKey) map[string]string {
	switch k := k.(type) {
	case *rsa.PublicKey:
		return map[string]string{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes())}
	case *ecdsa.PublicKey:
		point, err := k.Bytes() // 4, x, y
		if err != nil {
			panic(err)
		}
		return map[string]string{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid, "x": b64(point[1:33]), "y": b64(point[33:])}
	}
	panic("no such key")
}

// unsigned is a token's first two parts.
func unsigned(alg, kid string, claims map[string]any) string {
	h, err := json.Marshal(map[string]string{"alg": alg, "typ": "JWT", "kid": kid})
	if err != nil {
		panic(err)
	}
	c, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return b64(h) + "." + b64(c)
}

// sign makes a token as RFC 7515 says it: RS256 or ES256, by the key's kind.
func sign(t *testing.T, kid string, key crypto.Signer, claims map[string]any) string {
	t.Helper()
	alg := "RS256"
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		alg = "ES256"
	}
	text := unsigned(alg, kid, claims)
	sum := sha256.Sum256([]byte(text))
	var signature []byte
	switch k := key.(type) {
	case *rsa.PrivateKey:
		var err error
		signature, err = rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
		require.NoError(t, err)
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		require.NoError(t, err)
		signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	return text + "." + b64(signature)
}

// claims are those of a token that is good for an hour, with changes; nil takes one out.
func (i *issuer) claims(change map[string]any) map[string]any {
	now := time.Now()
	c := map[string]any{
		"iss": i.URL, "aud": "driftlock", "sub": "4711", "preferred_username": "alice", "groups": []string{"sre"},
		"iat": now.Unix(), "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	for k, v := range change {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return c
}

var oidcID = component.MustNewID("oidc")

// oidc starts the collector's own extension against the issuer.
func (i *issuer) oidc(t *testing.T) (extension.Extension, error) {
	t.Helper()
	f := oidcauthextension.NewFactory()
	cfg := f.CreateDefaultConfig().(*oidcauthextension.Config)
	cfg.Providers = []oidcauthextension.ProviderCfg{{IssuerURL: i.URL, Audience: "driftlock", UsernameClaim: "preferred_username"}}
	require.NoError(t, cfg.Validate())
	e, err := f.Create(t.Context(), extensiontest.NewNopSettings(f.Type()), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	return e, e.Start(t.Context(), componenttest.NewNopHost())
}

func oidcAccess() AccessConfig {
	return AccessConfig{Authenticator: oidcID, Claim: "claims.groups", Admin: []string{"sre"}, Writer: []string{"dev"}, Reader: []string{"support"}}
}

// servedWithTokens is a handler whose tokens the collector's oidc extension checks.
func servedWithTokens(t *testing.T, i *issuer) *handler {
	t.Helper()
	e, err := i.oidc(t)
	require.NoError(t, err)
	access := oidcAccess()
	tokens, err := access.tokens(hostWith{componenttest.NewNopHost(), map[component.ID]component.Component{oidcID: e}})
	require.NoError(t, err)
	h := served(t, 1)
	h.limits = (&LimitConfig{Clients: 10}).tables()
	h.gate = auth.NewGate(h.keys, tokens, true)
	return h
}

func TestTokensOfARealIssuer(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	h := servedWithTokens(t, i)
	ask := func(token string) (int, string) {
		w := request(t, h, http.MethodGet, "/v1/keys", bearer(token))
		return w.Code, w.Body.String()
	}
	good := sign(t, "rsa", i.keys["rsa"], i.claims(nil))
	public, err := x509.MarshalPKIXPublicKey(i.keys["rsa"].Public())
	require.NoError(t, err)
	symmetric := unsigned("HS256", "rsa", i.claims(nil))
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(symmetric))
	parts := strings.Split(good, ".")
	forged := unsigned("RS256", "rsa", i.claims(map[string]any{"groups": []string{"sre", "root"}}))
	now := time.Now()

	for name, c := range map[string]struct {
		token string
		code  int
	}{
		"RS256":              {good, 200},
		"ES256":              {sign(t, "ec", i.keys["ec"], i.claims(nil)), 200},
		"one of audiences":   {sign(t, "ec", i.keys["ec"], i.claims(map[string]any{"aud": []string{"other", "driftlock"}})), 200},
		"wrong audience":     {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"aud": "other"})), 401},
		"no audience":        {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"aud": nil})), 401},
		"wrong issuer":       {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"iss": "https://issuer.example"})), 401},
		"expired":            {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"exp": now.Add(-time.Second).Unix()})), 401},
		"no expiry":          {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"exp": nil})), 401},
		"not yet valid":      {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"nbf": now.Add(10 * time.Minute).Unix()})), 401},
		"another key":        {sign(t, "rsa", rsaKey(t), i.claims(nil)), 401},
		"another kind's key": {sign(t, "rsa", i.keys["ec"], i.claims(nil)), 401},
		"unknown key":        {sign(t, "mallory", rsaKey(t), i.claims(nil)), 401},
		"none":               {unsigned("none", "rsa", i.claims(nil)) + ".", 401},
		"none, signed":       {unsigned("none", "rsa", i.claims(nil)) + "." + parts[2], 401},
		"HS256":              {symmetric + "." + b64(mac.Sum(nil)), 401},
		"altered":            {forged + "." + parts[2], 401},
		"cut off":            {good[:len(good)-10], 401},
		"no signature":       {parts[0] + "." + parts[1], 401},
		"no username":        {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"preferred_username": nil})), 401},
		"no groups":          {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"groups": nil})), 403},
		"no group with role": {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"groups": []string{"sales"}})), 403},
		"groups of no list":  {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"groups": map[string]any{"sre": true}})), 403},
		"weaker role":        {sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"groups": "dev"})), 403},
	} {
		code, body := ask(c.token)
		assert.Equal(t, c.code, code, "%s: %s", name, body)
		if code == 401 {
			assert.Contains(t, body, "the credentials are not valid", name)
			for _, said := range []string{"oidc", "verify", i.URL, "signature"} {
				assert.NotContains(t, body, said, "%s: what the authenticator said is for the log", name)
			}
		}
	}
	// Keys of our own work beside tokens.
	require.Equal(t, 200, request(t, h, http.MethodGet, "/v1/keys", bearer(tokensOf(t, h)[auth.Admin])).Code)
}

// TestKeyRotation replaces the issuer's keys while the API runs, and takes the issuer away.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	h := servedWithTokens(t, i)
	code := func(token string) int { return request(t, h, http.MethodGet, "/v1/keys", bearer(token)).Code }
	old := sign(t, "rsa", i.keys["rsa"], i.claims(nil))
	require.Equal(t, 200, code(old))
	next := ecKey(t)
	early := sign(t, "next", next, i.claims(nil))
	require.Equal(t, 401, code(early), "not published yet")
	i.mu.Lock()
	i.keys = map[string]crypto.Signer{"next": next}
	i.mu.Unlock()
	require.Equal(t, 200, code(early))
	require.Equal(t, 401, code(old), "its key was withdrawn")
	i.Close()
	require.Equal(t, 200, code(early), "known keys outlive the issuer")
	require.Equal(t, 401, code(sign(t, "later", ecKey(t), i.claims(nil))), "unknown ones cannot be looked up")
}

// TestIssuerDownAtStart: the collector does not start, and says which issuer it could not ask.
func TestIssuerDownAtStart(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	i.Close()
	_, err := i.oidc(t)
	require.ErrorContains(t, err, i.URL)
}

// TestEveryRouteWithEveryRoleOfTokens goes through all routes, as the test of the same name for keys does.
func TestEveryRouteWithEveryRoleOfTokens(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	h := servedWithTokens(t, i)
	groups := map[auth.Role]string{"": "sales", auth.Reader: "support", auth.Writer: "dev", auth.Admin: "sre"}
	for pattern, all := range h.routes() {
		for method, route := range all {
			path := strings.NewReplacer("{id}", storetest.Anomaly(0).ID, "{$}", "").Replace(pattern)
			if strings.HasPrefix(pattern, "/v1/keys/") {
				path = "/v1/keys/0123456789abcdef"
			}
			for role, group := range groups {
				brief, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				if route.lasts {
					brief, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
				}
				token := sign(t, "ec", i.keys["ec"], i.claims(map[string]any{"groups": []string{group}}))
				w := send(t, h, method, path, "", bearer(token), func(r *http.Request) { *r = *r.WithContext(brief) })
				cancel()
				what := fmt.Sprintf("%s %s as %q: %s", method, path, role, w.Body)
				if route.need == "" || role.Includes(route.need) {
					assert.NotContains(t, []int{401, 403}, w.Code, what)
					continue
				}
				assert.Equal(t, 403, w.Code, what)
				assert.Contains(t, w.Body.String(), "needs the role "+string(route.need))
			}
		}
	}
}

// TestTokensOverTheWire starts the extension as the collector does: failed logins are limited, subjects have their own rate, and the audit
// log names the user.
func TestTokensOverTheWire(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	e, err := i.oidc(t)
	require.NoError(t, err)
	cfg := testConfig(t)
	cfg.Access = oidcAccess()
	cfg.RateLimit.PerKey = RateConfig{PerSecond: 0.001, Burst: 3}
	cfg.RateLimit.FailedLogins = RateConfig{PerSecond: 0.001, Burst: 2}
	require.NoError(t, cfg.Validate())
	require.NoError(t, cfg.Access.Validate())
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: cfg.Store.Path})
	require.NoError(t, err)
	_, err = s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	ours, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.Equal(t, []component.ID{oidcID}, ours.(*api).Dependencies(), "the collector starts what checks tokens first")
	require.NoError(t, ours.Start(t.Context(), hostWith{componenttest.NewNopHost(), map[component.ID]component.Component{oidcID: e}}))
	base := "http://" + ours.(*api).listener.Addr().String()
	as := func(name, group string) string {
		return "Bearer " + sign(t, "rsa", i.keys["rsa"], i.claims(map[string]any{"preferred_username": name, "groups": group}))
	}

	code, body := fetch(t, http.MethodPatch, base+"/v1/anomalies/"+storetest.Anomaly(1).ID+"/status", strings.NewReader(`{"status":"acknowledged"}`),
		"Content-Type", "application/json", "Authorization", as("bob", "dev"))
	require.Equal(t, 200, code, body)
	code, body = fetch(t, http.MethodGet, base+"/v1/audit", nil, "Authorization", as("carol", "support"))
	require.Equal(t, 200, code, body)
	require.Contains(t, body, `"actor":"bob","role":"writer"`)

	for n := range 3 {
		code, _ = fetch(t, http.MethodGet, base+"/v1/stats", nil, "Authorization", as("dave", "support"))
		require.Equal(t, 200, code, n)
	}
	code, body = fetch(t, http.MethodGet, base+"/v1/stats", nil, "Authorization", as("dave", "support"))
	require.Equal(t, 429, code, body)
	code, _ = fetch(t, http.MethodGet, base+"/v1/stats", nil, "Authorization", as("erin", "support"))
	require.Equal(t, 200, code, "each user has a rate of their own")

	wrong := "Bearer " + sign(t, "rsa", rsaKey(t), i.claims(nil))
	for range 2 {
		code, _ = fetch(t, http.MethodGet, base+"/v1/stats", nil, "Authorization", wrong)
		require.Equal(t, 401, code)
	}
	code, body = fetch(t, http.MethodGet, base+"/v1/stats", nil, "Authorization", as("erin", "support"))
	require.Equal(t, 429, code)
	require.Contains(t, body, "too many failed logins from this address")
	require.NoError(t, ours.Shutdown(t.Context()))
}
