package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/detect"
	"github.com/driftlock/driftlock/internal/shop"

	"github.com/driftlock/driftlock/internal/cli"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var end = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// recordShop writes a recording of the shop, one file per signal, with errors in the last minutes.
func recordShop(t testing.TB, past time.Duration) (paths []string) {
	t.Helper()
	g, err := shop.New(shop.Config{Seed: 1, Rate: 2, Start: end.Add(-past), Incidents: []shop.Incident{
		{Kind: shop.Errors, Service: "catalogue", Start: end.Add(-5 * time.Minute), End: end}}})
	require.NoError(t, err)
	var traces, logs, metrics bytes.Buffer
	line := func(to *bytes.Buffer, n int) func([]byte, error) {
		return func(b []byte, err error) {
			require.NoError(t, err)
			if n > 0 {
				to.Write(append(b, '\n'))
			}
		}
	}
	for g.Now().Before(end) {
		b := g.Next(g.Now().Add(5 * time.Second))
		line(&traces, b.Traces.SpanCount())((&ptrace.JSONMarshaler{}).MarshalTraces(b.Traces))
		line(&logs, b.Logs.LogRecordCount())((&plog.JSONMarshaler{}).MarshalLogs(b.Logs))
		line(&metrics, b.Metrics.DataPointCount())((&pmetric.JSONMarshaler{}).MarshalMetrics(b.Metrics))
	}
	return []string{file(t, "traces.jsonl", traces.String()), file(t, "logs.jsonl", logs.String()), file(t, "metrics.jsonl", metrics.String())}
}

func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// run is one call of the command.
func run(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := newCommand(&out, &errOut)
	cmd.SetArgs(args)
	code = cli.ExitCode(cmd.Name(), cmd.ExecuteContext(t.Context()), &errOut)
	return out.String(), errOut.String(), code
}

func lines[T any](t testing.TB, text string) []T {
	t.Helper()
	var all []T
	for l := range strings.Lines(text) {
		var v T
		require.NoError(t, json.Unmarshal([]byte(l), &v))
		all = append(all, v)
	}
	return all
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestRunsAreByteIdentical(t *testing.T) {
	paths := recordShop(t, 40*time.Minute)
	once := func(args ...string) (string, string) {
		scores := filepath.Join(t.TempDir(), "s")
		out, stderr, code := run(t, append(append(args, "--p", "0.01", "--scores", scores), paths...)...)
		require.Zero(t, code, stderr)
		return out, read(t, scores)
	}
	out, scores := once()
	require.NotEmpty(t, scores)
	for _, more := range [][]string{{"--workers", "1"}, {"--workers", "5"}} {
		out2, scores2 := once(more...)
		assert.Equal(t, out, out2, "%v", more)
		assert.Equal(t, scores, scores2, "%v", more)
	}
	services := map[string]bool{}
	for _, a := range lines[anomaly.Anomaly](t, out) {
		services[a.Service] = true
		assert.NotEmpty(t, a.ID)
		assert.LessOrEqual(t, a.PValue, 0.01)
		assert.Equal(t, time.Minute, a.Timestamp.Sub(a.WindowStart))
	}
	assert.True(t, services["catalogue"], "the service with the errors is named: %v", services)
	seen := map[string]bool{}
	for _, s := range lines[detect.Score](t, scores) {
		if s.Stream != s.Service && s.TraceID == "" {
			continue // a point: series of two instances look alike
		}
		key := fmt.Sprint(s.Service, s.Signal, s.Stream, s.Start, s.TraceID)
		assert.False(t, seen[key], "%s scored twice", key)
		seen[key] = true
	}
	assert.Greater(t, len(seen), 10*30)
}

func TestEachRowOfACSVFileHasItsScoreLine(t *testing.T) {
	var a, b strings.Builder
	a.WriteString("timestamp,value\n")
	for i := range 400 {
		at := end.Add(time.Duration(i) * 5 * time.Minute)
		fmt.Fprintf(&a, "%s,%g\n", at.Format("2006-01-02 15:04:05"), 10+math.Sin(float64(i)/7))
		fmt.Fprintf(&b, "%d,%d\n", at.Unix(), i%9)
	}
	a.WriteString("2030-01-01 00:00:00,NaN\n2001-01-01 00:00:00,3\n2030-01-01 00:05:00,Inf\n")
	pa, pb := file(t, "a.csv", a.String()), file(t, "b.csv", b.String())
	scores := filepath.Join(t.TempDir(), "s")
	_, stderr, code := run(t, "--level", "3.3", "--scores", scores, pb, pa)
	require.Zero(t, code, stderr)
	got := lines[detect.Score](t, read(t, scores))
	require.Len(t, got, 400+403)
	for i, s := range got[:400] {
		assert.Equal(t, pb, s.Source)
		assert.Equal(t, end.Add(time.Duration(i)*5*time.Minute), s.End.UTC())
	}
	for _, s := range got[400:] {
		assert.Equal(t, pa, s.Source)
		assert.False(t, math.IsNaN(s.Score))
	}
	assert.Equal(t, 2001, got[400+401].End.Year(), "in the file's order, also where time steps back")
}

func TestBadLinesAreReportedCountedAndSkipped(t *testing.T) {
	good := strings.SplitAfterN(read(t, recordShop(t, 2*time.Minute)[1]), "\n", 2)
	bad := file(t, "bad.jsonl", good[0]+"garbage\n{\n"+good[1]+strings.Repeat("x\n", 20))
	_, stderr, code := run(t, bad, file(t, "c.csv", "1700000000,1\n1700000060,2\nx,y\n"))
	assert.Zero(t, code)
	assert.Contains(t, stderr, "c.csv:3: ")
	assert.Contains(t, stderr, "bad.jsonl:2: ")
	assert.Contains(t, stderr, "bad.jsonl:3: ")
	assert.Contains(t, stderr, "and 13 more")
	assert.Contains(t, stderr, "23 bad lines")
	assert.Contains(t, stderr, "2 rows")
	_, stderr, _ = run(t, "--max-problems", "0", bad)
	assert.NotContains(t, stderr, "bad.jsonl:2")
	assert.Contains(t, stderr, "22 bad lines")
}

func TestATruncatedFileIsUsedAsFarAsItGoes(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(read(t, recordShop(t, 5*time.Minute)[1])))
	require.NoError(t, errors.Join(err, w.Close()))
	_, stderr, code := run(t, file(t, "logs.jsonl.gz", b.String()[:b.Len()*2/3]))
	assert.Zero(t, code)
	assert.Contains(t, stderr, "what came before is used")
	assert.Regexp(t, `[1-9]\d+ log records`, stderr)
}

