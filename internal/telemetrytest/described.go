// Package telemetrytest holds a component's metrics, its metadata.yaml and its README to each other.
// It makes no telemetry; a test lets its component make some first.
package telemetrytest

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.yaml.in/yaml/v3"
)

// file is what we read of a metadata.yaml, as the collector's mdatagen defines it.
type file struct {
	Type   string `yaml:"type"`
	Status struct {
		Class string `yaml:"class"`
	} `yaml:"status"`
	Attributes map[string]struct {
		Name        string   `yaml:"name_override"`
		Description string   `yaml:"description"`
		Type        string   `yaml:"type"`
		Enum        []string `yaml:"enum"`
	} `yaml:"attributes"`
	Telemetry struct {
		Metrics map[string]struct {
			Enabled     bool                   `yaml:"enabled"`
			Description string                 `yaml:"description"`
			Unit        string                 `yaml:"unit"`
			Attributes  []string               `yaml:"attributes"`
			Sum         *struct{}              `yaml:"sum"`
			Gauge       *struct{}              `yaml:"gauge"`
			Histogram   *struct{ B []float64 } `yaml:"histogram"`
		} `yaml:"metrics"`
	} `yaml:"telemetry"`
}

// Described fails the test unless the metrics that tel has of the component in the working directory are exactly those of metadata.yaml, with
// the same kinds, units, descriptions and attributes, and the README names each. An attribute has only the values that its enum lists.
func Described(t *testing.T, tel *componenttest.Telemetry) {
	t.Helper()
	text, err := os.ReadFile("metadata.yaml")
	require.NoError(t, err)
	var f file
	require.NoError(t, yaml.Unmarshal(text, &f))
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	prefix := f.Status.Class + "_" + f.Type + "_"

	var all metricdata.ResourceMetrics
	require.NoError(t, tel.Reader.Collect(context.Background(), &all))
	seen := map[string]bool{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			name, ours := strings.CutPrefix(m.Name, "otelcol_")
			if !ours || !strings.HasPrefix(name, prefix) {
				continue
			}
			d, ok := f.Telemetry.Metrics[name]
			if !assert.True(t, ok, "metadata.yaml does not list %s", name) {
				continue
			}
			seen[name] = true
			assert.Equal(t, d.Description, m.Description, name)
			assert.Equal(t, d.Unit, m.Unit, name)
			kind, sets := points(m.Data)
			assert.Equal(t, map[string]bool{"sum": d.Sum != nil, "gauge": d.Gauge != nil, "histogram": d.Histogram != nil}, map[string]bool{"sum": kind == "sum", "gauge": kind == "gauge", "histogram": kind == "histogram"}, name)
			for _, set := range sets {
				for _, kv := range set.ToSlice() {
					i := slices.IndexFunc(d.Attributes, func(key string) bool {
						a := f.Attributes[key]
						return key == string(kv.Key) || a.Name == string(kv.Key)
					})
					if !assert.GreaterOrEqual(t, i, 0, "metadata.yaml does not give %s the attribute %s", name, kv.Key) {
						continue
					}
					if a := f.Attributes[d.Attributes[i]]; len(a.Enum) > 0 {
						assert.Contains(t, a.Enum, kv.Value.String(), "%s of %s", kv.Key, name)
					} else {
						assert.NotEmpty(t, a.Description, "%s of %s", kv.Key, name)
					}
				}
			}
		}
	}
	for name, d := range f.Telemetry.Metrics {
		assert.True(t, d.Enabled, name)
		assert.True(t, seen[name], "metadata.yaml lists %s, which the component did not make", name)
		assert.True(t, strings.Contains(string(readme), "`"+strings.TrimPrefix(name, prefix)+"`"), "README.md does not name %s", name)
	}
}

// points are a metric's kind and the attributes of its points.
func points(data metricdata.Aggregation) (kind string, sets []attribute.Set) {
	switch d := data.(type) {
	case metricdata.Sum[int64]:
		return "sum", of(d.DataPoints)
	case metricdata.Sum[float64]:
		return "sum", of(d.DataPoints)
	case metricdata.Gauge[int64]:
		return "gauge", of(d.DataPoints)
	case metricdata.Gauge[float64]:
		return "gauge", of(d.DataPoints)
	case metricdata.Histogram[float64]:
		for _, p := range d.DataPoints {
			sets = append(sets, p.Attributes)
		}
		return "histogram", sets
	}
	return "", nil
}

func of[N int64 | float64](list []metricdata.DataPoint[N]) (sets []attribute.Set) {
	for _, p := range list {
		sets = append(sets, p.Attributes)
	}
	return sets
}
