package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// watched makes windows of several services, components and processes, some of them at the same time.
func watched() (all []*anomaly.Window) {
	r := rand.New(rand.NewPCG(7, 7))
	for s := range 7 {
		for minute := range 90 {
			for _, component := range []string{"driftlockcbad", "driftlockcbad/2"} {
				for _, process := range []string{"p", "q"} {
					if r.IntN(4) > 0 || s == 6 && minute > 40 {
						continue
					}
					w := Window(fmt.Sprint("service-", s), component, process, minute)
					w.Score, w.PValue, w.Level = float64(r.IntN(8))/2, []float64{1, .1, 1e-3, 1e-4}[r.IntN(4)], []float64{1e-2, 1e-3}[r.IntN(2)]
					w.Anomaly, w.BudgetSpent, w.Streams = s > 1 && r.IntN(5) == 0, float64(r.IntN(5)), nil
					for _, signal := range []anomaly.Signal{anomaly.Logs, anomaly.Metrics, anomaly.Traces}[:r.IntN(4)] {
						w.Streams = append(w.Streams, anomaly.Stream{
							Signal: signal, State: []string{"new", "warming", "ready"}[r.IntN(3)], Seen: uint32(r.IntN(30)), Needed: 30,
							Records: uint64(r.IntN(900)), Unscored: uint64(r.IntN(3)), PValue: 1, PFloor: 1,
						})
					}
					all = append(all, w)
				}
			}
		}
	}
	return all
}

// draw makes random spans of time over what was watched.
func draw(r *rand.Rand) (start, end time.Time) {
	start = base.Add(time.Duration(r.IntN(80)-10) * time.Minute)
	return start, start.Add(time.Duration(1+r.IntN(100)) * time.Minute)
}

func lanesAgreeWithWindows(t *testing.T, s Opened, _ *Clock) {
	all := watched()
	_, err := s.Add(t.Context(), anomaly.Items{Windows: all})
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(1, 3))
	for range 100 {
		q := store.LanesQuery{Step: []time.Duration{time.Minute, 90 * time.Second, 7 * time.Minute, time.Hour}[r.IntN(4)], Limit: 1 + r.IntN(8)}
		q.Start, q.End = draw(r)
		if r.IntN(4) == 0 {
			q.Service = "service-3"
		}
		require.NoError(t, q.Check())
		got, err := s.Lanes(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, naiveLanes(all, q), got, "%+v", q)
	}
	got, err := s.Lanes(t.Context(), store.LanesQuery{Start: base, End: base.Add(time.Hour), Step: time.Minute, Service: "nobody"})
	require.NoError(t, err)
	require.Equal(t, &store.Lanes{Services: []store.Lane{}}, got)
	for _, bad := range []store.LanesQuery{{Step: time.Minute}, {Start: base, End: base.Add(time.Hour), Step: time.Millisecond}, {Start: base, End: base.Add(time.Hour), Step: time.Second}} {
		_, err := s.Lanes(t.Context(), bad)
		require.Error(t, err, fmt.Sprint(bad))
		require.True(t, store.IsPermanent(err))
	}
}

func naiveLanes(all []*anomaly.Window, q store.LanesQuery) *store.Lanes {
	lanes := map[string]*store.Lane{}
	for _, w := range all {
		if !w.Timestamp.After(q.Start) || w.Timestamp.After(q.End) || q.Service != "" && w.Service != q.Service {
			continue
		}
		l := lanes[w.Service]
		if l == nil {
			fresh := store.NewLane(w.Service, q.Buckets())
			l = &fresh
			l.MaxScore = w.Score
			lanes[w.Service] = l
		}
		i := 0
		for w.Timestamp.After(q.Start.Add(time.Duration(i+1) * q.Step)) {
			i++
		}
		l.MaxScore = max(l.MaxScore, w.Score)
		if l.Scores[i] == nil || *l.Scores[i] < w.Score {
			l.Scores[i] = &w.Score
		}
		if w.Anomaly {
			l.Anomalies++
			l.Anomalous[i]++
		}
	}
	out := &store.Lanes{Services: []store.Lane{}}
	for _, l := range lanes {
		out.Services = append(out.Services, *l)
	}
	slices.SortFunc(out.Services, func(a, b store.Lane) int {
		return cmp.Or(cmp.Compare(min(b.Anomalies, 1), min(a.Anomalies, 1)), cmp.Compare(b.MaxScore, a.MaxScore), cmp.Compare(a.Service, b.Service))
	})
	if len(out.Services) > q.Limit {
		out.Services, out.More = out.Services[:q.Limit], true
	}
	return out
}

func levelsAgreeWithWindows(t *testing.T, s Opened, _ *Clock) {
	all := watched()
	_, err := s.Add(t.Context(), anomaly.Items{Windows: all})
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(1, 4))
	for range 100 {
		q := store.LevelsQuery{Level: []float64{1, .1, .05, 1e-3, 1e-4, 1e-9}[r.IntN(6)], Limit: 1 + r.IntN(8)}
		q.Start, q.End = draw(r)
		got, err := s.Levels(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, naiveLevels(all, q), got, "%+v", q)
	}
}

