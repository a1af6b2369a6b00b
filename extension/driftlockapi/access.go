package driftlockapi

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/extensionauth"

	"github.com/driftlock/driftlock/internal/auth"
	"github.com/driftlock/driftlock/internal/limit"
)

// AccessConfig maps what an authenticator of the collector says of a token to a role. API keys need no configuration.
type AccessConfig struct {
	// Authenticator is an extension that checks tokens, such as oidc.
	Authenticator component.ID `mapstructure:"authenticator"`
	// Claim is the attribute that holds groups: membership, or claims.NAME.
	Claim string `mapstructure:"claim"`
	// The groups of each role; "*" is everybody whom the authenticator accepts.
	Reader []string `mapstructure:"reader"`
	Writer []string `mapstructure:"writer"`
	Admin  []string `mapstructure:"admin"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// Validate names every key that is wrong.
func (c *AccessConfig) Validate() error {
	if c.Authenticator == (component.ID{}) {
		if len(c.Reader)+len(c.Writer)+len(c.Admin) > 0 {
			return errors.New("reader, writer and admin map groups of an authenticator, which is missing; set authenticator")
		}
		return nil
	}
	var errs []error
	if len(c.Reader)+len(c.Writer)+len(c.Admin) == 0 {
		errs = append(errs, fmt.Errorf("no group has a role, so nobody could do anything; set reader, writer or admin, as in reader: [\"*\"] (authenticator %s)", c.Authenticator))
	}
	if c.Claim == "" {
		errs = append(errs, errors.New("claim must name what holds the groups, as membership or claims.roles do (it is empty)"))
	}
	return errors.Join(errs...)
}

// tokens finds the authenticator among the collector's extensions; nil where none is configured.
func (c *AccessConfig) tokens(host component.Host) (*auth.Tokens, error) {
	if c.Authenticator == (component.ID{}) {
		return nil, nil
	}
	e, ok := host.GetExtensions()[c.Authenticator]
	if !ok {
		return nil, fmt.Errorf("access.authenticator names %s, which is not among service.extensions", c.Authenticator)
	}
	server, ok := e.(extensionauth.Server)
	if !ok {
		return nil, fmt.Errorf("access.authenticator names %s, which does not authenticate those who call a server", c.Authenticator)
	}
	return &auth.Tokens{Server: server, Claim: c.Claim, Groups: map[auth.Role][]string{auth.Reader: c.Reader, auth.Writer: c.Writer, auth.Admin: c.Admin}}, nil
}

// LimitConfig bounds what each client may do.
type LimitConfig struct {
	PerAddress   RateConfig `mapstructure:"per_address"`
	PerKey       RateConfig `mapstructure:"per_key"`
	FailedLogins RateConfig `mapstructure:"failed_logins"`
	// Clients is how many clients are remembered of each kind.
	Clients int `mapstructure:"clients"`
	// TrustedProxies are the networks of proxies whose X-Forwarded-For is believed.
	TrustedProxies []string `mapstructure:"trusted_proxies"`

	// prevent unkeyed literal initialization
	_ struct{}
}

// RateConfig is a token bucket. A rate of zero does not limit.
type RateConfig struct {
	PerSecond float64 `mapstructure:"per_second"`
	Burst     int     `mapstructure:"burst"`

	// prevent unkeyed literal initialization
	_ struct{}
}

func defaultLimits() LimitConfig {
	return LimitConfig{
		PerAddress:   RateConfig{PerSecond: 200, Burst: 400},
		PerKey:       RateConfig{PerSecond: 100, Burst: 200},
		FailedLogins: RateConfig{PerSecond: 0.1, Burst: 10},
		Clients:      10_000,
	}
}

// Validate names every key that is wrong.
func (c *LimitConfig) Validate() error {
	var errs []error
	for _, r := range []struct {
		key string
		RateConfig
	}{{"per_address", c.PerAddress}, {"per_key", c.PerKey}, {"failed_logins", c.FailedLogins}} {
		if r.PerSecond < 0 || r.PerSecond > 1e9 || r.PerSecond > 0 && (r.Burst < 1 || r.Burst > 1e9) {
			errs = append(errs, fmt.Errorf("%s: per_second must be 0 (no limit) or more, and burst at least 1 (got %g and %d)", r.key, r.PerSecond, r.Burst))
		}
	}
	if c.Clients < 1 || c.Clients > 10_000_000 {
		errs = append(errs, fmt.Errorf("clients must be from 1 to 10000000 (got %d)", c.Clients))
	}
	for _, p := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			errs = append(errs, fmt.Errorf("trusted_proxies must be networks, as 10.0.0.0/8 is (got %q)", p))
		}
	}
	return errors.Join(errs...)
}

// limits are the tables; nil where nothing is limited.
type limits struct {
	address, key, failed *limit.Table
	addresses            limit.Addresses
}

func (c *LimitConfig) tables() limits {
	table := func(r RateConfig) *limit.Table {
		if r.PerSecond == 0 {
			return nil
		}
		return limit.NewTable(limit.Rate{PerSecond: r.PerSecond, Burst: r.Burst}, c.Clients, nil)
	}
	l := limits{address: table(c.PerAddress), key: table(c.PerKey), failed: table(c.FailedLogins)}
	for _, p := range c.TrustedProxies {
		l.addresses.Trusted = append(l.addresses.Trusted, netip.MustParsePrefix(p))
	}
	return l
}

// checkAccess refuses an endpoint that other machines can reach while nobody would have to say who they are.
func (c *Config) checkAccess(ctx context.Context, keys *auth.Keys, tokens *auth.Tokens) error {
	if c.local() || c.Insecure || tokens != nil {
		return nil
	}
	yes, err := keys.Any(ctx)
	if err != nil || yes {
		return err
	}
	return fmt.Errorf("endpoint %s can be reached by other machines, and nobody would have to say who they are: make a key with driftlock-keys create, "+
		"set access.authenticator, listen on the loopback interface, as localhost:8080 is, or set insecure: true", c.NetAddr.Endpoint)
}
