package driftlockapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/storetest"
)

func TestAbout(t *testing.T) {
	t.Parallel()
	h := served(t, 0)
	h.cfg.Dashboard.TraceURL = "https://jaeger.example/trace/{trace_id}"
	type about struct {
		Version, Actor string
		CoreVersion    string `json:"core_version"`
		Role           auth.Role
		Open           bool
		TraceURL       string `json:"trace_url"`
	}
	got := decode[about](t, get(t, h, "/v1/about"))
	require.NotEmpty(t, got.CoreVersion)
	got.CoreVersion = ""
	require.Equal(t, about{"0.1.0", "anybody", "", auth.Admin, true, "https://jaeger.example/trace/{trace_id}"}, got)
	got = decode[about](t, request(t, h, http.MethodGet, "/v1/about", bearer(tokensOf(t, h)[auth.Reader])))
	require.Equal(t, auth.Reader, got.Role)
	require.Equal(t, "reader's key", got.Actor)
	require.False(t, got.Open)
}

func TestTraceURL(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "https://jaeger.example/trace/{trace_id}", "http://localhost:16686/trace/{trace_id}?x=1#y", "https://g.example/explore?left={trace_id}"} {
		require.NoError(t, (&DashboardConfig{TraceURL: good}).Validate(), good)
	}
	for _, bad := range []string{"https://jaeger.example/", "javascript:alert({trace_id})", "//x/{trace_id}", "{trace_id}", "ftp://x/{trace_id}", "https://u:p@x/{trace_id}", "https:///{trace_id}", "https://x/%zz{trace_id}"} {
		err := (&DashboardConfig{TraceURL: bad}).Validate()
		require.ErrorContains(t, err, "trace_url must be", bad)
		require.NotContains(t, err.Error(), "u:p")
	}
}

func TestOverview(t *testing.T) {
	t.Parallel()
	got := decode[overview](t, get(t, served(t, 0), "/v1/overview"))
	require.Equal(t, overview{Store: "ready", Budgets: []store.Budget{}}, got)

	h := served(t, 4)
	fresh := storetest.Window("cart", "driftlockcbad", "p", 4)
	fresh.Timestamp = time.Now().UTC().Add(time.Hour).Truncate(time.Minute)
	fresh.WindowStart = fresh.Timestamp.Add(-time.Minute)
	now := storetest.Anomaly(78)
	now.Timestamp, now.WindowStart = fresh.Timestamp, fresh.WindowStart
	_, err := h.store.Add(t.Context(), anomaly.Items{Windows: []*anomaly.Window{fresh}, Anomalies: []*anomaly.Anomaly{now}})
	require.NoError(t, err)
	got = decode[overview](t, get(t, h, "/v1/overview"))
	require.Equal(t, 3, got.Services)
	require.Equal(t, streamStates{Warming: 3}, got.Streams)
	require.Equal(t, &store.Warmup{Service: "cart", Signal: anomaly.Logs, Seen: 4, Needed: 30}, got.Warmup)
	require.InDelta(t, 9./60, got.RecordsPerSecond, 1e-12, "the others are not current")
	require.Equal(t, fresh.Timestamp, *got.Newest)
	require.Zero(t, *got.Lag, "a clock that is ahead is no negative lag")
	require.Equal(t, openAnomalies{Pending: 5, Last24h: 1}, got.Anomalies)
	require.Equal(t, []store.Budget{{ComponentID: "driftlockcbad", PerDay: 1, Spent: .5, Level: 1e-3}}, got.Budgets)
}

