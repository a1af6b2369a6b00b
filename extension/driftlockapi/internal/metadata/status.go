// Package metadata names the component, as metadata.yaml does.
// It does not hold any logic.
package metadata

import "go.opentelemetry.io/collector/component"

// Type and ScopeName are what the collector knows the component by.
var (
	Type      = component.MustNewType("driftlockapi")
	ScopeName = "github.com/driftlock/driftlock/extension/driftlockapi"
)

// ExtensionStability is how far the extension may still change.
const ExtensionStability = component.StabilityLevelAlpha
