package driftlockapi

import (
	"net/http"
	"time"

	"github.com/driftlock/driftlock/internal/store"
)

// stats counts anomalies, by default of the last day in buckets of half an hour.
func (h *handler) stats(w http.ResponseWriter, r *http.Request) error {
	p := parseParams(r)
	q := store.StatsQuery{Start: p.time("start_time"), End: p.time("end_time"), Step: p.duration("step")}
	if err := p.done(); err != nil {
		return err
	}
	if q.End.IsZero() {
		q.End = time.Now().UTC()
	}
	if q.Start.IsZero() {
		q.Start = q.End.Add(-24 * time.Hour)
	}
	if q.Step == 0 {
		q.Step = max(q.End.Sub(q.Start)/48, time.Second)
	}
	if err := q.Check(); err != nil {
		return problem(http.StatusBadRequest, "step: %s", err)
	}
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
