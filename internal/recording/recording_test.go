package recording

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func zip(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, errors.Join(err, w.Close()))
	return b.String()
}

func logLine(service string, at ...int64) string {
	records := ""
	for i, t := range at {
		if i > 0 {
			records += ","
		}
		records += fmt.Sprintf(`{"timeUnixNano":"%d","body":{"stringValue":"hello %d"}}`, t, t)
	}
	return `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"` + service + `"}}]},"scopeLogs":[{"scope":{},"logRecords":[` + records + `]}]}]}` + "\n"
}

func inspect(t testing.TB, paths ...string) []File {
	t.Helper()
	var files []File
	for _, p := range paths {
		f, err := Inspect(p)
		require.NoError(t, err)
		files = append(files, f)
	}
	return files
}

// merged is what Merge delivers: "file:line time" or the problem.
func merged(t testing.TB, paths ...string) (got []string, problems []error) {
	t.Helper()
	var n atomic.Int64
	err := Merge(t.Context(), inspect(t, paths...), &n, func(it Item) error {
		if it.Problem != nil {
			problems = append(problems, it.Problem)
			return nil
		}
		got = append(got, fmt.Sprintf("%s:%d %d", Stem(it.Path), it.Line, it.Time))
		return nil
	})
	require.NoError(t, err)
	return got, problems
}

func TestFilesAreMergedByTime(t *testing.T) {
	a := write(t, "a.jsonl", logLine("a", 10, 5)+logLine("a", 30)+logLine("a", 50))
	b := write(t, "b.jsonl", logLine("b", 20)+logLine("b", 30)+logLine("b", 40))
	got, problems := merged(t, a, b)
	assert.Empty(t, problems)
	assert.Equal(t, []string{"a:1 5", "b:1 20", "a:2 30", "b:2 30", "b:3 40", "a:3 50"}, got)
	got, _ = merged(t, b, a)
	assert.Equal(t, []string{"a:1 5", "b:1 20", "b:2 30", "a:2 30", "b:3 40", "a:3 50"}, got, "equal times: in the order of the files")
}

func TestOneWrongClockDoesNotHoldAFileBack(t *testing.T) {
	a := write(t, "a.jsonl", logLine("a", 10)+logLine("a", math.MaxInt64)+logLine("a", 20)+logLine("a", 30))
	b := write(t, "b.jsonl", logLine("b", 15)+logLine("b", 25)+logLine("b", 35))
	got, problems := merged(t, a, b)
	assert.Equal(t, []string{"a:1 10", "b:1 15", "a:3 20", "b:2 25", "a:4 30", "b:3 35"}, got)
	require.Len(t, problems, 1)
	assert.ErrorContains(t, problems[0], "a.jsonl:2: 1 records are dated more than 24h0m0s ahead")
}

func TestRecordsFromTheFutureAreCutOut(t *testing.T) {
	const day = int64(24 * time.Hour)
	// Far ahead alone, far ahead within a line, after a gap that is real, wide lines side by side, nothing after the last.
	a := write(t, "a.jsonl", logLine("a", 1, 200*day)+logLine("a", 300*day)+logLine("a", 2, day/2)+logLine("a", 3, day-1)+
		logLine("a", 50*day)+logLine("a", 50*day+1)+logLine("a", 50*day+2)+logLine("a", 90*day))
	counts, problems := map[int]int{}, 0
	require.NoError(t, Merge(t.Context(), inspect(t, a), new(atomic.Int64), func(it Item) error {
		if it.Problem != nil {
			problems++
		} else {
			counts[it.Line] = it.Count
		}
		return nil
	}))
	assert.Equal(t, map[int]int{1: 1, 3: 2, 4: 2, 5: 1, 6: 1, 7: 1, 8: 1}, counts)
	assert.Equal(t, 2, problems)

	s, err := ReadSeries(write(t, "a.csv", "1396310700,1\n4102444800,2\n1396310800,3\n1396310900,4\n1496310700,5\n1496310800,6\n"), new(atomic.Int64))
	require.NoError(t, err)
	require.Len(t, s.Values, 6)
	assert.True(t, math.IsNaN(s.Values[1]))
	assert.Equal(t, s.Times[0], s.Times[1])
	assert.Equal(t, []float64{3, 4, 5, 6}, s.Values[2:], "a gap is no wrong clock")
	assert.Len(t, s.Problems, 1)
}

