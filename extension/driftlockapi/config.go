package driftlockapi

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"

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

	// prevent unkeyed literal initialization
	_ struct{}
}

// StoreConfig names the store. A driftlocksqlite exporter with the same path shares it.
type StoreConfig struct {
	Path string `mapstructure:"path"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func createDefaultConfig() component.Config {
	server := confighttp.NewDefaultServerConfig()
	server.NetAddr.Endpoint = "localhost:8080"
	server.ReadHeaderTimeout = 10 * time.Second
	server.ReadTimeout = 30 * time.Second
	server.MaxRequestBodySize = 1 << 20 // no route takes a body yet
	return &Config{ServerConfig: server, Store: StoreConfig{Path: sqlite.DefaultPath}, QueryTimeout: 10 * time.Second}
}

// Validate names every key that is wrong.
func (c *Config) Validate() error {
	var errs []error
	if c.Store.Path == "" || strings.HasPrefix(c.Store.Path, ":memory:") {
		errs = append(errs, fmt.Errorf("store.path must name a file (got %q)", c.Store.Path))
	}
	if c.QueryTimeout < 10*time.Millisecond {
		errs = append(errs, fmt.Errorf("query_timeout must be at least 10ms (got %s)", c.QueryTimeout))
	}
	if !c.local() && !c.Insecure && !c.Auth.HasValue() {
		errs = append(errs, fmt.Errorf("endpoint must be on the loopback interface, as localhost:8080 is, since the API does not ask who is there (got %q); "+
			"put a proxy that authenticates before it, set auth, or set insecure: true", c.NetAddr.Endpoint))
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
