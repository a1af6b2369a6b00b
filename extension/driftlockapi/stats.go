package driftlockapi

import (
	"net/http"
	"time"

	"github.com/driftlock/driftlock/internal/store"
)

// stats counts anomalies, by default of the last day in buckets of half an hour.
func (h *handler) stats(w http.ResponseWriter, r *http.Request) error {
	p := parseParams(r)
	q := store.StatsQuery{Step: p.duration("step")}
	q.Start, q.End = p.span()
	if err := p.done(); err != nil {
		return err
	}
	if q.End.IsZero() {
		q.End = time.Now().UTC()
	}
	if q.Start.IsZero() {
		q.Start = q.End.Add(-24 * time.Hour)
	}
	span := q.End.Sub(q.Start)
	if span <= 0 {
		return problem(http.StatusBadRequest, "start_time must lie before end_time, which is now where it is not given")
	}
	if q.Step == 0 {
		q.Step = span / 48
	}
	q.Step = max(q.Step, (span/(store.MaxBuckets-1)).Truncate(time.Second)+time.Second)
	s, err := h.store.Stats(r.Context(), q)
	if err != nil {
		return err
	}
	h.answer(w, r, http.StatusOK, struct {
		Start time.Time `json:"start_time"`
		End   time.Time `json:"end_time"`
		Step  string    `json:"step"`
		*store.Stats
	}{q.Start, q.End, q.Step.String(), s})
	return nil
}
