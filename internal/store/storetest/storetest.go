// Package storetest holds every store to one behaviour: each implementation runs Run in a test of its own.
// It does not test what only one database has, such as files, locks or migrations.
package storetest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Opened is an empty store and a way round it.
type Opened struct {
	store.Store
	// Exec runs a statement behind the store's back.
	Exec func(statement string) error
	// Unprotect are the statements that make the audit log one that can be changed.
	Unprotect []string
}

// Open opens an empty store whose created_at comes from now. The suite closes it.
type Open func(t *testing.T, now func() time.Time) Opened

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Opened, *Clock){
		"GetReturnsWhatWasAdded":       getReturnsWhatWasAdded,
		"AddIsIdempotent":              addIsIdempotent,
		"EpisodeIsOneAnomaly":          episodeIsOneAnomaly,
		"EpisodeInAnyOrder":            episodeInAnyOrder,
		"AddIsAtomic":                  addIsAtomic,
		"ListAgreesWithNaiveFilter":    listAgreesWithNaiveFilter,
		"PagesCoverAllOnceUnderInsert": pagesCoverAllOnceUnderInsert,
		"TextIsLiteral":                textIsLiteral,
		"TextIsFoundWhereverItIs":      textIsFoundWhereverItIs,
		"TextFollowsTheWorstWindow":    textFollowsTheWorstWindow,
		"SummaryLeavesOutExcerpts":     summaryLeavesOutExcerpts,
		"LimitIsClamped":               limitIsClamped,
		"WindowsAndLatest":             windowsAndLatest,
		"PruneByAge":                   pruneByAge,
		"CancelledContext":             cancelledContext,
		"ConcurrentUse":                concurrentUse,
		"StatusFollowsTheTable":        statusFollowsTheTable,
		"StatusNeedsTheRowThatWasSeen": statusNeedsTheRowThatWasSeen,
		"AuditTellsWhatHappened":       auditTellsWhatHappened,
		"AuditShowsTampering":          auditShowsTampering,
		"AcknowledgeWhatNobodyTouched": acknowledgeWhatNobodyTouched,
		"RetentionIsAudited":           retentionIsAudited,
		"TailFollowsChanges":           tailFollowsChanges,
		"TailMissesNothing":            tailMissesNothing,
		"WatchEnds":                    watchEnds,
		"KeysLiveAndEnd":               keysLiveAndEnd,
		"StatsAgreeWithTheList":        statsAgreeWithTheList,
		"LanesAgreeWithWindows":        lanesAgreeWithWindows,
		"LevelsAgreeWithWindows":       levelsAgreeWithWindows,
		"OverviewAgreesWithWindows":    overviewAgreesWithWindows,
		"WindowPagesCoverAllOnce":      windowPagesCoverAllOnce,
		"Closed":                       closed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := &Clock{at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
			s := open(t, clock.Now)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			test(t, s, clock)
		})
	}
}

var base = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

