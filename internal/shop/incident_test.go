package shop

import (
	"encoding/json"
	"maps"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

type spanItem struct {
	service, name, trace, parent string
	kind                         ptrace.SpanKind
	start, end                   int64
	failed                       bool
	status                       int64
	peer                         string
}

type logItem struct {
	service, body, trace, span string
	severity                   plog.SeverityNumber
	time                       int64
}

type point struct {
	service, name, series, kind string
	time                        int64
	value                       float64 // a histogram's count
	sum                         float64
}

// items is everything, in a form that can be compared: spans by id, log records counted, points by series and time.
type items struct {
	spans  map[string]spanItem
	logs   map[logItem]int
	points map[string]point
}

func collect(t testing.TB, g *Generator, until time.Time, step time.Duration) items {
	t.Helper()
	all := items{map[string]spanItem{}, map[logItem]int{}, map[string]point{}}
	for g.Now().Before(until) {
		next := g.Now().Add(step)
		if next.After(until) {
			next = until
		}
		all.add(t, g.Next(next))
	}
	return all
}

func name(r pcommon.Resource) string {
	v, _ := r.Attributes().Get("service.name")
	return v.Str()
}

func (all *items) add(t testing.TB, b Batch) {
	for _, rs := range b.Traces.ResourceSpans().All() {
		for _, s := range rs.ScopeSpans().At(0).Spans().All() {
			it := spanItem{service: name(rs.Resource()), name: s.Name(), trace: s.TraceID().String(), parent: s.ParentSpanID().String(),
				kind: s.Kind(), start: int64(s.StartTimestamp()), end: int64(s.EndTimestamp()), failed: s.Status().Code() == ptrace.StatusCodeError}
			if v, ok := s.Attributes().Get("http.response.status_code"); ok {
				it.status = v.Int()
			}
			if v, ok := s.Attributes().Get("server.address"); ok {
				it.peer = v.Str()
			}
			_, twice := all.spans[s.SpanID().String()]
			require.False(t, twice, "span id used twice")
			all.spans[s.SpanID().String()] = it
		}
	}
	for _, rl := range b.Logs.ResourceLogs().All() {
		for _, r := range rl.ScopeLogs().At(0).LogRecords().All() {
			all.logs[logItem{name(rl.Resource()), r.Body().Str(), r.TraceID().String(), r.SpanID().String(), r.SeverityNumber(), int64(r.Timestamp())}]++
		}
	}
	for _, rm := range b.Metrics.ResourceMetrics().All() {
		id, _ := rm.Resource().Attributes().Get("service.instance.id")
		for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
			put := func(at pcommon.Timestamp, attributes pcommon.Map, kind string, value, sum float64) {
				p := point{service: name(rm.Resource()), name: m.Name(), kind: kind, time: int64(at), value: value, sum: sum}
				p.series = p.service + "/" + id.Str() + "/" + p.name
				for k, v := range attributes.All() {
					p.series += "," + k + "=" + v.AsString()
				}
				all.points[p.series+"@"+at.String()] = p
			}
			switch m.Type() {
			case pmetric.MetricTypeGauge:
				for _, d := range m.Gauge().DataPoints().All() {
					put(d.Timestamp(), d.Attributes(), "gauge", d.DoubleValue(), 0)
				}
			case pmetric.MetricTypeSum:
				for _, d := range m.Sum().DataPoints().All() {
					put(d.Timestamp(), d.Attributes(), "sum", d.DoubleValue()+float64(d.IntValue()), 0)
				}
			case pmetric.MetricTypeHistogram:
				for _, d := range m.Histogram().DataPoints().All() {
					put(d.Timestamp(), d.Attributes(), "histogram", float64(d.Count()), d.Sum())
				}
			default:
				require.Fail(t, "unexpected metric type")
			}
		}
	}
}

// difference is what one run has and the other has not, per kind of item.
type difference struct {
	addedSpans, lostSpans, changedSpans    map[string]spanItem // changed: as in the run with the incident
	addedLogs, lostLogs                    []logItem
	addedPoints, lostPoints, changedPoints []point
}

