package driftlocksqlite

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/driftlock/driftlock/internal/store/sqlite"
)

// Config is what users set.
type Config struct {
	// Path is the SQLite file; its folder is made if need be.
	Path string `mapstructure:"path"`
	// AcceptRemote also stores items that another process made. A scope name can be forged: set it only where the senders are authenticated.
	AcceptRemote bool `mapstructure:"accept_remote"`
	// Retention says how long items are kept, counted from when they were stored.
	Retention RetentionConfig `mapstructure:"retention"`

	Timeout exporterhelper.TimeoutConfig                             `mapstructure:",squash"`
	Retry   configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
	Queue   configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// RetentionConfig bounds the file's growth. Zero keeps for ever.
type RetentionConfig struct {
	Anomalies time.Duration `mapstructure:"anomalies"`
	Windows   time.Duration `mapstructure:"windows"`
	Interval  time.Duration `mapstructure:"interval"`

	// prevent unkeyed literal initialization
	_ struct{}
}

const day = 24 * time.Hour

func createDefaultConfig() component.Config {
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.NumConsumers = 1 // SQLite has one writer; more would only wait for it
	batch := queue.Batch.GetOrInsertDefault()
	batch.FlushTimeout = 200 * time.Millisecond
	batch.MinSize = 256
	return &Config{
		Path:      sqlite.DefaultPath,
		Retention: RetentionConfig{Anomalies: 90 * day, Windows: 7 * day, Interval: 10 * time.Minute},
		Timeout:   exporterhelper.NewDefaultTimeoutConfig(),
		Retry:     configretry.NewDefaultBackOffConfig(),
		Queue:     configoptional.Some(queue),
	}
}

// Validate names every key that is wrong.
func (c *Config) Validate() error {
	var errs []error
	if c.Path == "" || strings.HasPrefix(c.Path, ":memory:") {
		errs = append(errs, fmt.Errorf("path must name a file (got %q)", c.Path))
	}
	for _, r := range []struct {
		key   string
		value time.Duration
	}{{"retention.anomalies", c.Retention.Anomalies}, {"retention.windows", c.Retention.Windows}} {
		if r.value != 0 && r.value < time.Minute {
			errs = append(errs, fmt.Errorf("%s must be 0 (for ever) or at least 1m (got %s)", r.key, r.value))
		}
	}
	if c.Retention.Interval < time.Second {
		errs = append(errs, fmt.Errorf("retention.interval must be at least 1s (got %s)", c.Retention.Interval))
	}
	return errors.Join(errs...)
}
