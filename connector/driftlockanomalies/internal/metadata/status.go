// Package metadata names the component and its own metrics, as metadata.yaml does.
// It does not hold any logic.
package metadata

import "go.opentelemetry.io/collector/component"

// Type and ScopeName are what the collector knows the component by.
var (
	Type      = component.MustNewType("driftlockanomalies")
	ScopeName = "github.com/driftlock/driftlock/connector/driftlockanomalies"
)

// Stability per pair of signals.
const (
	LogsToLogsStability    = component.StabilityLevelAlpha
	MetricsToLogsStability = component.StabilityLevelAlpha
	TracesToLogsStability  = component.StabilityLevelAlpha
)
