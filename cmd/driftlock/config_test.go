package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	root := repository(t)
	files, err := filepath.Glob(filepath.Join(root, "config", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "config/ has no .yaml file")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			// The files name ./data and the like as seen from the repository's root.
			t.Chdir(root)
			assert.NoErrorf(t, load(t, file), "%s", file)
		})
	}
}

// So is every configuration that the documents show.
func TestDocumentedConfigurationsAreValid(t *testing.T) {
	root := repository(t)
	block := regexp.MustCompile("(?s)```ya?ml\n(.*?)```")
	var documents []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if entry.IsDir() && slices.Contains([]string{".git", "target", "node_modules", "data"}, entry.Name()) {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			documents = append(documents, path)
		}
		return err
	}))
	shown := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		name, err := filepath.Rel(root, document)
		require.NoError(t, err)
		for i, found := range block.FindAllSubmatch(text, -1) {
			shown++
			t.Run(fmt.Sprintf("%s:%d", name, i+1), func(t *testing.T) {
				t.Chdir(t.TempDir())
				require.NoError(t, os.WriteFile("config.yaml", found[1], 0o600))
				assert.NoErrorf(t, load(t, "config.yaml"), "%s", found[1])
			})
		}
	}
	assert.GreaterOrEqual(t, shown, 5, "the README and the components' READMEs show configurations")
}

func repository(t *testing.T) string {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	return root
}

// load builds the pipelines of a configuration without starting them.
func load(t *testing.T, file string) error {
	t.Setenv("DRIFTLOCK_DSN", "postgres://driftlock@db.example:5432/driftlock") // users set it
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
	return collector.DryRun(t.Context())
}
