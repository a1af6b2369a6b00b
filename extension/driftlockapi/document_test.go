package driftlockapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/openapi"
)

// strict is the document that answers are held to: in it an object has no field that is not described.
var strict = sync.OnceValues(openapi.Strict)

// operationOf is what the document says of a path, as a router would find it; nil where it says nothing.
func operationOf(t *testing.T, method, path string) *openapi.Operation {
	t.Helper()
	d, err := strict()
	require.NoError(t, err)
	if op := d.Operation(path, method); op != nil {
		return op
	}
	steps := strings.Split(path, "/")
	for _, name := range d.Operations() {
		m, described, _ := strings.Cut(name, " ")
		want := strings.Split(described, "/")
		if len(want) != len(steps) || !strings.Contains(described, "{") {
			continue
		}
		same := true
		for i := range want {
			same = same && (want[i] == steps[i] || steps[i] != "" && strings.HasPrefix(want[i], "{"))
		}
		if same && (m == method || m == http.MethodGet && method == http.MethodHead) {
			return d.Operation(described, method)
		}
	}
	return nil
}

// TestEveryRouteIsDescribed holds the routes and the document together, both ways.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	var routes []string
	for pattern, all := range served(t, 0).routes() {
		for method := range all {
			routes = append(routes, method+" "+documented(pattern))
			require.NotNil(t, operationOf(t, method, example(pattern)), "answers of %s %s are held to nothing", method, pattern)
		}
	}
	d, err := openapi.Load()
	require.NoError(t, err)
	assert.ElementsMatch(t, routes, d.Operations())
}

// TestDocument holds the document to OpenAPI's own schema and to what a client generator needs.
func TestDocument(t *testing.T) {
	t.Parallel()
	w := get(t, served(t, 0), "/openapi.json")
	require.Equal(t, http.StatusOK, w.Code)
	doc := decode[map[string]any](t, w)
	require.Equal(t, "3.1.1", doc["openapi"])
	for name := range doc {
		require.False(t, strings.HasPrefix(name, "x-"), name)
	}

	c := jsonschema.NewCompiler()
	c.AssertFormat()
	f, err := os.Open("testdata/openapi-3.1/schema.json")
	require.NoError(t, err)
	defer f.Close()
	schema, err := jsonschema.UnmarshalJSON(f)
	require.NoError(t, err)
	require.NoError(t, c.AddResource("https://spec.openapis.org/oas/3.1/schema/2022-10-07", schema))
	// OpenAPI's schema leaves open what a schema is; here it is one of JSON Schema 2020-12.
	require.NoError(t, c.AddResource("file:///meta.json", map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$ref":    "https://spec.openapis.org/oas/3.1/schema/2022-10-07",
		"$defs":   map[string]any{"schema": map[string]any{"$dynamicAnchor": "meta", "$ref": "https://json-schema.org/draft/2020-12/schema"}},
	}))
	meta, err := c.Compile("file:///meta.json")
	require.NoError(t, err)
	require.NoError(t, meta.Validate(doc))
	require.Empty(t, empties(doc, ""), "a comma in a description makes such fields")
	broken := maps.Clone(doc)
	broken["paths"] = map[string]any{"no-slash": map[string]any{}}
	require.Error(t, meta.Validate(broken), "the schema looks at paths")
	broken["paths"] = map[string]any{}
	broken["components"] = map[string]any{"schemas": map[string]any{"X": map[string]any{"type": "txt"}}}
	require.Error(t, meta.Validate(broken), "and at schemas")

	ids := map[string]bool{}
	for path, item := range doc["paths"].(map[string]any) {
		for _, op := range item.(map[string]any) {
			op := op.(map[string]any)
			id, _ := op["operationId"].(string)
			assert.NotEmpty(t, id, path)
			assert.False(t, ids[id], "two operations are called %s", id)
			ids[id] = true
			assert.NotEmpty(t, op["tags"], id)
			assert.NotEmpty(t, op["summary"], id)
		}
	}
	schemas := slices.Collect(maps.Keys(doc["components"].(map[string]any)["schemas"].(map[string]any)))
	for _, name := range []string{"Anomaly", "AnomalyPage", "Stream", "StreamPage", "Stats", "AuditEntry", "AuditPage", "Key", "KeyList", "NewKey", "Event", "Error"} {
		assert.Contains(t, schemas, name)
	}
}

// empties are the places of nulls.
func empties(v any, at string) (places []string) {
	switch v := v.(type) {
	case nil:
		return []string{at}
	case map[string]any:
		for name, e := range v {
			places = append(places, empties(e, at+"/"+name)...)
		}
	case []any:
		for _, e := range v {
			places = append(places, empties(e, at+"/")...)
		}
	}
	return places
}

// TestRolesAreDescribed: what is open says so, and what needs more than a reader names the role.
func TestRolesAreDescribed(t *testing.T) {
	t.Parallel()
	h := served(t, 0)
	var doc struct {
		Paths map[string]map[string]struct {
			Summary   string
			Security  *[]any
			Responses map[string]json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal(h.document.JSON, &doc))
	for pattern, all := range h.routes() {
		for method, route := range all {
			op := doc.Paths[documented(pattern)][strings.ToLower(method)]
			what := method + " " + pattern
			assert.Equal(t, route.need == "", op.Security != nil && len(*op.Security) == 0, what)
			assert.Equal(t, route.need != "", len(op.Responses["401"]) > 0, what)
			for _, role := range []string{"writer", "admin"} {
				assert.Equal(t, string(route.need) == role, strings.Contains(op.Summary, "Needs the role "+role+"."), "%s: %s", what, op.Summary)
			}
		}
	}
}
