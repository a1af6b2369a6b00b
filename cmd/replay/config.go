package main

import (
	"context"
	"fmt"
	"path/filepath"

	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"

	"github.com/driftlock/driftlock/internal/detect"

	"github.com/driftlock/driftlock/internal/cli"
)

// detectorConfig reads the processor's keys the way the collector does, environment variables included, and puts the flags on top.
func (o *options) detectorConfig(ctx context.Context) (detect.Config, error) {
	cfg := detect.DefaultConfig()
	if o.config != "" {
		if err := o.load(ctx, &cfg); err != nil {
			return cfg, cli.Usage(fmt.Errorf("%s: %w", o.config, err))
		}
	}
	if o.p > 0 {
		cfg.Level.P = o.p
	}
	if o.level > 0 {
		cfg.MetricLevel = o.level
	}
	if o.workers > 0 {
		cfg.Workers = o.workers
	}
	cfg.OnOverload = detect.Block // every record of a recording is scored
	if err := cfg.Validate(); err != nil {
		return cfg, cli.Usage(err)
	}
	return cfg, nil
}

func (o *options) load(ctx context.Context, cfg *detect.Config) error {
	path, err := filepath.Abs(o.config)
	if err != nil {
		return err
	}
	r, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs:              []string{"file:" + path},
		ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory(), envprovider.NewFactory()},
		DefaultScheme:     "env",
	})
	if err != nil {
		return err
	}
	conf, err := r.Resolve(ctx)
	if err != nil {
		return err
	}
	if conf.IsSet("processors") {
		key := "processors::" + o.componentID
		if !conf.IsSet(key) {
			return fmt.Errorf("no processor %s; name another with --component-id", o.componentID)
		}
		if conf, err = conf.Sub(key); err != nil {
			return err
		}
	}
	return conf.Unmarshal(cfg)
}