func TestLanes(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	got := decode[laneList](t, get(t, h, "/v1/lanes?start_time=2025-06-01T12:00:30Z&end_time=2025-06-01T12:04:10Z&limit=2"))
	at := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	require.Equal(t, at, got.Start, "widened to whole minutes")
	require.Equal(t, at.Add(5*time.Minute), got.End)
	require.Equal(t, 60., got.Step, "no shorter than a window")
	require.True(t, got.More)
	two, three := 2., 3.
	require.Equal(t, []store.Lane{
		{Service: "cart", MaxScore: 3, Anomalies: 1, Scores: []*float64{nil, &two, &three, nil, nil}, Anomalous: []int{0, 0, 1, 0, 0}},
		{Service: "checkout", MaxScore: 3, Anomalies: 1, Scores: []*float64{nil, &two, &three, nil, nil}, Anomalous: []int{0, 0, 1, 0, 0}},
	}, got.Services)

	got = decode[laneList](t, get(t, h, "/v1/lanes?service=payment&step=1h&start_time=2025-06-01T12:00:00Z&end_time=2025-06-01T13:00:00Z"))
	require.Len(t, got.Services, 1)
	require.Len(t, got.Services[0].Scores, 1)
	got = decode[laneList](t, get(t, h, "/v1/lanes"))
	require.Empty(t, got.Services, "the last six hours")
	require.InDelta(t, 120, got.Buckets, 1)
	require.Equal(t, 180., got.Step)
	got = decode[laneList](t, get(t, served(t, 0), "/v1/lanes?start_time=2025-06-01T00:00:00Z&end_time=2025-07-01T00:00:00Z&step=1s"))
	require.LessOrEqual(t, got.Buckets, store.MaxLaneBuckets)
	require.Zero(t, int(got.Step)%60)
}

// TestWiden holds the chosen buckets to what is promised, over spans and steps of all sizes.
func TestWiden(t *testing.T) {
	t.Parallel()
	for _, span := range []time.Duration{time.Nanosecond, time.Second, 59 * time.Second, time.Hour, 6 * time.Hour, 7*24*time.Hour + 1, maxLaneSpan} {
		for _, window := range []time.Duration{time.Second, 1500 * time.Millisecond, time.Minute, time.Hour} {
			for _, step := range []time.Duration{0, time.Second, 7 * time.Minute, 99999 * time.Hour} {
				for _, start := range []time.Time{earliest, time.Date(2026, 3, 1, 12, 0, 1, 7, time.UTC), latest.Add(-span)} {
					q := store.LanesQuery{Start: start, End: start.Add(span), Step: step}
					widen(&q, window)
					what := fmt.Sprint(span, window, step, start, q)
					require.NoError(t, q.Check(), what)
					require.False(t, q.Start.After(start), what)
					require.False(t, q.End.Before(start.Add(span)), what)
					require.GreaterOrEqual(t, q.Step, min(max(window, step), maxLaneStep), what)
					require.Zero(t, q.Start.UnixNano()%int64(q.Step), what)
					require.Zero(t, q.End.UnixNano()%int64(q.Step), what)
				}
			}
		}
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	var ends []string
	cursor := ""
	for {
		list := decode[windowList](t, get(t, h, "/v1/windows?service=cart&limit=1&cursor="+cursor))
		for _, w := range list.Windows {
			require.Equal(t, "cart", w.Service)
			ends = append(ends, w.Timestamp.Format("15:04"))
		}
		if cursor = list.NextCursor; cursor == "" {
			break
		}
	}
	require.Equal(t, []string{"12:02", "12:03"}, ends)
	require.Empty(t, decode[windowList](t, get(t, h, "/v1/windows?service=nobody")).Windows)
	require.Len(t, decode[windowList](t, get(t, h, "/v1/windows?service=cart&start_time=2025-06-01T12:03:00Z")).Windows, 1)
}

func FuzzWindowCursor(f *testing.F) {
	f.Add(windowPlace(storetest.Window("cart", "driftlockcbad", "p", 3)))
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, text string) {
		p := parseWindowPlace(text)
		if p == nil {
			return
		}
		again := parseWindowPlace(windowPlace(&anomaly.Window{Timestamp: p.Time, ComponentID: p.Component, ProcessID: p.Process}))
		require.Equal(t, p, again)
	})
}

func TestLevels(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	const span = "&start_time=2025-06-01T12:00:00Z&end_time=2025-06-02T00:00:00Z"
	got := decode[levelCounts](t, get(t, h, "/v1/levels?level=0.5&limit=1"+span))
	require.Equal(t, .5, got.Level)
	require.Equal(t, .5, got.Days)
	require.Equal(t, store.LevelCounts{Windows: 6, Anomalous: 6, Episodes: 3}, got.LevelCounts)
	require.Equal(t, []store.ServiceLevel{{Service: "cart", LevelCounts: store.LevelCounts{Windows: 2, Anomalous: 2, Episodes: 1}}}, got.Services)
	require.True(t, got.More)
	got = decode[levelCounts](t, get(t, h, "/v1/levels?level=1e-9"+span))
	require.Zero(t, got.Anomalous)
	require.Equal(t, 6, got.Windows)
	require.Zero(t, decode[levelCounts](t, get(t, h, "/v1/levels?level=0.1")).Windows, "the last day")
}

