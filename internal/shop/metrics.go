package shop

import (
	"math"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// bounds are the bucket limits of OpenTelemetry's HTTP server duration, in seconds.
var bounds = []float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10}

type seriesKey struct{ operation, status int }

// histogram is cumulative since the instance started.
type histogram struct {
	count   uint64
	sum     float64
	buckets []uint64
}

// meter is what an instance counts since its start, or the generator's.
type meter struct {
	started  int64
	requests map[seriesKey]*histogram
	order    []seriesKey
	cpuTime  float64
	lastRead int64
}

func (g *Generator) newMeter(started int64) meter {
	started = max(started, g.config.Start.UnixNano())
	return meter{started: started, requests: map[seriesKey]*histogram{}, lastRead: started}
}

func (m *meter) observe(o *operation, status int, seconds float64) {
	k := seriesKey{o.index, status}
	h, ok := m.requests[k]
	if !ok {
		h = &histogram{buckets: make([]uint64, len(bounds)+1)}
		m.requests[k] = h
		m.order = append(m.order, k)
		slices.SortFunc(m.order, func(a, b seriesKey) int {
			if a.operation != b.operation {
				return a.operation - b.operation
			}
			return a.status - b.status
		})
	}
	h.count++
	h.sum += seconds
	i, _ := slices.BinarySearch(bounds, seconds)
	h.buckets[i]++
}

// scrape reads all instances at an event time.
func (g *Generator) scrape(w *writer, t int64) {
	for owner := range g.services {
		for _, in := range g.instances[owner] {
			if !in.alive(t) {
				continue
			}
			e := g.effects(owner, t)
			g.readProcess(w, in, t, e)
			if !e.silent {
				g.readRequests(w, in, t)
			}
			in.meter.lastRead = t
		}
	}
}

// gauge is level · (1 + share of load) with noise that wanders in a minute and in a quarter of an hour.
func gauge(in *instance, name uint64, t int64, level, season, noise float64) float64 {
	slow := smoothNoise(mix(in.key, name, 1), t, int64(15*time.Minute))
	fast := smoothNoise(mix(in.key, name, 2), t, int64(40*time.Second))
	return level * (1 + season*(load(t)-1)) * (1 + noise*(0.5*slow+0.86*fast))
}

func (g *Generator) readProcess(w *writer, in *instance, t int64, e effects) {
	s := g.services[in.owner]
	m := &in.meter
	_, busy, grown := in.cold(s.language, t)
	cpu := gauge(in, 1, t, s.cpu, 1, .08) * busy * g.busy(in, t)
	if e.drop {
		cpu *= 1 - shareOfWork*shareOfDrop
	}
	cpu = min(1, max(0.001, cpu))
	m.cpuTime += cpu * float64(t-m.lastRead) / float64(time.Second)
	if e.silent {
		return
	}
	// Memory is a saw: garbage grows until it is collected.
	period := int64(3+in.key%5) * int64(time.Minute)
	phase := float64((t+int64(in.key%uint64(period)))%period) / float64(period)
	leak := min(e.leakMinutes, float64(t-in.started)/float64(time.Minute))
	memory := gauge(in, 2, t, s.memoryMiB, .1, .01) * (1 + .08*phase + .04*leak) * grown
	files := math.Round(gauge(in, 3, t, 60+20*s.cpu, .3, .05))
	if e.outOfRange {
		files *= 10
	}
	ms := w.readings(in)
	putGauge(ms, "process.cpu.utilization", "1", t, cpu)
	putGauge(ms, "process.memory.usage", "By", t, math.Round(memory*(1<<20)))
	putGauge(ms, "process.open_file_descriptors", "{descriptor}", t, files)
	putGauge(ms, "process.thread.count", "{thread}", t, math.Round(gauge(in, 4, t, 24+30*s.cpu, .2, .03)))
	if s.database != "" {
		putGauge(ms, "db.client.connection.count", "{connection}", t, math.Round(gauge(in, 5, t, 8, .5, .12)))
	}
	if s.name == "shipping" {
		putGauge(ms, "shipping.queue.depth", "{parcel}", t, math.Round(gauge(in, 6, t, 22, .6, .2)))
	}
	c := newSum(ms, "process.cpu.time", "s", m.started, t)
	c.SetDoubleValue(m.cpuTime)
}

// readRequests writes the histogram of durations per route and status, and the counter of requests per status.
func (g *Generator) readRequests(w *writer, in *instance, t int64) {
	m := &in.meter
	if len(m.order) == 0 {
		return
	}
	ms := w.readings(in)
	p := ms.AppendEmpty()
	p.SetName("http.server.request.duration")
	p.SetUnit("s")
	h := p.SetEmptyHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	total := map[int]uint64{}
	for _, k := range m.order {
		s, o := m.requests[k], &g.operations[k.operation]
		d := h.DataPoints().AppendEmpty()
		d.SetStartTimestamp(pcommon.Timestamp(m.started))
		d.SetTimestamp(pcommon.Timestamp(t))
		d.SetCount(s.count)
		d.SetSum(s.sum)
		d.ExplicitBounds().FromRaw(bounds)
		d.BucketCounts().FromRaw(s.buckets)
		a := d.Attributes()
		a.PutStr("http.request.method", o.method)
		a.PutStr("http.route", o.route)
		a.PutInt("http.response.status_code", int64(k.status))
		total[k.status] += s.count
	}
	c := ms.AppendEmpty()
	c.SetName("shop.requests")
	c.SetUnit("{request}")
	sum := c.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	for _, status := range []int{statusOK, statusFailed, statusBad, statusRefused} {
		n, ok := total[status]
		if !ok && status > statusFailed {
			continue
		}
		d := sum.DataPoints().AppendEmpty()
		d.SetStartTimestamp(pcommon.Timestamp(m.started))
		d.SetTimestamp(pcommon.Timestamp(t))
		d.SetIntValue(int64(n))
		d.Attributes().PutInt("http.response.status_code", int64(status))
	}
}

func putGauge(ms pmetric.MetricSlice, name, unit string, t int64, v float64) {
	p := ms.AppendEmpty()
	p.SetName(name)
	p.SetUnit(unit)
	d := p.SetEmptyGauge().DataPoints().AppendEmpty()
	d.SetTimestamp(pcommon.Timestamp(t))
	d.SetDoubleValue(v)
}

func newSum(ms pmetric.MetricSlice, name, unit string, start, t int64) pmetric.NumberDataPoint {
	p := ms.AppendEmpty()
	p.SetName(name)
	p.SetUnit(unit)
	s := p.SetEmptySum()
	s.SetIsMonotonic(true)
	s.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	d := s.DataPoints().AppendEmpty()
	d.SetStartTimestamp(pcommon.Timestamp(start))
	d.SetTimestamp(pcommon.Timestamp(t))
	return d
}
