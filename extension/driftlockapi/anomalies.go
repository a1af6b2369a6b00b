package driftlockapi

import (
	"net/http"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

func (h *handler) healthz(w http.ResponseWriter, r *http.Request) error {
	h.answer(w, r, http.StatusOK, map[string]string{"status": "ok"})
	return nil
}

func (h *handler) readyz(w http.ResponseWriter, r *http.Request) error {
	err := h.store.Ping(r.Context())
	if was := h.away.Swap(err != nil); was != (err != nil) {
		h.logger.Warn("the store's readiness changed", zap.Bool("ready", err == nil), zap.Error(err))
	}
	if err != nil { // which names hosts and users, and anybody may ask here
		return problem(http.StatusServiceUnavailable, "the store cannot be reached, or its schema is not this build's; the collector's log says more")
	}
	h.answer(w, r, http.StatusOK, map[string]string{"status": "ready"})
	return nil
}

// anomalyList is a page. Excerpts are left out of lists; the anomaly itself has them.
type anomalyList struct {
	Anomalies  []*anomaly.Anomaly `json:"anomalies"`
	NextCursor string             `json:"next_cursor"`
}

func (h *handler) listAnomalies(w http.ResponseWriter, r *http.Request) error {
	q, err := parseQuery(r)
	if err != nil {
		return err
	}
	page, err := h.store.List(r.Context(), q)
	if err != nil {
		return err
	}
	list := anomalyList{Anomalies: page.Anomalies}
	if list.Anomalies == nil {
		list.Anomalies = []*anomaly.Anomaly{}
	}
	if page.Next != nil {
		if list.NextCursor, err = q.Cursor(page.Next); err != nil {
			return err
		}
	}
	h.answer(w, r, http.StatusOK, list)
	return nil
}

// filters are what a list and the live stream take.
func filters(p *params) store.Query {
	start, end := p.span()
	return store.Query{
		StreamType:  anomaly.Signal(p.text("stream_type")),
		Service:     p.text("service"),
		Status:      p.text("status"),
		Kind:        anomaly.Kind(p.text("kind")),
		IncidentID:  p.id("incident_id"),
		MinNCDScore: p.fraction("min_ncd_score"),
		MaxPValue:   p.fraction("max_p_value"),
		Start:       start,
		End:         end,
		Text:        p.text("q"),
		Detail:      store.Summary,
	}
}

func parseQuery(r *http.Request) (store.Query, error) {
	p := parseParams(r)
	q := filters(p)
	sort, err := store.ParseSort(p.text("sort"))
	if err != nil {
		p.fail("sort", "%s", err)
	}
	q.Sort = sort
	cursor := p.text("cursor")
	q.Limit = p.limit()
	if err := p.done(); err != nil {
		return q, err
	}
	if cursor != "" {
		if q.After, err = q.ParseCursor(cursor); err != nil {
			return q, problem(http.StatusBadRequest, "cursor %s (got %q)", err, clip(cursor))
		}
	}
	return q, nil
}

func (h *handler) getAnomaly(w http.ResponseWriter, r *http.Request) error {
	a, err := h.find(r)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", etag(a))
	h.answer(w, r, http.StatusOK, a)
	return nil
}

func (h *handler) find(r *http.Request) (*anomaly.Anomaly, error) {
	return h.store.Get(r.Context(), pathID(r))
}
