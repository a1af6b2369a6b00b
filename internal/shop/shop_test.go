package shop

import (
	"bytes"
	"fmt"
	"math"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func generator(t testing.TB, c Config) *Generator {
	t.Helper()
	if c.Rate == 0 {
		c.Rate = 5
	}
	if c.Start.IsZero() {
		c.Start = noon
	}
	g, err := New(c)
	require.NoError(t, err)
	return g
}

// bytesOf is everything that the generator yields until then, cut into the given steps.
func bytesOf(t testing.TB, g *Generator, until time.Time, step time.Duration) []byte {
	t.Helper()
	var out bytes.Buffer
	for g.Now().Before(until) && !g.Done() {
		b := g.Next(g.Now().Add(step))
		for _, f := range []func() ([]byte, error){
			func() ([]byte, error) { return (&ptrace.JSONMarshaler{}).MarshalTraces(b.Traces) },
			func() ([]byte, error) { return (&plog.JSONMarshaler{}).MarshalLogs(b.Logs) },
			func() ([]byte, error) { return (&pmetric.JSONMarshaler{}).MarshalMetrics(b.Metrics) },
		} {
			j, err := f()
			require.NoError(t, err)
			out.Write(j)
		}
	}
	return out.Bytes()
}

func TestSameSeedAndTimeGiveTheSameBytes(t *testing.T) {
	c := Config{Seed: 3, Incidents: []Incident{{Errors, "payment", noon, noon.Add(time.Hour)}, {RetryStorm, "cart", noon, noon.Add(time.Hour)}}}
	a := bytesOf(t, generator(t, c), noon.Add(3*time.Minute), 5*time.Second)
	b := bytesOf(t, generator(t, c), noon.Add(3*time.Minute), 5*time.Second)
	assert.Equal(t, a, b)
	c.Seed = 4
	assert.NotEqual(t, a, bytesOf(t, generator(t, c), noon.Add(3*time.Minute), 5*time.Second))
}

func TestCuttingTimeDifferentlyChangesNoItem(t *testing.T) {
	end := noon.Add(2 * time.Minute)
	want := collect(t, generator(t, Config{Seed: 1}), end, 7*time.Second)
	for _, step := range []time.Duration{time.Second, 300 * time.Millisecond, time.Minute} {
		assert.Equal(t, want, collect(t, generator(t, Config{Seed: 1}), end, step), "step %s", step)
	}
}

func TestRequestsDoNotDependOnTheStart(t *testing.T) {
	long := collect(t, generator(t, Config{Seed: 1, Start: noon.Add(-time.Minute)}), noon.Add(time.Minute), 5*time.Second)
	short := collect(t, generator(t, Config{Seed: 1}), noon.Add(time.Minute), 5*time.Second)
	require.NotEmpty(t, short.spans)
	for id, s := range short.spans {
		assert.Equal(t, s, long.spans[id])
	}
}

func TestCountStopsAtTheCount(t *testing.T) {
	g := generator(t, Config{Seed: 1, Requests: 100})
	n := 0
	for !g.Done() {
		n += g.Next(g.Now().Add(5 * time.Second)).Requests
	}
	assert.Equal(t, 100, n)
}

func TestBatchesStaySmall(t *testing.T) {
	g := generator(t, Config{Seed: 1, Rate: MaxRate})
	b := g.Next(noon.Add(5 * time.Second))
	assert.Equal(t, requestsPerBatch, b.Requests)
	assert.True(t, b.Until.Before(noon.Add(time.Second)))
	assert.Less(t, (&ptrace.ProtoMarshaler{}).TracesSize(b.Traces), 2<<20)
}

func TestTracesAreTrees(t *testing.T) {
	all := collect(t, generator(t, Config{Seed: 1}), noon.Add(3*time.Minute), 5*time.Second)
	roots, services := 0, map[string]int{}
	for _, s := range all.spans {
		services[s.service]++
		if s.parent == "" {
			roots++
			assert.Equal(t, "gateway", s.service)
			continue
		}
		p, ok := all.spans[s.parent]
		require.True(t, ok, "parent of %s %s is missing", s.service, s.name)
		assert.Equal(t, p.trace, s.trace)
		assert.GreaterOrEqual(t, s.start, p.start, "%s in %s", s.name, p.name)
		assert.LessOrEqual(t, s.end, p.end, "%s in %s", s.name, p.name)
		if s.kind == ptrace.SpanKindServer {
			assert.NotEqual(t, p.service, s.service)
			assert.Equal(t, ptrace.SpanKindClient, p.kind)
		}
	}
	assert.Len(t, services, len(ServiceNames()))
	assert.InDelta(t, 5*180*load(noon.UnixNano()), roots, 4*math.Sqrt(5*180))
}

func TestLoadFollowsTheDay(t *testing.T) {
	day := noon.Add(-12 * time.Hour)
	at := func(h int) float64 { return load(day.Add(time.Duration(h) * time.Hour).UnixNano()) }
	assert.InDelta(t, 1.35, at(15), 1e-9)
	assert.InDelta(t, 0.65, at(3), 1e-9)
	count := func(h int) int {
		g := generator(t, Config{Seed: 1, Rate: 20, Start: day.Add(time.Duration(h) * time.Hour)})
		n := 0
		for g.Now().Before(day.Add(time.Duration(h)*time.Hour + time.Minute)) {
			n += g.Next(g.Now().Add(5 * time.Second)).Requests
		}
		return n
	}
	assert.InDelta(t, 20*60*1.35, count(15), 200)
	assert.InDelta(t, 20*60*0.65, count(3), 140)
}

func TestDurationsAreLognormal(t *testing.T) {
	all := collect(t, generator(t, Config{Seed: 1, Rate: 20}), noon.Add(5*time.Minute), 5*time.Second)
	var logs []float64
	for _, s := range all.spans {
		if s.service == "shipping" && s.name == "POST /quote" && s.kind == ptrace.SpanKindServer {
			logs = append(logs, math.Log(float64(s.end-s.start)/milli))
		}
	}
	require.Greater(t, len(logs), 200)
	sort.Float64s(logs)
	assert.InDelta(t, math.Log(4.5), logs[len(logs)/2], .1)
	var mean, square float64
	for _, v := range logs {
		mean += v / float64(len(logs))
	}
	for _, v := range logs {
		square += (v - mean) * (v - mean) / float64(len(logs))
	}
	assert.InDelta(t, .35, math.Sqrt(square), .06)
}

func TestCountersAreMonotonicAndAgreeWithSpans(t *testing.T) {
	end := noon.Add(5 * time.Minute)
	all := collect(t, generator(t, Config{Seed: 1}), end, 5*time.Second)
	last := map[string]point{}
	keys := make([]string, 0, len(all.points))
	for k := range all.points {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	served := 0.0
	for _, k := range keys {
		p := all.points[k]
		if p.kind == "gauge" {
			assert.False(t, math.IsNaN(p.value))
			continue
		}
		if q, ok := last[p.series]; ok {
			assert.GreaterOrEqual(t, p.value, q.value, p.series)
			assert.Greater(t, p.time, q.time)
		}
		last[p.series] = p
	}
	for s, p := range last {
		if strings.HasPrefix(s, "payment/") && strings.Contains(s, "shop.requests") {
			served += p.value
		}
	}
	spans := 0
	for _, s := range all.spans {
		if s.service == "payment" && s.kind == ptrace.SpanKindServer {
			spans++
		}
	}
	assert.InDelta(t, spans, served, 3, "the last reading lies up to 15 s before the end")
	assert.Greater(t, spans, 20)
}

func TestLogsCarryTraceIDsAndSeverities(t *testing.T) {
	all := collect(t, generator(t, Config{Seed: 1}), noon.Add(10*time.Minute), 5*time.Second)
	with, severities, templates := 0, map[plog.SeverityNumber]int{}, map[string]bool{}
	for k, n := range all.logs {
		severities[k.severity] += n
		if k.trace != "" {
			with += n
			s, ok := all.spans[k.span]
			require.True(t, ok)
			assert.Equal(t, s.service, k.service)
			assert.GreaterOrEqual(t, k.time, s.start)
			assert.LessOrEqual(t, k.time, s.end)
		}
		templates[k.service+strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return '0'
			}
			return r
		}, k.body)[:10]] = true
	}
	total := 0
	for _, n := range severities {
		total += n
	}
	assert.Greater(t, float64(with)/float64(total), .7)
	assert.Less(t, with, total, "some lines belong to no request")
	assert.Len(t, severities, 4)
	assert.Less(t, severities[fatal], total/200)
	assert.Greater(t, len(templates), 40)
}

