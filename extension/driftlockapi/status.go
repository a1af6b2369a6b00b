package driftlockapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// maxNote bounds the note of a status change in bytes.
const maxNote = 4096

type statusBody struct {
	Status string `json:"status"`
	Note   string `json:"note"`
}

// patchStatus changes an anomaly's status. If-Match holds it to the row that was read.
func (h *handler) patchStatus(w http.ResponseWriter, r *http.Request) error {
	if err := parseParams(r).done(); err != nil {
		return err
	}
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var body statusBody
	if err := readBody(r, &body); err != nil {
		return err
	}
	if err := oneOfStatuses(body.Status); err != nil {
		return err
	}
	if len(body.Note) > maxNote {
		return problem(http.StatusBadRequest, "note must have at most %d bytes (got %d)", maxNote, len(body.Note))
	}
	change := store.StatusChange{ID: id, To: body.Status, Note: body.Note, By: h.actor(r)}
	if change.Unmodified, err = ifMatch(r); err != nil {
		return err
	}
	a, err := h.store.SetStatus(r.Context(), change)
	var refused *store.TransitionError
	switch {
	case errors.Is(err, store.ErrModified):
		return problem(http.StatusPreconditionFailed, "the anomaly changed since it was read; read it again and decide anew")
	case errors.As(err, &refused):
		return problem(http.StatusConflict, "%s", refused)
	case err != nil:
		return err
	}
	w.Header().Set("ETag", etag(a))
	h.answer(w, r, http.StatusOK, a)
	return nil
}

func oneOfStatuses(status string) error {
	for _, s := range store.Statuses {
		if s == status {
			return nil
		}
	}
	return problem(http.StatusBadRequest, "status must be one of %s (got %q)", strings.Join(store.Statuses, ", "), clip(status))
}

// etag is an anomaly's updated_at: what changes has another.
func etag(a *anomaly.Anomaly) string {
	if a.UpdatedAt == nil {
		return `""`
	}
	return `"` + a.UpdatedAt.UTC().Format(time.RFC3339Nano) + `"`
}

// ifMatch reads the header If-Match: an ETag of ours, or * for any.
func ifMatch(r *http.Request) (*time.Time, error) {
	text := strings.TrimSpace(r.Header.Get("If-Match"))
	if text == "" || text == "*" {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339Nano, strings.Trim(text, `"`))
	if err != nil || len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return nil, problem(http.StatusBadRequest, "If-Match must be an ETag that this API gave out, or * (got %q)", clip(text))
	}
	return &at, nil
}