func TestBadLinesAreNamedAndSkipped(t *testing.T) {
	p := write(t, "a.jsonl", logLine("a", 10)+"not json\n\n{\"resourceLogs\":[{]\n{\"other\":1}\n"+logLine("a", 20)+`{"resourceLogs":[{"scopeLogs"`)
	got, problems := merged(t, p)
	assert.Equal(t, []string{"a:1 10", "a:6 20"}, got)
	require.Len(t, problems, 4)
	for i, line := range []int{2, 4, 5, 7} {
		var problem *Problem
		require.ErrorAs(t, problems[i], &problem)
		assert.Equal(t, line, problem.Line)
		assert.ErrorContains(t, problem, fmt.Sprintf("a.jsonl:%d: ", line))
	}
}

func TestTruncatedGzipIsUsedAsFarAsItGoes(t *testing.T) {
	text := ""
	for i := range 2000 {
		text += logLine("a", int64(1000+i*7919%100000))
	}
	whole := zip(t, text)
	for _, cut := range []int{len(whole) / 2, len(whole) - 3} {
		got, problems := merged(t, write(t, "a.jsonl.gz", whole[:cut]))
		assert.NotEmpty(t, got)
		require.Len(t, problems, 1)
		assert.ErrorContains(t, problems[0], "what came before is used")
	}
	got, problems := merged(t, write(t, "a.jsonl.gz", whole))
	assert.Len(t, got, 2000)
	assert.Empty(t, problems)
	got, problems = merged(t, write(t, "b.jsonl.gz", whole[:5]))
	assert.Empty(t, got)
	require.Len(t, problems, 1)
	assert.ErrorContains(t, problems[0], "gzip")
}

func TestDamagedGzipIsReported(t *testing.T) {
	b := []byte(zip(t, logLine("a", 1)+logLine("a", 2)))
	b[len(b)-6] ^= 0xff // the checksum
	_, problems := merged(t, write(t, "a.jsonl.gz", string(b)))
	require.Len(t, problems, 1)
}

func TestLongLinesAreSkipped(t *testing.T) {
	l, err := openLines(write(t, "a", "short\n"+string(bytes.Repeat([]byte("x"), 300_000))+"\nlast"), new(atomic.Int64))
	require.NoError(t, err)
	defer func() { _ = l.close() }()
	l.max = 200_000
	b, err := l.next()
	require.NoError(t, err)
	assert.Equal(t, "short", string(b))
	_, err = l.next()
	require.ErrorIs(t, err, errLong)
	b, err = l.next()
	require.NoError(t, err)
	assert.Equal(t, "last", string(b))
	assert.Equal(t, 3, l.number)
}

func TestFormats(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Format
	}{
		"a.csv": {"x", CSV}, "a.csv.gz": {zip(t, "x"), CSV}, "a.jsonl": {"x", OTLP}, "a.JSON": {"", OTLP},
		"b": {logLine("a", 1), OTLP}, "c": {"timestamp,value\n", CSV}, "d": {"\xef\xbb\xbftimestamp,value\n", CSV},
		"e": {"1700000000,1.5\n", CSV}, "f.log": {"2024-01-01 00:00:00 INFO hi", Plain}, "g.txt": {"", Plain}, "h.gz": {zip(t, logLine("a", 1)), OTLP},
	} {
		assert.Equal(t, c.want, inspect(t, write(t, name, c.text))[0].Format, name)
	}
	_, err := Inspect(t.TempDir())
	assert.ErrorContains(t, err, "folder")
	_, err = Inspect("/no/such/file")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestStem(t *testing.T) {
	for path, want := range map[string]string{"/x/app.log": "app", "a.otlp.jsonl.gz": "a", "b.csv": "b", "web.2024.log": "web.2024", ".gz": ".gz", "x": "x"} {
		assert.Equal(t, want, Stem(path))
	}
}

