package shop

import (
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
)

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
	jobs      []job
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

// Jobs that run by themselves. Their names are unique within the shop.
var (
	export = job{name: "export", every: time.Hour, offset: 5 * time.Minute, lasts: 40 * time.Second, cpu: 2,
		first: say(info, 1, 0, "export of invoices to ledger started"),
		each:  say(info, 1, 0, "ledger batch {n:1:9}: {n:20:90} invoices posted"), last: say(info, 1, 0, "export of invoices done, {n:120:600} posted, 0 rejected")}
	reconciliation = job{name: "reconciliation", every: time.Hour, offset: 17 * time.Minute, lasts: 70 * time.Second, cpu: 1.6,
		first: say(info, 1, 0, "reconciliation of bins and stock levels started"),
		each:  say(info, 1, 0, "zone {n:1:12}: {n:200:900} bins compared, {n:0:3} corrected"), last: say(info, 1, 0, "reconciliation done in {n:60:80} s, {n:0:14} corrections")}
	compaction = job{name: "compaction", every: 6 * time.Hour, offset: 2 * time.Hour, lasts: 2 * time.Minute, cpu: 1.5,
		first: say(info, 1, 0, "compaction of index products_v3 started"),
		each:  say(debug, 1, 0, "shard {n:0:4} compacted from {n:12:30} to {n:2:5} segments"), last: say(info, 1, 0, "compaction of index products_v3 done, {n:80:400} MiB freed")}
	archive = job{name: "archive", every: 24 * time.Hour, offset: 3 * time.Hour, lasts: 4 * time.Minute, cpu: 1.8,
		first: say(info, 1, 0, "nightly archive of orders started"),
		each:  say(info, 1, 0, "partition {n:0:11}: {n:400:3000} orders moved to archive"), last: say(info, 1, 0, "nightly archive of orders done, next run in 24 h")}
)

// services is the shop. The first one is where requests come in.
func services() []service {
	gc := say(info, 0.01, 0, "GC pause {n:2:18} ms, heap {n:180:420} MiB of 512 MiB")
	pool := say(debug, 0.008, 0, "connection pool: {n:2:9} active, {n:1:6} idle, 0 waiting")
	probe := say(debug, 0.03, 0, "GET /healthz 200 in {n:0:2} ms")
	return []service{
		{"gateway", "3.4.1", "go", 2, 96, 0.16, "", []line{probe, say(info, 0.004, 0, "upstream frontend: {n:2:4} endpoints healthy")}, nil},
		{"frontend", "5.12.0", "nodejs", 2, 240, 0.28, "", []line{probe, say(info, 0.005, 0, "asset manifest checked, {n:310:318} files unchanged")}, nil},
		{"catalogue", "2.8.3", "java", 2, 390, 0.30, "postgresql", []line{gc, pool, say(info, 0.003, 0, "search index refreshed: {n:590:610} products in {n:120:380} ms")}, nil},
		{"cart", "1.19.2", "dotnet", 1, 180, 0.18, "redis", []line{probe, say(info, 0.006, 0, "expired {n:1:30} carts older than 72 h")}, nil},
		{"users", "4.0.7", "java", 1, 340, 0.14, "postgresql", []line{gc, pool, say(info, 0.004, 0, "session cache: {n:800:1400} entries, hit ratio 0.{n:90:99}")}, nil},
		{"checkout", "6.2.0", "go", 1, 120, 0.12, "", []line{probe, say(info, 0.004, 0, "exchange rates refreshed from ecb, {n:30:33} currencies")}, nil},
		{"payment", "3.1.5", "java", 1, 310, 0.10, "postgresql", []line{gc, pool, say(info, 0.005, 0, "acquirer heartbeat ok, round trip {n:18:60} ms")}, nil},
		{"shipping", "1.7.0", "python", 1, 150, 0.09, "", []line{probe, say(info, 0.006, 0, "carrier table loaded: {n:11:12} carriers, {n:240:260} zones")}, nil},
		{"orders", "2.3.9", "java", 1, 360, 0.15, "postgresql", []line{gc, pool, say(info, 0.004, 0, "archived {n:3:40} orders older than 90 days")}, []job{archive}},
		{"recommend", "0.9.4", "python", 1, 520, 0.22, "", []line{probe, say(info, 0.003, 0, "model v{n:41:41} warm, {n:590:610} embeddings in memory")}, nil},
		{"inventory", "1.14.0", "go", 2, 130, 0.13, "postgresql", []line{probe, pool, say(info, 0.004, 0, "stock feed at offset {n:100000:999999}, lag {n:0:40} ms")}, nil},
		{"pricing", "2.2.6", "java", 1, 330, 0.16, "redis", []line{gc, say(info, 0.004, 0, "price lists reloaded: {n:14:14} lists, {n:590:610} prices")}, nil},
		{"promotions", "0.18.3", "python", 1, 170, 0.10, "", []line{probe, say(info, 0.005, 0, "campaign calendar polled, {n:3:6} campaigns active")}, nil},
		{"search", "4.6.1", "java", 2, 610, 0.26, "opensearch", []line{gc, say(info, 0.004, 0, "segment merge done: {n:3:9} segments, {n:12:80} MiB in {n:200:900} ms")}, []job{compaction}},
		{"reviews", "1.3.8", "nodejs", 1, 190, 0.11, "mongodb", []line{probe, say(info, 0.005, 0, "moderation queue: {n:0:12} reviews wait")}, nil},
		{"auth", "5.0.2", "go", 2, 85, 0.08, "redis", []line{probe, say(info, 0.003, 0, "signing keys checked, current {one:2026-a|2026-b}")}, nil},
		{"fraud", "0.7.5", "python", 1, 440, 0.12, "", []line{probe, say(info, 0.004, 0, "feature store in step, {n:40:44} features, age {n:1:20} s")}, nil},
		{"invoice", "3.9.1", "dotnet", 1, 210, 0.07, "postgresql", []line{probe, pool, say(info, 0.004, 0, "number range 2026: {n:1000:9000} left")}, []job{export}},
		{"notification", "2.5.4", "nodejs", 1, 160, 0.09, "redis", []line{probe, say(info, 0.008, 0, "outbox drained: {n:0:25} messages sent, {n:0:2} deferred")}, nil},
		{"warehouse", "1.11.7", "java", 1, 350, 0.10, "postgresql", []line{gc, pool, say(info, 0.004, 0, "conveyor telemetry: {n:4:6} belts, {n:60:99} % load")}, []job{reconciliation}},
	}
}
