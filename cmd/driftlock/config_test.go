package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"
)

// Every file in config/ is loaded with exactly the components of this binary, and its
// pipelines are built. `bin/driftlock validate --config FILE` does the same by hand.
func TestConfigFilesAreValid(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(root, "config", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "config/ has no .yaml file")

	// The files name ./data and the like as seen from the repository's root.
	t.Chdir(root)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
				BuildInfo: component.NewDefaultBuildInfo(),
				Factories: components,
				ConfigProviderSettings: otelcol.ConfigProviderSettings{
					ResolverSettings: confmap.ResolverSettings{
						URIs: []string{file},
						ProviderFactories: []confmap.ProviderFactory{
							envprovider.NewFactory(),
							fileprovider.NewFactory(),
							yamlprovider.NewFactory(),
						},
					},
				},
			})
			require.NoError(t, err)
			assert.NoErrorf(t, collector.DryRun(t.Context()), "%s", file)
		})
	}
}
