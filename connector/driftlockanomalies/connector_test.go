package driftlockanomalies

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/connectortest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/testdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"github.com/driftlock/driftlock/connector/driftlockanomalies/internal/metadata"
	"github.com/driftlock/driftlock/internal/anomaly"
)

var update = flag.Bool("update", false, "write the fixtures and golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inputs are the three fixtures: ordinary telemetry around one anomaly, one window item and one damaged anomaly.
var inputs = map[string]func(t *testing.T, set connector.Settings, cfg *Config, next consumer.Logs) error{
	"logs": func(t *testing.T, set connector.Settings, cfg *Config, next consumer.Logs) error {
		c, err := NewFactory().CreateLogsToLogs(t.Context(), set, cfg, next)
		require.NoError(t, err)
		in, err := golden.ReadLogs(filepath.Join("testdata", "logs", "input.yaml"))
		require.NoError(t, err)
		in.MarkReadOnly()
		return run(t, c, func() error { return c.ConsumeLogs(t.Context(), in) })
	},
	"metrics": func(t *testing.T, set connector.Settings, cfg *Config, next consumer.Logs) error {
		c, err := NewFactory().CreateMetricsToLogs(t.Context(), set, cfg, next)
		require.NoError(t, err)
		in, err := golden.ReadMetrics(filepath.Join("testdata", "metrics", "input.yaml"))
		require.NoError(t, err)
		in.MarkReadOnly()
		return run(t, c, func() error { return c.ConsumeMetrics(t.Context(), in) })
	},
	"traces": func(t *testing.T, set connector.Settings, cfg *Config, next consumer.Logs) error {
		c, err := NewFactory().CreateTracesToLogs(t.Context(), set, cfg, next)
		require.NoError(t, err)
		in, err := golden.ReadTraces(filepath.Join("testdata", "traces", "input.yaml"))
		require.NoError(t, err)
		in.MarkReadOnly()
		return run(t, c, func() error { return c.ConsumeTraces(t.Context(), in) })
	},
}

func run(t *testing.T, c component.Component, consume func() error) error {
	require.NoError(t, c.Start(t.Context(), componenttest.NewNopHost()))
	err := consume()
	require.NoError(t, c.Shutdown(t.Context()))
	return err
}

// TestGolden has one expectation for all three signals: an anomaly looks the same wherever it was found.
func TestGolden(t *testing.T) {
	if *update {
		writeFixtures(t)
	}
	for _, c := range []struct {
		name  string
		cfg   Config
		items []string
	}{
		{"anomalies", Config{}, []string{anomaly.ItemName}},
		{"anomalies_and_windows", Config{Windows: true}, []string{anomaly.ItemName, anomaly.WindowName}},
	} {
		for signal, consume := range inputs {
			t.Run(c.name+"/"+signal, func(t *testing.T) {
				tel := componenttest.NewTelemetry()
				set := connectortest.NewNopSettings(metadata.Type)
				set.TelemetrySettings = tel.NewTelemetrySettings()
				sink := new(consumertest.LogsSink)
				require.NoError(t, consume(t, set, &c.cfg, sink))
				require.Len(t, sink.AllLogs(), 1)
				got := sink.AllLogs()[0]
				file := filepath.Join("testdata", "expected", c.name+".yaml")
				if *update {
					require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
					require.NoError(t, golden.WriteLogsToFile(file, got))
				}
				want, err := golden.ReadLogs(file)
				require.NoError(t, err)
				require.NoError(t, plogtest.CompareLogs(want, got))
				require.Equal(t, c.items, eventNames(got)) // plogtest does not compare them

				m, err := tel.GetMetric("otelcol_connector_driftlockanomalies_items_damaged")
				require.NoError(t, err)
				require.EqualValues(t, 1, m.Data.(metricdata.Sum[int64]).DataPoints[0].Value)
				require.NoError(t, tel.Shutdown(t.Context()))
			})
		}
	}
}

func eventNames(ld plog.Logs) (names []string) {
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				names = append(names, lr.EventName())
			}
		}
	}
	return names
}

