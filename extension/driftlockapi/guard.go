package driftlockapi

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/limit"
	"github.com/driftlock/driftlock/internal/store"
)

// identity is who makes the request, once the guard let it pass.
func identity(r *http.Request) auth.Identity { return known(r).who }

// actor is the same for the audit log.
func (h *handler) actor(r *http.Request) store.Actor {
	who := identity(r)
	address := ""
	if at := h.limits.addresses.Of(r); at.IsValid() {
		address = at.String()
	}
	return store.Actor{Name: who.Name, Role: string(who.Role), Address: address}
}

// admit lets a request pass that is not one too many and whose maker may do it, and notes who that is.
func (h *handler) admit(w http.ResponseWriter, r *http.Request, need auth.Role) error {
	client := limit.Client(h.limits.addresses.Of(r))
	if err := h.take(w, h.limits.address, client, "address"); err != nil {
		return err
	}
	if need == "" {
		return nil
	}
	header := r.Header["Authorization"]
	if t := h.limits.failed; t != nil && len(header) > 0 {
		if s := t.Peek(client); !s.Allowed {
			h.telemetry.RequestsLimited.Add(r.Context(), 1, limitOf["failed_logins"])
			return tooMany(w, s, "failed logins from this address")
		}
	}
	who, err := h.gate.Who(r.Context(), header)
	if err != nil {
		return h.refuseLogin(w, r, client, err)
	}
	switch {
	case who.Key != "":
		err = h.take(w, h.limits.key, who.Key, "key")
	case who != auth.Anybody:
		err = h.take(w, h.limits.key, "subject "+who.Name, "user")
	}
	if err != nil {
		return err
	}
	if !who.Role.Includes(need) {
		return problem(http.StatusForbidden, "%s %s needs the role %s (%s has %s)", r.Method, r.URL.Path, need, who.Name, orNone(who.Role))
	}
	if crossSite(r) {
		return problem(http.StatusForbidden, "a page of another site cannot change anything here")
	}
	known(r).who = who
	return nil
}

func orNone(r auth.Role) string {
	if r == "" {
		return "none"
	}
	return string(r)
}

// crossSite tells a request that changes something and that a browser makes for a page of another site.
func crossSite(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Method != http.MethodGet && r.Method != http.MethodHead && site != "" && site != "same-origin" && site != "none"
}

// refuseLogin says why credentials do not pass; what the authenticator said is for the log.
func (h *handler) refuseLogin(w http.ResponseWriter, r *http.Request, client string, err error) error {
	reason := wrong(err)
	if reason == nil {
		return err // the store is away: not the credentials' fault
	}
	h.telemetry.LoginsRefused.Add(r.Context(), 1, reasonOf[reasons[reason]])
	w.Header().Set("WWW-Authenticate", `Bearer realm="driftlock"`)
	if errors.Is(reason, auth.ErrMissing) {
		return problem(http.StatusUnauthorized, "%s", reason)
	}
	if h.limits.failed != nil {
		h.limits.failed.Take(client)
	}
	h.logger.Warn("credentials refused", zap.String("client", client), zap.String("reason", reason.Error()), zap.NamedError("authenticator", auth.Cause(err)),
		zap.String("request_id", requestID(r)))
	if auth.Cause(err) == nil {
		reason = err
	}
	return problem(http.StatusUnauthorized, "%s", reason)
}

// take counts a request against a client's limit and says in headers how it stands.
func (h *handler) take(w http.ResponseWriter, t *limit.Table, client, whose string) error {
	if t == nil {
		return nil
	}
	s := t.Take(client)
	header := w.Header()
	header.Set("RateLimit-Limit", strconv.Itoa(s.Limit))
	header.Set("RateLimit-Remaining", strconv.Itoa(s.Remaining))
	header.Set("RateLimit-Reset", seconds(s.Reset))
	if !s.Allowed {
		kind := limitOf["key"]
		if t == h.limits.address {
			kind = limitOf["address"]
		}
		h.telemetry.RequestsLimited.Add(context.Background(), 1, kind)
		return tooMany(w, s, "requests of this "+whose)
	}
	return nil
}

func tooMany(w http.ResponseWriter, s limit.State, what string) error {
	w.Header().Set("Retry-After", seconds(s.Retry))
	return problem(http.StatusTooManyRequests, "too many %s; try again in %s s", what, seconds(s.Retry))
}

func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
