package driftlockcbad

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/driftlock/driftlock/internal/detect"
	"github.com/driftlock/driftlock/internal/redact"
)

func load(t *testing.T, name string) (*Config, error) {
	t.Helper()
	file, err := confmaptest.LoadConf("testdata/config.yaml")
	require.NoError(t, err)
	section, err := file.Sub(name)
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	return cfg, section.Unmarshal(cfg)
}

func TestEmptyConfigIsTheDefault(t *testing.T) {
	cfg, err := load(t, "driftlockcbad")
	require.NoError(t, err)
	assert.Equal(t, createDefaultConfig(), cfg)
	assert.NoError(t, confmap.Validate(cfg))
}

func TestEveryKeyIsRead(t *testing.T) {
	cfg, err := load(t, "driftlockcbad/all")
	require.NoError(t, err)
	assert.NoError(t, confmap.Validate(cfg))
	stored := component.MustNewIDWithName("file_storage", "driftlock")
	want := detect.Config{
		Window:            detect.WindowConfig{Duration: 30 * time.Second, Lateness: 5 * time.Second, IdleTimeout: 90 * time.Second, MaxFuture: time.Minute},
		FalseAlarmsPerDay: 0.5,
		Level:             detect.LevelConfig{P: 0.001},
		MetricLevel:       4.5,
		ServiceAttributes: []string{"app", "service.name"},
		WarmupWindows:     60,
		Quarantine:        detect.QuarantineConfig{P: 0.0001, AdoptAfter: 10},
		Requests:          detect.RequestsConfig{Idle: time.Minute, P: 0.0001},
		Logs:              detect.LogsConfig{Attributes: []string{"http.route", "tenant"}},
		Metrics:           detect.MetricsConfig{SharedSegments: []string{"node"}},
		Evidence:          detect.EvidenceConfig{P: 0.05, Redact: []redact.Rule{{Pattern: `tenant=(\w)\w*`, Replace: "tenant=$1…"}, {Pattern: `IBAN \S+`}}},
		Limits: detect.LimitsConfig{
			MemoryMiB: 1024, Streams: 30000, RecordsPerWindow: 10000, SymbolsPerStream: 1000, RequestsPerStream: 1000,
			SampleBytes: 65536, Spans: 100000, Names: 10000, QueueMiB: 16, PendingMiB: 32,
		},
		OnOverload: detect.Block,
		Workers:    4,
		State:      detect.StateConfig{Storage: &stored, Interval: 5 * time.Minute},
		Seed:       7,
	}
	assert.Equal(t, want, detect.Config(*cfg))
	// The file sets every key there is to something else than the default.
	unlike(t, reflect.ValueOf(detect.DefaultConfig()), reflect.ValueOf(detect.Config(*cfg)), "")
}

func unlike(t *testing.T, a, b reflect.Value, path string) {
	for i := range a.NumField() {
		f := a.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		key := path + f.Tag.Get("mapstructure")
		if f.Type.Kind() == reflect.Struct {
			unlike(t, a.Field(i), b.Field(i), key+".")
			continue
		}
		assert.NotEqual(t, a.Field(i).Interface(), b.Field(i).Interface(), "testdata/config.yaml leaves %s at its default", key)
	}
}

func TestMessagesNameKeyRuleAndValue(t *testing.T) {
	for want, broken := range map[string]string{
		"window.duration must be at least 1s and at most 24h (got 200ms)":                                                "window: {duration: 200ms}",
		"window.lateness must be at least 0s and at most 24h (got -1s)":                                                  "window: {lateness: -1s}",
		"window.idle_timeout must be 0s (twice window.duration) or at least 1s (got 1ms)":                                "window: {idle_timeout: 1ms}",
		"window.max_future must be at least 0s (got -1m0s)":                                                              "window: {max_future: -1m}",
		"false_alarms_per_day must be above 0 and at most 1000000 (got 0)":                                               "false_alarms_per_day: 0",
		"level.p must be 0 (the budget decides) or above 0 and at most 1 (got 1.5)":                                      "level: {p: 1.5}",
		"metric_level must be 0 (off) or above 0 (got -3)":                                                               "metric_level: -3",
		"service_attributes must name at least one attribute (got [])":                                                   "service_attributes: []",
		`service_attributes[1] must not be empty (got "")`:                                                               `service_attributes: [a, ""]`,
		`metrics.shared_segments[0] must be one segment of a dotted name (got "k8s.node")`:                               "metrics: {shared_segments: [k8s.node]}",
		"warmup_windows must be at least 1 (got 0)":                                                                      "warmup_windows: 0",
		"quarantine.p must be above 0 and at most 1 (got 0)":                                                             "quarantine: {p: 0}",
		"quarantine.adopt_after must be at least 1 (got 0)":                                                              "quarantine: {adopt_after: 0}",
		"requests.idle must be at least 1s (got 10ms)":                                                                   "requests: {idle: 10ms}",
		"requests.p must be above 0 and at most 1 (got 2)":                                                               "requests: {p: 2}",
		"evidence.p must be above 0 and at most 1 (got -1)":                                                              "evidence: {p: -1}",
		"evidence.redact[0].pattern \"(\" is no regular expression of RE2: error parsing regexp: missing closing ): `(`": "evidence: {redact: [{pattern: '('}]}",
		`evidence.redact[1].pattern must not be empty`:                                                                   "evidence: {redact: [{pattern: x}, {replace: y}]}",
		"limits.memory_mib must be at least 16 (got 1)":                                                                  "limits: {memory_mib: 1}",
		"limits.streams must be at least 3 (got 2)":                                                                      "limits: {streams: 2}",
		"limits.records_per_window must be at least 16 (got 15)":                                                         "limits: {records_per_window: 15}",
		"limits.symbols_per_stream must be at least 16 (got 15)":                                                         "limits: {symbols_per_stream: 15}",
		"limits.requests_per_stream must be at least 1 (got 0)":                                                          "limits: {requests_per_stream: 0}",
		"limits.sample_bytes must be at least 1024 (got 1000)":                                                           "limits: {sample_bytes: 1000}",
		"limits.spans must be at least 1024 and at most 268435456 (got 10)":                                              "limits: {spans: 10}",
		"limits.names must be at least 1024 and at most 16777216 (got 10)":                                               "limits: {names: 10}",
		"limits.queue_mib must be at least 1 (got 0)":                                                                    "limits: {queue_mib: 0}",
		"limits.pending_mib must be at least 1 (got 0)":                                                                  "limits: {pending_mib: 0}",
		"on_overload must be skip or block (got drop)":                                                                   "on_overload: drop",
		"state.interval must be at least 1s (got 1ms)":                                                                   "state: {interval: 1ms}",
		"workers must be at least 0 (one per CPU) and at most 1024 (got -1)":                                             "workers: -1",
	} {
		t.Run(strings.Fields(want)[0], func(t *testing.T) {
			yaml, err := confmap.NewRetrievedFromYAML([]byte(broken))
			require.NoError(t, err)
			conf, err := yaml.AsConf()
			require.NoError(t, err)
			cfg := createDefaultConfig().(*Config)
			require.NoError(t, conf.Unmarshal(cfg))
			assert.EqualError(t, confmap.Validate(cfg), want)
		})
	}
}

func TestUnknownKeyIsRefused(t *testing.T) {
	conf := confmap.NewFromStringMap(map[string]any{"windw": map[string]any{"duration": "1m"}})
	assert.ErrorContains(t, conf.Unmarshal(createDefaultConfig()), "windw")
}
