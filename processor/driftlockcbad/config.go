package driftlockcbad

import (
	"go.opentelemetry.io/collector/component"

	"github.com/driftlock/driftlock/internal/detect"
)

// Config is the processor's configuration: the detector's keys. An empty one works.
type Config struct {
	detect.Config `mapstructure:",squash"`

	_ struct{}
}

var _ component.ConfigValidator = (*Config)(nil)

func createDefaultConfig() component.Config { return &Config{Config: detect.DefaultConfig()} }
