package openapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func operation(t *testing.T, path, method string) *Operation {
	t.Helper()
	d, err := Load()
	require.NoError(t, err)
	o := d.Operation(path, method)
	require.NotNil(t, o)
	return o
}

func TestBodies(t *testing.T) {
	t.Parallel()
	o := operation(t, "/v1/anomalies/{id}/status", http.MethodPatch)
	for body, want := range map[string]string{
		`{"status":"resolved"}`:                                            "",
		"\n{\"note\":\"größer\",\"status\":\"resolved\"}\n":                "",
		`{"status":"gone"}`:                                                `status must be one of pending, acknowledged, investigating, resolved, dismissed (got "gone")`,
		`{"Status":"resolved"}`:                                            "status is missing; status must be one of",
		`{"status":"resolved","who":1}`:                                    `the body has an unknown field "who"; known: note, status`,
		`{"status":null}`:                                                  "status must be one of",
		`{"status":"resolved","note":7}`:                                   "note must have no character 0",
		`{"status":"resolved","note":"a\u0000b"}`:                          "note must have no character 0",
		`{"status":"resolved","note":"` + strings.Repeat("ü", 4097) + `"}`: "note must have at most 4096 characters (got 4097)",
		`{"status":"resolved","\u0073tatus":"dismissed"}`:                  `the field "status" is there twice`,
		`[]`:                     "the body must be of type object (got array)",
		`null`:                   "the body must be of type object (got null)",
		``:                       "the JSON does not end",
		`{`:                      "the JSON does not end",
		`{"status"}`:             "the body is not what is expected",
		`{"status":"resolved"}]`: "something follows it",
		"{\"status\":\"\xff\"}":  "the body must be UTF-8",
		strings.Repeat("[", 17):  "nested at most 16 deep",
		`{"status":"resolved","note":1e999999999}`:                                "the body is not what is expected",
		strings.Repeat(`{"status":`, 16) + `"resolved"` + strings.Repeat("}", 16): "status must be one of",
	} {
		r := httptest.NewRequest(http.MethodPatch, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		var into struct{ Status, Note string }
		err := o.Body(r, &into)
		if want == "" {
			require.NoError(t, err, body)
			require.Equal(t, "resolved", into.Status)
			continue
		}
		require.ErrorContains(t, err, want, body)
		var p *Problem
		require.ErrorAs(t, err, &p)
		require.Equal(t, http.StatusBadRequest, p.Status)
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	o := operation(t, "/v1/keys", http.MethodPost)
	for kind, ok := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "APPLICATION/JSON;charset=UTF-8": true,
		"": false, "text/plain": false, "application/json; charset=latin1": false, "application/json;": true, "application/json; charset": false,
		"application/x-www-form-urlencoded": false, "application/merge-patch+json": false, "\x00": false,
	} {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.Header.Set("Content-Type", kind)
		_, err := o.Media(r)
		assert.Equal(t, ok, err == nil, "%q: %v", kind, err)
		var p *Problem
		if !ok && assert.ErrorAs(t, err, &p) {
			assert.Equal(t, http.StatusUnsupportedMediaType, p.Status)
			assert.Contains(t, p.Text, "Content-Type must be application/json (got ")
		}
	}
}

func TestParams(t *testing.T) {
	t.Parallel()
	o := operation(t, "/v1/anomalies", http.MethodGet)
	for query, want := range map[string]string{
		"":                  "",
		"limit=500&cursor=": "",
		"min_ncd_score=1e-05&start_time=2026-03-01T12:00:00.5%2B01:00": "",
		"q=%27+OR+1%3D1--":                  "",
		"limit=0x10":                        `limit must be a whole number from 1 to 500 (got "0x10")`,
		"limit=1e2":                         "limit must be a whole number",
		"limit=+5":                          "limit must be a whole number",
		"limit=05":                          "limit must be a whole number",
		"limit=":                            "limit must be a whole number",
		"limit=1&limit=2":                   "limit may be given once (got 2)",
		"min_ncd_score=1_0":                 "min_ncd_score must be a number from 0 on",
		"min_ncd_score=Inf":                 "min_ncd_score must be a number from 0 on",
		"service=":                          "service must have at least 1 characters (got 0)",
		"service=%00":                       "service must be a text without the character 0",
		"service=%ff":                       "service must be UTF-8",
		"start_time=2026-03-01T12:00:00,5Z": "start_time must be a time as",
		"start_time=2026-03-01T1:00:00Z":    "start_time must be a time as",
		"start_time=2026-02-30T12:00:00Z":   "start_time must be a time as",
		"incident_id=%7B1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f%7D": "incident_id must be a UUID",
		"Limit=5": `unknown parameter "Limit"; known: stream_type, service,`,
		"limit;5": "the query cannot be read",
	} {
		r := httptest.NewRequest(http.MethodGet, "/v1/anomalies?"+query, nil)
		values, err := o.Params(r)
		if want == "" {
			require.NoError(t, err, query)
			require.Len(t, values, strings.Count(query, "=")) // one value each
			continue
		}
		require.ErrorContains(t, err, want, query)
	}
}

// TestStrict: the document that tests hold answers to refuses what is not described; the one that is served does not.
func TestStrict(t *testing.T) {
	t.Parallel()
	header := http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"a"}}
	d, err := Strict()
	require.NoError(t, err)
	o := d.Operation("/healthz", http.MethodHead)
	require.NoError(t, o.CheckAnswer(http.MethodGet, 200, header, []byte(`{"status":"ok"}`)))
	require.NoError(t, o.CheckAnswer(http.MethodHead, 200, header, nil))
	for want, got := range map[string]error{
		"not described":              o.CheckAnswer(http.MethodGet, 418, header, nil),
		"additional properties":      o.CheckAnswer(http.MethodGet, 200, header, []byte(`{"status":"ok","x":1}`)),
		"missing property":           o.CheckAnswer(http.MethodGet, 200, header, []byte(`{}`)),
		"X-Request-Id is missing":    o.CheckAnswer(http.MethodGet, 200, http.Header{"Content-Type": {"application/json"}}, []byte(`{"status":"ok"}`)),
		"content type \"text/html\"": o.CheckAnswer(http.MethodGet, 200, http.Header{"Content-Type": {"text/html"}, "X-Request-Id": {"a"}}, nil),
		"has a body":                 o.CheckAnswer(http.MethodHead, 200, header, []byte(`{}`)),
	} {
		require.ErrorContains(t, got, want)
	}
	require.NoError(t, operation(t, "/healthz", http.MethodGet).CheckAnswer(http.MethodGet, 200, header, []byte(`{"status":"ok","x":1}`)))
}

