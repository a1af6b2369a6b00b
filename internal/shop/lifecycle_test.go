package shop

import (
	"encoding/json"
	"math"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// busyConfig has a change in every service and hour.
func busyConfig(deploys, churn float64) Config {
	return Config{Seed: 5, Rate: 1, DeploysPerDay: deploys, ChurnPerDay: churn}
}

// podLife is what one pod's telemetry shows.
type podLife struct {
	service, version string
	spans, logs      []int64 // times
	memory           map[int64]float64
	bodies           []string
}

func pods(g *Generator, until time.Time) map[string]*podLife {
	all := map[string]*podLife{}
	for g.Now().Before(until) {
		b := g.Next(g.Now().Add(5 * time.Second))
		of := func(attribute func(string) string) *podLife {
			id := attribute("k8s.pod.name")
			if all[id] == nil {
				all[id] = &podLife{service: attribute("service.name"), version: attribute("service.version"), memory: map[int64]float64{}}
			}
			return all[id]
		}
		for _, rs := range b.Traces.ResourceSpans().All() {
			p := of(func(k string) string { v, _ := rs.Resource().Attributes().Get(k); return v.Str() })
			for _, s := range rs.ScopeSpans().At(0).Spans().All() {
				p.spans = append(p.spans, int64(s.StartTimestamp()))
			}
		}
		for _, rl := range b.Logs.ResourceLogs().All() {
			p := of(func(k string) string { v, _ := rl.Resource().Attributes().Get(k); return v.Str() })
			for _, r := range rl.ScopeLogs().At(0).LogRecords().All() {
				p.logs = append(p.logs, int64(r.Timestamp()))
				p.bodies = append(p.bodies, r.Body().Str())
			}
		}
		for _, rm := range b.Metrics.ResourceMetrics().All() {
			p := of(func(k string) string { v, _ := rm.Resource().Attributes().Get(k); return v.Str() })
			for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
				if m.Name() == "process.memory.usage" {
					d := m.Gauge().DataPoints().At(0)
					p.memory[int64(d.Timestamp())] = d.DoubleValue()
				}
			}
		}
	}
	return all
}

func TestNothingChangesUnlessAsked(t *testing.T) {
	all := pods(generator(t, Config{Seed: 5}), noon.Add(70*time.Minute))
	want := 0
	for _, s := range services() {
		want += s.instances
	}
	assert.Len(t, all, want)
}

func TestADeployReplacesAllPodsOneAfterTheOther(t *testing.T) {
	g := generator(t, busyConfig(480, 0))
	end := noon.Add(time.Hour)
	all := pods(g, end)
	for _, s := range services() {
		var old, young []*podLife
		for _, p := range all {
			if p.service == s.name && len(p.spans)+len(p.logs) > 0 {
				if strings.Contains(strings.Join(p.bodies, "\n"), "bye") {
					old = append(old, p)
				} else {
					young = append(young, p)
				}
			}
		}
		require.Len(t, old, s.instances, s.name)
		require.Len(t, young, s.instances, s.name)
		for _, p := range old {
			assert.NotEqual(t, young[0].version, p.version)
		}
		for _, p := range young {
			assert.Equal(t, young[0].version, p.version)
			assert.True(t, strings.HasPrefix(p.version, s.version+"-g"), p.version)
			sort.Slice(p.spans, func(i, j int) bool { return p.spans[i] < p.spans[j] })
			sort.Slice(p.logs, func(i, j int) bool { return p.logs[i] < p.logs[j] })
			if len(p.spans) > 0 {
				assert.Less(t, p.logs[0], p.spans[0], "a pod speaks before it serves")
			}
		}
	}
}

