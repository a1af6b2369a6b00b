package detect

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/redact"
)

// secrets in all places where a statement could quote them: bodies as text, as maps and as JSON, attributes that belong to the
// template, span names, metric names, resource attributes. The first eight bytes of each must not be seen.
var planted = []string{"hunter2-text", "map secret", "json-s3cret", "attr-s3cret", "span-s3cret", "metric-s3cret", "res-s3cret", "bob.builder@example.org", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2ln"}

func leak(t *testing.T, cfg Config) []*anomaly.Anomaly {
	t.Helper()
	cfg.OnOverload, cfg.Level.P, cfg.MetricLevel = Block, 1e-3, 3
	cfg.Logs.Attributes = append(cfg.Logs.Attributes, "db.password")
	l := &listener{}
	d, err := New("test", cfg, replaying(), l)
	require.NoError(t, err)
	require.NoError(t, d.Start(t.Context()))
	r := rand.New(rand.NewPCG(1, 2))
	for second := 0.0; second < 5400; second += 10 {
		late := second >= 5100
		ld := logsAt("pay", second, second+1, second+2, second+3)
		res := ld.ResourceLogs().At(0).Resource().Attributes()
		res.PutStr("db.password", planted[6])
		res.PutStr("process.command_line", "run --password "+"x --secret="+planted[6])
		records := ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
		spans := "GET /login"
		value := 10 + r.Float64()
		if late {
			value = 1e5
			spans = "GET /login?password=" + planted[4]
			records.At(0).Body().SetStr(fmt.Sprintf("login of %s failed with password=%s and token %s", planted[7], planted[0], planted[8]))
			m := records.At(1).Body().SetEmptyMap()
			m.PutStr("message", "cannot log in")
			m.PutStr("password", planted[1]+" of two words")
			records.At(2).Body().SetStr(`{"message":"cannot store","api_key":"` + planted[2] + `"}`)
			records.At(3).Body().SetStr("odd")
			records.At(3).Attributes().PutStr("db.password", planted[3])
			for _, lr := range records.All() {
				lr.SetSeverityNumber(plog.SeverityNumberError)
			}
		}
		require.NoError(t, d.ConsumeLogs(t.Context(), ld))
		td := callAt(r, "front", "pay", second+1, 20)
		for _, rs := range td.ResourceSpans().All() {
			for _, sp := range rs.ScopeSpans().At(0).Spans().All() {
				sp.SetName(spans)
				sp.Attributes().PutStr("enduser.password", planted[4])
			}
		}
		require.NoError(t, d.ConsumeTraces(t.Context(), td))
		md := gaugeAt("pay", second, value)
		md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).SetName("queue.secret=" + planted[5])
		require.NoError(t, d.ConsumeMetrics(t.Context(), md))
	}
	require.NoError(t, d.Flush(t.Context()))
	require.NoError(t, d.Shutdown(t.Context()))
	require.NotEmpty(t, l.anomalies)
	return l.anomalies
}

func TestSecretsNeverLeave(t *testing.T) {
	t.Parallel()
	open := DefaultConfig()
	open.Evidence.RedactDefaults = false
	all, err := json.Marshal(leak(t, open))
	require.NoError(t, err)
	for _, secret := range planted[:7] {
		assert.True(t, strings.Contains(string(all), secret), "the test shows nothing of %s, which would not be quoted anyway", secret)
	}

	hidden := leak(t, DefaultConfig())
	text, err := json.Marshal(hidden)
	require.NoError(t, err)
	for _, secret := range planted {
		assert.NotContains(t, string(text), secret)
		assert.NotContains(t, string(text), secret[:8])
	}
	assert.Contains(t, string(text), redact.Mark)
	// And it is the same verdict, under the same id.
	shown := leak(t, open)
	require.Len(t, hidden, len(shown))
	for i := range hidden {
		assert.Equal(t, verdictOf(shown[i]), verdictOf(hidden[i]))
		assert.Equal(t, string(shown[i].Statistics), string(hidden[i].Statistics))
	}
	recomputed(t, hidden)

	own := DefaultConfig()
	own.Evidence.Redact = []redact.Rule{{Pattern: `cannot (\w+)`, Replace: "could not $1"}}
	text, err = json.Marshal(leak(t, own))
	require.NoError(t, err)
	assert.Contains(t, string(text), "could not ")
	assert.NotContains(t, strings.ToLower(string(text)), "cannot log in")
}
