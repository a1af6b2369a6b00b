package episode

import (
	"math"
	"slices"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
)

// episode is an open one.
type episode struct {
	Service        string
	Hash           uint64
	Alone          bool
	ID             string
	Kind           anomaly.Kind
	Stream         anomaly.Signal
	Level          float64
	Started        uint64 // start of the first anomalous window
	Last           uint64 // end of the newest anomalous window
	Judged         uint64 // start of the newest judged window
	Peak           uint64 // start of the worst window
	PeakP, Decades float64
	Windows        uint32
	Revision       uint32
	Normal         uint32 // windows in a row
	Adopted        bool   // a change was taken as the new normal
	Incident       string
	Cause          string
	CauseHash      uint64
	Deploy         *anomaly.Deploy
	Resource       map[string]string
}

// How an episode ends.
type ending uint8

const (
	normal  ending = iota // enough normal windows
	adopted               // the change lasts and is the new normal
	lost                  // nothing more was heard of the service
)

// continued puts an anomalous window into the service's episode, a new one where none is open.
func (t *Tracker) continued(j *Judged) *episode {
	e := t.open[j.Hash]
	if e != nil && e.Judged+lostAfter*t.window < j.Start {
		t.end(e, lost, e.Judged+t.window, 1)
		e = nil
	}
	a := j.Statement
	if e == nil {
		if len(t.state.Episodes) >= maxEpisodes {
			t.forgetEpisode()
		}
		e = &episode{
			Service: j.Service, Hash: j.Hash, Alone: j.Alone, ID: a.ID, Stream: a.StreamType, Started: j.Start, PeakP: 2,
		}
		t.state.Episodes = append(t.state.Episodes, e)
		t.open[j.Hash] = e
		t.stats.episodes.Add(1)
	}
	e.Kind, e.Resource, e.Level = a.Kind, a.Resource, a.Level
	if a.Deploy != nil {
		e.Deploy = a.Deploy
	}
	e.Last, e.Judged, e.Normal = j.End, j.Start, 0
	e.Adopted = e.Adopted || j.Adopted
	e.Windows++
	e.Revision++
	if j.P < e.PeakP {
		e.PeakP, e.Peak = j.P, j.Start
	}
	e.Decades = max(e.Decades, j.Evidence.All)
	if e.Revision == 1 {
		t.join(e)
	}
	return e
}

// forgetEpisode makes room: the episode that was stated longest ago goes, unsaid.
func (t *Tracker) forgetEpisode() {
	t.drop(t.state.Episodes[first(t.state.Episodes, func(e *episode) uint64 { return e.Last })])
	t.stats.evicted.Add(1)
}

func (t *Tracker) drop(e *episode) {
	t.leave(e)
	delete(t.open, e.Hash)
	t.state.Episodes = slices.DeleteFunc(t.state.Episodes, func(o *episode) bool { return o == e })
}

// normal counts a window that is not anomalous.
func (t *Tracker) normal(j *Judged) {
	e := t.open[j.Hash]
	if e == nil || j.Start < e.Last {
		return
	}
	e.Judged = j.Start
	e.Normal++
	e.Adopted = e.Adopted || j.Adopted
	switch {
	case e.Adopted:
		t.end(e, adopted, j.Start, j.P)
	case e.Normal >= endAfter:
		t.end(e, normal, j.Start, j.P)
	}
}

// say places a statement in its episode and incident.
func (t *Tracker) say(e *episode, j *Judged) {
	a := j.Statement
	a.Episode = e.form()
	a.Cause, a.Deploy = e.Cause, e.Deploy
	a.IncidentID, a.IncidentServices = e.Incident, t.named(e.Incident)
	t.out = append(t.out, Said{a, e.Hash, t.explainedBy(e), t.unstated(e, j.Start)})
}

// unstated is the p-value of an episode's cause where nothing was stated of that one.
func (t *Tracker) unstated(e *episode, window uint64) float64 {
	s := t.services[e.CauseHash]
	if e.Cause == "" || s == nil || t.open[s.Hash] != nil || !t.odd(s, window) {
		return 0
	}
	return math.Pow(10, -s.Run.Most.All)
}

func (e *episode) form() *anomaly.Episode {
	return &anomaly.Episode{
		ID: e.ID, Started: at(e.Started), Last: at(e.Last), Windows: e.Windows, Revision: e.Revision, PeakP: e.PeakP, Peak: at(e.Peak),
	}
}

// end says that an episode is over. The statement is of the window that showed it and has that window's p-value.
func (t *Tracker) end(e *episode, how ending, window uint64, p float64) {
	if e.Kind == anomaly.KindGap && how == lost { // it was about no service that could come back
		t.drop(e)
		return
	}
	e.Revision++
	form := e.form()
	ended := at(e.Last)
	form.Ended = &ended
	a := t.cfg.Anomaly(e.Service, e.Stream, at(window), at(window+t.window))
	a.Kind, a.Episode, a.Cause, a.Deploy, a.Resource = e.Kind, form, e.Cause, e.Deploy, e.Resource
	a.IncidentID, a.IncidentServices = e.Incident, t.named(e.Incident)
	a.Score, a.PValue, a.PFloor, a.Level, a.PermutationP = decades(p), p, 1, e.Level, 1
	a.Explanation = epilogue(e, how)
	t.out = append(t.out, Said{Anomaly: a, Hash: e.Hash})
	t.drop(e)
}

// epilogue is the sentence that an episode ends with.
func epilogue(e *episode, how ending) string {
	const clock = "15:04:05 MST"
	what := "one window from " + at(e.Started).Format(clock) + " on was unusual"
	if e.Windows > 1 {
		what = anomaly.Number(float64(e.Windows)) + " windows from " + at(e.Started).Format(clock) + " on were unusual"
	}
	switch how {
	case adopted:
		return e.Service + ": what began at " + at(e.Started).Format(clock) + " lasts and is its new normal from " + at(e.Last).Format(clock) +
			" on; it will not be said again. " + "Its " + what + "."
	case lost:
		return e.Service + ": nothing more has come from it since " + at(e.Last).Format(clock) + "; whether it is well nobody knows. Before that " + what + "."
	default:
		return e.Service + ": back to normal since " + at(e.Last).Format(clock) + "; " + what + "."
	}
}

func at(ns uint64) time.Time { return time.Unix(0, int64(ns)).UTC() }

func decades(p float64) float64 {
	if p <= 0 {
		return 0
	}
	return max(0, -math.Log10(p))
}