func TestPlainLines(t *testing.T) {
	p := write(t, "shop.log", "2024-05-01T10:00:00Z INFO a\n\tat stack\n2024-05-01 10:00:03,250 ERROR b\nlevel=warn c\n2024-05-01T12:00:09+02:00 d\xff\n")
	var items []Item
	var n atomic.Int64
	require.NoError(t, Merge(t.Context(), inspect(t, p), &n, func(it Item) error { items = append(items, it); return nil }))
	require.Len(t, items, 2, "five seconds end a batch")
	assert.Equal(t, 4, items[0].Count)
	assert.Equal(t, 5, items[1].Line)
	r := items[0].Logs.ResourceLogs().At(0)
	v, _ := r.Resource().Attributes().Get("service.name")
	assert.Equal(t, "shop", v.Str())
	base := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
	records := r.ScopeLogs().At(0).LogRecords()
	for i, want := range []struct {
		at       time.Duration
		severity plog.SeverityNumber
	}{{0, 9}, {0, 0}, {3250 * time.Millisecond, 17}, {3250 * time.Millisecond, 13}} {
		assert.Equal(t, base.Add(want.at), records.At(i).Timestamp().AsTime(), i)
		assert.Equal(t, want.severity, records.At(i).SeverityNumber(), i)
	}
	last := items[1].Logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	assert.Equal(t, base.Add(9*time.Second), last.Timestamp().AsTime())
	assert.Equal(t, "2024-05-01T12:00:09+02:00 d\uFFFD", last.Body().Str())
	assert.EqualValues(t, len("2024-05-01T10:00:00Z INFO a\n\tat stack\n2024-05-01 10:00:03,250 ERROR b\nlevel=warn c\n2024-05-01T12:00:09+02:00 d\xff\n"), n.Load())
}

func TestLinesWithoutTimeKeepTheirOrder(t *testing.T) {
	p := newPlain("x.log", 2024)
	first, second := p.time([]byte("a")), p.time([]byte("b"))
	assert.Equal(t, untimedStep, second.Sub(first))
}

func TestLineTime(t *testing.T) {
	at := time.Date(2024, 10, 12, 13, 55, 36, 0, time.UTC)
	for line, want := range map[string]time.Time{
		"2024-10-12T13:55:36Z x":                                 at,
		"2024-10-12T13:55:36.5Z x":                               at.Add(500 * time.Millisecond),
		"[2024-10-12 15:55:36,007 +0200] x":                      at.Add(7 * time.Millisecond),
		"2024-10-12 15:55:36+02:00":                              at,
		"2024/10/12 13:55:36 [error] x":                          at,
		`127.0.0.1 - - [12/Oct/2024:15:55:36 +0200] "GET /" 200`: at,
		"Oct 12 13:55:36 host app[1]: x":                         at,
		"Oct  2 13:55:36 host":                                   at.AddDate(0, 0, -10),
		"241012 135536 148 INFO dfs.DataNode: x":                 at,
		"1728741336 x":                                           at,
		"1728741336007 x":                                        at.Add(7 * time.Millisecond),
		"1728741336000000007 x":                                  at.Add(7),
	} {
		got, ok := lineTime([]byte(line), 2024)
		require.True(t, ok, line)
		assert.Equal(t, want, got.UTC(), line)
	}
	for _, line := range []string{"", "hello", "2024-13-45T99:99:99Z", "12345", "99999999999999999999", "at com.x(Y.java:10)", "0000000000 x"} {
		_, ok := lineTime([]byte(line), 2024)
		assert.False(t, ok, line)
	}
}

func TestSyslogTurnsTheYear(t *testing.T) {
	p := newPlain("x.log", 2023)
	assert.Equal(t, 2023, p.time([]byte("Dec 31 23:59:59 a")).Year())
	assert.Equal(t, time.Date(2024, 1, 1, 0, 0, 1, 0, time.UTC), p.time([]byte("Jan  1 00:00:01 b")))
	assert.Equal(t, time.Date(2024, 1, 2, 0, 0, 1, 0, time.UTC), p.time([]byte("Jan  2 00:00:01 b")))
}