func naiveLevels(all []*anomaly.Window, q store.LevelsQuery) *store.Levels {
	smallest := map[string]map[time.Time]float64{}
	for _, w := range all {
		if w.Timestamp.Before(q.Start) || !w.Timestamp.Before(q.End) {
			continue
		}
		if smallest[w.Service] == nil {
			smallest[w.Service] = map[time.Time]float64{}
		}
		if p, ok := smallest[w.Service][w.Timestamp]; !ok || w.PValue < p {
			smallest[w.Service][w.Timestamp] = w.PValue
		}
	}
	out := &store.Levels{Services: []store.ServiceLevel{}}
	for service, windows := range smallest {
		c := store.ServiceLevel{Service: service}
		running := false
		for minute := range 90 {
			p, ok := windows[base.Add(time.Duration(minute)*time.Minute)]
			if !ok {
				continue
			}
			odd := p <= q.Level
			c.Windows++
			if odd {
				c.Anomalous++
			}
			if odd && !running {
				c.Episodes++
			}
			running = odd
		}
		out.Windows += c.Windows
		out.Anomalous += c.Anomalous
		out.Episodes += c.Episodes
		out.Services = append(out.Services, c)
	}
	slices.SortFunc(out.Services, func(a, b store.ServiceLevel) int {
		return cmp.Or(cmp.Compare(b.Anomalous, a.Anomalous), cmp.Compare(a.Service, b.Service))
	})
	if len(out.Services) > q.Limit {
		out.Services, out.More = out.Services[:q.Limit], true
	}
	return out
}

func overviewAgreesWithWindows(t *testing.T, s Opened, _ *Clock) {
	empty, err := s.Overview(t.Context(), base)
	require.NoError(t, err)
	require.Equal(t, &store.Overview{Streams: map[string]int{}, Budgets: []store.Budget{}}, empty)

	all := watched()
	var anomalies []*anomaly.Anomaly
	for i := range 60 {
		anomalies = append(anomalies, Anomaly(i))
	}
	_, err = s.Add(t.Context(), anomaly.Items{Windows: all, Anomalies: anomalies})
	require.NoError(t, err)
	_, err = s.SetStatus(t.Context(), store.StatusChange{ID: anomalies[0].ID, To: "investigating", By: store.System})
	require.NoError(t, err)
	_, err = s.SetStatus(t.Context(), store.StatusChange{ID: anomalies[1].ID, To: "dismissed", By: store.System})
	require.NoError(t, err)
	latest, err := s.Latest(t.Context(), store.LatestQuery{Limit: store.MaxLimit})
	require.NoError(t, err)

	since := base.Add(8 * time.Minute)
	got, err := s.Overview(t.Context(), since)
	require.NoError(t, err)
	want := naiveOverview(latest)
	want.Pending, want.Investigating = 58, 1
	for _, a := range anomalies {
		if !a.Timestamp.Before(since) {
			want.Since++
		}
	}
	require.InDelta(t, want.RecordsPerSecond, got.RecordsPerSecond, 1e-9)
	want.RecordsPerSecond = got.RecordsPerSecond
	require.Equal(t, want, got)
	require.NotNil(t, got.Warmup)
	require.NotEqual(t, "service-6", got.Warmup.Service, "nothing was heard of it for long")
	require.Len(t, got.Budgets, 2)
}

func naiveOverview(latest []*anomaly.Window) *store.Overview {
	out := &store.Overview{Streams: map[string]int{}, Budgets: []store.Budget{}}
	services, newest := map[string]bool{}, map[string]*anomaly.Window{}
	for _, w := range latest {
		services[w.Service] = true
		if w.Timestamp.After(out.Newest) {
			out.Newest = w.Timestamp
		}
		if n := newest[w.ComponentID]; n == nil || w.Timestamp.After(n.Timestamp) {
			newest[w.ComponentID] = w
		}
	}
	out.Services = len(services)
	for _, w := range latest {
		length := w.Timestamp.Sub(w.WindowStart)
		current := !w.Timestamp.Add(store.CurrentWindows * length).Before(out.Newest)
		for _, s := range w.Streams {
			out.Streams[s.State]++
			if !current {
				continue
			}
			out.RecordsPerSecond += float64(s.Records) / length.Seconds()
			out.Unscored += int64(s.Unscored)
			left := int64(s.Needed) - int64(s.Seen)
			if s.State != "ready" && (out.Warmup == nil || left > out.Warmup.Needed-out.Warmup.Seen) {
				out.Warmup = &store.Warmup{Service: w.Service, Signal: s.Signal, Seen: int64(s.Seen), Needed: int64(s.Needed)}
			}
		}
	}
	for _, id := range []string{"driftlockcbad", "driftlockcbad/2"} {
		w := newest[id]
		out.Budgets = append(out.Budgets, store.Budget{ComponentID: id, PerDay: w.BudgetPerDay, Spent: w.BudgetSpent, Level: w.Level})
	}
	return out
}

// windowPagesCoverAllOnce pages through a service's windows, of which several end at the same time.
func windowPagesCoverAllOnce(t *testing.T, s Opened, _ *Clock) {
	all := watched()
	_, err := s.Add(t.Context(), anomaly.Items{Windows: all})
	require.NoError(t, err)
	q := store.WindowQuery{Service: "service-2", Limit: store.MaxLimit}
	want, err := s.Windows(t.Context(), q)
	require.NoError(t, err)
	require.Greater(t, len(want), 50)
	var got []*anomaly.Window
	for q.Limit = 3; ; {
		page, err := s.Windows(t.Context(), q)
		require.NoError(t, err)
		got = append(got, page...)
		if len(page) < q.Limit {
			break
		}
		last := page[len(page)-1]
		q.After = &store.WindowPosition{Time: last.Timestamp, Component: last.ComponentID, Process: last.ProcessID}
	}
	require.Equal(t, want, got)
}
