package anomaly

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// fill sets every field of v to a random value that passes check, so that a field added later is in the round trips at once.
func fill(r *rand.Rand, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1700000000+r.Int64N(1e6), r.Int64N(1e9)).UTC()))
		return
	case Signal:
		v.Set(reflect.ValueOf([]Signal{Logs, Metrics, Traces}[r.IntN(3)]))
		return
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(fmt.Sprintf(`{"ids":[18446744073709551615,%d],"html":"<&>"}`, r.Uint64()))))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text(r))
	case reflect.Float64:
		v.SetFloat(r.Float64())
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(1 + uint64(r.Uint32N(1<<31)))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(3), 4))
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"service.name": text(r), "host.name": text(r)}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i))
		}
	default:
		panic("fill cannot fill a " + v.Kind().String())
	}
}

func text(r *rand.Rand) string {
	words := []string{"checkout", "größer", "日本", "<*>", "\"quoted\"", "a\nb", "&", "Δ"}
	return words[r.IntN(len(words))] + words[r.IntN(len(words))]
}

func randomAnomaly(r *rand.Rand) *Anomaly {
	a := &Anomaly{}
	fill(r, reflect.ValueOf(a).Elem())
	a.ID = NewID(a.ComponentID, a.Service, string(a.StreamType), a.WindowStart, a.ConfigHash)
	a.Timestamp = a.WindowStart.Add(time.Minute)
	a.Status, a.CreatedAt, a.UpdatedAt = statusPending, nil, nil // the store's
	a.IncidentID, a.Episode.ID = uuid.NewString(), uuid.NewString()
	for i := range a.TraceIDs {
		a.TraceIDs[i] = fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64())
	}
	return a
}

func randomWindow(r *rand.Rand) *Window {
	w := &Window{}
	fill(r, reflect.ValueOf(w).Elem())
	w.Timestamp = w.WindowStart.Add(time.Minute)
	return w
}

// carry sends items through one carrier and its protobuf form, as an OTLP hop does, and lifts them again.
var carry = map[Signal]func(t *testing.T, it Items) (Items, int){
	Logs: func(t *testing.T, it Items) (Items, int) {
		ld, err := it.ToLogs()
		require.NoError(t, err)
		b, err := (&plog.ProtoMarshaler{}).MarshalLogs(ld)
		require.NoError(t, err)
		ld, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(b)
		require.NoError(t, err)
		out, err := LiftLogs(ld)
		require.NoError(t, err)
		return out, len(b)
	},
	Metrics: func(t *testing.T, it Items) (Items, int) {
		md, err := it.ToMetrics()
		require.NoError(t, err)
		b, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(md)
		require.NoError(t, err)
		md, err = (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(b)
		require.NoError(t, err)
		out, err := LiftMetrics(md)
		require.NoError(t, err)
		return out, len(b)
	},
	Traces: func(t *testing.T, it Items) (Items, int) {
		td, err := it.ToTraces()
		require.NoError(t, err)
		b, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
		require.NoError(t, err)
		td, err = (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(b)
		require.NoError(t, err)
		out, err := LiftTraces(td)
		require.NoError(t, err)
		return out, len(b)
	},
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for signal, through := range carry {
		t.Run(string(signal), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, 2))
			for range 200 {
				want := Items{Anomalies: []*Anomaly{randomAnomaly(r), randomAnomaly(r)}, Windows: []*Window{randomWindow(r)}}
				got, _ := through(t, want)
				require.Equal(t, want, got)
			}
		})
	}
}

