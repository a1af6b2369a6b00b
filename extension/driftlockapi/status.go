package driftlockapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/rfc3339"
	"github.com/driftlock/driftlock/internal/store"
)

type statusBody struct {
	Status string `json:"status"`
	Note   string `json:"note"`
}

// patchStatus changes an anomaly's status. If-Match holds it to the row that was read.
func (h *handler) patchStatus(w http.ResponseWriter, r *http.Request) error {
	var body statusBody
	if err := readBody(r, &body); err != nil {
		return err
	}
	seen, err := ifMatch(r)
	if err != nil {
		return err
	}
	change := store.StatusChange{ID: pathID(r), To: body.Status, Note: body.Note, Unmodified: seen, By: h.actor(r)}
	a, err := h.store.SetStatus(r.Context(), change)
	var refused *store.TransitionError
	switch {
	case errors.Is(err, store.ErrModified):
		return errModified
	case errors.As(err, &refused):
		return problem(http.StatusConflict, "%s", refused)
	case err != nil:
		return err
	}
	w.Header().Set("ETag", etag(a))
	h.answer(w, r, http.StatusOK, a)
	return nil
}

var errModified = problem(http.StatusPreconditionFailed, "the anomaly changed since it was read; read it again and decide anew")

// etag is an anomaly's updated_at: what changes has another.
func etag(a *anomaly.Anomaly) string {
	if a.UpdatedAt == nil {
		return `""`
	}
	return `"` + a.UpdatedAt.UTC().Format(time.RFC3339Nano) + `"`
}

// ifMatch reads the header If-Match: an ETag of ours, or * for any.
func ifMatch(r *http.Request) (*time.Time, error) {
	text := r.Header.Get("If-Match")
	if text == "" || text == "*" {
		return nil, nil
	}
	at, err := rfc3339.Parse(strings.Trim(text, `"`))
	if err != nil {
		return nil, errModified // no anomaly ever had this one
	}
	return &at, nil
}
