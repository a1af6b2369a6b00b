package driftlockapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/postgres"
	"github.com/driftlock/driftlock/internal/store/sqlite"
)

// Config is what users set.
type Config struct {
	confighttp.ServerConfig `mapstructure:",squash"`

	// Store says where the anomalies are.
	Store StoreConfig `mapstructure:"store"`
	// QueryTimeout bounds the work one request may cause.
	QueryTimeout time.Duration `mapstructure:"query_timeout"`
	// Insecure allows an endpoint that other machines can reach although nobody has to say who they are.
	Insecure bool `mapstructure:"insecure"`
	// Access says what tokens of an authenticator allow. API keys need no configuration.
	Access AccessConfig `mapstructure:"access"`
	// Stream bounds the live stream.
	Stream StreamConfig `mapstructure:"stream"`
	// Evidence is about exported bundles.
	Evidence EvidenceConfig `mapstructure:"evidence"`
	// Dashboard is about the pages.
	Dashboard DashboardConfig `mapstructure:"dashboard"`
	// RateLimit bounds what each client may do.
	RateLimit LimitConfig `mapstructure:"rate_limit"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// StoreConfig names the store: a PostgreSQL database where there is a DSN, else an SQLite file, which a driftlocksqlite exporter with
// the same path shares.
type StoreConfig struct {
	Path string `mapstructure:"path"`
	// DSN names the database, as that of the driftlockpostgres exporter does.
	DSN configopaque.String `mapstructure:"dsn"`
	// Migrate brings the database's schema up to date at start.
	Migrate bool `mapstructure:"migrate"`
	// AutoAcknowledgeAfter is how long an anomaly may be pending before the system acknowledges it; 0: for ever.
	AutoAcknowledgeAfter time.Duration `mapstructure:"auto_acknowledge_after"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = "localhost:8080"
	server.ReadHeaderTimeout = 10 * time.Second
	server.ReadTimeout = 30 * time.Second
	server.MaxRequestBodySize = 1 << 20
	return &Config{ServerConfig: server, Store: StoreConfig{Path: sqlite.DefaultPath, Migrate: true}, QueryTimeout: 10 * time.Second, RateLimit: defaultLimits(), Stream: StreamConfig{Clients: 2000, Remember: 4096}, Access: AccessConfig{Claim: "membership"}}
}

// Validate names every key that is wrong.
func (c *Config) Validate() error {
	var errs []error
	if c.Store.DSN != "" {
		if err := postgres.CheckDSN(string(c.Store.DSN)); err != nil {
			errs = append(errs, fmt.Errorf("store.%w", err))
		}
	} else if c.Store.Path == "" || strings.HasPrefix(c.Store.Path, ":memory:") {
		errs = append(errs, fmt.Errorf("store.path must name a file, or store.dsn a database (got %q)", c.Store.Path))
	}
	if after := c.Store.AutoAcknowledgeAfter; after != 0 && after < time.Hour {
		errs = append(errs, fmt.Errorf("store.auto_acknowledge_after must be 0 (off) or at least 1h, as 720h is for thirty days (got %s)", after))
	}
	if c.QueryTimeout < 10*time.Millisecond {
		errs = append(errs, fmt.Errorf("query_timeout must be at least 10ms (got %s)", c.QueryTimeout))
	}
	if c.Auth.HasValue() {
		errs = append(errs, errors.New("auth would guard /healthz and the dashboard too; name the authenticator in access.authenticator"))
	}
	return errors.Join(errs...)
}

// local says whether only this machine can reach the endpoint.
func (c *Config) local() bool {
	if c.NetAddr.Transport == confignet.TransportTypeUnix {
		return true
	}
	host, _, err := net.SplitHostPort(c.NetAddr.Endpoint)
	return err == nil && loopback(host)
}

// loopback says whether a host's name can only mean this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// open opens the store and names it for the log. A database that cannot be reached is told to away and is no error: the API says so
// until it is there. Texts that cannot be indexed are told to unindexed.
func (c *StoreConfig) open(ctx context.Context, away, unindexed func(error)) (store.Store, string, error) {
	if c.DSN != "" {
		s, err := postgres.Open(ctx, postgres.Options{DSN: string(c.DSN), MigrateAtStart: c.Migrate, Away: away, Unindexed: unindexed})
		if err != nil {
			return nil, "", err
		}
		return s, s.Where(), nil
	}
	s, err := sqlite.Open(ctx, sqlite.Options{Path: c.Path})
	if err != nil {
		return nil, "", err
	}
	return s, s.Path(), nil
}