// TestTrim sends anomalies far over the limit and asks that what arrives is small, valid, and says what went.
func TestTrim(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	big := strings.Repeat("x", 1<<20)
	grow := map[string]func(*Anomaly){
		"baseline_data":         func(a *Anomaly) { a.BaselineData = json.RawMessage(`"` + big + `"`) },
		"window_data":           func(a *Anomaly) { a.WindowData = json.RawMessage(`"` + big + `"`) },
		"samples":               func(a *Anomaly) { a.Reasons[0].Sample = big },
		"requests":              func(a *Anomaly) { a.Requests = make([]Request, 4000) },
		"reasons":               func(a *Anomaly) { a.Reasons = make([]Reason, 4000) },
		"trace_ids":             func(a *Anomaly) { a.TraceIDs = strings.Split(strings.Repeat(strings.Repeat("ab", 16)+" ", 4000), " ") },
		"incident_services":     func(a *Anomaly) { a.IncidentServices = strings.Split(strings.Repeat("checkout ", 9000), " ") },
		"resource":              func(a *Anomaly) { a.Resource["z"] = big },
		"glass_box_explanation": func(a *Anomaly) { a.Explanation = strings.Repeat("日", 1<<18) },
		"channels":              func(a *Anomaly) { a.Channels = make([]Channel, 4000) },
	}
	for what, change := range grow {
		for signal, through := range carry {
			a := randomAnomaly(r)
			a.Trimmed = nil
			change(a)
			before, err := json.Marshal(a)
			require.NoError(t, err)
			got, n := through(t, Items{Anomalies: []*Anomaly{a}})
			require.Len(t, got.Anomalies, 1)
			assert.LessOrEqual(t, n, MaxItemBytes, "%s over %s", what, signal)
			assert.Greater(t, n, 1000)
			assert.Contains(t, got.Anomalies[0].Trimmed, what)
			assert.Equal(t, a.ID, got.Anomalies[0].ID)
			after, err := json.Marshal(a)
			require.NoError(t, err)
			require.Equal(t, string(before), string(after), "the anomaly itself must stay as it is")
		}
	}
	// What makes a verdict again outlives all that a reader would like to see.
	whole := randomAnomaly(r)
	for what, change := range grow {
		if what != "channels" {
			change(whole)
		}
	}
	whole.Statistics = json.RawMessage(`"` + strings.Repeat("x", 16<<10) + `"`)
	for signal, through := range carry {
		got, n := through(t, Items{Anomalies: []*Anomaly{whole}})
		assert.LessOrEqual(t, n, MaxItemBytes, signal)
		require.Len(t, got.Anomalies, 1)
		assert.Equal(t, whole.Statistics, got.Anomalies[0].Statistics)
		assert.Equal(t, whole.Channels, got.Anomalies[0].Channels)
	}
	grow["statistics"] = func(a *Anomaly) { a.Statistics = json.RawMessage(`"` + big + `"`) }
	// Everything at once, with bytes that are not UTF-8 and become longer on the way.
	a := randomAnomaly(r)
	for _, change := range grow {
		change(a)
	}
	a.Explanation, a.ComponentID = strings.Repeat("a\xff", 1<<19), strings.Repeat("\xffb", 1<<19)
	a.TraceIDs = []string{strings.Repeat("a\xff", 1<<19)}
	a.Resource = map[string]string{strings.Repeat("a\xff", 1<<18): strings.Repeat("a\xff", 1<<18)}
	for signal, through := range carry {
		got, n := through(t, Items{Anomalies: []*Anomaly{a}})
		assert.LessOrEqual(t, n, MaxItemBytes, signal)
		assert.Len(t, got.Anomalies, 1)
	}
}

// TestTrimTakesTheLeastFirst leaves excerpts where it is enough that what the other signals show, or the costs of words, go.
func TestTrimTakesTheLeastFirst(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	exhibit := func(words, also int) json.RawMessage {
		return json.RawMessage(`{"signal":"logs","excerpts":[{"text":"a line","words":[` + strings.Repeat("[0,1,2],", words) + `[3,4,5]]}],"also":["` + strings.Repeat("x", also) + `"]}`)
	}
	for name, tt := range map[string]struct {
		words, also int
		want        []string
		without     []string
	}{
		"fits":          {10, 10, nil, nil},
		"other signals": {10, 70 << 10, []string{"window_data"}, []string{"also"}},
		"words too":     {9 << 10, 70 << 10, []string{"window_data"}, []string{"also", "words"}},
	} {
		a := randomAnomaly(r)
		a.Trimmed, a.BaselineData, a.WindowData = nil, nil, exhibit(tt.words, tt.also)
		got, size := carry[Logs](t, Items{Anomalies: []*Anomaly{a}})
		assert.LessOrEqual(t, size, MaxItemBytes)
		kept := string(got.Anomalies[0].WindowData)
		assert.Contains(t, kept, "a line", name)
		assert.Equal(t, tt.want, got.Anomalies[0].Trimmed, name)
		for _, member := range []string{"also", "words"} {
			assert.Equal(t, !slices.Contains(tt.without, member), strings.Contains(kept, `"`+member+`"`), "%s: %s", name, member)
		}
	}
}

// TestTrimKeepsWhatFits walks the size of a list over the limit, where being one byte off would show.
func TestTrimKeepsWhatFits(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	a := randomAnomaly(r)
	a.Trimmed, a.Requests = nil, nil
	a.WindowData = nil
	for n := 50000; n < 66000; n += 101 {
		a.BaselineData = json.RawMessage(`"` + strings.Repeat("x", n) + `"`)
		got, size := carry[Metrics](t, Items{Anomalies: []*Anomaly{a}})
		require.LessOrEqual(t, size, MaxItemBytes)
		if got.Anomalies[0].BaselineData == nil {
			require.Greater(t, n, MaxItemBytes-3*fixedBytes, "trimmed without need")
			require.Equal(t, []string{"baseline_data"}, got.Anomalies[0].Trimmed)
		}
	}
}