func compare(calm, hurt items) difference {
	d := difference{addedSpans: map[string]spanItem{}, lostSpans: map[string]spanItem{}, changedSpans: map[string]spanItem{}}
	for id, s := range hurt.spans {
		if c, ok := calm.spans[id]; !ok {
			d.addedSpans[id] = s
		} else if c != s {
			d.changedSpans[id] = s
		}
	}
	for id, s := range calm.spans {
		if _, ok := hurt.spans[id]; !ok {
			d.lostSpans[id] = s
		}
	}
	for l, n := range hurt.logs {
		if calm.logs[l] < n {
			d.addedLogs = append(d.addedLogs, l)
		}
	}
	for l, n := range calm.logs {
		if hurt.logs[l] < n {
			d.lostLogs = append(d.lostLogs, l)
		}
	}
	for k, p := range hurt.points {
		if c, ok := calm.points[k]; !ok {
			d.addedPoints = append(d.addedPoints, p)
		} else if c != p {
			d.changedPoints = append(d.changedPoints, p)
		}
	}
	for k, p := range calm.points {
		if _, ok := hurt.points[k]; !ok {
			d.lostPoints = append(d.lostPoints, p)
		}
	}
	return d
}

var (
	from = noon.Add(2 * time.Minute)
	to   = noon.Add(5 * time.Minute)
)

// calmRun is shared by the tests that compare with it.
var calmRun = func() func(testing.TB) items {
	var once sync.Once
	var all items
	return func(t testing.TB) items {
		once.Do(func() {
			all = collect(t, generator(t, Config{Seed: 1, Rate: 8}), noon.Add(6*time.Minute), 5*time.Second)
		})
		return all
	}
}()

func hurt(t *testing.T, kind Kind, service string) (calm, with items, d difference) {
	t.Helper()
	c := Config{Seed: 1, Rate: 8}
	calm = calmRun(t)
	c.Incidents = []Incident{{kind, service, from, to}}
	with = collect(t, generator(t, c), noon.Add(6*time.Minute), 5*time.Second)
	d = compare(calm, with)
	// Before the incident nothing differs; after it only what counts on.
	for _, m := range []map[string]spanItem{d.addedSpans, d.lostSpans, d.changedSpans} {
		for _, s := range m {
			assert.Greater(t, s.end, from.UnixNano())
			assert.Less(t, s.start, to.Add(time.Second).UnixNano())
		}
	}
	for _, l := range append(append([]logItem{}, d.addedLogs...), d.lostLogs...) {
		// A request under way when it starts ends later, and lines in its middle move with it.
		assert.GreaterOrEqual(t, l.time, from.Add(-time.Second).UnixNano())
		assert.Less(t, l.time, to.Add(5*time.Second).UnixNano())
	}
	for _, p := range d.changedPoints {
		assert.GreaterOrEqual(t, p.time, from.UnixNano())
		if p.kind == "gauge" {
			assert.Less(t, p.time, to.UnixNano())
		}
	}
	return calm, with, d
}

func sameTraces(t *testing.T, d difference) {
	t.Helper()
	assert.Empty(t, d.addedSpans)
	assert.Empty(t, d.lostSpans)
	assert.Empty(t, d.changedSpans)
}

func sameLogs(t *testing.T, d difference) {
	t.Helper()
	assert.Empty(t, d.addedLogs)
	assert.Empty(t, d.lostLogs)
}

func sameMetrics(t *testing.T, d difference) {
	t.Helper()
	assert.Empty(t, d.addedPoints)
	assert.Empty(t, d.lostPoints)
	assert.Empty(t, d.changedPoints)
}

func during(t int64) bool { return t >= from.UnixNano() && t < to.UnixNano() }

func TestNewLogLine(t *testing.T) {
	_, _, d := hurt(t, NewLogLine, "catalogue")
	sameTraces(t, d)
	sameMetrics(t, d)
	assert.Empty(t, d.lostLogs)
	assert.Greater(t, len(d.addedLogs), 50)
	for _, l := range d.addedLogs {
		assert.Equal(t, "catalogue", l.service)
		assert.Equal(t, warn, l.severity)
		assert.Contains(t, l.body, "feature flag")
		assert.NotEmpty(t, l.trace)
	}
}

func TestMemoryLeak(t *testing.T) {
	calm, with, d := hurt(t, MemoryLeak, "users")
	sameTraces(t, d)
	sameLogs(t, d)
	assert.Len(t, d.changedPoints, 11, "one instance, a reading each 15 s, but at the leak's first moment nothing has leaked")
	for _, p := range d.changedPoints {
		assert.Equal(t, "process.memory.usage", p.name)
		assert.Equal(t, "users", p.service)
	}
	for k, p := range with.points {
		if p.name == "process.memory.usage" && p.service == "users" && during(p.time) {
			minutes := time.Duration(p.time - from.UnixNano()).Minutes()
			assert.InDelta(t, .04*minutes*340*(1<<20), p.value-calm.points[k].value, .02*minutes*340*(1<<20))
		}
	}
}