func TestConfigIsChecked(t *testing.T) {
	for want, c := range map[string]Config{
		"rate must be above 0":     {Rate: 0, Start: noon},
		"at most 5000":             {Rate: 1e9, Start: noon},
		"rate must be":             {Rate: math.NaN(), Start: noon},
		"start must lie":           {Rate: 1},
		`no service "till"`:        {Rate: 1, Start: noon, Incidents: []Incident{{Errors, "till", noon, noon.Add(1)}}},
		"nobody in the shop calls": {Rate: 1, Start: noon, Incidents: []Incident{{RetryStorm, "gateway", noon, noon.Add(1)}}},
		"must end after it starts": {Rate: 1, Start: noon, Incidents: []Incident{{Errors, "cart", noon, noon}}},
	} {
		_, err := New(c)
		assert.ErrorContains(t, err, want)
	}
}

func TestParseIncident(t *testing.T) {
	in, err := ParseIncident("errors@payment")
	require.NoError(t, err)
	assert.Equal(t, Incident{Kind: Errors, Service: "payment"}, in)
	for _, bad := range []string{"", "errors", "errors@", "@payment", "fire@payment", "errors@till"} {
		_, err := ParseIncident(bad)
		assert.Error(t, err, bad)
	}
}

func TestPoissonMean(t *testing.T) {
	for _, mean := range []float64{.3, 5, 29, 200} {
		r, sum := random(1), 0
		for range 4000 {
			sum += r.poisson(mean)
		}
		assert.InDelta(t, mean, float64(sum)/4000, 5*math.Sqrt(mean/4000), fmt.Sprint(mean))
	}
}