func TestParseTime(t *testing.T) {
	at := time.Date(2014, 4, 1, 0, 5, 0, 0, time.UTC)
	for _, s := range []string{"2014-04-01 00:05:00", "2014-04-01T00:05:00Z", "2014-04-01T02:05:00+02:00", "2014-04-01 00:05", " 2014-04-01 00:05:00.000 ",
		"2014-04-01 00:05:00,000", "1396310700", "1396310700000", "1396310700000000", "1396310700000000000", "1396310700.0"} {
		got, ok := ParseTime(s)
		assert.True(t, ok, s)
		assert.True(t, at.Equal(got), "%s gave %s", s, got)
	}
	for _, s := range []string{"", "x", "12", "-1396310700", "1e9", "NaN", "99999999999999999999", "1850-01-01T00:00:00Z", "2500-01-01"} {
		_, ok := ParseTime(s)
		assert.False(t, ok, s)
	}
}

func TestSeries(t *testing.T) {
	read := func(text string) *Series {
		s, err := ReadSeries(write(t, "a.csv", text), new(atomic.Int64))
		require.NoError(t, err)
		return s
	}
	s := read("timestamp,value\n2014-04-01 00:00:00,1.5\n2014-04-01 00:05:00,NaN\r\n\n2014-04-01 00:10:00,\n2014-04-01 00:15:00,-Inf\nbad,1\n2014-04-01 00:20:00,x\n2014-04-01 00:25:00\n1396311000,\"2e3\",rest")
	require.Len(t, s.Values, 5)
	assert.Equal(t, 1.5, s.Values[0])
	assert.True(t, math.IsNaN(s.Values[1]))
	assert.True(t, math.IsNaN(s.Values[2]))
	assert.True(t, math.IsInf(s.Values[3], -1))
	assert.Equal(t, 2000., s.Values[4])
	require.Len(t, s.Problems, 3)
	for i, line := range []int{7, 8, 9} {
		assert.Equal(t, line, s.Problems[i].Line)
	}
	assert.Len(t, read("1396310700,1\n1396310701,2\n").Values, 2, "no header")
	assert.Equal(t, []float64{7}, read("host,value,time\na,7,1396310700\n").Values, "columns by name")
	assert.Equal(t, []float64{7}, read("time,cpu\n1396310700,7\n").Values, "the column after the time")
	assert.Empty(t, read("").Values)
}

func TestCSVAsAGauge(t *testing.T) {
	text := "timestamp,value\n"
	for i := range 300 {
		text += fmt.Sprintf("%d,%d\n", 1396310700+i, i)
	}
	var items []Item
	require.NoError(t, Merge(t.Context(), inspect(t, write(t, "cpu.csv", text)), new(atomic.Int64), func(it Item) error { items = append(items, it); return nil }))
	require.Len(t, items, 2)
	assert.Equal(t, 256, items[0].Count)
	assert.Equal(t, 44, items[1].Count)
	m := items[1].Metrics.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0)
	assert.Equal(t, "cpu", m.Name())
	assert.Equal(t, 256., m.Gauge().DataPoints().At(0).DoubleValue())
}

func TestMergeStopsWithItsConsumerAndItsContext(t *testing.T) {
	text := ""
	for i := range 1000 {
		text += logLine("a", int64(i+1))
	}
	files := inspect(t, write(t, "a.jsonl", text), write(t, "b.jsonl", text))
	stop := errors.New("enough")
	n := 0
	err := Merge(t.Context(), files, new(atomic.Int64), func(Item) error {
		if n++; n == 10 {
			return stop
		}
		return nil
	})
	assert.ErrorIs(t, err, stop)
	ctx, cancel := context.WithCancel(t.Context())
	n = 0
	err = Merge(ctx, files, new(atomic.Int64), func(Item) error {
		if n++; n == 10 {
			cancel()
		}
		return nil
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.LessOrEqual(t, n, 10)
}

func TestEachSeriesKeepsTheOrder(t *testing.T) {
	var paths []string
	for i := range 20 {
		paths = append(paths, write(t, fmt.Sprintf("s%d.csv", i), fmt.Sprintf("1396310700,%d\n", i)))
	}
	var got []float64
	require.NoError(t, EachSeries(t.Context(), inspect(t, paths...), new(atomic.Int64), func(s *Series) error {
		got = append(got, s.Values...)
		return nil
	}))
	for i, v := range got {
		assert.EqualValues(t, i, v)
	}
	assert.Len(t, got, 20)
	stop := errors.New("enough")
	assert.ErrorIs(t, EachSeries(t.Context(), inspect(t, paths...), new(atomic.Int64), func(*Series) error { return stop }), stop)
}
