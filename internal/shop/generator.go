package shop

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Config says which shop, how busy, and from when.
type Config struct {
	Seed      uint64
	Rate      float64 // requests a second, the mean of a day
	Start     time.Time
	Requests  uint64 // stop after so many requests; 0: no end
	Incidents []Incident

	// Ordinary life, means over all services together; 0: none.
	DeploysPerDay float64
	ChurnPerDay   float64 // pods replaced without a deploy
}

// MaxRate bounds the requests of one second, and with them the memory of one batch.
const MaxRate = 5000

// requestsPerBatch keeps a batch well below the 4 MiB that an OTLP/gRPC receiver takes by default.
const requestsPerBatch = 100

// Generator yields the shop's telemetry in order of event time. It is not safe for concurrent use.
type Generator struct {
	config     Config
	services   []service
	operations []operation
	roots      []*operation  // by entry
	shares     []float64     // cumulative
	instances  [][]*instance // by service: those alive, lately ended and soon to come
	life       lifeText
	scheduled  int64        // hours before this one have their changes
	incidents  [][]Incident // by service

	now      int64   // all before this has been yielded
	arrivals []int64 // of the second under way, not yet yielded
	second   int64
	index    uint64 // of the next arrival within its second
	sent     uint64
	fresh    bool // the second's arrivals have been drawn
	failed   text
	refused  text
}

// Batch is the telemetry of one stretch of event time.
type Batch struct {
	Traces   ptrace.Traces
	Logs     plog.Logs
	Metrics  pmetric.Metrics
	Requests int
	Until    time.Time // event time reached
}

// New checks the configuration and sets the shop up.
func New(c Config) (*Generator, error) {
	if !(c.Rate > 0) || c.Rate > MaxRate {
		return nil, fmt.Errorf("rate must be above 0 and at most %d requests a second (got %g)", MaxRate, c.Rate)
	}
	if s := c.Start.UnixNano(); c.Start.Year() < 1971 || c.Start.Year() > 2200 {
		return nil, fmt.Errorf("start must lie between 1971 and 2200 (got %s, %d ns)", c.Start, s)
	}
	g := &Generator{config: c, services: services(), operations: operations(), life: newLifeText(), now: c.Start.UnixNano()}
	if !(c.DeploysPerDay >= 0 && c.ChurnPerDay >= 0 && c.DeploysPerDay+c.ChurnPerDay <= float64(maxChanges*len(g.services))) {
		return nil, fmt.Errorf("deploys and churn per day must not be negative and at most %d together (got %g and %g)",
			maxChanges*len(g.services), c.DeploysPerDay, c.ChurnPerDay)
	}
	g.second = floorDiv(g.now, int64(time.Second))
	g.failed = parseText("{one:upstream|worker|handler} failed: {one:context deadline exceeded|connection reset by peer} after {n:200:900} ms")
	g.refused = parseText("request refused: {n:96:140} requests in flight, limit 96")
	owners := map[string]int{}
	for i, s := range g.services {
		owners[s.name] = i
		var all []*instance
		for n := range s.instances {
			all = append(all, g.newInstance(mix(c.Seed, mixString(s.name), uint64(n)), i, n, s.version))
		}
		g.instances = append(g.instances, all)
		for j := range g.services[i].idle {
			g.services[i].idle[j].text = parseText(g.services[i].idle[j].pattern)
		}
		for j := range g.services[i].jobs {
			for _, l := range []*line{&g.services[i].jobs[j].first, &g.services[i].jobs[j].each, &g.services[i].jobs[j].last} {
				l.text = parseText(l.pattern)
			}
		}
	}
	g.incidents = make([][]Incident, len(g.services))
	for _, in := range c.Incidents {
		owner, ok := owners[in.Service]
		if !ok {
			return nil, fmt.Errorf("no service %q; services are %s", in.Service, strings.Join(ServiceNames(), ", "))
		}
		if !in.End.After(in.Start) {
			return nil, fmt.Errorf("incident %s@%s must end after it starts (got %s to %s)", in.Kind, in.Service, in.Start, in.End)
		}
		if in.Kind == RetryStorm && owner == 0 {
			return nil, fmt.Errorf("incident %s@%s: nobody in the shop calls the %s", in.Kind, in.Service, in.Service)
		}
		g.incidents[owner] = append(g.incidents[owner], in)
	}
	return g, g.link(owners)
}

// link resolves names to operations and prepares the lines.
func (g *Generator) link(owners map[string]int) error {
	byName := map[string]*operation{}
	for i := range g.operations {
		o := &g.operations[i]
		o.index, o.owner = i, owners[o.service]
		byName[o.service+" "+o.method+" "+o.route] = o
		for j := range o.lines {
			o.lines[j].text = parseText(o.lines[j].pattern)
		}
	}
	for i := range g.operations {
		for j := range g.operations[i].steps {
			for k := range g.operations[i].steps[j].calls {
				c := &g.operations[i].steps[j].calls[k]
				if c.to == "" {
					continue
				}
				if c.target = byName[c.to]; c.target == nil {
					return fmt.Errorf("call graph: %s calls %q, which does not exist", g.operations[i].service, c.to)
				}
			}
		}
	}
	sum := 0.0
	for _, e := range entries() {
		sum += e.share
		g.roots, g.shares = append(g.roots, byName[e.to]), append(g.shares, sum)
	}
	for owner := range g.instances {
		for _, in := range g.instances[owner] {
			in.meter = g.newMeter(longSince)
		}
	}
	g.scheduled = floorDiv(g.now-memory, hour)
	g.prepare(g.now)
	return nil
}

