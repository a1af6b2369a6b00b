package load

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3" // the driver
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/postgres"
	"github.com/driftlock/driftlock/internal/store/sqlite"
	"github.com/driftlock/driftlock/tests/rig"
)

// newest is when the last anomaly was; the others lie up to ninety days before it.
var newest = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// seeds are the anomalies that the store takes as it always does; all others are copies of them at other times with other scores.
const seeds = 10_000

func serviceName(i int) string { return fmt.Sprintf("service-%02d", i%50) }

func incident(i int) string {
	return anomaly.NewID("driftlockcbad", "", fmt.Sprint(i%2000), newest, "hash")
}

// seed makes the i-th anomaly: about 2 KiB with its excerpts.
func seed(i int) *anomaly.Anomaly {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	end := newest.Add(-time.Duration(r.IntN(1440)) * time.Minute)
	signal := []anomaly.Signal{anomaly.Logs, anomaly.Metrics, anomaly.Traces}[r.IntN(3)]
	line := fmt.Sprintf("unhandled exception: IllegalStateException: pool-%04d exhausted, <*> of <*> leases held for <*> ms", i/50)
	excerpt := json.RawMessage(fmt.Sprintf(`{"lines":["%d %s"]}`, i, strings.Repeat("GET /cart/items took 12 ms; ", 22)))
	a := &anomaly.Anomaly{
		ID: anomaly.NewID("driftlockcbad", serviceName(i), fmt.Sprint(signal, i), end, "hash"), Timestamp: end, WindowStart: end.Add(-time.Minute),
		Service: serviceName(i), StreamType: signal, Signals: []anomaly.Signal{signal}, PFloor: 1e-3, Level: 1e-3, Bits: 60 * r.Float64(),
		Status: []string{"pending", "acknowledged", "resolved", "dismissed"}[r.IntN(4)], Kind: anomaly.KindAnomaly,
		Explanation: fmt.Sprintf("%s: ERROR log line never written before, %d times: “%s”, in the minute to %s. A window this odd is expected once in %d windows.",
			serviceName(i), 1+r.IntN(9), line, end, r.IntN(1e6)),
		Reasons: []anomaly.Reason{{Signal: signal, Channel: "log_new", Bits: 37, Text: "a log line never written before", Item: line},
			{Signal: signal, Channel: "log_count", Bits: 12.3, Text: "log line “order SO-<*> placed” 4 times, usual 7.96", Item: "order SO-<*> placed", Band: []float64{3, 12}}},
		Channels: []anomaly.Channel{{Signal: signal, Name: "log_new", Statistic: 37, P: 1e-6, PFloor: 1e-3}},
		TraceIDs: []string{"0af7651916cd43dd8448eb211c80319c"}, BaselineData: excerpt, WindowData: excerpt,
		Resource: map[string]string{"service.name": serviceName(i)}, ComponentID: "driftlockcbad", ConfigHash: "hash", CoreVersion: "0.1.0", ProcessID: "p1",
		IncidentID: incident(i), IncidentServices: []string{serviceName(i), "cart"}, Cause: "cart",
	}
	if i%200 == 0 {
		a.Status = "investigating"
	}
	if r.IntN(20) == 0 {
		a.Kind = anomaly.KindSilence
	}
	a.Episode = &anomaly.Episode{ID: a.ID, Started: a.WindowStart, Last: end, Windows: 1, Revision: 1, PeakP: 1e-6, Peak: a.WindowStart}
	return a
}

// fill stores so many anomalies: the seeds by the store itself, the others by one statement in the database, with the indexes made anew afterwards.
func fill(b *testing.B, kind, where string, rows int) {
	b.Helper()
	var s store.Store
	var err error
	if kind == "postgres" {
		s, err = postgres.Open(b.Context(), postgres.Options{DSN: where, MigrateAtStart: true, MaxOpen: 2})
	} else {
		s, err = sqlite.Open(b.Context(), sqlite.Options{Path: where})
	}
	require.NoError(b, err)
	for i := 0; i < seeds; i += 500 {
		var batch anomaly.Items
		for j := range 500 {
			batch.Anomalies = append(batch.Anomalies, seed(i+j))
		}
		_, err := s.Add(b.Context(), batch)
		require.NoError(b, err)
	}
	require.NoError(b, s.Close())
	copies := max(rows/seeds, 1) - 1
	if kind == "postgres" {
		multiplyPostgres(b, where, copies)
		s, err := postgres.Open(b.Context(), postgres.Options{DSN: where, MaxOpen: 2}) // indexes the texts
		require.NoError(b, err)
		awaitIndex(b, where)
		require.NoError(b, s.Close())
	} else {
		multiplySQLite(b, where, copies)
		s, err := sqlite.Open(b.Context(), sqlite.Options{Path: where}) // indexes the texts
		require.NoError(b, err)
		require.NoError(b, s.Close())
	}
}

// copied is the statement that copies the rows of a source; expressions replace the columns of these names.
func copied(columns []string, expressions map[string]string, source string) string {
	var into, from []string
	for _, c := range columns {
		expression, ok := expressions[c]
		if !ok {
			expression = "a." + c
		}
		if expression != "" {
			into, from = append(into, c), append(from, expression)
		}
	}
	return "INSERT INTO anomalies (" + strings.Join(into, ", ") + ") SELECT " + strings.Join(from, ", ") + " FROM " + source
}

