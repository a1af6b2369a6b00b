package shop

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Deploys and the churn of pods. Whether a service changes in an hour, and when, is drawn from seed, service and hour alone;
// at most one change per service and hour, early enough that it is over before the next hour.

// maxChanges is the bound on deploys and churn of all services together in a day.
const maxChanges = 24

const (
	hour      = int64(time.Hour)
	latest    = 50 * int64(time.Minute) // in the hour that a change begins
	memory    = 30 * 24 * hour          // how long before the start the last change is looked for
	forever   = math.MaxInt64
	longSince = math.MinInt64 / 4
)

// instance is one pod: a running copy of a service from its start to its end.
type instance struct {
	owner   int
	slot    int // which of the service's copies
	key     uint64
	id      string
	pod     string
	host    string
	version string
	meter   meter

	started int64 // first telemetry of its own
	ready   int64 // requests come
	leaves  int64 // requests go elsewhere
	ended   int64
	life    []lifeLine
}

// lifeLine is a log line that is due at a moment of the pod's life.
type lifeLine struct {
	at   int64
	line *line
}

func (in *instance) alive(t int64) bool  { return in.started <= t && t < in.ended }
func (in *instance) serves(t int64) bool { return in.ready <= t && t < in.leaves }

// change is what happens to the pods of one service.
type change struct {
	deploy bool
	slot   int // the pod that is replaced; a deploy replaces all
	at     int64
	key    uint64
}

// changeIn draws the change of a service in an hour (hours since 1970).
func (g *Generator) changeIn(owner int, h int64) (change, bool) {
	s := &g.services[owner]
	c := change{key: mix(g.config.Seed, mixString(s.name), 0xc4a6e, uint64(h))}
	r := random(c.key)
	slots := float64(24 * len(g.services))
	deploy, churn := g.config.DeploysPerDay/slots, g.config.ChurnPerDay/slots
	u := r.uniform()
	c.at = h*hour + r.between(0, latest)
	c.slot = int(r.next() % uint64(s.instances))
	c.deploy = u < deploy
	return c, u < deploy+churn
}

// boot is how long a pod takes until it serves, and what it costs then: factors on own time and utilisation that fade in a minute or two.
type boot struct{ lo, hi, slow, busy float64 }

func bootOf(language string) boot {
	switch language {
	case "java":
		return boot{12, 22, 2.2, 1.4}
	case "dotnet":
		return boot{5, 9, 1.6, 1}
	case "nodejs":
		return boot{4, 8, 1, .8}
	case "python":
		return boot{6, 12, .7, .7}
	default:
		return boot{1, 3, .3, .4}
	}
}

// replacement is when which pod goes and which comes.
type replacement struct {
	slot           int
	started, ready int64
	leaves, ended  int64 // of the pod before
	from, to       string
	key            uint64
}

// replacements spells a change out. Pods of a deploy come one after the other, each before its predecessor goes (a rolling update);
// so does the only pod of a service whose node is drained. Of several pods one is evicted, and its successor starts a moment later.
func (g *Generator) replacements(owner int, c change, from string) []replacement {
	s := &g.services[owner]
	to := from
	slots := []int{c.slot}
	if c.deploy {
		to = s.version + "-g" + string(appendHex(nil, mix(c.key, 1), 7))
		slots = slots[:0]
		for n := range s.instances {
			slots = append(slots, n)
		}
	}
	second := func(r *random, lo, hi float64) int64 { return int64((lo + (hi-lo)*r.uniform()) * float64(time.Second)) }
	var all []replacement
	at := c.at
	for _, slot := range slots {
		r := random(mix(c.key, 2, uint64(slot)))
		b := bootOf(s.language)
		p := replacement{slot: slot, from: from, to: to, key: mix(c.key, 3, uint64(slot))}
		if c.deploy || s.instances == 1 {
			p.started = at
			p.ready = p.started + second(&r, b.lo, b.hi)
			p.leaves = p.ready + second(&r, 1, 3)
		} else {
			p.leaves = at
			p.started = at + second(&r, 1, 3)
			p.ready = p.started + second(&r, b.lo, b.hi)
		}
		p.ended = p.leaves + second(&r, 2, 8)
		all = append(all, p)
		at = p.ready + second(&r, 20, 60)
	}
	return all
}

// schedule makes the pods known that come in hour h, and forgets those that ended long ago.
func (g *Generator) schedule(h int64) {
	for owner := range g.services {
		g.instances[owner] = slices.DeleteFunc(g.instances[owner], func(in *instance) bool { return in.ended < (h-2)*hour })
		c, ok := g.changeIn(owner, h)
		if !ok {
			continue
		}
		s := &g.services[owner]
		for _, p := range g.replacements(owner, c, g.newest(owner, 0).version) {
			old := g.newest(owner, p.slot)
			old.leaves, old.ended = p.leaves, p.ended
			old.life = append(old.life, lifeLine{p.leaves + 1, &g.life.term}, lifeLine{p.ended - 1, &g.life.bye})
			in := g.newInstance(p.key, owner, p.slot, p.to)
			in.started, in.ready = p.started, p.ready
			in.host = fmt.Sprintf("node-%d", 1+p.key%4)
			in.meter = g.newMeter(p.started)
			in.life = g.startLines(s, in)
			g.instances[owner] = append(g.instances[owner], in)
		}
		slices.SortStableFunc(g.instances[owner], func(a, b *instance) int { return a.slot - b.slot })
	}
}

// newest is the youngest pod of a slot.
func (g *Generator) newest(owner, slot int) *instance {
	var found *instance
	for _, in := range g.instances[owner] {
		if in.slot == slot && (found == nil || in.started > found.started) {
			found = in
		}
	}
	return found
}

