package effective

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func shownText(t *testing.T, conf map[string]any) string {
	t.Helper()
	b, err := json.Marshal(Redact(conf))
	require.NoError(t, err)
	return string(b)
}

// TestSecretsStayHidden puts a secret wherever people put them.
func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	const s = "hunter2"
	places := map[string]any{
		"dsn_url":         map[string]any{"dsn": "postgres://u:" + s + "@db/x"},
		"dsn_words":       map[string]any{"dsn": "host=db password=" + s},
		"endpoint_user":   map[string]any{"endpoint": "https://u:" + s + "@collector.example:4318/v1"},
		"endpoint_name":   map[string]any{"endpoint": "https://" + s + "@collector.example"},
		"endpoint_query":  map[string]any{"endpoint": "https://collector.example/in?sig=" + s},
		"endpoint_hash":   map[string]any{"endpoint": "https://collector.example/in#" + s},
		"endpoint_words":  map[string]any{"endpoint": "db:5432 password=" + s},
		"endpoint_broken": map[string]any{"endpoint": "http://u:" + s + "@[::1"},
		"list":            map[string]any{"endpoints": []any{"a:1", "kafka://u:" + s + "@b:1"}},
		"header":          map[string]any{"headers": map[string]any{"Authorization": "Basic " + s, "endpoint": s}},
		"header_list":     map[string]any{"headers": []any{map[string]any{"name": "x-key", "value": s}}},
		"header_typed":    map[string]any{"headers": map[string]string{"x-scope": s}},
		"password":        map[string]any{"auth": map[string]any{"plain_text": map[string]any{"username": s, "password": s}}},
		"number":          map[string]any{"password": 7071067811865475},
		"token":           map[string]any{"token": s},
		"token_list":      map[string]any{"tokens": []any{s, s}},
		"key_pem":         map[string]any{"tls": map[string]any{"key_pem": s, "cert_pem": s, "ca_pem": s}},
		"api_key":         map[string]any{"api_key": s, "apiKey": s, "aws-access-key": s, "client_secret": s},
		"unknown_key":     map[string]any{"frobnicate": s},
		"value":           map[string]any{"actions": []any{map[string]any{"key": "tenant", "value": s, "action": "insert"}}},
		"telemetry":       map[string]any{"service": map[string]any{"telemetry": map[string]any{"resource": map[string]any{"k": s}}}},
		"pem":             map[string]any{"path": "-----BEGIN PRIVATE KEY-----" + s},
		"bearer":          map[string]any{"path": "Bearer " + s},
		"own_key":         map[string]any{"path": "dlk_0123456789abcdef_" + s},
		"environment":     map[string]any{"environment": []any{"PATH=" + s}},
		"typed":           map[string]any{"frobnicate": text(s), "more": []text{s}, "mapped": map[text]text{"x": s}, "pointer": pointer(s)},
		"struct":          map[string]any{"path": struct{ A string }{s}},
		"attributes":      map[string]any{"attributes": map[string]any{"name": s}},
		"attribute_list":  map[string]any{"logs": map[string]any{"attributes": []any{s}}},
	}
	for place, conf := range places {
		got := shownText(t, map[string]any{"exporters": map[string]any{"x": conf}})
		assert.NotContains(t, got, s, place)
		assert.NotContains(t, got, "7071067811865475", place)
		assert.Contains(t, got, Hidden, place)
	}
}

