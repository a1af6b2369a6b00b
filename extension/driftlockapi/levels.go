package driftlockapi

import (
	"net/http"
	"time"

	"github.com/driftlock/driftlock/internal/store"
)

type levelCounts struct {
	Level float64   `json:"level"`
	Start time.Time `json:"start_time"`
	End   time.Time `json:"end_time"`
	Days  float64   `json:"days"`
	*store.Levels
}

// levels counts what would have been anomalous at another level.
func (h *handler) levels(w http.ResponseWriter, r *http.Request) error {
	p := parseParams(r)
	q := store.LevelsQuery{Level: *p.fraction("level"), Limit: p.limit()}
	q.Start, q.End = p.spanUntilNow(24 * time.Hour)
	if err := p.done(); err != nil {
		return err
	}
	counts, err := h.store.Levels(r.Context(), q)
	if err != nil {
		return err
	}
	h.answer(w, r, http.StatusOK, levelCounts{q.Level, q.Start, q.End, q.End.Sub(q.Start).Hours() / 24, counts})
	return nil
}