func TestValueOutOfRange(t *testing.T) {
	calm, with, d := hurt(t, ValueOutOfRange, "frontend")
	sameTraces(t, d)
	sameLogs(t, d)
	assert.Len(t, d.changedPoints, 2*12)
	for k, p := range with.points {
		if p.name == "process.open_file_descriptors" && p.service == "frontend" && during(p.time) {
			assert.Equal(t, 10*calm.points[k].value, p.value)
		}
	}
}

func TestSilence(t *testing.T) {
	calm, with, d := hurt(t, Silence, "cart")
	assert.Empty(t, d.addedSpans)
	assert.Empty(t, d.changedSpans)
	assert.Empty(t, d.addedLogs)
	assert.Empty(t, d.addedPoints)
	assert.Empty(t, d.changedPoints)
	assert.Greater(t, len(d.lostSpans), 100)
	for _, s := range d.lostSpans {
		assert.Equal(t, "cart", s.service)
	}
	for _, s := range with.spans {
		assert.False(t, s.service == "cart" && during(s.start))
	}
	for l := range with.logs {
		assert.False(t, l.service == "cart" && during(l.time))
	}
	for _, p := range with.points {
		assert.False(t, p.service == "cart" && during(p.time))
	}
	for id, s := range calm.spans {
		if s.service != "cart" {
			assert.Equal(t, s, with.spans[id], "callers go on")
		}
	}
}

func TestErrors(t *testing.T) {
	_, with, d := hurt(t, Errors, "payment")
	assert.Empty(t, d.addedSpans, "a failing request makes the same calls")
	assert.Empty(t, d.lostSpans)
	own, all := 0, 0
	upstream := map[string]bool{"payment": true, "checkout": true, "frontend": true, "gateway": true}
	for _, s := range d.changedSpans {
		assert.True(t, s.failed)
		assert.True(t, upstream[s.service], s.service)
	}
	for _, s := range with.spans {
		if s.service == "payment" && s.kind == ptrace.SpanKindServer && during(s.start) {
			all++
			if s.status == statusFailed {
				own++
			}
		}
	}
	require.Greater(t, all, 50)
	assert.InDelta(t, shareOfErrors, float64(own)/float64(all), .15)
	lines := 0
	for _, l := range d.addedLogs {
		assert.Equal(t, fatal, l.severity)
		assert.True(t, upstream[l.service], l.service)
		if l.service == "payment" {
			assert.Contains(t, l.body, "pool exhausted")
			lines++
		}
	}
	assert.Equal(t, own, lines)
	for _, p := range append(d.changedPoints, d.addedPoints...) {
		assert.NotEqual(t, "gauge", p.kind)
	}
}

// ownTime is the total time of the service's server spans without that of their calls.
func ownTime(all items, service string) (total float64, n int) {
	children := map[string]int64{}
	for _, s := range all.spans {
		children[s.parent] += s.end - s.start
	}
	for id, s := range all.spans {
		if s.service == service && s.kind == ptrace.SpanKindServer && during(s.start) {
			total += float64(s.end - s.start - children[id])
			n++
		}
	}
	return total, n
}

func TestLatencyAndSlowDrift(t *testing.T) {
	for kind, factor := range map[Kind]float64{Latency: 6, SlowDrift: 2} {
		calm, with, d := hurt(t, kind, "recommend") // it calls nobody
		assert.Empty(t, d.addedSpans)
		assert.Empty(t, d.lostSpans)
		before, n := ownTime(calm, "recommend")
		after, m := ownTime(with, "recommend")
		require.InDelta(t, n, m, 10)
		assert.InDelta(t, factor, (after/float64(m))/(before/float64(n)), .1*factor, kind)
		for id, s := range d.changedSpans {
			c := calm.spans[id]
			assert.Equal(t, c.failed, s.failed)
			if s.service == "catalogue" || s.service == "users" || s.service == "payment" {
				assert.Equal(t, c.end-c.start, s.end-s.start, "only later, not longer")
			}
		}
		assert.Equal(t, len(d.addedLogs), len(d.lostLogs), "lines move in time, none is new")
		for _, p := range d.changedPoints {
			assert.Equal(t, "histogram", p.kind)
		}
	}
}