func TestAYoungPodIsColdAndItsMemoryGrows(t *testing.T) {
	all := pods(generator(t, busyConfig(480, 0)), noon.Add(time.Hour))
	looked := 0
	for _, p := range all {
		if !strings.Contains(strings.Join(p.bodies, "\n"), "beans created") {
			continue
		}
		var times []int64
		for at := range p.memory {
			times = append(times, at)
		}
		sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
		if len(times) < 60 {
			continue
		}
		looked++
		first, last := p.memory[times[0]], p.memory[times[len(times)-1]]
		assert.Less(t, first, .7*last, "%s starts below its rest", p.service)
	}
	assert.Positive(t, looked)
	in := &instance{started: 0, ready: 20 * int64(time.Second)}
	slow, busy, memory := in.cold("java", in.ready)
	assert.Greater(t, slow, 2.0)
	assert.Greater(t, busy, 1.5)
	assert.Less(t, memory, .6)
	slow, busy, memory = in.cold("java", int64(30*time.Minute))
	assert.InDelta(t, 1, slow, 1e-6)
	assert.InDelta(t, 1, busy, 1e-6)
	assert.InDelta(t, 1, memory, 1e-4)
}

func TestChurnReplacesOnePodAndKeepsTheVersion(t *testing.T) {
	all := pods(generator(t, busyConfig(0, 480)), noon.Add(time.Hour))
	ended := map[string]int{}
	for _, p := range all {
		assert.NotContains(t, p.version, "-g")
		for _, b := range p.bodies {
			if strings.HasSuffix(b, "bye") {
				ended[p.service]++
			}
		}
	}
	for _, s := range services() {
		assert.Equal(t, 1, ended[s.name], s.name)
	}
}

func TestRequestsGoOnThroughChanges(t *testing.T) {
	end := noon.Add(time.Hour)
	with := collect(t, generator(t, busyConfig(240, 240)), end, 5*time.Second)
	calm := collect(t, generator(t, busyConfig(0, 0)), end, 5*time.Second)
	require.Equal(t, len(calm.spans), len(with.spans))
	for id, s := range with.spans {
		c, ok := calm.spans[id]
		require.True(t, ok)
		assert.Equal(t, c.failed, s.failed)
		assert.Equal(t, c.service, s.service)
		assert.LessOrEqual(t, c.end-c.start, s.end-s.start, "cold pods are slower, nothing is faster")
	}
	g := generator(t, busyConfig(240, 240))
	for g.Now().Before(end) {
		at := g.Next(g.Now().Add(10 * time.Second)).Until.UnixNano()
		for owner := range g.services {
			assert.True(t, g.route(owner, 1, at).serves(at), "%s has a pod that serves", g.services[owner].name)
		}
	}
}

func TestChangesDependOnTimeAlone(t *testing.T) {
	end := noon.Add(3 * time.Minute)
	c := busyConfig(240, 240)
	want := bytesOf(t, generator(t, c), end, 5*time.Second)
	assert.Equal(t, want, bytesOf(t, generator(t, c), end, 5*time.Second))
	earlier := c
	earlier.Start = noon.Add(-3 * time.Hour)
	g := generator(t, earlier)
	for g.Now().Before(noon) {
		g.Next(noon)
	}
	long, short := pods(g, end), pods(generator(t, c), end)
	for name, p := range short {
		require.Contains(t, long, name, "the same pods, whenever the run began")
		assert.Equal(t, p.version, long[name].version)
		assert.Equal(t, len(p.spans), len(long[name].spans))
		assert.Equal(t, p.memory, long[name].memory)
	}
	a, b := collect(t, generator(t, c), end, 7*time.Second), collect(t, generator(t, c), end, time.Minute)
	assert.Equal(t, a, b, "cutting time differently changes no item")
}

func TestChangesAreAsManyAsAsked(t *testing.T) {
	c := Config{Seed: 9, Rate: 1, Start: noon, DeploysPerDay: 6, ChurnPerDay: 10}
	g := generator(t, c)
	n := map[string]int{}
	for _, l := range g.changes(noon.Add(60 * 24 * time.Hour)) {
		n[l.Fault]++
	}
	assert.InDelta(t, 60*6, n["deploy"], 4*math.Sqrt(60*6))
	assert.InDelta(t, 60*10, n["churn"], 4*math.Sqrt(60*10))
}