// route is the pod that takes a request, the same one for all calls of a visit to the service while the pods stay.
func (g *Generator) route(owner int, visit uint64, t int64) *instance {
	all, n := g.instances[owner], uint64(0)
	for _, in := range all {
		if in.serves(t) {
			n++
		}
	}
	if n == 0 {
		return all[0]
	}
	k := mix(visit, uint64(owner)) % n
	for _, in := range all {
		if in.serves(t) {
			if k == 0 {
				return in
			}
			k--
		}
	}
	return all[0]
}

// first is the pod on which a service's own work runs.
func (g *Generator) first(owner int, t int64) *instance {
	for _, in := range g.instances[owner] {
		if in.serves(t) {
			return in
		}
	}
	return g.instances[owner][0]
}

// Fades of a pod's youth: own time and utilisation fall to rest in a minute or two, memory grows to it in ten.
func (in *instance) cold(language string, t int64) (slow, busy, memory float64) {
	b := bootOf(language)
	fade := func(since int64, seconds float64) float64 {
		return math.Exp(-max(0, float64(t-since)) / (seconds * float64(time.Second)))
	}
	return 1 + b.slow*fade(in.ready, 40), 1 + b.busy*fade(in.started, 50), 1 - .6*fade(in.started, 150)
}

// lifeText are the lines of starts and ends, which each language's runtime says in its own way.
type lifeText struct {
	term, bye line
	up        map[string][]line // by language; spread between start and readiness
	pool      line
}

func newLifeText() lifeText {
	parsed := func(severity string, pattern string) line {
		l := say(info, 1, 0, pattern)
		if severity == "warn" {
			l.severity = warn
		}
		l.text = parseText(pattern)
		return l
	}
	return lifeText{
		term: parsed("info", "SIGTERM received, draining"),
		bye:  parsed("info", "drained in {n:1200:7800} ms, {n:0:3} requests were in flight, bye"),
		pool: parsed("info", "connection pool opened: {n:2:4} connections in {n:20:180} ms"),
		up: map[string][]line{
			"java": {
				parsed("info", "starting on OpenJDK 21.0.4 with PID 1, heap limit 512 MiB"), parsed("info", "{n:210:260} beans created in {n:3000:9000} ms"),
				parsed("warn", "OpenTelemetry agent: {n:1:2} instrumentations disabled by configuration"), parsed("info", "started in {n:9:21} s, listening on 8080"),
			},
			"dotnet": {parsed("info", "hosting environment: Production, content root /app"), parsed("info", "now listening on http://[::]:8080"), parsed("info", "application started")},
			"nodejs": {parsed("info", "node v22.9.0, pid 1, {n:2:4} workers"), parsed("info", "{n:380:420} modules loaded in {n:900:3000} ms"), parsed("info", "server listens on 8080")},
			"python": {parsed("info", "booting worker with pid {n:7:19}"), parsed("info", "model and tables loaded in {n:2000:9000} ms"), parsed("info", "application startup complete")},
			"go":     {parsed("info", "configuration read from /etc/shop/config.yaml, {n:14:22} keys"), parsed("info", "serving on :8080")},
		},
	}
}

func (g *Generator) startLines(s *service, in *instance) []lifeLine {
	up := g.life.up[s.language]
	var lines []lifeLine
	step := (in.ready - in.started) / int64(len(up))
	for i := range up {
		lines = append(lines, lifeLine{in.started + 1 + int64(i)*step, &up[i]})
	}
	if s.database != "" {
		lines = append(lines, lifeLine{in.ready - step/2, &g.life.pool})
	}
	return lines
}

// live writes the lines of a pod's start and end in the second that ends at to.
func (g *Generator) live(w *writer, in *instance, to int64) {
	for i, l := range in.life {
		if l.at > to-int64(time.Second) && l.at <= to {
			r := random(mix(in.key, 0x11fe, uint64(i)))
			w.log(in, l.at, l.line.severity, l.line.text, &r, 0, span{})
		}
	}
}

// eachChange goes through the changes that the run has seen or will see until the given time, from the memory before its start on.
func (g *Generator) eachChange(owner int, until int64, visit func(change, []replacement)) {
	version := g.services[owner].version
	for h := floorDiv(g.config.Start.UnixNano()-memory, hour); h*hour < until; h++ {
		c, ok := g.changeIn(owner, h)
		if !ok || c.at >= until {
			continue
		}
		all := g.replacements(owner, c, version)
		visit(c, all)
		version = all[0].to
	}
}

// changes are the labels of the run's deploys and replaced pods.
func (g *Generator) changes(until time.Time) []Label {
	labels := []Label{}
	for owner := range g.services {
		g.eachChange(owner, until.UnixNano(), func(c change, all []replacement) {
			last := all[len(all)-1]
			l := Label{
				InjectTime: time.Unix(0, c.at).UTC().Truncate(time.Second), Service: g.services[owner].name, Ordinary: true, Fault: "churn",
				EndTime: time.Unix(0, max(last.ended, last.ready)).UTC().Truncate(time.Second),
				Pod:     g.newInstance(last.key, owner, last.slot, last.to).pod,
			}
			if c.deploy {
				l.Fault, l.From, l.To = "deploy", last.from, last.to
			}
			if last.ended > g.config.Start.UnixNano() {
				labels = append(labels, l)
			}
		})
	}
	return labels
}

// podAt is the name of a service's first pod at an event time.
func (g *Generator) podAt(owner int, t int64) string {
	s := &g.services[owner]
	key, version := mix(g.config.Seed, mixString(s.name), 0), s.version
	g.eachChange(owner, t, func(_ change, all []replacement) {
		for _, p := range all {
			if p.slot == 0 && p.ready <= t {
				key, version = p.key, p.to
			}
		}
	})
	return g.newInstance(key, owner, 0, version).pod
}
