// Package metadata names the component and its own metrics, as metadata.yaml does.
// It does not hold any logic.
package metadata

import "go.opentelemetry.io/collector/component"

// Type is what the collector knows the component by.
var Type = component.MustNewType("driftlocksqlite")

// Stability per signal.
const (
	LogsStability    = component.StabilityLevelAlpha
	MetricsStability = component.StabilityLevelAlpha
	TracesStability  = component.StabilityLevelAlpha
)