func TestLabelsListOrdinaryChanges(t *testing.T) {
	c := busyConfig(480, 0)
	c.Incidents = []Incident{{Errors, "payment", noon.Add(58 * time.Minute), noon.Add(time.Hour)}}
	g := generator(t, c)
	var b strings.Builder
	require.NoError(t, g.WriteLabels(&b, noon.Add(time.Hour)))
	var labels []Label
	require.NoError(t, json.Unmarshal([]byte(b.String()), &labels))
	all := pods(g, noon.Add(time.Hour))
	ordinary, faults := 0, 0
	for _, l := range labels {
		require.Contains(t, all, l.Pod)
		assert.Equal(t, l.Service, all[l.Pod].service)
		if !l.Ordinary {
			faults++
			assert.Equal(t, "errors", l.Fault)
			continue
		}
		ordinary++
		assert.Equal(t, "deploy", l.Fault)
		assert.NotEqual(t, l.From, l.To)
		assert.True(t, l.EndTime.After(l.InjectTime))
		assert.Equal(t, l.To, all[l.Pod].version)
	}
	assert.Equal(t, 1, faults)
	assert.GreaterOrEqual(t, ordinary, len(ServiceNames()))
}

func TestCountersStartAgainWithANewPod(t *testing.T) {
	g := generator(t, busyConfig(480, 0))
	starts := map[string]map[int64]bool{}
	for g.Now().Before(noon.Add(time.Hour)) {
		for _, rm := range g.Next(g.Now().Add(15 * time.Second)).Metrics.ResourceMetrics().All() {
			pod, _ := rm.Resource().Attributes().Get("k8s.pod.name")
			for _, m := range rm.ScopeMetrics().At(0).Metrics().All() {
				if m.Name() == "process.cpu.time" {
					d := m.Sum().DataPoints().At(0)
					if starts[pod.Str()] == nil {
						starts[pod.Str()] = map[int64]bool{}
					}
					starts[pod.Str()][int64(d.StartTimestamp())] = true
					assert.GreaterOrEqual(t, d.Timestamp(), d.StartTimestamp())
				}
			}
		}
	}
	late := 0
	for _, s := range starts {
		require.Len(t, s, 1, "one start per pod")
		for at := range s {
			if at > noon.UnixNano() {
				late++
			}
		}
	}
	assert.Greater(t, late, 20)
}

func TestJobsRunOnTheHour(t *testing.T) {
	all := collect(t, generator(t, Config{Seed: 1, Rate: 1}), noon.Add(2*time.Hour), 5*time.Second)
	n := map[string]int{}
	for l := range all.logs {
		if strings.Contains(l.body, "reconciliation of bins") || strings.Contains(l.body, "reconciliation done") {
			assert.Equal(t, "warehouse", l.service)
			n[strings.Fields(l.body)[1]]++
			minute := time.Unix(0, l.time).UTC().Minute()
			assert.True(t, minute >= 17 && minute <= 18, "%d", minute)
		}
	}
	assert.Equal(t, map[string]int{"of": 2, "done": 2}, n)
}

func TestAFewCallsAreRetriedAtAnyTime(t *testing.T) {
	all := collect(t, generator(t, Config{Seed: 2, Rate: 20}), noon.Add(10*time.Minute), 5*time.Second)
	calls, resets, refusals := 0, 0, 0
	for _, s := range all.spans {
		switch {
		case s.kind.String() != "Client":
		case s.status == statusRefused:
			refusals++
		case s.status == 0 && s.failed:
			resets++
		case s.peer != "" && !strings.HasSuffix(s.peer, "-db"):
			calls++
		}
	}
	mean := shareOfRetries * float64(calls)
	assert.InDelta(t, mean, refusals, 4*math.Sqrt(mean)+1)
	assert.InDelta(t, mean, resets, 4*math.Sqrt(mean)+1)
	assert.Positive(t, resets+refusals)
}