func TestWindowTrim(t *testing.T) {
	t.Parallel()
	w := randomWindow(rand.New(rand.NewPCG(7, 8)))
	w.Streams = make([]Stream, 4000)
	for i := range w.Streams {
		w.Streams[i].Signal = Logs
	}
	got, n := carry[Logs](t, Items{Windows: []*Window{w}})
	assert.LessOrEqual(t, n, MaxItemBytes)
	assert.NotEmpty(t, got.Windows[0].Streams)
	assert.Len(t, w.Streams, 4000)
}

func TestRefusesToWrite(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Anomaly){
		"id must be a UUID":                 func(a *Anomaly) { a.ID = "7" },
		"incident_id must be a UUID":        func(a *Anomaly) { a.IncidentID = "7" },
		"episode.id must be a UUID":         func(a *Anomaly) { a.Episode.ID = strings.ToUpper(a.ID) },
		"episode.revision and":              func(a *Anomaly) { a.Episode.Revision = 0 },
		"episode.peak_p must lie in":        func(a *Anomaly) { a.Episode.PeakP = 2 },
		"episode.started must lie between":  func(a *Anomaly) { a.Episode.Started = time.Time{} },
		"episode.ended must lie between":    func(a *Anomaly) { a.Episode.Ended = &time.Time{} },
		"deploy.at must lie between":        func(a *Anomaly) { a.Deploy.At = latest.Add(1) },
		"service must not be empty":         func(a *Anomaly) { a.Service = "" },
		"service must have at most 1024":    func(a *Anomaly) { a.Service = strings.Repeat("s", 1025) },
		"must lie between 1970 and 2261":    func(a *Anomaly) { a.WindowStart = time.Time{} },
		"must not lie before window_start":  func(a *Anomaly) { a.Timestamp = a.WindowStart.Add(-1) },
		"p_value must lie in [0, 1]":        func(a *Anomaly) { a.PValue = math.NaN() },
		"score must be finite":              func(a *Anomaly) { a.Score = math.Inf(1) },
		"stream_type must be logs, metrics": func(a *Anomaly) { a.StreamType = "profiles" },
		"signals must be of logs, metrics":  func(a *Anomaly) { a.Signals = []Signal{"x"} },
		"a compressed size must be below":   func(a *Anomaly) { a.CompressionWindow = math.MaxUint64 },
		"reasons: json: unsupported value":  func(a *Anomaly) { a.Reasons[0].Bits = math.NaN() },
		"baseline_data: unexpected end of":  func(a *Anomaly) { a.BaselineData = json.RawMessage(`{`) },
		"window_data: invalid character":    func(a *Anomaly) { a.WindowData = json.RawMessage(`not`) },
	} {
		a := randomAnomaly(rand.New(rand.NewPCG(9, 9)))
		change(a)
		assert.ErrorContains(t, a.WriteTo(pcommon.NewMap()), want)
		_, err := a.ToLogs()
		assert.ErrorContains(t, err, want)
	}
	w := randomWindow(rand.New(rand.NewPCG(9, 9)))
	w.Streams[0].Signal = "x"
	_, err := w.ToTraces()
	assert.ErrorContains(t, err, "streams.signal must be logs, metrics or traces")
	w = randomWindow(rand.New(rand.NewPCG(9, 9)))
	w.Level = math.NaN()
	assert.ErrorContains(t, w.WriteTo(pcommon.NewMap()), "level must be finite")
}

func TestNewID(t *testing.T) {
	t.Parallel()
	at := time.Unix(1700000000, 0)
	id := NewID("driftlockcbad", "checkout", "logs", at, "abc")
	assert.Equal(t, id, NewID("driftlockcbad", "checkout", "logs", at.UTC(), "abc"))
	u, err := uuid.Parse(id)
	require.NoError(t, err)
	assert.EqualValues(t, 8, u.Version())
	assert.Equal(t, uuid.RFC4122, u.Variant())
	for _, other := range []string{
		NewID("driftlockcbad/2", "checkout", "logs", at, "abc"), NewID("driftlockcbad", "checkoutlogs", "", at, "abc"),
		NewID("driftlockcbad", "checkout", "traces", at, "abc"), NewID("driftlockcbad", "checkout", "logs", at.Add(1), "abc"),
		NewID("driftlockcbad", "checkout", "logs", at, "abd"),
	} {
		assert.NotEqual(t, id, other)
	}
	assert.Equal(t, "1ba9dba3-7b1f-8c20-a3e4-c63f4c5d1f9f", id, "ids must not change from release to release")
	assert.Equal(t, ProcessID(), ProcessID())
}
