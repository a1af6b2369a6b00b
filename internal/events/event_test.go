package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var received = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestReadOne(t *testing.T) {
	b, err := Read([]byte(`{"timestamp":"2026-03-01T13:00:00.5+02:00","value":12.5,"metadata":{"service":"shop","n":7,"ok":true,"big":12345678901234567890}}`), JSON, received)
	require.NoError(t, err)
	require.True(t, b.Single)
	require.Empty(t, b.Rejected)
	e := b.Events[0]
	require.Equal(t, time.Date(2026, 3, 1, 11, 0, 0, 5e8, time.UTC), e.Time)
	require.Equal(t, 12.5, e.Value)
	require.Equal(t, []Pair{{"big", "12345678901234567890"}, {"n", "7"}, {"ok", "true"}, {"service", "shop"}}, e.Metadata)
	require.Equal(t, "shop", e.Get("service"))
	agreesWithNaive(t, []byte(` { "metadata" : { "a\\u0022b" : "\\\\", "c":-1.5e3 , "d":"" } , "timestamp" : 1767225600 , "value" : -0.5 } `), mustParse(t, ` { "metadata" : { "a\\u0022b" : "\\\\", "c":-1.5e3 , "d":"" } , "timestamp" : 1767225600 , "value" : -0.5 } `))
	require.Empty(t, e.Get("x"))

	for text, want := range map[string]time.Time{
		`{"value":1}`: received, `{"value":1,"timestamp":null}`: received, `{"value":1,"timestamp":1767225600}`: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		`{"value":1,"timestamp":1767225600.25}`: time.Date(2026, 1, 1, 0, 0, 0, 25e7, time.UTC),
	} {
		b, err := Read([]byte(text), JSON, received)
		require.NoError(t, err)
		require.Equal(t, want, b.Events[0].Time, text)
	}
}

func TestRejectedByIndex(t *testing.T) {
	bad := []struct{ text, want string }{
		{`{}`, "value is missing; it must be a number"}, {`{"value":"1"}`, `value must be a number that a double can hold (got "1")`}, {`{"Value":1}`, `has an unknown field "Value"; known: value, timestamp, metadata`}, {`{"value":1,"value":2}`, `has the field "value" twice`}, {`{"value":null}`, "value must be a number"}, {`{"value":1,"metadata":{"a":1,"\u0061":2}}`, `metadata has the key "a" twice`}, {`{"value":1,"who":2}`, `unknown field "who"`}, {`[1]`, "must be an object"},
		{`7`, "must be an object"}, {`null`, "must be an object"}, {`{"value":1,"timestamp":"today"}`, `timestamp must be a time as 2026-03-01T12:00:00Z, or seconds since 1970 (got "today")`},
		{`{"value":1,"timestamp":true}`, "timestamp must be a time"}, {`{"value":1,"timestamp":"1969-01-01T00:00:00Z"}`, "between 1971 and 2261"},
		{`{"value":1,"timestamp":1e300}`, "between 1971 and 2261"}, {`{"value":1,"timestamp":9214646399.5}`, "between 1971 and 2261"}, {`{"value":1,"timestamp":1e400}`, "timestamp must be a time"}, {`{"value":1e400}`, "value must be a number that a double can hold"}, {`{"value":1,"metadata":[]}`, "metadata must be an object"},
		{`{"value":1,"metadata":{"a":{}}}`, `(see "a")`}, {`{"value":1,"metadata":{"":1}}`, "keys of 1 to 128 characters"},
		{`{"value":1,"metadata":{"a":"` + strings.Repeat("x", 1025) + `"}}`, `(see "a")`}, {"{\"value\":1,\"metadata\":{\"a\":\"\xff\"}}", "must be UTF-8"},
	}
	many := `{"value":1,"metadata":{`
	for i := range MaxMetadata + 1 {
		many += fmt.Sprintf(`"k%d":1,`, i)
	}
	bad = append(bad, struct{ text, want string }{strings.TrimSuffix(many, ",") + "}}", "at most 64 keys"})
	var array, lines []string
	for _, b := range bad {
		array = append(array, b.text, `{"value":1}`)
		lines = append(lines, b.text, "", `{"value":1}`)
	}
	for form, body := range map[Form]string{JSON: "[" + strings.Join(array, ",") + "]", NDJSON: strings.Join(lines, "\n")} {
		b, err := Read([]byte(body), form, received)
		require.NoError(t, err)
		require.False(t, b.Single)
		require.Len(t, b.Events, len(bad))
		require.Len(t, b.Rejected, len(bad))
		for i, r := range b.Rejected {
			require.Equal(t, 2*i, r.Index)
			require.Contains(t, r.Error, bad[i].want)
		}
	}
	b, err := Read([]byte("{\"value\":1} x\n{\"value\":1"), NDJSON, received)
	require.NoError(t, err)
	require.Len(t, b.Rejected, 2)
}

