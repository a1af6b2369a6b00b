package shop

import "go.opentelemetry.io/collector/pdata/plog"

// service is one deployable part of the shop.
type service struct {
	name      string
	version   string
	language  string
	instances int
	memoryMiB float64 // resting memory of one instance
	cpu       float64 // utilisation at mean load
	database  string  // system of its database, empty: none
	idle      []line  // lines that no request causes; their probability is per instance and second
}

// line is a log statement.
type line struct {
	severity plog.SeverityNumber
	chance   float64
	at       float64 // share of the operation's time that has passed; 1 only if the operation succeeds
	pattern  string
	text     text
}

// operation is a server-side endpoint.
type operation struct {
	service string
	method  string
	route   string
	median  float64 // own time in milliseconds, without calls
	sigma   float64
	failure float64 // share of requests that fail at any time
	steps   []step
	lines   []line

	index int
	owner int
}

// step is a set of calls made in parallel, or not at all.
type step struct {
	chance float64
	calls  []call
}

// call goes to another operation ("cart GET /cart/{user}") or to the service's own database ("SELECT carts", median in milliseconds).
type call struct {
	to       string
	query    string
	median   float64
	critical bool // the caller fails when it fails

	target *operation
}

const (
	debug = plog.SeverityNumberDebug
	info  = plog.SeverityNumberInfo
	warn  = plog.SeverityNumberWarn
	fatal = plog.SeverityNumberError
)

func say(severity plog.SeverityNumber, chance, at float64, pattern string) line {
	return line{severity: severity, chance: chance, at: at, pattern: pattern}
}

func sometimes(chance float64, calls ...call) step { return step{chance: chance, calls: calls} }
func always(calls ...call) step                    { return step{chance: 1, calls: calls} }
func ask(to string) call                           { return call{to: to} }
func need(to string) call                          { return call{to: to, critical: true} }
func query(statement string, median float64) call {
	return call{query: statement, median: median, critical: true}
}

// services is the shop. The first one is where requests come in.
func services() []service {
	gc := say(info, 0.01, 0, "GC pause {n:2:18} ms, heap {n:180:420} MiB of 512 MiB")
	pool := say(debug, 0.008, 0, "connection pool: {n:2:9} active, {n:1:6} idle, 0 waiting")
	probe := say(debug, 0.03, 0, "GET /healthz 200 in {n:0:2} ms")
	return []service{
		{"gateway", "3.4.1", "go", 2, 96, 0.16, "", []line{probe, say(info, 0.004, 0, "upstream frontend: {n:2:4} endpoints healthy")}},
		{"frontend", "5.12.0", "nodejs", 2, 240, 0.28, "", []line{probe, say(info, 0.005, 0, "asset manifest checked, {n:310:318} files unchanged")}},
		{"catalogue", "2.8.3", "java", 2, 390, 0.30, "postgresql", []line{gc, pool, say(info, 0.003, 0, "search index refreshed: {n:590:610} products in {n:120:380} ms")}},
		{"cart", "1.19.2", "dotnet", 1, 180, 0.18, "redis", []line{probe, say(info, 0.006, 0, "expired {n:1:30} carts older than 72 h")}},
		{"users", "4.0.7", "java", 1, 340, 0.14, "postgresql", []line{gc, pool, say(info, 0.004, 0, "session cache: {n:800:1400} entries, hit ratio 0.{n:90:99}")}},
		{"checkout", "6.2.0", "go", 1, 120, 0.12, "", []line{probe, say(info, 0.004, 0, "exchange rates refreshed from ecb, {n:30:33} currencies")}},
		{"payment", "3.1.5", "java", 1, 310, 0.10, "postgresql", []line{gc, pool, say(info, 0.005, 0, "acquirer heartbeat ok, round trip {n:18:60} ms")}},
		{"shipping", "1.7.0", "python", 1, 150, 0.09, "", []line{probe, say(info, 0.006, 0, "carrier table loaded: {n:11:12} carriers, {n:240:260} zones")}},
		{"orders", "2.3.9", "java", 1, 360, 0.15, "postgresql", []line{gc, pool, say(info, 0.004, 0, "archived {n:3:40} orders older than 90 days")}},
		{"recommend", "0.9.4", "python", 1, 520, 0.22, "", []line{probe, say(info, 0.003, 0, "model v{n:41:41} warm, {n:590:610} embeddings in memory")}},
	}
}
