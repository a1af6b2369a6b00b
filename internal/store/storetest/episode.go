package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// Episode makes the statements of one episode: a window each with these p-values, then the one that says that it is over.
func Episode(seed int, ps ...float64) []*anomaly.Anomaly {
	first := Anomaly(seed)
	course := anomaly.Episode{ID: first.ID, Started: first.WindowStart, PeakP: 2}
	var all []*anomaly.Anomaly
	for i, p := range append(ps, .5) {
		a := Anomaly(seed)
		a.WindowStart = first.WindowStart.Add(time.Duration(i) * time.Minute)
		a.Timestamp = a.WindowStart.Add(time.Minute)
		a.ID = anomaly.NewID("driftlockcbad", a.Service, fmt.Sprint(a.StreamType, seed), a.Timestamp, "hash")
		a.PValue, a.Explanation = p, fmt.Sprintf("window %d", i)
		a.Kind, a.IncidentID, a.IncidentServices, a.Cause = anomaly.KindAnomaly, Incident(i%2), []string{a.Service, fmt.Sprint("service ", i)}, fmt.Sprint("cause ", i)
		course.Revision++
		if i < len(ps) {
			course.Last = a.Timestamp
			course.Windows++
			if p < course.PeakP {
				course.PeakP, course.Peak = p, a.WindowStart
			}
		} else {
			ended := a.Timestamp
			course.Ended = &ended
		}
		e := course
		a.Episode = &e
		all = append(all, a)
	}
	all[0].ID = first.ID
	return all
}

func episodeIsOneAnomaly(t *testing.T, s Opened, clock *Clock) {
	all := Episode(1, 1e-4, 1e-6, 1e-5)
	created := clock.Now()
	for i, a := range all {
		n, err := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{a}})
		require.NoError(t, err)
		require.Equal(t, 1, n.Anomalies, "revision %d says something new", i+1)
		n, err = s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{a, a}})
		require.NoError(t, err)
		require.Zero(t, n.Anomalies, "revision %d comes again", i+1)
		clock.Advance(time.Minute)
	}
	page, err := s.List(t.Context(), store.Query{})
	require.NoError(t, err)
	require.Len(t, page.Anomalies, 1)
	got, err := s.Get(t.Context(), all[0].ID)
	require.NoError(t, err)
	require.Equal(t, all[0].WindowStart, got.WindowStart, "placed by the first window")
	require.Equal(t, all[0].Timestamp, got.Timestamp)
	require.Equal(t, 1e-6, got.PValue, "scores and evidence of the worst")
	require.Equal(t, "window 1", got.Explanation)
	require.Equal(t, all[3].Episode, got.Episode, "the course of the newest")
	require.Equal(t, "cause 3", got.Cause)
	require.Equal(t, all[3].IncidentServices, got.IncidentServices)
	require.Equal(t, Incident(1), got.IncidentID)
	require.Equal(t, "pending", got.Status)
	require.Equal(t, created, *got.CreatedAt)
	require.Equal(t, created.Add(3*time.Minute), *got.UpdatedAt, "what says nothing new changes nothing")
}

// episodeInAnyOrder delivers the statements of two episodes in every kind of disorder, some of them several times, and asks
// for the same rows as in order.
func episodeInAnyOrder(t *testing.T, s Opened, _ *Clock) {
	r := rand.New(rand.NewPCG(4, 2))
	ps := []float64{1e-4, 1e-6, 1e-5, 1e-6}
	for seed := 1; seed < 60; seed += 2 {
		all := Episode(seed, ps[:1+r.IntN(len(ps))]...)
		in := append([]*anomaly.Anomaly(nil), all...)
		for range r.IntN(4) {
			in = append(in, all[r.IntN(len(all))])
		}
		r.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
		for len(in) > 0 {
			n := 1 + r.IntN(len(in))
			add(t, s, in[:n]...)
			in = in[n:]
		}
		got, err := s.Get(t.Context(), all[0].ID)
		require.NoError(t, err)
		worst := all[0]
		for _, a := range all {
			if a.PValue < worst.PValue {
				worst = a
			}
		}
		newest := all[len(all)-1]
		want := *worst
		want.ID, want.Timestamp, want.WindowStart = all[0].ID, all[0].Timestamp, all[0].WindowStart
		want.Episode, want.IncidentID, want.IncidentServices, want.Cause = newest.Episode, newest.IncidentID, newest.IncidentServices, newest.Cause
		want.CreatedAt, want.UpdatedAt = got.CreatedAt, got.UpdatedAt
		require.Equal(t, &want, got, "episode %d", seed)
	}
}
