package driftlockapi

import (
	"net/http"
	"strconv"

	"github.com/driftlock/driftlock/internal/store"
)

type auditList struct {
	Entries    []*store.Entry `json:"entries"`
	NextCursor string         `json:"next_cursor"`
}

// listAudit pages through the audit log, newest first.
func (h *handler) listAudit(w http.ResponseWriter, r *http.Request) error {
	p := parseParams(r)
	q := store.AuditQuery{Target: p.text("target"), Actor: p.text("actor"), Action: p.text("action"), Limit: p.limit()}
	q.Start, q.End = p.span()
	q.Before, _ = strconv.ParseInt(p.text("cursor"), 10, 64)
	if err := p.done(); err != nil {
		return err
	}
	entries, err := h.store.Audit(r.Context(), q)
	if err != nil {
		return err
	}
	list := auditList{Entries: entries}
	if entries == nil {
		list.Entries = []*store.Entry{}
	}
	if n := len(entries); n == q.Limit && entries[n-1].Seq > 1 {
		list.NextCursor = strconv.FormatInt(entries[n-1].Seq, 10)
	}
	h.answer(w, r, http.StatusOK, list)
	return nil
}

type auditCheck struct {
	Rows    int64  `json:"rows"`
	Intact  bool   `json:"intact"`
	Problem string `json:"problem"`
}

// checkAudit reads the whole log and says whether a row is missing or altered.
func (h *handler) checkAudit(w http.ResponseWriter, r *http.Request) error {
	n, err := h.store.CheckAudit(r.Context())
	check := auditCheck{Rows: n, Intact: err == nil}
	if err != nil {
		if !store.IsPermanent(err) {
			return err
		}
		check.Problem = err.Error()
	}
	h.answer(w, r, http.StatusOK, check)
	return nil
}
