package driftlockanomalies

import "go.opentelemetry.io/collector/component"

// Config is what users set.
type Config struct {
	// Windows also lifts the window items: one for each judged window of each service.
	Windows bool `mapstructure:"windows"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config { return &Config{} }