func TestSimilar(t *testing.T) {
	t.Parallel()
	h := served(t, 0)
	var all []*anomaly.Anomaly
	make := func(service string, minute int, items ...string) *anomaly.Anomaly {
		a := storetest.Anomaly(0)
		a.Service, a.Timestamp = service, a.Timestamp.Add(time.Duration(minute)*time.Hour)
		a.ID = anomaly.NewID("c", service, fmt.Sprint(minute), a.Timestamp, "")
		a.Reasons = nil
		for _, item := range items {
			a.Reasons = append(a.Reasons, anomaly.Reason{Signal: anomaly.Logs, Channel: "log_new", Item: item, Bits: 10, Text: item})
		}
		all = append(all, a)
		return a
	}
	half, alike, elsewhere := make("cart", 1, "a", "x", "y", "b"), make("cart", 2, "b", "a"), make("payment", 3, "a", "b")
	make("cart", 4, "z")
	make("cart", 5)
	a := make("cart", 6, "a", "b")
	make("cart", 7, "a", "b") // came later
	for i := range 250 {      // more than are looked at of all
		make("busy", -1000-i, "a", "b")
	}
	_, err := h.store.Add(t.Context(), anomaly.Items{Anomalies: all})
	require.NoError(t, err)
	type list struct{ Similar []similar }
	got := decode[list](t, get(t, h, "/v1/anomalies/"+a.ID+"/similar?limit=3")).Similar
	require.Len(t, got, 3)
	require.Equal(t, []string{alike.ID, elsewhere.ID}, []string{got[0].Anomaly.ID, got[1].Anomaly.ID}, "the service's own first")
	require.Equal(t, []string{"a", "b"}, got[0].Shared)
	require.Empty(t, got[0].Anomaly.WindowData)
	got = decode[list](t, get(t, h, "/v1/anomalies/"+a.ID+"/similar?limit=50")).Similar
	require.Len(t, got, 50)
	require.NotContains(t, fmt.Sprint(got), half.ID, "those that are more alike are enough")
	require.Empty(t, decode[list](t, get(t, h, "/v1/anomalies/"+half.ID+"/similar?limit=1")).Similar[1:])
	require.Equal(t, 404, get(t, h, "/v1/anomalies/00000000-0000-8000-8000-000000000000/similar").Code)
}

func TestBadParametersOfViews(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	id := storetest.Anomaly(0).ID
	for target, want := range map[string]string{
		"/v1/windows":                          "service is missing",
		"/v1/windows?service=":                 "service must",
		"/v1/windows?service=cart&cursor=AAAA": "cursor is not a cursor of this list",
		"/v1/windows?service=cart&limit=501":   "limit must be a whole number from 1 to 500",
		"/v1/levels":                           "level is missing",
		"/v1/levels?level=0":                   "level must",
		"/v1/levels?level=1.1":                 "level must",
		"/v1/levels?level=NaN":                 "level must",
		"/v1/levels?level=1&start_time=2025-06-01T00:00:00Z&end_time=2025-06-01T00:00:00Z": "end_time must lie after start_time",
		"/v1/lanes?start_time=2200-06-01T00:00:00Z":                                        "end_time must lie after start_time; it is now where it is not given",
		"/v1/lanes?start_time=2001-06-01T00:00:00Z&end_time=2025-06-01T00:00:00Z":          "at most ten years",
		"/v1/lanes?step=5":                          "step must be a duration",
		"/v1/lanes?limit=201":                       "limit must be a whole number from 1 to 200",
		"/v1/lanes?cursor=x":                        `unknown parameter "cursor"`,
		"/v1/overview?x=1":                          `unknown parameter "x"; known: none`,
		"/v1/anomalies/x/similar":                   "id must be a UUID",
		"/v1/anomalies/" + id + "/similar?limit=51": "limit must be a whole number from 1 to 50",
	} {
		w := get(t, h, target)
		require.Equal(t, 400, w.Code, target)
		var e apiError
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &e))
		require.Contains(t, e.Details, want, target)
	}
}