func multiplyPostgres(b *testing.B, dsn string, copies int) {
	b.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(b, err)
	defer func() { require.NoError(b, conn.Close(ctx)) }()
	list := func(query string) []string {
		rows, err := conn.Query(ctx, query)
		require.NoError(b, err)
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(b, err)
		return all
	}
	execute := func(statement string) {
		_, err := conn.Exec(ctx, statement)
		require.NoError(b, err, statement)
	}
	indexes := list("SELECT indexdef FROM pg_indexes WHERE tablename = 'anomalies' AND indexname NOT LIKE '%pkey'")
	for _, name := range list("SELECT indexname FROM pg_indexes WHERE tablename = 'anomalies' AND indexname NOT LIKE '%pkey'") {
		execute("DROP INDEX " + name)
	}
	execute("CREATE TEMP TABLE seeds AS SELECT * FROM anomalies ORDER BY timestamp")
	columns := list("SELECT column_name::text FROM information_schema.columns WHERE table_name = 'anomalies' AND table_schema = current_schema() ORDER BY ordinal_position")
	for n := copies; n > 0; n-- { // the oldest first, as they would have come
		shift := fmt.Sprintf(" - make_interval(mins => %d * 1439)", n)
		execute(copied(columns, map[string]string{
			"id": "gen_random_uuid()", "timestamp": "a.timestamp" + shift, "window_start": "a.window_start" + shift, "last": "a.last" + shift, "worst_start": "a.worst_start" + shift,
			"score": "3 + 7 * random()", "p_value": "0.001" + strings.Repeat(" * random()", 7), "ncd_score": "random()", "change_tx": "", "change_seq": "", "number": "",
		}, "seeds a"))
	}
	execute("UPDATE anomalies SET score = 3 + 7 * random(), p_value = 0.001" + strings.Repeat(" * random()", 7) + ", ncd_score = random() WHERE score = 0")
	execute("SET maintenance_work_mem = '512MB'")
	for _, definition := range indexes {
		execute(definition)
	}
	execute("INSERT INTO texts_to_index SELECT number FROM anomalies WHERE number > " + fmt.Sprint(seeds))
	execute("VACUUM ANALYZE anomalies")
}

// awaitIndex waits until no more texts wait to be indexed than usually do.
func awaitIndex(b *testing.B, dsn string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	defer func() { require.NoError(b, conn.Close(context.Background())) }()
	rig.Await(b, 5*time.Minute, func() bool {
		var n int
		return conn.QueryRow(b.Context(), "SELECT count(*) FROM texts_to_index").Scan(&n) == nil && n < 1000
	}, func() string { return "texts are not indexed" })
	_, err = conn.Exec(b.Context(), "VACUUM ANALYZE text_sets, texts_to_index")
	require.NoError(b, err)
}

func multiplySQLite(b *testing.B, path string, copies int) {
	b.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?_synchronous=OFF&_journal_mode=WAL&_cache_size=-500000")
	require.NoError(b, err)
	db.SetMaxOpenConns(1)
	defer func() { require.NoError(b, db.Close()) }()
	list := func(query string) (all []string) {
		rows, err := db.QueryContext(b.Context(), query)
		require.NoError(b, err)
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var s string
			require.NoError(b, rows.Scan(&s))
			all = append(all, s)
		}
		require.NoError(b, rows.Err())
		return all
	}
	execute := func(statement string) {
		_, err := db.ExecContext(b.Context(), statement)
		require.NoError(b, err, statement)
	}
	indexes := list("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'anomalies' AND sql IS NOT NULL")
	for _, name := range list("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'anomalies' AND sql IS NOT NULL") {
		execute("DROP INDEX " + name)
	}
	const random = "(random() / 18446744073709551616.0 + 0.5)"
	columns := list("SELECT name FROM pragma_table_info('anomalies')")
	for n := 1; n <= copies; n++ {
		shift := fmt.Sprintf(" - %d * 1439 * 60000000000", n)
		execute(copied(columns, map[string]string{
			"id":        "lower(printf('%s-%s-8%s-8%s-%s', hex(randomblob(4)), hex(randomblob(2)), substr(hex(randomblob(2)), 2), substr(hex(randomblob(2)), 2), hex(randomblob(6))))",
			"timestamp": "a.timestamp" + shift, "window_start": "a.window_start" + shift, "last": "a.last" + shift, "worst_start": "a.worst_start" + shift,
			"score": "3 + 7 * " + random, "p_value": "0.001" + strings.Repeat(" * "+random, 7), "ncd_score": random, "change_seq": fmt.Sprintf("a.change_seq + %d", n*seeds),
		}, "anomalies a WHERE a.rowid <= "+fmt.Sprint(seeds)))
	}
	execute("UPDATE anomalies SET score = 3 + 7 * " + random + ", p_value = 0.001" + strings.Repeat(" * "+random, 7) + ", ncd_score = " + random + " WHERE score = 0")
	execute(fmt.Sprintf("INSERT INTO anomaly_texts (number, text) SELECT a.rowid, t.text FROM anomalies a JOIN anomaly_texts t ON t.number = (a.rowid - 1) %% %d + 1 WHERE a.rowid > %[1]d", seeds))
	execute("UPDATE counters SET value = (SELECT max(number) FROM anomaly_texts) WHERE name = 'texts_to_index'")
	execute(fmt.Sprintf("UPDATE counters SET value = %d WHERE name = 'anomaly_changes'", seeds*(copies+1)))
	for _, definition := range indexes {
		execute(definition)
	}
}
