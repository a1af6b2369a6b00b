package driftlockapi

import (
	"math"
	"net/http"
	"time"

	"github.com/driftlock/driftlock/internal/store"
)

const (
	laneSpan    = 6 * time.Hour // where nothing else is asked for
	laneBuckets = 120
	// These keep widened times inside what nanoseconds since 1970 reach.
	maxLaneSpan = 10 * 366 * 24 * time.Hour
	maxLaneStep = 90 * 24 * time.Hour
)

type laneList struct {
	Start    time.Time    `json:"start_time"`
	End      time.Time    `json:"end_time"`
	Step     float64      `json:"step_seconds"`
	Buckets  int          `json:"buckets"`
	Services []store.Lane `json:"services"`
	More     bool         `json:"more"`
}

// lanes draws the scores of services over time.
func (h *handler) lanes(w http.ResponseWriter, r *http.Request) error {
	p := parseParams(r)
	q := store.LanesQuery{Service: p.text("service"), Limit: p.limit(), Step: p.duration("step")}
	q.Start, q.End = p.spanUntilNow(laneSpan)
	if q.End.Sub(q.Start) > maxLaneSpan {
		p.fail("end_time", "must lie at most ten years after start_time")
	}
	if err := p.done(); err != nil {
		return err
	}
	newest, err := h.store.Latest(r.Context(), store.LatestQuery{Service: q.Service, Limit: 1})
	if err != nil {
		return err
	}
	length := time.Minute
	if len(newest) > 0 {
		length = max(time.Second, newest[0].Timestamp.Sub(newest[0].WindowStart))
	}
	widen(&q, length)
	lanes, err := h.store.Lanes(r.Context(), q)
	if err != nil {
		return err
	}
	for _, l := range lanes.Services {
		for _, s := range l.Scores {
			if s != nil {
				*s = math.Round(*s*1000) / 1000
			}
		}
	}
	h.answer(w, r, http.StatusOK, laneList{q.Start, q.End, q.Step.Seconds(), q.Buckets(), lanes.Services, lanes.More})
	return nil
}

// widen chooses the step where none is asked for, makes it at least a window long and so long that the buckets are not too many, and
// moves the ends to whole steps since 1970: windows begin there, and a chart that is asked for again has the same buckets.
func widen(q *store.LanesQuery, window time.Duration) {
	span := q.End.Sub(q.Start)
	if q.Step == 0 {
		q.Step = wholes(span/laneBuckets, window)
	}
	q.Step = min(max(q.Step, window), maxLaneStep)
	if most := time.Duration(store.MaxLaneBuckets - 2); span/q.Step >= most { // the ends add up to two
		q.Step = wholes(span/most+1, window)
	}
	step := int64(q.Step)
	start, end := q.Start.UnixNano(), q.End.UnixNano()
	q.Start, q.End = time.Unix(0, start-start%step).UTC(), time.Unix(0, int64(wholes(time.Duration(end), q.Step))).UTC()
}

// wholes is d made longer to whole units.
func wholes(d, unit time.Duration) time.Duration { return (d + unit - 1) / unit * unit }