func (g *Generator) newInstance(key uint64, owner, slot int, version string) *instance {
	name := g.services[owner].name
	r := random(key)
	id := appendUUID(nil, r.next(), r.next())
	pod := append([]byte(name+"-"), appendHex(nil, mix(g.config.Seed, mixString(name), mixString(version)), 9)...)
	pod = append(append(pod, '-'), appendHex(nil, r.next(), 5)...)
	return &instance{owner: owner, slot: slot, key: key, id: string(id), pod: string(pod), version: version,
		host: fmt.Sprintf("node-%d", 1+(owner+slot)%4), started: longSince, ready: longSince, leaves: forever, ended: forever}
}

// load is the factor on the mean rate at an event time: busiest at 15 h UTC, quietest at 3 h.
func load(t int64) float64 {
	hour := math.Mod(float64(t)/float64(time.Hour), 24)
	return 1 + 0.35*math.Sin(2*math.Pi*(hour-9)/24)
}

// Done says that the asked number of requests has been yielded.
func (g *Generator) Done() bool { return g.config.Requests > 0 && g.sent >= g.config.Requests }

// Now is the event time up to which everything has been yielded.
func (g *Generator) Now() time.Time { return time.Unix(0, g.now).UTC() }

// Next yields what began up to the given event time; less, if that would make a batch too large (see Batch.Until).
// How the time is cut into batches changes no item.
func (g *Generator) Next(until time.Time) Batch {
	w := newWriter(g)
	end := until.UnixNano()
	n := 0
	for g.now < end && n < requestsPerBatch && !g.Done() {
		g.draw()
		switch {
		case len(g.arrivals) > 0 && g.arrivals[0] < end:
			at := g.arrivals[0]
			g.tick(w, at)
			g.request(w, at)
			g.arrivals = g.arrivals[1:]
			g.now = at
			n++
		case len(g.arrivals) > 0:
			g.tick(w, end)
			g.now = end
		default:
			next := min(end, (g.second+1)*int64(time.Second))
			g.tick(w, next)
			g.now = next
			if next == (g.second+1)*int64(time.Second) {
				g.second++
				g.fresh = false
			}
		}
	}
	b := w.finish()
	b.Requests, b.Until = n, g.Now()
	return b
}

// draw sets the arrivals of the second under way.
func (g *Generator) draw() {
	if g.fresh {
		return
	}
	g.fresh, g.index = true, 0
	start := g.second * int64(time.Second)
	g.prepare(start)
	r := random(mix(g.config.Seed, 0xa441, uint64(g.second)))
	g.arrivals = g.arrivals[:0]
	for range r.poisson(g.config.Rate * load(start)) {
		g.arrivals = append(g.arrivals, start+int64(r.next()%uint64(time.Second)))
	}
	slices.Sort(g.arrivals)
	for len(g.arrivals) > 0 && g.arrivals[0] < g.config.Start.UnixNano() {
		g.arrivals = g.arrivals[1:]
		g.index++
	}
}

// prepare makes the pods known of the hour of t and of the one after, into which requests reach.
func (g *Generator) prepare(t int64) {
	for ; g.scheduled <= floorDiv(t, hour)+1; g.scheduled++ {
		g.schedule(g.scheduled)
	}
}

// scrape is how often metrics are read.
const scrape = int64(15 * time.Second)

// tick writes what happens by itself in (g.now, to]: idle lines and readings of the metrics.
func (g *Generator) tick(w *writer, to int64) {
	const second = int64(time.Second)
	for s := floorDiv(g.now, second) + 1; s*second <= to; s++ {
		g.idle(w, s)
		if s*second%scrape == 0 {
			g.scrape(w, s*second)
		}
	}
}

func (g *Generator) idle(w *writer, second int64) {
	to := second * int64(time.Second)
	for owner := range g.services {
		g.work(w, owner, to)
		for _, in := range g.instances[owner] {
			g.live(w, in, to)
			if !in.alive(to-int64(time.Second)) || !in.alive(to) {
				continue
			}
			for i := range g.services[owner].idle {
				l := &g.services[owner].idle[i]
				r := random(mix(in.key, 0x1d1e, uint64(i), uint64(second)))
				if r.uniform() < l.chance {
					// Stamped within the second that has passed.
					w.log(in, to-r.between(1, int64(time.Second)-1), l.severity, l.text, &r, 0, span{})
				}
			}
		}
	}
}