// TestNamesInOwnComponentsAreShown: what stands there is a name by what the component does with it, elsewhere it may be anything.
func TestNamesInOwnComponentsAreShown(t *testing.T) {
	t.Parallel()
	logs := map[string]any{"logs": map[string]any{"attributes": []any{"http.route", "dlk_0123456789abcdef_x", "token=x"}}}
	require.JSONEq(t, `{
		"processors": {
			"driftlockcbad": {"logs": {"attributes": ["http.route", "[REDACTED]", "[REDACTED]"]}},
			"driftlockcbad/other": {"logs": {"attributes": ["error.type"]}},
			"driftlockcbad_2": {"logs": {"attributes": ["[REDACTED]", "[REDACTED]", "[REDACTED]"]}},
			"driftlockcbad/odd": {"attributes": ["[REDACTED]"], "logs": {"attributes": {"name": "[REDACTED]", "attributes": ["[REDACTED]"]}}},
			"x/driftlockcbad": {"logs": {"attributes": ["[REDACTED]", "[REDACTED]", "[REDACTED]"]}}
		},
		"receivers": {"driftlockevents": {"api": "driftlockapi", "metric_key": "metric", "attributes": ["region"], "frob": "[REDACTED]"}},
		"logs": {"attributes": ["[REDACTED]", "[REDACTED]", "[REDACTED]"]}
	}`, shownText(t, map[string]any{
		"processors": map[string]any{
			"driftlockcbad":       logs,
			"driftlockcbad/other": map[string]any{"logs": map[string]any{"attributes": []string{"error.type"}}},
			"driftlockcbad_2":     logs,
			"driftlockcbad/odd": map[string]any{
				"attributes": []any{"hunter2"},
				"logs":       map[string]any{"attributes": map[string]any{"name": "hunter2", "attributes": []any{"hunter2"}}},
			},
			"x/driftlockcbad": logs,
		},
		"receivers": map[string]any{"driftlockevents": map[string]any{"api": "driftlockapi", "metric_key": "metric", "attributes": []any{"region"}, "frob": "hunter2"}},
		"logs":      logs["logs"],
	}))
}

type text string

func pointer(s string) *string { return &s }

// TestWhatIsKnownIsShown: a configuration of which nothing could be read would be of no use.
func TestWhatIsKnownIsShown(t *testing.T) {
	t.Parallel()
	conf := map[string]any{
		"receivers":  map[string]any{"otlp": map[string]any{"protocols": map[string]any{"grpc": map[string]any{"endpoint": "localhost:4317", "tls": map[string]any{"key_file": "/etc/k.pem"}}}}},
		"processors": map[string]any{"driftlockcbad": map[string]any{"window": map[string]any{"duration": time.Minute, "lateness": "5s"}, "on_overload": "skip", "max_streams": 4096, "emit_windows": true, "p": 1e-3}},
		"exporters":  map[string]any{"otlp_grpc": map[string]any{"endpoint": "https://backend:4317/x", "retry": nil, "headers": map[string]any{}}, "kafka": map[string]any{"token": "", "password": Hidden}},
		"service":    map[string]any{"extensions": []any{"file_storage", "driftlockapi"}, "pipelines": map[string]any{"logs": map[string]any{"receivers": []any{"otlp"}}}},
	}
	require.JSONEq(t, `{
		"receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "localhost:4317", "tls": {"key_file": "/etc/k.pem"}}}}},
		"processors": {"driftlockcbad": {"window": {"duration": "1m0s", "lateness": "5s"}, "on_overload": "skip", "max_streams": 4096, "emit_windows": true, "p": 0.001}},
		"exporters": {"otlp_grpc": {"endpoint": "https://backend:4317/x", "retry": null, "headers": {}}, "kafka": {"token": "", "password": "[REDACTED]"}},
		"service": {"extensions": ["file_storage", "driftlockapi"], "pipelines": {"logs": {"receivers": ["otlp"]}}}
	}`, shownText(t, conf))
}

// TestNoTextOfAnUnknownKeyIsShown walks random-looking keys: only listed ones show their text.
func TestNoTextOfAnUnknownKeyIsShown(t *testing.T) {
	t.Parallel()
	conf := map[string]any{}
	for i := range 500 {
		conf[fmt.Sprintf("%c%ckey%d", 'a'+i%26, 'a'+i/26, i)] = []any{map[string]any{"nested": fmt.Sprintf("canary-%d", i)}, fmt.Sprintf("canary-%d", i)}
	}
	require.NotContains(t, shownText(t, conf), "canary")
	for key := range shown {
		require.False(t, speaksOfSecrets(key), "%s is shown and secret", key)
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	a := Hash(Redact(map[string]any{"endpoint": "a", "password": "x", "n": 1}))
	require.Len(t, a, 64)
	require.Equal(t, a, Hash(Redact(map[string]any{"n": 1, "password": "y", "endpoint": "a"})), "a secret is not part of it")
	require.NotEqual(t, a, Hash(Redact(map[string]any{"n": 2, "password": "y", "endpoint": "a"})))
}
