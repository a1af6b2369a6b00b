package driftlockapi

import (
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/store"
)

type keyList struct {
	Keys []*store.Key `json:"keys"`
}

func (h *handler) listKeys(w http.ResponseWriter, r *http.Request) error {
	keys, err := h.store.Keys(r.Context())
	if err != nil {
		return err
	}
	if keys == nil {
		keys = []*store.Key{}
	}
	h.answer(w, r, http.StatusOK, keyList{keys})
	return nil
}

type newKeyBody struct {
	Name      string     `json:"name"`
	Role      string     `json:"role"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// newKey is the only answer that has a key's token.
type newKey struct {
	store.Key
	Token string `json:"token"`
}

func (h *handler) createKey(w http.ResponseWriter, r *http.Request) error {
	var body newKeyBody
	if err := readBody(r, &body); err != nil {
		return err
	}
	by := h.actor(r)
	k, token, hash, err := auth.NewKey(body.Name, auth.Role(body.Role), body.ExpiresAt, by.Name, time.Now())
	if err != nil {
		return problem(http.StatusBadRequest, "%s", err)
	}
	if err := h.store.AddKey(r.Context(), k, hash, by); err != nil {
		return err
	}
	h.keys.Forget(k.ID)
	h.logger.Info("key created", zap.String("key", k.ID), zap.String("name", k.Name), zap.String("role", k.Role), zap.String("by", by.Name))
	w.Header().Set("Location", "/v1/keys/"+k.ID)
	h.answer(w, r, http.StatusCreated, newKey{k, token})
	return nil
}

func (h *handler) revokeKey(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	by := h.actor(r)
	k, err := h.store.RevokeKey(r.Context(), id, by)
	if errors.Is(err, store.ErrNoKey) {
		return problem(http.StatusNotFound, "no key has the id %s", id)
	}
	if err != nil {
		return err
	}
	h.keys.Forget(id)
	h.logger.Info("key revoked", zap.String("key", id), zap.String("name", k.Name), zap.String("by", by.Name))
	h.answer(w, r, http.StatusOK, k)
	return nil
}
