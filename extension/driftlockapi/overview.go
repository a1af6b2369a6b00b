package driftlockapi

import (
	"net/http"
	"time"

	"github.com/driftlock/driftlock/internal/store"
)

type streamStates struct {
	New     int `json:"new"`
	Warming int `json:"warming"`
	Ready   int `json:"ready"`
}

type openAnomalies struct {
	Pending       int `json:"pending"`
	Investigating int `json:"investigating"`
	Last24h       int `json:"last_24h"`
}

type overview struct {
	Store            string         `json:"store"`
	Services         int            `json:"services"`
	Streams          streamStates   `json:"streams"`
	Warmup           *store.Warmup  `json:"warmup"`
	RecordsPerSecond float64        `json:"records_per_second"`
	Newest           *time.Time     `json:"newest_window"`
	Lag              *float64       `json:"lag_seconds"`
	Unscored         int64          `json:"unscored"`
	Budgets          []store.Budget `json:"budgets"`
	Anomalies        openAnomalies  `json:"anomalies"`
}

// overview says how things stand. It rests on the store alone, so every collector in front of one store says the same.
func (h *handler) overview(w http.ResponseWriter, r *http.Request) error {
	now := time.Now().UTC()
	o, err := h.store.Overview(r.Context(), now.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	out := overview{
		Store: "ready", Services: o.Services, Streams: streamStates{o.Streams["new"], o.Streams["warming"], o.Streams["ready"]}, Warmup: o.Warmup,
		RecordsPerSecond: o.RecordsPerSecond, Unscored: o.Unscored, Budgets: o.Budgets, Anomalies: openAnomalies{o.Pending, o.Investigating, o.Since},
	}
	if !o.Newest.IsZero() {
		lag := max(0, now.Sub(o.Newest).Seconds())
		out.Newest, out.Lag = &o.Newest, &lag
	}
	h.answer(w, r, http.StatusOK, out)
	return nil
}