func TestExitCodes(t *testing.T) {
	empty, garbage, ok := file(t, "empty.jsonl", ""), file(t, "garbage.jsonl", "x\ny\n"), file(t, "ok.csv", "1700000000,1\n")
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"good":               {[]string{ok}, 0, "1 rows"},
		"empty":              {[]string{empty}, 1, "nothing usable"},
		"garbage":            {[]string{garbage}, 1, "2 bad lines"},
		"no file":            {nil, 2, "at least one file"},
		"missing file":       {[]string{"no-such-file"}, 2, "no such file"},
		"folder":             {[]string{t.TempDir()}, 2, "folder"},
		"bad p":              {[]string{"--p", "2", ok}, 2, "--p must be"},
		"p of nothing":       {[]string{"--p", "0", ok}, 2, "--p must be"},
		"bad level":          {[]string{"--level", "-1", ok}, 2, "--level must be"},
		"bad workers":        {[]string{"--workers", "-1", ok}, 2, "--workers"},
		"no component":       {[]string{"--component-id", "", ok}, 2, "--component-id"},
		"unknown flag":       {[]string{"--colour", ok}, 2, "unknown flag"},
		"send and p":         {[]string{"--send", "localhost:1", "--p", "0.1", ok}, 2, "leaves judging"},
		"send to nothing":    {[]string{"--send", "localhost", ok}, 2, "host and port"},
		"send, no receiver":  {[]string{"--send", "localhost:1", "--patience", "200ms", ok}, 1, "make run"},
		"scores unwritable":  {[]string{"--scores", "/no/such/folder/s", ok}, 1, "write scores"},
		"config missing":     {[]string{"--config", "no-such-file", ok}, 2, "no-such-file"},
		"config not valid":   {[]string{"--config", file(t, "c.yaml", "window: {duration: 1ms}"), ok}, 2, "window.duration must be at least 1s"},
		"config unknown key": {[]string{"--config", file(t, "c.yaml", "windows: {}"), ok}, 2, "windows"},
		"config not YAML":    {[]string{"--config", file(t, "c.yaml", "a: [}"), ok}, 2, "c.yaml"},
		"other component":    {[]string{"--config", file(t, "c.yaml", "processors: {batch: {}}"), ok}, 2, "no processor driftlockcbad"},
	} {
		_, stderr, code := run(t, c.args...)
		assert.Equal(t, c.code, code, "%s: %s", name, stderr)
		assert.Contains(t, stderr, c.says, name)
	}
}

