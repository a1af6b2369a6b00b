package e2e

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/driftlock/driftlock/tests/rig"
)

const protobuf = "application/x-protobuf"

// oddTimes are event times that no clock shows. They must not move a stream's watermark; no time at all (0) means the time of arrival,
// which for a service whose past is being sent lies far ahead: only other services get it here.
var oddTimes = []pcommon.Timestamp{1, pcommon.NewTimestampFromTime(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)), 1<<63 - 1, 1 << 63, 1<<64 - 1}

func timesFor(service string) []pcommon.Timestamp {
	if service == "catalogue" {
		return oddTimes
	}
	return append([]pcommon.Timestamp{0}, oddTimes...)
}

func oddLogs(t *testing.T, service string) []byte {
	t.Helper()
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", service)
	records := rl.ScopeLogs().AppendEmpty().LogRecords()
	for _, at := range timesFor(service) {
		r := records.AppendEmpty()
		r.SetTimestamp(at)
		r.SetObservedTimestamp(at)
		r.SetSeverityNumber(plog.SeverityNumber(1000))
		r.Body().SetStr("odd \xff\xfe\x00 text")
	}
	long := records.AppendEmpty()
	long.SetTimestamp(pcommon.NewTimestampFromTime(historyEnd.Add(-40 * time.Minute)))
	long.Body().SetStr(strings.Repeat("x1 ", 1<<20/3))
	nested := records.AppendEmpty()
	nested.SetTimestamp(long.Timestamp())
	deep := nested.Body().SetEmptyMap()
	for range 50 {
		deep = deep.PutEmptyMap("k")
	}
	ld.ResourceLogs().AppendEmpty()
	b, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	require.NoError(t, err)
	return b
}

func oddMetrics(t *testing.T, service string) []byte {
	t.Helper()
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", service)
	metrics := rm.ScopeMetrics().AppendEmpty().Metrics()
	g := metrics.AppendEmpty()
	g.SetName("process.cpu.utilization")
	points := g.SetEmptyGauge().DataPoints()
	var zero float64
	for _, at := range timesFor(service) {
		for _, v := range []float64{zero / zero, 1 / zero, -1 / zero, 1e308} {
			p := points.AppendEmpty()
			p.SetTimestamp(at)
			p.SetDoubleValue(v)
		}
	}
	metrics.AppendEmpty()
	h := metrics.AppendEmpty()
	h.SetName("\xff")
	d := h.SetEmptyHistogram().DataPoints().AppendEmpty()
	d.SetTimestamp(oddTimes[0])
	d.BucketCounts().FromRaw([]uint64{1})
	d.ExplicitBounds().FromRaw([]float64{1, 2, 3})
	b, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	require.NoError(t, err)
	return b
}

func oddTraces(t *testing.T, service string) []byte {
	t.Helper()
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", service)
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i, at := range timesFor(service) {
		s := spans.AppendEmpty()
		s.SetName("GET \xff")
		s.SetStartTimestamp(oddTimes[i%len(oddTimes)])
		s.SetEndTimestamp(at)
		s.SetTraceID(pcommon.TraceID{1})
		s.SetSpanID(pcommon.SpanID{1})
		s.SetParentSpanID(pcommon.SpanID{1}) // its own parent
	}
	b, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	require.NoError(t, err)
	return b
}

// halves cuts a recording in two.
func halves(t *testing.T, path string) (first, second string) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := bytes.SplitAfter(b, []byte("\n"))
	first, second = path+".1.jsonl", path+".2.jsonl"
	require.NoError(t, os.WriteFile(first, bytes.Join(lines[:len(lines)/2], nil), 0o600))
	require.NoError(t, os.WriteFile(second, bytes.Join(lines[len(lines)/2:], nil), 0o600))
	return first, second
}

func TestBadInputHurtsNothingAroundIt(t *testing.T) {
	recording := filepath.Join(t.TempDir(), "shop.jsonl")
	rig.Run(t, "synthetic", nil, "--history", "80m", "--end", historyEndText, "-o", recording, "--incident", "errors@catalogue", "--incident-last", "10m")
	first, second := halves(t, recording)
	c := newCollector(t, "1e-3")
	rig.Run(t, "replay", nil, "--send", c.GRPC, first)

	for _, signal := range []string{"/v1/logs", "/v1/metrics", "/v1/traces"} {
		for name, bad := range map[string]struct {
			contentType string
			body        []byte
			status      int
		}{
			"no protobuf":      {protobuf, []byte("\xff\xff\xff garbage"), http.StatusBadRequest},
			"cut off protobuf": {protobuf, oddLogs(t, "catalogue")[:100], http.StatusBadRequest},
			"no JSON":          {"application/json", []byte("{"), http.StatusBadRequest},
			"another type":     {"text/plain", []byte("hello"), http.StatusUnsupportedMediaType},
			"empty protobuf":   {protobuf, nil, http.StatusOK},
			"empty JSON":       {"application/json", []byte("{}"), http.StatusOK},
		} {
			assert.Equal(t, bad.status, c.Post(signal, bad.contentType, bad.body), "%s to %s", name, signal)
		}
	}
	for _, service := range []string{"catalogue", "odd", "", "\xff"} {
		assert.Equal(t, http.StatusOK, c.Post("/v1/logs", protobuf, oddLogs(t, service)))
		assert.Equal(t, http.StatusOK, c.Post("/v1/metrics", protobuf, oddMetrics(t, service)))
		assert.Equal(t, http.StatusOK, c.Post("/v1/traces", protobuf, oddTraces(t, service)))
	}

	rig.Run(t, "replay", nil, "--send", c.GRPC, second)
	during := url.Values{"start_time": {historyEnd.Add(-10 * time.Minute).Format(time.RFC3339)}, "service": {"catalogue"}}
	rig.Await(t, 30*time.Second, func() bool { return len(c.Anomalies(during)) > 0 },
		func() string { return "the incident is not found after bad input: " + rig.Summary(c.Anomalies(nil)) })
	status, _, err := c.Get("/healthz", nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, status)
}

func TestAPortThatIsTakenIsNamed(t *testing.T) {
	c := newCollector(t, "0")
	other := rig.New(t, config, "E2E_GRPC="+c.GRPC, "E2E_P=0")
	out, err := other.Fails()
	require.Error(t, err)
	assert.Contains(t, out, "address already in use")
}