func TestThroughputDrop(t *testing.T) {
	calm, with, d := hurt(t, ThroughputDrop, "recommend")
	assert.Empty(t, d.addedSpans)
	served := func(all items) (n float64) {
		for _, s := range all.spans {
			if s.service == "recommend" && during(s.start) {
				n++
			}
		}
		return n
	}
	assert.InDelta(t, 1-shareOfDrop, served(with)/served(calm), .06)
	for _, s := range d.lostSpans {
		assert.True(t, s.service == "recommend" || s.peer == "recommend", "%+v", s)
	}
	for _, l := range d.addedLogs {
		assert.NotEqual(t, fatal, l.severity, "nothing fails")
	}
	cpu := func(all items) (sum float64) {
		for _, p := range all.points {
			if p.service == "recommend" && p.name == "process.cpu.utilization" && during(p.time) {
				sum += p.value
			}
		}
		return sum
	}
	assert.InDelta(t, 1-shareOfWork*shareOfDrop, cpu(with)/cpu(calm), 1e-9, "what is not asked costs no processor time")
	count := func(all items) float64 {
		first, last := math.MaxFloat64, 0.0
		for _, p := range all.points {
			if p.service == "recommend" && p.name == "shop.requests" && strings.Contains(p.series, "code=200") && during(p.time) {
				first, last = min(first, p.value), max(last, p.value)
			}
		}
		return last - first
	}
	assert.InDelta(t, 1-shareOfDrop, count(with)/count(calm), .06)
	lines := func(all items) (n float64) {
		for l, k := range all.logs {
			if l.service == "recommend" && l.trace != "" && during(l.time) {
				n += float64(k)
			}
		}
		return n
	}
	assert.InDelta(t, 1-shareOfDrop, lines(with)/lines(calm), .06)

	_, _, d = hurt(t, ThroughputDrop, "gateway")
	assert.Empty(t, d.addedSpans)
	assert.Empty(t, d.changedSpans, "whole requests are missing, the others are as they were")
	assert.NotEmpty(t, d.lostSpans)
}

func TestRetryStorm(t *testing.T) {
	calm, _, d := hurt(t, RetryStorm, "cart")
	assert.Empty(t, d.lostSpans)
	assert.Greater(t, len(d.addedSpans), 100)
	for _, s := range d.addedSpans {
		assert.True(t, s.service == "cart" || s.peer == "cart", "%+v", s)
		assert.True(t, s.failed)
		assert.EqualValues(t, statusRefused, s.status)
	}
	for id, s := range d.changedSpans {
		assert.Equal(t, calm.spans[id].failed, s.failed, "in the end each call succeeds")
	}
	new := 0
	for _, l := range d.addedLogs {
		if strings.Contains(l.body, "503, attempt") || strings.Contains(l.body, "request refused") {
			new++
		}
	}
	assert.Equal(t, len(d.addedSpans), new, "each side logs each refusal")
}

func TestNewDependency(t *testing.T) {
	_, _, d := hurt(t, NewDependency, "orders")
	assert.Empty(t, d.lostSpans)
	assert.NotEmpty(t, d.addedSpans)
	for _, s := range d.addedSpans {
		assert.Equal(t, "orders", s.service)
		assert.Equal(t, newHostName, s.peer)
		assert.Equal(t, ptrace.SpanKindClient, s.kind)
		assert.False(t, s.failed)
	}
	assert.Equal(t, len(d.addedLogs), len(d.lostLogs))
}

func TestEveryKindDoesSomethingOnEveryService(t *testing.T) {
	calm := collect(t, generator(t, Config{Seed: 1, Rate: 8}), noon.Add(90*time.Second), 5*time.Second)
	for _, k := range Kinds() {
		for _, s := range ServiceNames() {
			if k.Kind == RetryStorm && s == "gateway" {
				continue // refused, see TestConfigIsChecked
			}
			g := generator(t, Config{Seed: 1, Rate: 8, Incidents: []Incident{{k.Kind, s, noon.Add(30 * time.Second), noon.Add(90 * time.Second)}}})
			got := collect(t, g, noon.Add(90*time.Second), 5*time.Second)
			same := maps.Equal(calm.spans, got.spans) && maps.Equal(calm.logs, got.logs) && maps.Equal(calm.points, got.points)
			assert.False(t, same, "%s@%s changes nothing", k.Kind, s)
		}
	}
}

func TestLabels(t *testing.T) {
	g := generator(t, Config{Incidents: []Incident{{Silence, "cart", to, to.Add(time.Minute)}, {Errors, "payment", from, to}}})
	var b strings.Builder
	require.NoError(t, g.WriteLabels(&b, to.Add(time.Minute)))
	var labels []Label
	require.NoError(t, json.Unmarshal([]byte(b.String()), &labels))
	require.Len(t, labels, 2)
	assert.Equal(t, "payment", labels[0].Service)
	assert.Equal(t, "errors", labels[0].Fault)
	assert.True(t, labels[0].InjectTime.Equal(from))
	assert.True(t, strings.HasPrefix(labels[0].Pod, "payment-"))
	assert.Contains(t, b.String(), `"inject_time": "2026-03-02T12:02:00Z"`)
	b.Reset()
	require.NoError(t, generator(t, Config{}).WriteLabels(&b, to))
	assert.Equal(t, "[]\n", b.String())
}
