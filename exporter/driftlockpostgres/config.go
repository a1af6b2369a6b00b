package driftlockpostgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/driftlock/driftlock/internal/keeper"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/postgres"
)

// Config is what users set.
type Config struct {
	// DSN names the database, as a URL or as a list of key=value.
	DSN configopaque.String `mapstructure:"dsn"`
	// TLS replaces what the DSN says about encryption.
	TLS configoptional.Optional[configtls.ClientConfig] `mapstructure:"tls"`
	// Migrate brings the schema up to date at start. Where it is off, an operator does it beforehand, and an older schema stops the start.
	Migrate bool `mapstructure:"migrate"`
	// Pool limits the connections.
	Pool PoolConfig `mapstructure:"pool"`
	// ConnectTimeout bounds the making of one connection.
	ConnectTimeout time.Duration `mapstructure:"connect_timeout"`
	// StatementTimeout is when the server gives up a statement.
	StatementTimeout time.Duration `mapstructure:"statement_timeout"`
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

// PoolConfig limits the connections to the server.
type PoolConfig struct {
	MaxOpen     int           `mapstructure:"max_open"`
	MinIdle     int           `mapstructure:"min_idle"`
	MaxLifetime time.Duration `mapstructure:"max_lifetime"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	return &Config{
		Migrate:          true,
		Pool:             PoolConfig{MaxOpen: postgres.DefaultMaxOpen, MinIdle: postgres.DefaultMinIdle, MaxLifetime: postgres.DefaultMaxLifetime},
		ConnectTimeout:   postgres.DefaultConnectTimeout,
		StatementTimeout: postgres.DefaultStatementTimeout,
		Retention:        keeper.NewDefaultRetentionConfig(),
		Timeout:          exporterhelper.TimeoutConfig{Timeout: 30 * time.Second},
		Retry:            keeper.NewDefaultRetryConfig(),
		Queue:            keeper.NewDefaultQueueConfig(4),
	}
}

// Validate names every key that is wrong.
func (c *Config) Validate() error {
	var errs []error
	errs = append(errs, postgres.CheckDSN(string(c.DSN)), keeper.CheckQueue(c.Queue))
	if c.Pool.MaxOpen < 1 || c.Pool.MaxOpen > 1000 {
		errs = append(errs, fmt.Errorf("pool.max_open must be from 1 to 1000 (got %d)", c.Pool.MaxOpen))
	}
	if c.Pool.MinIdle < 0 || c.Pool.MinIdle > c.Pool.MaxOpen {
		errs = append(errs, fmt.Errorf("pool.min_idle must be from 0 to pool.max_open (got %d)", c.Pool.MinIdle))
	}
	for _, d := range []struct {
		key   string
		value time.Duration
		least time.Duration
	}{
		{"pool.max_lifetime", c.Pool.MaxLifetime, time.Second}, {"connect_timeout", c.ConnectTimeout, 100 * time.Millisecond},
		{"statement_timeout", c.StatementTimeout, 100 * time.Millisecond},
	} {
		if d.value < d.least {
			errs = append(errs, fmt.Errorf("%s must be at least %s (got %s)", d.key, d.least, d.value))
		}
	}
	return errors.Join(errs...)
}

// settings are what the keeper needs to know.
func (c *Config) settings() keeper.Settings {
	return keeper.Settings{
		AcceptRemote: c.AcceptRemote,
		Retention:    c.Retention,
		Options:      []exporterhelper.Option{exporterhelper.WithTimeout(c.Timeout), exporterhelper.WithRetry(c.Retry), exporterhelper.WithQueue(c.Queue)},
		Open:         c.open,
	}
}

func (c *Config) open(ctx context.Context, away, unindexed func(error)) (store.Store, string, error) {
	o := postgres.Options{
		DSN: string(c.DSN), MaxOpen: c.Pool.MaxOpen, MinIdle: c.Pool.MinIdle, MaxLifetime: c.Pool.MaxLifetime,
		ConnectTimeout: c.ConnectTimeout, StatementTimeout: c.StatementTimeout, MigrateAtStart: c.Migrate, Away: away, Unindexed: unindexed,
	}
	var err error
	if o.TLS, err = c.tls(ctx); err != nil {
		return nil, "", err
	}
	s, err := postgres.Open(ctx, o)
	if err != nil {
		return nil, "", err
	}
	return s, s.Where(), nil
}

func (c *Config) tls(ctx context.Context) (*tls.Config, error) {
	if !c.TLS.HasValue() {
		return nil, nil
	}
	t, err := c.TLS.Get().LoadTLSConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return t, nil
}