func TestBodiesThatAreNoLists(t *testing.T) {
	for text, want := range map[string]string{
		"": "the body is empty", " ": "the body is empty", `[{"value":1}`: "does not end", `[{"value":1},`: "event 1 of the array is no JSON", `[{"value":1}] 7`: "something follows",
		`[{"value":1}}`: "does not end", "[" + strings.Repeat(`{"value":1},`, MaxEvents) + `{"value":1}]`: "at most 10000 events",
	} {
		_, err := Read([]byte(text), JSON, received)
		require.ErrorContains(t, err, want, clip(text))
	}
	_, err := Read([]byte(strings.Repeat("{\"value\":1}\n", MaxEvents+1)), NDJSON, received)
	require.ErrorContains(t, err, "at most 10000 events")
	b, err := Read([]byte("\n\n"), NDJSON, received)
	require.NoError(t, err)
	require.Zero(t, b.len())
}

func clip(s string) string { return s[:min(len(s), 40)] }

func TestMetrics(t *testing.T) {
	b, err := Read([]byte(`[{"value":1,"metadata":{"service":"shop","region":"eu","order":"17"}},{"value":2},{"value":3,"metadata":{"service":"shop","metric":"queue.length"}},{"value":4,"metadata":{"service":"shop"}}]`), JSON, received)
	require.NoError(t, err)
	m := Mapping{Metric: "event.value", MetricKey: "metric", Service: "events", ServiceKey: "service", Attributes: []string{"region"}}
	md := m.Metrics(b.Events)
	require.Equal(t, 4, md.DataPointCount())
	require.Equal(t, 2, md.ResourceMetrics().Len())
	shop := md.ResourceMetrics().At(0)
	name, _ := shop.Resource().Attributes().Get("service.name")
	require.Equal(t, "shop", name.Str())
	values := shop.ScopeMetrics().At(0).Metrics()
	require.Equal(t, []string{"event.value", "queue.length"}, []string{values.At(0).Name(), values.At(1).Name()})
	points := values.At(0).Gauge().DataPoints()
	require.Equal(t, map[string]any{"region": "eu"}, points.At(0).Attributes().AsRaw(), "an order's number would make a series of each order")
	require.Equal(t, 4.0, points.At(1).DoubleValue())
	require.Equal(t, received, points.At(0).Timestamp().AsTime())
}

func mustParse(t *testing.T, text string) Event {
	t.Helper()
	b, err := Read([]byte(text), JSON, received)
	require.NoError(t, err)
	require.Empty(t, b.Rejected)
	return b.Events[0]
}

// agreesWithNaive reads an event that was accepted by encoding/json.
func agreesWithNaive(t *testing.T, text []byte, got Event) {
	t.Helper()
	var naive struct {
		Timestamp json.RawMessage
		Value     *float64
		Metadata  map[string]any
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	d.UseNumber()
	require.NoError(t, d.Decode(&naive))
	require.NotNil(t, naive.Value)
	require.Equal(t, *naive.Value, got.Value)
	require.Len(t, got.Metadata, len(naive.Metadata))
	for _, p := range got.Metadata {
		require.Equal(t, fmt.Sprint(naive.Metadata[p.Key]), p.Value)
		require.Equal(t, p.Value, got.Get(p.Key))
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`[{"value":1,"timestamp":"2026-03-01T13:00:00Z","metadata":{"a":true}}]`), true)
	f.Add([]byte("{\"value\":1}\n{}"), false)
	f.Fuzz(func(t *testing.T, body []byte, lines bool) {
		form := JSON
		if lines {
			form = NDJSON
		}
		if e, err := parse(body, received); err == nil {
			agreesWithNaive(t, body, e)
		}
		b, err := Read(body, form, received)
		if err != nil {
			return
		}
		require.LessOrEqual(t, b.len(), MaxEvents)
		m := Mapping{Metric: "m", Service: "s"}
		require.Equal(t, len(b.Events), m.Metrics(b.Events).DataPointCount())
	})
}