// Anomaly makes the i-th of a family of anomalies in which sort values often tie.
func Anomaly(i int) *anomaly.Anomaly {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	end := base.Add(time.Duration(r.IntN(20)) * time.Minute)
	service := []string{"cart", "checkout", "payment"}[r.IntN(3)]
	signal := []anomaly.Signal{anomaly.Logs, anomaly.Metrics, anomaly.Traces}[r.IntN(3)]
	p := []float64{1e-3, 1e-4, 1e-5, 3e-7}[r.IntN(4)]
	a := &anomaly.Anomaly{
		ID:        anomaly.NewID("driftlockcbad", service, fmt.Sprint(signal, i), end, "hash"),
		Timestamp: end, WindowStart: end.Add(-time.Minute), Service: service, StreamType: signal,
		Signals: []anomaly.Signal{signal}, Status: "pending", Score: float64(r.IntN(5)) + .25, PValue: p, PFloor: 1e-3, Level: 1e-3,
		NCDScore: float64(r.IntN(10)) / 10, Bits: 12.5,
		Explanation:         fmt.Sprintf("%s logged 100%% new lines in window_%d", service, i),
		Reasons:             []anomaly.Reason{{Signal: signal, Channel: "log_new", Bits: 12, Text: "a new line", Item: "user <*> failed", Band: []float64{0, 1}}},
		Channels:            []anomaly.Channel{{Signal: signal, Name: "log_new", Statistic: 3.5, P: p, PFloor: 1e-3}},
		Requests:            []anomaly.Request{{TraceID: "ab", Start: end.Add(-time.Second), End: end, Score: 4, PValue: 1e-4}},
		TraceIDs:            []string{"0af7651916cd43dd8448eb211c80319c"},
		CompressionBaseline: 1000, CompressionWindow: 200, CompressionCombined: 1150, EntropyBaseline: 4.5, EntropyWindow: 5.25, PermutationP: .001,
		BaselineData: json.RawMessage(`{"ids":[18446744073709551615]}`), WindowData: json.RawMessage(`{"html":"<&>"}`),
		Statistics: json.RawMessage(`{"p":[1.0,0.1000000000000000055,2.5]}`),
		Incomplete: i%2 == 0, Trimmed: []string{"samples"}, Resource: map[string]string{"service.name": service},
		ComponentID: "driftlockcbad", ConfigHash: "hash", CoreVersion: "0.1.0", ProcessID: "p1", Kind: anomaly.KindAnomaly,
	}
	if i%2 == 1 {
		a.Kind = []anomaly.Kind{anomaly.KindAnomaly, anomaly.KindSilence}[r.IntN(2)]
		a.Episode = &anomaly.Episode{ID: a.ID, Started: a.WindowStart, Last: end, Windows: 1, Revision: 1, PeakP: p, Peak: a.WindowStart}
		a.IncidentID, a.IncidentServices, a.Cause = Incident(r.IntN(3)), []string{"payment", service}, "payment"
		a.Deploy = &anomaly.Deploy{From: "1.0", To: "1.1", At: a.WindowStart.Add(-time.Minute)}
	}
	return a
}

// Incident is the id of the i-th incident.
func Incident(i int) string { return anomaly.NewID("driftlockcbad", "", fmt.Sprint(i), base, "hash") }

// Window makes a window item.
func Window(service, component, process string, minute int) *anomaly.Window {
	end := base.Add(time.Duration(minute) * time.Minute)
	return &anomaly.Window{
		Timestamp: end, WindowStart: end.Add(-time.Minute), Service: service, Score: float64(minute), PValue: .5, Level: 1e-3, Anomaly: minute%2 == 1,
		BudgetPerDay: 1, BudgetSpent: .5, ComponentID: component, ProcessID: process,
		Streams: []anomaly.Stream{{Signal: anomaly.Logs, State: "warming", Seen: uint32(minute), Needed: 30, Records: 9, PValue: .5, MemoryBytes: 4096}},
	}
}

func add(t *testing.T, s store.Store, list ...*anomaly.Anomaly) {
	t.Helper()
	_, err := s.Add(t.Context(), anomaly.Items{Anomalies: list})
	require.NoError(t, err)
}

func getReturnsWhatWasAdded(t *testing.T, s Opened, clock *Clock) {
	want := Anomaly(1)
	add(t, s, want)
	got, err := s.Get(t.Context(), want.ID)
	require.NoError(t, err)
	now := clock.Now()
	want.CreatedAt, want.UpdatedAt = &now, &now
	require.Equal(t, want, got)

	bare := &anomaly.Anomaly{ID: anomaly.NewID("", "s", "", base, ""), Timestamp: base, WindowStart: base, Service: "s", StreamType: anomaly.Logs, PValue: .5}
	add(t, s, bare)
	got, err = s.Get(t.Context(), bare.ID)
	require.NoError(t, err)
	require.Equal(t, "pending", got.Status)
	require.Empty(t, got.Reasons)
	require.Nil(t, got.BaselineData)

	_, err = s.Get(t.Context(), "00000000-0000-8000-8000-000000000000")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.NoError(t, s.Ping(t.Context()))
}

func addIsIdempotent(t *testing.T, s Opened, clock *Clock) {
	items := anomaly.Items{Anomalies: []*anomaly.Anomaly{Anomaly(1), Anomaly(2), Anomaly(1)}, Windows: []*anomaly.Window{Window("cart", "c", "p", 1), Window("cart", "c", "p", 1)}}
	n, err := s.Add(t.Context(), items)
	require.NoError(t, err)
	require.Equal(t, store.Counts{Anomalies: 2, Windows: 1}, n)
	before, err := s.Get(t.Context(), Anomaly(1).ID)
	require.NoError(t, err)

	clock.Advance(time.Hour)
	again := Anomaly(1)
	again.Explanation = "another text"
	n, err = s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{again}, Windows: items.Windows})
	require.NoError(t, err)
	require.Equal(t, store.Counts{}, n)
	after, err := s.Get(t.Context(), again.ID)
	require.NoError(t, err)
	require.Equal(t, before, after, "the first copy counts")

	n, err = s.Add(t.Context(), anomaly.Items{})
	require.NoError(t, err)
	require.Equal(t, store.Counts{}, n)
}

