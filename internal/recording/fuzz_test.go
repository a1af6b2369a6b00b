package recording

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"timestamp,value\n2014-04-01 00:00:00,1.5\n", "1700000000,1\n1700000001,NaN\n", "a,b,time\n,,\n", "\xef\xbb\xbftime,v\n\"1700000000\",\"1\"\r\n", ",,,\n\n-,-\n1e400,1e400", "value,timestamp\n1,1700000000000000000\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "f.csv")
		require.NoError(t, os.WriteFile(path, b, 0o600))
		s, err := ReadSeries(path, new(atomic.Int64))
		if err != nil {
			return
		}
		require.Len(t, s.Values, len(s.Times))
		for _, at := range s.Times {
			require.GreaterOrEqual(t, at.UnixNano(), int64(0), "times fit into nanoseconds since 1970")
		}
		for _, p := range s.Problems {
			require.True(t, utf8.ValidString(p.Error()))
		}
	})
}

func FuzzPlain(f *testing.F) {
	for _, s := range []string{"2024-05-01T10:00:00Z INFO a\n\tat b\n", "Dec 31 23:59:59 a\nJan  1 00:00:00 b\n", "[12/Oct/2024:15:55:36 +0200]\n", "1728741336 x\n1728741336007\n", "level=error\n\xff\xfe\n", "241012 135536 148 INFO\n2024-10-12 15:55:36,007 +9999 x", "0000-00-00T00:00:00.Z+00:00\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "f.log")
		require.NoError(t, os.WriteFile(path, b, 0o600))
		file, err := Inspect(path)
		if err != nil {
			return
		}
		file.Format = Plain
		require.NoError(t, Merge(t.Context(), []File{file}, new(atomic.Int64), func(it Item) error {
			if it.Problem != nil {
				return nil
			}
			require.Positive(t, it.Count)
			for _, r := range it.Logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
				require.True(t, utf8.ValidString(r.Body().Str()))
				require.False(t, r.Timestamp().AsTime().Year() < 1970)
			}
			return nil
		}))
	})
}

func FuzzOTLPLine(f *testing.F) {
	for _, s := range []string{
		`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"stringValue":"x"},"traceId":"6f3cbf058c2765548a39ad724905d6a1"}]}]}]}`,
		`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","gauge":{"dataPoints":[{"timeUnixNano":"1","asDouble":"NaN"}]}},{"name":"b","sum":{"dataPoints":[{"asInt":"1"}]}},{"name":"c","histogram":{"dataPoints":[{}]}},{"name":"d","exponentialHistogram":{"dataPoints":[{}]}},{"name":"e","summary":{"dataPoints":[{}]}},{"name":"f"}]}]}]}`,
		`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"","endTimeUnixNano":"18446744073709551615"}]}]}]}`,
		`{"resourceLogs":null}`, `{"resourceLogs":[{"resource":null,"scopeLogs":[null]}]}`, `[]`, `{"x":"resourceLogs"}`, "{", `{"resourceSpans":[],"resourceLogs":[]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var it Item
		if err := decodeOTLP(b, &it); err != nil {
			return
		}
		require.NotEqual(t, None, it.Signal)
		require.GreaterOrEqual(t, it.Time, int64(0))
	})
}