func TestConfigIsReadAsTheCollectorReadsIt(t *testing.T) {
	t.Setenv("REPLAY_TEST_ALARMS", "7")
	bare := "window: {duration: 30s}\nfalse_alarms_per_day: ${env:REPLAY_TEST_ALARMS}\n"
	indented := "    " + strings.ReplaceAll(strings.TrimSpace(bare), "\n", "\n    ") + "\n"
	whole := "receivers: {otlp: {}}\nprocessors:\n  batch: {}\n  driftlockcbad/a:\n" + indented + "service: {}\n"
	for text, id := range map[string]string{bare: "driftlockcbad", whole: "driftlockcbad/a"} {
		o := options{config: file(t, "c.yaml", text), componentID: id, p: 1e-3, level: 3.3, workers: 2}
		cfg, err := o.detectorConfig(t.Context())
		require.NoError(t, err)
		want := detect.DefaultConfig()
		want.Window.Duration, want.FalseAlarmsPerDay = 30*time.Second, 7
		want.Level.P, want.MetricLevel, want.Workers, want.OnOverload = 1e-3, 3.3, 2, detect.Block
		assert.Equal(t, want, cfg)
	}
}

// arrivals is a receiver that notes what comes in which order.
type arrivals struct {
	mu   sync.Mutex
	seen []string
}

func (a *arrivals) note(what string, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen = append(a.seen, fmt.Sprintf("%s %d", what, n))
}

type (
	logServer struct {
		plogotlp.UnimplementedGRPCServer
		*arrivals
	}
	metricServer struct {
		pmetricotlp.UnimplementedGRPCServer
		*arrivals
	}
	traceServer struct {
		ptraceotlp.UnimplementedGRPCServer
		*arrivals
	}
)

func (s *logServer) Export(_ context.Context, r plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	s.note("logs", r.Logs().LogRecordCount())
	return plogotlp.NewExportResponse(), nil
}

func (s *metricServer) Export(_ context.Context, r pmetricotlp.ExportRequest) (pmetricotlp.ExportResponse, error) {
	s.note("metrics", r.Metrics().DataPointCount())
	return pmetricotlp.NewExportResponse(), nil
}

func (s *traceServer) Export(_ context.Context, r ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	s.note("traces", r.Traces().SpanCount())
	return ptraceotlp.NewExportResponse(), nil
}

func TestSendKeepsBatchesAndOrder(t *testing.T) {
	l, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	var a arrivals
	s := grpc.NewServer()
	plogotlp.RegisterGRPCServer(s, &logServer{arrivals: &a})
	pmetricotlp.RegisterGRPCServer(s, &metricServer{arrivals: &a})
	ptraceotlp.RegisterGRPCServer(s, &traceServer{arrivals: &a})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	defer func() {
		s.Stop()
		assert.NoError(t, <-done)
	}()

	paths := append(recordShop(t, 2*time.Minute), file(t, "cpu.csv", fmt.Sprintf("%d,1\n%d,2\n", end.Add(-time.Minute).Unix(), end.Unix())))
	_, stderr, code := run(t, append([]string{"--send", l.Addr().String()}, paths...)...)
	require.Zero(t, code, stderr)
	first := a.seen
	assert.Contains(t, first, "metrics 2", "a CSV file becomes a gauge")
	assert.Contains(t, stderr, "sent 4 files")
	kinds := map[string]int{}
	for _, s := range first {
		kinds[strings.Fields(s)[0]]++
	}
	assert.Equal(t, 24, kinds["logs"])
	assert.Equal(t, 24, kinds["traces"])
	a.seen = nil
	_, _, code = run(t, append([]string{"--send", l.Addr().String()}, paths...)...)
	require.Zero(t, code)
	assert.Equal(t, first, a.seen)
}

// A file that is damaged from its first bytes is a bad file among good ones, and no mistake on the command line.
func TestADamagedFileIsSkipped(t *testing.T) {
	good := file(t, "good.log", "2026-01-01T00:00:00Z hello\n")
	for _, name := range []string{"logs.jsonl.gz", "series.csv.gz", "plain"} {
		stdout, stderr, code := run(t, file(t, name, "\x1f\x8b"), good)
		assert.Zero(t, code, stderr)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, name+": damaged from the start, skipped: gzip: unexpected EOF")
		assert.Contains(t, stderr, "1 bad lines or files skipped")
		assert.Contains(t, stderr, "1 log records")
	}
	_, stderr, code := run(t, file(t, "alone.gz", "\x1f\x8b"))
	assert.Equal(t, cli.Failed, code, stderr)
}