// TestExamplesKeepToTheirSchemas: generators and people copy them.
func TestExamplesKeepToTheirSchemas(t *testing.T) {
	t.Parallel()
	d, err := Strict()
	require.NoError(t, err)
	seen := 0
	var walk func(v any, at string)
	walk = func(v any, at string) {
		switch v := v.(type) {
		case map[string]any:
			if example, ok := v["example"]; ok {
				pointer := at
				if v["schema"] != nil {
					pointer += "/schema"
				}
				schema, err := d.compile(pointer)
				require.NoError(t, err, at)
				require.NoError(t, schema.Validate(example), at)
				seen++
			}
			for name, e := range v {
				walk(e, at+"/"+escape(name))
			}
		case []any:
			for i, e := range v {
				walk(e, at+"/"+strconv.Itoa(i))
			}
		}
	}
	walk(d.root["paths"], "/paths")
	walk(d.root["components"], "/components")
	require.GreaterOrEqual(t, seen, 10)
}

// TestMust: what a value may be is said from its schema.
func TestMust(t *testing.T) {
	t.Parallel()
	for want, schema := range map[string]map[string]any{
		"be a number from 1 to 2":           {"type": "number", "minimum": 1, "maximum": 2},
		"be a whole number up to 2":         {"type": "integer", "maximum": 2},
		"be a whole number from 1 on":       {"type": "integer", "minimum": 1},
		"be a number":                       {"type": "number"},
		"be true or false":                  {"type": "boolean"},
		"be a time as 2026-03-01T12:00:00Z": {"type": "string", "format": "date-time"},
		"be a UUID":                         {"type": "string", "format": "uuid"},
		"be one of a, b":                    {"enum": []any{"a", "b"}},
		"be a":                              {"enum": []any{"a"}},
		"be round":                          {"type": "number", "x-must": "be round"},
		"":                                  {"type": "object"},
	} {
		assert.Equal(t, want, must(schema))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}],"a":2}`))
	f.Add([]byte(`[[[[[[[[[[[[[[[[[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parse(b)
		if err != nil {
			var p *Problem
			require.ErrorAs(t, err, &p)
			return
		}
		require.True(t, json.Valid(b))
		again, err := json.Marshal(v)
		require.NoError(t, err)
		_, err = parse(again)
		require.NoError(t, err, "what was read can be written and read")
	})
}

func BenchmarkParams(b *testing.B) {
	d, err := Load()
	require.NoError(b, err)
	o := d.Operation("/v1/anomalies", http.MethodGet)
	r := httptest.NewRequest(http.MethodGet, "/v1/anomalies?service=checkout&max_p_value=1e-4&limit=10&start_time=2026-03-01T12:00:00Z", nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.Params(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBody(b *testing.B) {
	d, err := Load()
	require.NoError(b, err)
	o := d.Operation("/v1/anomalies/{id}/status", http.MethodPatch)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPatch, "/", strings.NewReader(`{"status":"investigating","note":"looks like the deploy of 12:00"}`))
		r.Header.Set("Content-Type", "application/json")
		var into struct{ Status, Note string }
		if err := o.Body(r, &into); err != nil {
			b.Fatal(err)
		}
	}
}
