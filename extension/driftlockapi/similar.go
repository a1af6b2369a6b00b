package driftlockapi

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// How many are looked at, of the service and of all; how many are shown where nothing is said; how many shared items are named.
const (
	similarCandidates = 200
	similarDefault    = 5
	similarShared     = 5
)

type similar struct {
	Similarity float64          `json:"similarity"`
	Shared     []string         `json:"shared"`
	Anomaly    *anomaly.Anomaly `json:"anomaly"`
}

// listSimilar shows anomalies before this one whose reasons it shares.
func (h *handler) listSimilar(w http.ResponseWriter, r *http.Request) error {
	limit, err := strconv.Atoi(called(r).query["limit"])
	if err != nil {
		limit = similarDefault
	}
	a, err := h.find(r)
	if err != nil {
		return err
	}
	list := []similar{}
	seen := map[string]bool{a.ID: true}
	for _, service := range []string{a.Service, ""} {
		page, err := h.store.List(r.Context(), store.Query{Service: service, End: a.Timestamp, Limit: similarCandidates, Detail: store.Summary})
		if err != nil {
			return err
		}
		for _, other := range page.Anomalies {
			if seen[other.ID] {
				continue
			}
			seen[other.ID] = true
			if s, shared := anomaly.Similarity(a, other, similarShared); s > 0 {
				list = append(list, similar{s, shared, other})
			}
		}
	}
	// Those of the service were found first, and newer ones before older ones.
	slices.SortStableFunc(list, func(x, y similar) int { return cmp.Compare(y.Similarity, x.Similarity) })
	h.answer(w, r, http.StatusOK, struct {
		Similar []similar `json:"similar"`
	}{list[:min(len(list), limit)]})
	return nil
}