func addIsAtomic(t *testing.T, s Opened, _ *Clock) {
	bad := Anomaly(2)
	bad.StreamType = "profiles"
	_, err := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{Anomaly(1), bad}})
	require.Error(t, err)
	require.True(t, store.IsPermanent(err), "a row that breaks a rule breaks it again: %v", err)
	_, err = s.Get(t.Context(), Anomaly(1).ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	add(t, s, Anomaly(1)) // and the store goes on
}

// listAgreesWithNaiveFilter compares every combination of filters and orders with a loop over all anomalies.
func listAgreesWithNaiveFilter(t *testing.T, s Opened, _ *Clock) {
	var all []*anomaly.Anomaly
	for i := range 120 {
		all = append(all, Anomaly(i))
	}
	add(t, s, all...)
	number := func(f float64) *float64 { return &f }
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 400 {
		var q store.Query
		on := func() bool { return r.IntN(3) == 0 }
		if on() {
			q.StreamType = anomaly.Traces
		}
		if on() {
			q.Service = "checkout"
		}
		if on() {
			q.Status = []string{"pending", "resolved"}[r.IntN(2)]
		}
		if on() {
			q.Kind = anomaly.KindSilence
		}
		if on() {
			q.IncidentID = Incident(1)
		}
		if on() {
			q.MinNCDScore = number(.5)
		}
		if on() {
			q.MaxPValue = number(1e-5)
		}
		if on() {
			q.Start = base.Add(5 * time.Minute)
		}
		if on() {
			q.End = base.Add(15 * time.Minute)
		}
		if on() {
			q.Text = []string{"WINDOW_1", "user <*>", "pay", "nowhere"}[r.IntN(4)]
		}
		q.Sort = store.Sort{Field: store.Fields[r.IntN(len(store.Fields))], Ascending: r.IntN(2) == 0}
		q.Limit = 1 + r.IntN(40)
		want := naive(all, q)
		got := walk(t, s, q, nil)
		require.Equal(t, want, got, "round %d, query %+v", round, q)
	}
}

// naive filters and sorts the ids of all.
func naive(all []*anomaly.Anomaly, q store.Query) []string {
	var kept []*anomaly.Anomaly
	for _, a := range all {
		text := strings.ToLower(a.Explanation + "\x00" + a.Service)
		for _, r := range a.Reasons {
			text += "\x00" + strings.ToLower(r.Item)
		}
		if (q.StreamType == "" || a.StreamType == q.StreamType) && (q.Service == "" || a.Service == q.Service) && (q.Status == "" || a.Status == q.Status) &&
			(q.Kind == "" || a.Kind == q.Kind) && (q.IncidentID == "" || a.IncidentID == q.IncidentID) &&
			(q.MinNCDScore == nil || a.NCDScore >= *q.MinNCDScore) && (q.MaxPValue == nil || a.PValue <= *q.MaxPValue) &&
			(q.Start.IsZero() || !a.Timestamp.Before(q.Start)) && (q.End.IsZero() || a.Timestamp.Before(q.End)) && strings.Contains(text, strings.ToLower(q.Text)) {
			kept = append(kept, a)
		}
	}
	value := func(a *anomaly.Anomaly) float64 {
		return map[store.Field]float64{
			store.ByTimestamp: float64(a.Timestamp.Unix()), store.ByScore: a.Score, store.ByPValue: a.PValue, store.ByNCDScore: a.NCDScore,
		}[q.Sort.Field]
	}
	slices.SortFunc(kept, func(a, b *anomaly.Anomaly) int {
		c := cmp.Or(cmp.Compare(value(a), value(b)), cmp.Compare(a.ID, b.ID))
		if !q.Sort.Ascending {
			c = -c
		}
		return c
	})
	ids := []string{}
	for _, a := range kept {
		ids = append(ids, a.ID)
	}
	return ids
}

