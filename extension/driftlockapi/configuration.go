package driftlockapi

import (
	"context"
	"net/http"
	"runtime"
	"runtime/debug"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"

	"github.com/driftlock/driftlock/extension/driftlockapi/internal/effective"
	"github.com/driftlock/driftlock/internal/cbad"
)

var _ extensioncapabilities.ConfigSnapshotWatcher = (*api)(nil)

// configAnswer is made once: what it is made of holds secrets and is not kept.
type configAnswer struct {
	Name             string         `json:"name"`
	Version          string         `json:"version"`
	CollectorVersion string         `json:"collector_version"`
	CoreVersion      string         `json:"core_version"`
	GoVersion        string         `json:"go_version"`
	Hash             string         `json:"config_hash"`
	Config           map[string]any `json:"config"`
}

// NotifyConfigSnapshot takes the collector's configuration, defaults included.
func (a *api) NotifyConfigSnapshot(_ context.Context, snapshot extensioncapabilities.ConfigSnapshot) error {
	if conf := snapshot.Effective(); conf != nil {
		a.config.Store(newConfigAnswer(a.build, conf.ToStringMap()))
	}
	return nil
}

func newConfigAnswer(build component.BuildInfo, conf map[string]any) *configAnswer {
	shown := effective.Redact(conf)
	return &configAnswer{
		Name: build.Command, Version: build.Version, CollectorVersion: collectorVersion(), CoreVersion: cbad.Version(), GoVersion: runtime.Version(),
		Hash: effective.Hash(shown), Config: shown,
	}
}

// collectorVersion is that of the collector's modules in this build.
func collectorVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == "go.opentelemetry.io/collector/service" || m.Path == "go.opentelemetry.io/collector/config/confighttp" {
			return m.Version
		}
	}
	return ""
}

func (h *handler) getConfig(w http.ResponseWriter, r *http.Request) error {
	c := h.config.Load()
	if c == nil {
		return problem(http.StatusServiceUnavailable, "the collector has not said its configuration yet; it does so while it starts")
	}
	h.answer(w, r, http.StatusOK, c)
	return nil
}
