package shop

import (
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// visit is one request on its way through the shop.
type visit struct {
	key   uint64
	trace pcommon.TraceID
}

const (
	statusOK       = 200
	statusFailed   = 500
	statusBad      = 502
	statusRefused  = 503
	milli          = float64(time.Millisecond)
	shareOfErrors  = 0.35
	shareOfNewLine = 0.20
	shareOfDrop    = 0.80
	shareOfStorm   = 0.70
	shareOfNewHost = 0.40
	shareOfWork    = 0.70 // of the processor time at mean load is spent on requests
	shareOfRetries = 2e-4 // of the calls at any time, each for a passing refusal or a lost connection
)

var (
	newLine     = parseText("feature flag {one:beta-router|ab-41} unknown to provider, falling back to compiled defaults (revision {hex:8})")
	faultLine   = parseText("unhandled exception: IllegalStateException: pool exhausted, {n:16:16} of 16 leases held for {n:900:4000} ms")
	calleeLine  = parseText("call failed: HTTP {n:500:503} from dependency")
	resetLine   = parseText("connection to {one:10.0.3.7|10.0.3.9|10.0.4.2}:8080 reset by peer, attempt 1, retrying in {n:20:160} ms")
	retryLine   = parseText("dependency answered 503, attempt {n:1:4}, retrying in {n:20:160} ms")
	newHostName = "scoring.partner-api.example"
)

// request simulates the visit that arrives at the given time.
func (g *Generator) request(w *writer, at int64) {
	v := visit{key: mix(g.config.Seed, 0x7e91, uint64(g.second), g.index)}
	g.index++
	g.sent++
	r := random(v.key)
	putUint64(v.trace[:8], r.next())
	putUint64(v.trace[8:], r.next()|1)
	u, i := r.uniform()*g.shares[len(g.shares)-1], 0
	for i < len(g.shares)-1 && u >= g.shares[i] {
		i++
	}
	if root := g.roots[i]; !g.dropped(root.owner, v.key, at) {
		g.serve(w, v, root, mix(v.key, 0x600d), span{}, at)
	}
}

// dropped decides whether a call to the service is left out.
func (g *Generator) dropped(owner int, key uint64, t int64) bool {
	if !g.effects(owner, t).drop {
		return false
	}
	r := random(mix(key, 0xd70b))
	return r.uniform() < shareOfDrop
}

// serve runs one operation from its server span's start and returns its end and HTTP status.
// The own time is spread evenly before, between and after the steps.
func (g *Generator) serve(w *writer, v visit, o *operation, key uint64, parent span, start int64) (int64, int) {
	e := g.effects(o.owner, start)
	in := g.route(o.owner, v.key, start)
	r := random(key)
	self := span{trace: v.trace, parent: parent.id, owner: o.owner}
	putUint64(self.id[:], r.next()|1)

	cold, _, _ := in.cold(g.services[o.owner].language, start)
	own := r.lognormal(o.median, o.sigma) * milli * e.slower * cold
	portion := int64(own) / int64(len(o.steps)+1)
	status := statusOK
	if r.uniform() < o.failure {
		status = statusFailed
	}
	fault := random(mix(key, 0xfa17))
	if e.errors && fault.uniform() < shareOfErrors {
		status = statusFailed
	}

	t := start
	for i := range o.steps {
		t += portion
		s := &o.steps[i]
		choose := random(mix(key, 0x57e9, uint64(i)))
		if choose.uniform() >= s.chance {
			continue
		}
		t = g.step(w, v, o, s, mix(key, uint64(i)), self, in, t, &status)
	}
	if e.dependency {
		if c := random(mix(key, 0xde9)); c.uniform() < shareOfNewHost {
			t = g.newHost(w, in, &c, self, t)
		}
	}
	end := t + portion

	for i := range o.lines {
		l := &o.lines[i]
		lr := random(mix(key, 0x109, uint64(i)))
		if lr.uniform() >= l.chance || (l.at == 1 && status != statusOK) {
			continue
		}
		w.log(in, start+int64(l.at*float64(end-start)), l.severity, l.text, &lr, v.key, self)
	}
	switch {
	case status == statusFailed && e.errors:
		w.log(in, end, fatal, faultLine, &fault, v.key, self)
	case status == statusFailed:
		w.log(in, end, fatal, g.failed, &fault, v.key, self)
	}
	if n := random(mix(key, 0x4e11)); e.newLine && n.uniform() < shareOfNewLine {
		w.log(in, start+(end-start)/2, warn, newLine, &n, v.key, self)
	}
	g.serverSpan(w, in, o, self, v.key, start, end, status)
	in.meter.observe(o, status, float64(end-start)/float64(time.Second))
	return end, status
}

// step makes the calls of a step in parallel and returns when the last one is over.
func (g *Generator) step(w *writer, v visit, o *operation, s *step, key uint64, self span, in *instance, t int64, status *int) int64 {
	last := t
	for i := range s.calls {
		c := &s.calls[i]
		begin := t + int64(i)*40_000 // a call is prepared in 40 µs
		var end int64
		ok := true
		if c.target == nil {
			end = g.database(w, in, c, mix(key, uint64(i)), self, begin)
		} else {
			if g.dropped(c.target.owner, mix(key, uint64(i)), begin) {
				continue
			}
			end, ok = g.call(w, v, in, c.target, mix(key, uint64(i)), self, begin)
		}
		if !ok && c.critical && *status == statusOK {
			*status = statusBad
		}
		last = max(last, end)
	}
	return last
}

// call makes a client span around the callee's server span, with the network's time on both sides, again when refused.
func (g *Generator) call(w *writer, v visit, in *instance, to *operation, key uint64, self span, t int64) (int64, bool) {
	storm := random(mix(key, 0x570))
	if g.effects(to.owner, t).retry && storm.uniform() < shareOfStorm {
		for attempt := range 2 + storm.next()%3 {
			t = g.refusal(w, v, in, to, mix(key, 0x4e7, attempt), self, t)
		}
	}
	if hiccup := random(mix(key, 0x41cc)); hiccup.uniform() < shareOfRetries {
		t = g.refusal(w, v, in, to, mix(key, 0x41cd), self, t)
	} else if hiccup.uniform() < shareOfRetries {
		t = g.reset(w, in, to, mix(key, 0x41ce), v, self, t)
	}
	r := random(mix(key, 0xca11))
	client := span{trace: v.trace, parent: self.id, owner: self.owner}
	putUint64(client.id[:], r.next()|1)
	there, back := int64(r.lognormal(.35, .3)*milli), int64(r.lognormal(.3, .3)*milli)
	end, status := g.serve(w, v, to, mix(key, 0x5e4e), client, t+there)
	end += back
	clientSpan(w, in, to, client, t, end, status)
	if status != statusOK {
		w.log(in, end, fatal, calleeLine, &r, v.key, self)
	}
	return end, status == statusOK
}

// refusal is one attempt that the callee turns away at once.
func (g *Generator) refusal(w *writer, v visit, in *instance, to *operation, key uint64, self span, t int64) int64 {
	r := random(key)
	client := span{trace: v.trace, parent: self.id, owner: self.owner}
	putUint64(client.id[:], r.next()|1)
	server := span{trace: v.trace, parent: client.id, owner: to.owner}
	putUint64(server.id[:], r.next()|1)
	begin := t + int64(r.lognormal(.35, .3)*milli)
	callee := g.route(to.owner, v.key, begin)
	end := begin + int64(r.lognormal(1.2, .3)*milli)
	over := end + int64(r.lognormal(.3, .3)*milli)
	g.serverSpan(w, callee, to, server, v.key, begin, end, statusRefused)
	callee.meter.observe(to, statusRefused, float64(end-begin)/float64(time.Second))
	w.log(callee, end, warn, g.refused, &r, v.key, server)
	clientSpan(w, in, to, client, t, over, statusRefused)
	w.log(in, over, warn, retryLine, &r, v.key, self)
	return over + r.between(20, 160)*int64(time.Millisecond)
}

// reset is one attempt that never reaches the callee.
func (g *Generator) reset(w *writer, in *instance, to *operation, key uint64, v visit, self span, t int64) int64 {
	r := random(key)
	client := span{trace: v.trace, parent: self.id, owner: self.owner}
	putUint64(client.id[:], r.next()|1)
	over := t + int64(r.lognormal(.6, .4)*milli)
	if p, ok := w.span(in, client, to.method+" "+to.route, ptrace.SpanKindClient, t, over); ok {
		a := p.Attributes()
		a.PutStr("http.request.method", to.method)
		a.PutStr("server.address", to.service)
		a.PutStr("error.type", "connection_reset")
		p.Status().SetCode(ptrace.StatusCodeError)
	}
	w.log(in, over, warn, resetLine, &r, v.key, self)
	return over + r.between(20, 160)*int64(time.Millisecond)
}

// database is a client span towards the service's own database.
func (g *Generator) database(w *writer, in *instance, c *call, key uint64, self span, t int64) int64 {
	r := random(key)
	s := span{trace: self.trace, parent: self.id, owner: self.owner}
	putUint64(s.id[:], r.next()|1)
	end := t + int64(r.lognormal(c.median, .5)*milli)
	p, ok := w.span(in, s, c.query, ptrace.SpanKindClient, t, end)
	if !ok {
		return end
	}
	verb, table, _ := strings.Cut(c.query, " ")
	a := p.Attributes()
	a.EnsureCapacity(4)
	a.PutStr("db.system.name", g.services[in.owner].database)
	a.PutStr("db.operation.name", verb)
	a.PutStr("db.collection.name", table)
	a.PutStr("server.address", g.services[in.owner].name+"-db")
	return end
}

// newHost is the call of the new-dependency incident.
func (g *Generator) newHost(w *writer, in *instance, r *random, self span, t int64) int64 {
	s := span{trace: self.trace, parent: self.id, owner: self.owner}
	putUint64(s.id[:], r.next()|1)
	end := t + int64(r.lognormal(3, .3)*milli)
	if p, ok := w.span(in, s, "POST /v2/score", ptrace.SpanKindClient, t, end); ok {
		a := p.Attributes()
		a.PutStr("http.request.method", "POST")
		a.PutStr("server.address", newHostName)
		a.PutInt("http.response.status_code", statusOK)
	}
	return end
}

func (g *Generator) serverSpan(w *writer, in *instance, o *operation, s span, who uint64, start, end int64, status int) {
	p, ok := w.span(in, s, o.method+" "+o.route, ptrace.SpanKindServer, start, end)
	if !ok {
		return
	}
	a := p.Attributes()
	a.EnsureCapacity(4)
	a.PutStr("http.request.method", o.method)
	a.PutStr("http.route", o.route)
	a.PutStr("url.path", urlPath(o.route, who))
	a.PutInt("http.response.status_code", int64(status))
	if status >= statusFailed {
		p.Status().SetCode(ptrace.StatusCodeError)
	}
	if status == statusFailed {
		ev := p.Events().AppendEmpty()
		ev.SetName("exception")
		ev.SetTimestamp(pcommon.Timestamp(end))
		ev.Attributes().PutStr("exception.type", "IllegalStateException")
	}
}

func clientSpan(w *writer, in *instance, to *operation, s span, start, end int64, status int) {
	p, ok := w.span(in, s, to.method+" "+to.route, ptrace.SpanKindClient, start, end)
	if !ok {
		return
	}
	a := p.Attributes()
	a.EnsureCapacity(3)
	a.PutStr("http.request.method", to.method)
	a.PutStr("server.address", to.service)
	a.PutInt("http.response.status_code", int64(status))
	if status >= statusFailed {
		p.Status().SetCode(ptrace.StatusCodeError)
	}
}

var (
	productValue = parseText("{product}")
	userValue    = parseText("{user}")
)

func urlPath(route string, who uint64) string {
	value := userValue
	if strings.Contains(route, "{id}") {
		value = productValue
	}
	open, end := strings.IndexByte(route, '{'), strings.IndexByte(route, '}')
	if open < 0 {
		return route
	}
	return string(value.render([]byte(route[:open]), nil, who)) + route[end+1:]
}

// accessPath is the route as the gateway's access log prints it.
func accessPath(route string) string { return strings.ReplaceAll(route, "{id}", "{product}") }

func splitRoute(s string) (method, route string) {
	method, route, _ = strings.Cut(s, " ")
	return method, route
}

func putUint64(b []byte, v uint64) {
	_ = b[7]
	for i := range 8 {
		b[i] = byte(v >> (56 - 8*i))
	}
}
