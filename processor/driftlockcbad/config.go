package driftlockcbad

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/driftlock/driftlock/internal/detect"
)

// Config is the processor's configuration: the detector's keys. An empty one works.
type Config detect.Config

var _ confmap.Validator = (*Config)(nil)

// Validate names every key that breaks its rule.
func (c *Config) Validate() error { return (*detect.Config)(c).Validate() }

func createDefaultConfig() component.Config {
	cfg := Config(detect.DefaultConfig())
	return &cfg
}