// walk pages through a list by cursors, as a client does, and calls between before each next page.
func walk(t *testing.T, s store.Store, q store.Query, between func()) []string {
	t.Helper()
	ids := []string{}
	for {
		page, err := s.List(t.Context(), q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Anomalies), store.ClampLimit(q.Limit))
		for _, a := range page.Anomalies {
			ids = append(ids, a.ID)
		}
		if page.Next == nil {
			return ids
		}
		text, err := q.Cursor(page.Next)
		require.NoError(t, err)
		q.After, err = q.ParseCursor(text)
		require.NoError(t, err)
		if between != nil {
			between()
		}
	}
}

// pagesCoverAllOnceUnderInsert inserts rows everywhere in the order while a client pages: rows that were there before come exactly once.
func pagesCoverAllOnceUnderInsert(t *testing.T, s Opened, _ *Clock) {
	for _, field := range store.Fields {
		for _, ascending := range []bool{false, true} {
			var before []string
			page, err := s.List(t.Context(), store.Query{Limit: store.MaxLimit})
			require.NoError(t, err)
			for _, a := range page.Anomalies {
				before = append(before, a.ID)
			}
			next := len(before)
			for range 60 {
				a := Anomaly(next)
				add(t, s, a)
				before = append(before, a.ID)
				next++
			}
			inserted := 0
			got := walk(t, s, store.Query{Limit: 7, Sort: store.Sort{Field: field, Ascending: ascending}}, func() {
				if inserted < 15 {
					add(t, s, Anomaly(next))
					next++
					inserted++
				}
			})
			seen := map[string]int{}
			for _, id := range got {
				seen[id]++
				require.Equal(t, 1, seen[id], "%s came twice", id)
			}
			for _, id := range before {
				require.Equal(t, 1, seen[id], "%s was missed, order %s", id, field)
			}
		}
	}
}

func summaryLeavesOutExcerpts(t *testing.T, s Opened, _ *Clock) {
	add(t, s, Anomaly(1))
	full, err := s.List(t.Context(), store.Query{})
	require.NoError(t, err)
	short, err := s.List(t.Context(), store.Query{Detail: store.Summary})
	require.NoError(t, err)
	require.NotEmpty(t, full.Anomalies[0].WindowData)
	require.Empty(t, short.Anomalies[0].WindowData)
	require.NotEmpty(t, full.Anomalies[0].Statistics)
	full.Anomalies[0].WindowData, full.Anomalies[0].BaselineData, full.Anomalies[0].Statistics = nil, nil, nil
	require.Equal(t, full, short)
}

func limitIsClamped(t *testing.T, s Opened, _ *Clock) {
	var all []*anomaly.Anomaly
	for i := range store.MaxLimit + 5 {
		all = append(all, Anomaly(i))
	}
	add(t, s, all...)
	for limit, want := range map[int]int{0: store.DefaultLimit, -3: store.DefaultLimit, 1: 1, 1 << 30: store.MaxLimit} {
		page, err := s.List(t.Context(), store.Query{Limit: limit})
		require.NoError(t, err)
		require.Len(t, page.Anomalies, want)
		require.NotNil(t, page.Next)
	}
	_, err := s.List(t.Context(), store.Query{Sort: store.Sort{Field: "explanation"}})
	require.ErrorContains(t, err, `no order by "explanation"`)
	require.True(t, store.IsPermanent(err))
}

