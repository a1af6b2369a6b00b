package keeper

import (
	"errors"
	"fmt"
	"time"
)

// RetentionConfig bounds the store's growth: how long items are kept, counted from when they were stored. Zero keeps for ever.
type RetentionConfig struct {
	Anomalies time.Duration `mapstructure:"anomalies"`
	Windows   time.Duration `mapstructure:"windows"`
	Interval  time.Duration `mapstructure:"interval"`

	// prevent unkeyed literal initialization
	_ struct{}
}

const day = 24 * time.Hour

// NewDefaultRetentionConfig keeps anomalies for 90 days and window items for 7.
func NewDefaultRetentionConfig() RetentionConfig {
	return RetentionConfig{Anomalies: 90 * day, Windows: 7 * day, Interval: 10 * time.Minute}
}

// Validate names every key that is wrong.
func (c *RetentionConfig) Validate() error {
	var errs []error
	for _, r := range []struct {
		key   string
		value time.Duration
	}{{"anomalies", c.Anomalies}, {"windows", c.Windows}} {
		if r.value != 0 && r.value < time.Minute {
			errs = append(errs, fmt.Errorf("%s must be 0 (for ever) or at least 1m (got %s)", r.key, r.value))
		}
	}
	if c.Interval < time.Second {
		errs = append(errs, fmt.Errorf("interval must be at least 1s (got %s)", c.Interval))
	}
	return errors.Join(errs...)
}
