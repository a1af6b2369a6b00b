package driftlocksqlite

import (
	"context"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/driftlock/driftlock/internal/keeper"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/sqlite"
)

// Config is what users set.
type Config struct {
	// Path is the SQLite file; its folder is made if need be.
	Path string `mapstructure:"path"`
	// AcceptRemote also stores items that another process made. A scope name can be forged: set it only where the senders are authenticated.
	AcceptRemote bool `mapstructure:"accept_remote"`
	// Retention says how long items are kept, counted from when they were stored.
	Retention keeper.RetentionConfig `mapstructure:"retention"`

	Timeout exporterhelper.TimeoutConfig                             `mapstructure:",squash"`
	Retry   configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`
	Queue   configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	return &Config{
		Path:      sqlite.DefaultPath,
		Retention: keeper.NewDefaultRetentionConfig(),
		Timeout:   exporterhelper.NewDefaultTimeoutConfig(),
		Retry:     keeper.NewDefaultRetryConfig(),
		Queue:     keeper.NewDefaultQueueConfig(1), // SQLite has one writer; more would only wait for it
	}
}

// Validate names every key that is wrong.
func (c *Config) Validate() error {
	if c.Path == "" || strings.HasPrefix(c.Path, ":memory:") {
		return fmt.Errorf("path must name a file (got %q)", c.Path)
	}
	return keeper.CheckQueue(c.Queue)
}

// settings are what the keeper needs to know.
func (c *Config) settings() keeper.Settings {
	return keeper.Settings{
		AcceptRemote: c.AcceptRemote,
		Retention:    c.Retention,
		Options:      []exporterhelper.Option{exporterhelper.WithTimeout(c.Timeout), exporterhelper.WithRetry(c.Retry), exporterhelper.WithQueue(c.Queue)},
		Open: func(ctx context.Context, _, _ func(error)) (store.Store, string, error) {
			s, err := sqlite.Open(ctx, sqlite.Options{Path: c.Path})
			if err != nil {
				return nil, "", err
			}
			return s, s.Path(), nil
		},
	}
}
