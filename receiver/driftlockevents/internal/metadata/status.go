// Package metadata names the component, as metadata.yaml does.
// It does not hold any logic.
package metadata

import "go.opentelemetry.io/collector/component"

// Type is what the collector knows the component by.
var Type = component.MustNewType("driftlockevents")

// MetricsStability is the only signal's.
const MetricsStability = component.StabilityLevelAlpha
