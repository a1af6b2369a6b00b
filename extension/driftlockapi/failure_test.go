package driftlockapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
)

// failing is a store all of whose calls fail.
type failing struct {
	store.Store
	err error
}

func (f failing) List(context.Context, store.Query) (store.Page, error) { return store.Page{}, f.err }
func (f failing) Get(context.Context, string) (*anomaly.Anomaly, error) { return nil, f.err }
func (f failing) Latest(context.Context, store.LatestQuery) ([]*anomaly.Window, error) {
	return nil, f.err
}
func (f failing) Windows(context.Context, store.WindowQuery) ([]*anomaly.Window, error) {
	return nil, f.err
}
func (f failing) Lanes(context.Context, store.LanesQuery) (*store.Lanes, error)    { return nil, f.err }
func (f failing) Levels(context.Context, store.LevelsQuery) (*store.Levels, error) { return nil, f.err }
func (f failing) Overview(context.Context, time.Time) (*store.Overview, error)     { return nil, f.err }
func (f failing) SetStatus(context.Context, store.StatusChange) (*anomaly.Anomaly, error) {
	return nil, f.err
}
func (f failing) Stats(context.Context, store.StatsQuery) (*store.Stats, error)   { return nil, f.err }
func (f failing) Audit(context.Context, store.AuditQuery) ([]*store.Entry, error) { return nil, f.err }
func (f failing) CheckAudit(context.Context) (int64, error)                       { return 0, f.err }
func (f failing) AddKey(context.Context, store.Key, store.SecretHash, store.Actor) error {
	return f.err
}
func (f failing) RevokeKey(context.Context, string, store.Actor) (*store.Key, error) {
	return nil, f.err
}
func (f failing) Head(context.Context) (store.Mark, error) { return store.Mark{}, f.err }
func (f failing) Ping(context.Context) error               { return f.err }

// TestFailuresOnEveryRoute: whatever fails behind a route, its answer is described, and tells nothing that only we can mend.
func TestFailuresOnEveryRoute(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		code int
	}{
		{errors.New("SECRET: disk 7 is on fire"), 500},
		{&store.PermanentError{Err: errors.New("SECRET: column x does not exist")}, 500},
		{fmt.Errorf("SECRET: %w", &net.OpError{Op: "dial", Err: errors.New("SECRET refused")}), 503},
		{fmt.Errorf("SECRET: %w", context.DeadlineExceeded), 504},
		{fmt.Errorf("SECRET: %w", context.Canceled), 503},
	} {
		core, logs := observer.New(zap.WarnLevel)
		s := served(t, 1).store
		cfg := createDefaultConfig().(*Config)
		cfg.QueryTimeout = 200 * time.Millisecond
		h := newHandler(failing{s, c.err}, cfg, nil, zap.New(core), "")
		for pattern, all := range h.routes() {
			for method := range all {
				path, body := example(pattern), ""
				switch method + " " + pattern {
				case "GET /healthz", "GET /{$}", "GET /streams", "GET /settings", "GET /anomalies/{id}", "GET /assets/{name}", "GET /openapi.json", "GET /v1/about", "GET /v1/config",
					"POST /v1/events", "GET /v1/keys":
					continue // they do not ask the store, or not these calls
				case "GET /v1/windows":
					path += "?service=cart"
				case "GET /v1/levels":
					path += "?level=1e-3"
				case "PATCH /v1/anomalies/{id}/status":
					body = `{"status":"acknowledged"}`
				case "POST /v1/keys":
					body = `{"name":"x","role":"reader"}`
				}
				w := send(t, h, method, path, body)
				what := fmt.Sprintf("%s %s, %v: %s", method, pattern, c.err, w.Body)
				want := c.code
				if pattern == "/readyz" || pattern == "/v1/stream/anomalies" {
					want = 503
				}
				if pattern == "/v1/audit/check" && store.IsPermanent(c.err) {
					continue // that the log is broken is what this route tells
				}
				require.Equal(t, want, w.Code, what)
				require.NotContains(t, w.Body.String(), "SECRET", what)
			}
		}
		if c.code == 500 {
			require.NotZero(t, logs.FilterMessage("request failed").Len())
		}
	}
}

// TestReadinessIsLoggedOnce: probes come every few seconds.
func TestReadinessIsLoggedOnce(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.WarnLevel)
	h := served(t, 0)
	h.logger = zap.New(core)
	right := h.store
	for _, s := range []store.Store{right, failing{right, errors.New("away")}, failing{right, errors.New("away")}, right, right} {
		h.store = s
		get(t, h, "/readyz")
	}
	require.Equal(t, 2, logs.Len())
}
