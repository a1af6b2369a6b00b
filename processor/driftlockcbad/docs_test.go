package driftlockcbad

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/driftlock/driftlock/internal/detect"
	"github.com/driftlock/driftlock/processor/driftlockcbad/internal/metadata"
)

func readme(t *testing.T) string {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	return string(text)
}

// The README's table has every key with its default, and no other.
func TestReadmeListsEveryKey(t *testing.T) {
	listed := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| (?:`([^`]*)`)?").FindAllStringSubmatch(readme(t), -1) {
		listed[row[1]] = row[2]
	}
	want := map[string]string{}
	defaults(want, reflect.ValueOf(detect.DefaultConfig()), "")
	assert.Equal(t, want, listed)
}

func defaults(into map[string]string, v reflect.Value, path string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		key := path + f.Tag.Get("mapstructure")
		switch value := v.Field(i).Interface().(type) {
		case time.Duration:
			text := value.String()
			if strings.HasSuffix(text, "m0s") {
				text = strings.TrimSuffix(text, "0s")
			}
			into[key] = text
		case float64:
			into[key] = strings.Replace(fmt.Sprintf("%g", value), "0.001", "1e-3", 1)
			into[key] = strings.Replace(into[key], "0.01", "1e-2", 1)
		case *component.ID:
			into[key] = "" // none
		case []string:
			into[key] = "[" + strings.Join(value, ", ") + "]"
		default:
			if f.Type.Kind() == reflect.Struct {
				defaults(into, v.Field(i), key+".")
			} else {
				into[key] = fmt.Sprint(value)
			}
		}
	}
}

func TestReadmeExampleLoads(t *testing.T) {
	example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(readme(t))
	require.NotNil(t, example)
	yaml, err := confmap.NewRetrievedFromYAML([]byte(example[1]))
	require.NoError(t, err)
	conf, err := yaml.AsConf()
	require.NoError(t, err)
	section, err := conf.Sub("processors::driftlockcbad")
	require.NoError(t, err)
	cfg := createDefaultConfig()
	require.NoError(t, section.Unmarshal(cfg))
	assert.NoError(t, confmap.Validate(cfg))
}

// The component's metrics are those of metadata.yaml and of the README, and all are really there.
func TestMetricsAreDescribed(t *testing.T) {
	file, err := os.ReadFile("metadata.yaml")
	require.NoError(t, err)
	tel := componenttest.NewTelemetry()
	defer func() { require.NoError(t, tel.Shutdown(t.Context())) }()
	set := processortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = tel.NewTelemetrySettings()
	p, err := NewFactory().CreateLogs(t.Context(), set, createDefaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, p.ConsumeLogs(t.Context(), someLogs("shop", time.Now(), 7)))
	for _, d := range metadata.Descriptions {
		assert.Contains(t, string(file), "  processor_driftlockcbad_"+d.Name+":\n      enabled: true\n      description: "+d.Text+"\n")
		assert.Contains(t, readme(t), "`"+d.Name+"`")
		_, err := tel.GetMetric(metadata.Prefix + d.Name)
		assert.NoError(t, err, d.Name)
	}
	m, err := tel.GetMetric(metadata.Prefix + "records")
	require.NoError(t, err)
	records := int64(0)
	for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
		records += point.Value
	}
	assert.EqualValues(t, 7, records)
	require.NoError(t, p.Shutdown(t.Context()))
}