// writeFixtures puts the example of internal/anomaly into ordinary telemetry.
func writeFixtures(t *testing.T) {
	examples := filepath.Join("..", "..", "internal", "anomaly", "testdata")
	a, w := &anomaly.Anomaly{}, &anomaly.Window{}
	for name, into := range map[string]any{"anomaly.json": a, "window.json": w} {
		b, err := os.ReadFile(filepath.Join(examples, name))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(b, into))
	}
	it := anomaly.Items{Anomalies: []*anomaly.Anomaly{a, a}, Windows: []*anomaly.Window{w}}
	const broken = "driftlock.anomaly.p_value"

	ld, err := it.ToLogs()
	require.NoError(t, err)
	ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes().PutStr(broken, "small")
	logs := testdata.GenerateLogs(3)
	ld.ResourceLogs().MoveAndAppendTo(logs.ResourceLogs())

	md, err := it.ToMetrics()
	require.NoError(t, err)
	md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints().At(0).Exemplars().At(0).FilteredAttributes().PutStr(broken, "small")
	metrics := testdata.GenerateMetrics(3)
	md.ResourceMetrics().MoveAndAppendTo(metrics.ResourceMetrics())

	td, err := it.ToTraces()
	require.NoError(t, err)
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutStr(broken, "small")
	traces := testdata.GenerateTraces(3)
	td.ResourceSpans().MoveAndAppendTo(traces.ResourceSpans())

	for _, signal := range []string{"logs", "metrics", "traces"} {
		require.NoError(t, os.MkdirAll(filepath.Join("testdata", signal), 0o755))
	}
	require.NoError(t, golden.WriteLogsToFile(filepath.Join("testdata", "logs", "input.yaml"), logs))
	require.NoError(t, golden.WriteMetricsToFile(filepath.Join("testdata", "metrics", "input.yaml"), metrics, golden.SkipMetricTimestampNormalization()))
	require.NoError(t, golden.WriteTracesToFile(filepath.Join("testdata", "traces", "input.yaml"), traces))
}

func TestOrdinaryTelemetryPassesNothingOn(t *testing.T) {
	t.Parallel()
	next := consumertest.NewErr(errors.New("called"))
	l, err := newLifter(connectortest.NewNopSettings(metadata.Type), &Config{Windows: true}, next)
	require.NoError(t, err)
	require.NoError(t, l.ConsumeLogs(t.Context(), testdata.GenerateLogs(10)))
	require.NoError(t, l.ConsumeMetrics(t.Context(), testdata.GenerateMetrics(10)))
	require.NoError(t, l.ConsumeTraces(t.Context(), testdata.GenerateTraces(10)))
	require.False(t, l.Capabilities().MutatesData)
}

func TestErrorsOfTheNextConsumerComeBack(t *testing.T) {
	t.Parallel()
	for signal, consume := range inputs {
		err := consume(t, connectortest.NewNopSettings(metadata.Type), &Config{}, consumertest.NewErr(errors.New("backend gone")))
		require.ErrorContains(t, err, "backend gone", signal)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "config.yaml"))
	require.NoError(t, err)
	read := func(name string) (component.Config, error) {
		cfg := NewFactory().CreateDefaultConfig()
		sub, err := conf.Sub(component.NewIDWithName(metadata.Type, name).String())
		require.NoError(t, err)
		return cfg, errors.Join(sub.Unmarshal(cfg), confmap.Validate(cfg))
	}
	cfg, err := read("")
	require.NoError(t, err)
	require.Equal(t, &Config{}, cfg)
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	cfg, err = read("windows")
	require.NoError(t, err)
	require.Equal(t, &Config{Windows: true}, cfg)
	_, err = read("unknown")
	require.ErrorContains(t, err, "window")
}

func TestReadme(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("README.md")
	require.NoError(t, err)
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(b)
	require.NotNil(t, block)
	r, err := confmap.NewRetrievedFromYAML(block[1])
	require.NoError(t, err)
	conf, err := r.AsConf()
	require.NoError(t, err)
	sub, err := conf.Sub("connectors::driftlockanomalies")
	require.NoError(t, err)
	require.NoError(t, sub.Unmarshal(&Config{}))
	assert.Contains(t, string(b), "| `windows` |")
}

func BenchmarkOrdinaryLogs(b *testing.B) {
	l, err := newLifter(connectortest.NewNopSettings(metadata.Type), &Config{}, consumertest.NewNop())
	require.NoError(b, err)
	ld := testdata.GenerateLogs(1000)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.ConsumeLogs(context.Background(), ld); err != nil {
			b.Fatal(err)
		}
	}
}