func windowsAndLatest(t *testing.T, s Opened, _ *Clock) {
	items := anomaly.Items{}
	for minute := range 10 {
		items.Windows = append(items.Windows, Window("cart", "c", "p", minute), Window("checkout", "c", "p", 9-minute))
	}
	items.Windows = append(items.Windows, Window("cart", "c/2", "p", 3), Window("cart", "c", "other", 4))
	n, err := s.Add(t.Context(), items)
	require.NoError(t, err)
	require.Equal(t, 22, n.Windows)

	got, err := s.Windows(t.Context(), store.WindowQuery{Service: "cart", Start: base.Add(2 * time.Minute), End: base.Add(5 * time.Minute)})
	require.NoError(t, err)
	require.Equal(t, []*anomaly.Window{
		Window("cart", "c", "p", 2), Window("cart", "c", "p", 3), Window("cart", "c/2", "p", 3), Window("cart", "c", "other", 4), Window("cart", "c", "p", 4),
	}, got)
	got, err = s.Windows(t.Context(), store.WindowQuery{Service: "cart", Limit: 3})
	require.NoError(t, err)
	require.Len(t, got, 3)

	want := []*anomaly.Window{Window("cart", "c", "p", 9), Window("cart", "c/2", "p", 3), Window("checkout", "c", "p", 9)}
	got, err = s.Latest(t.Context(), store.LatestQuery{})
	require.NoError(t, err)
	require.Equal(t, want, got)
	got, err = s.Latest(t.Context(), store.LatestQuery{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, want[:2], got)
	got, err = s.Latest(t.Context(), store.LatestQuery{AfterService: "cart", AfterComponent: "c/2"})
	require.NoError(t, err)
	require.Equal(t, want[2:], got)
	got, err = s.Latest(t.Context(), store.LatestQuery{Service: "cart", AfterService: "cart", AfterComponent: "c"})
	require.NoError(t, err)
	require.Equal(t, want[1:2], got)
}

func pruneByAge(t *testing.T, s Opened, clock *Clock) {
	put := func(from, to int) {
		items := anomaly.Items{}
		for i := from; i < to; i++ {
			items.Anomalies = append(items.Anomalies, Anomaly(i))
			items.Windows = append(items.Windows, Window(fmt.Sprint("s", i), "c", "p", 1))
		}
		_, err := s.Add(t.Context(), items)
		require.NoError(t, err)
	}
	put(0, 25)
	clock.Advance(8 * 24 * time.Hour)
	put(25, 30)
	now := clock.Now()

	n, err := s.Prune(t.Context(), store.Cutoffs{Windows: now.Add(-7 * 24 * time.Hour)}, 10)
	require.NoError(t, err)
	require.Equal(t, store.Counts{Windows: 10}, n)
	n, err = store.Retention{Anomalies: 90 * 24 * time.Hour, Windows: 7 * 24 * time.Hour}.Apply(t.Context(), s, now)
	require.NoError(t, err)
	require.Equal(t, store.Counts{Windows: 15}, n)
	latest, err := s.Latest(t.Context(), store.LatestQuery{})
	require.NoError(t, err)
	require.Len(t, latest, 5)

	n, err = store.Retention{Anomalies: 24 * time.Hour}.Apply(t.Context(), s, now)
	require.NoError(t, err)
	require.Equal(t, store.Counts{Anomalies: 25}, n)
	page, err := s.List(t.Context(), store.Query{})
	require.NoError(t, err)
	require.Len(t, page.Anomalies, 5)
	n, err = store.Retention{}.Apply(t.Context(), s, now.Add(1000*time.Hour))
	require.NoError(t, err)
	require.Equal(t, store.Counts{}, n, "no retention deletes nothing")
}

func cancelledContext(t *testing.T, s Opened, _ *Clock) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Add(ctx, anomaly.Items{Anomalies: []*anomaly.Anomaly{Anomaly(1)}})
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, store.IsPermanent(err))
	_, err = s.List(ctx, store.Query{})
	require.ErrorIs(t, err, context.Canceled)
	add(t, s, Anomaly(1))
}

func concurrentUse(t *testing.T, s Opened, _ *Clock) {
	done := make(chan error)
	const writers, each = 4, 25
	for w := range writers {
		go func() {
			var err error
			for i := range each {
				if _, e := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{Anomaly(i), Anomaly(1000 + w*each + i)}}); e != nil {
					err = e
				}
				if _, e := s.List(t.Context(), store.Query{Limit: 10}); e != nil {
					err = e
				}
			}
			done <- err
		}()
	}
	for range writers {
		require.NoError(t, <-done)
	}
	page, err := s.List(t.Context(), store.Query{Limit: store.MaxLimit})
	require.NoError(t, err)
	require.Len(t, page.Anomalies, each+writers*each)
}

func closed(t *testing.T, s Opened, _ *Clock) {
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{Anomaly(1)}})
	require.ErrorIs(t, err, store.ErrClosed)
	_, err = s.Get(t.Context(), Anomaly(1).ID)
	require.ErrorIs(t, err, store.ErrClosed)
	_, err = s.List(t.Context(), store.Query{})
	require.ErrorIs(t, err, store.ErrClosed)
	_, err = s.Latest(t.Context(), store.LatestQuery{})
	require.ErrorIs(t, err, store.ErrClosed)
	_, err = s.Prune(t.Context(), store.Cutoffs{}, 1)
	require.ErrorIs(t, err, store.ErrClosed)
	require.ErrorIs(t, s.Ping(t.Context()), store.ErrClosed)
	require.True(t, store.IsPermanent(err))
}
