package driftlockapi

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/cbad"
)

// DashboardConfig is about the pages.
type DashboardConfig struct {
	// TraceURL is where a trace is shown, with {trace_id} in the place of its id.
	TraceURL string `mapstructure:"trace_url"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate names what is wrong.
func (c *DashboardConfig) Validate() error {
	if c.TraceURL == "" {
		return nil
	}
	u, err := url.Parse(strings.ReplaceAll(c.TraceURL, traceID, "0af7651916cd43dd8448eb211c80319c"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || !strings.Contains(c.TraceURL, traceID) {
		return errors.New("trace_url must be an http or https URL without credentials and with {trace_id} in it, as https://jaeger.example/trace/{trace_id} is")
	}
	return nil
}

const traceID = "{trace_id}"

// about says what runs here and who asks: the first thing that a page wants to know.
func (h *handler) about(w http.ResponseWriter, r *http.Request) error {
	who := identity(r)
	h.answer(w, r, http.StatusOK, struct {
		Version          string    `json:"version"`
		CoreVersion      string    `json:"core_version"`
		CollectorVersion string    `json:"collector_version"`
		Actor            string    `json:"actor"`
		Role             auth.Role `json:"role"`
		Open             bool      `json:"open"`
		TraceURL         string    `json:"trace_url"`
	}{h.version, cbad.Version(), collectorVersion(), who.Name, who.Role, who == auth.Anybody, h.cfg.Dashboard.TraceURL})
	return nil
}
