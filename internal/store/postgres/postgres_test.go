package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/pgtest"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/schema"
	"github.com/driftlock/driftlock/internal/store/storetest"
	migrations "github.com/driftlock/driftlock/migrations/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func open(t *testing.T, o Options) *Store {
	t.Helper()
	if o.DSN == "" {
		o.DSN = pgtest.Database(t)
	}
	o.MigrateAtStart, o.MaxOpen = true, 8
	s, err := Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Opened {
		s := open(t, Options{Now: now, indexFrom: 1})
		return storetest.Opened{
			Store: s,
			Exec: func(statement string) error {
				_, err := s.pool.Exec(t.Context(), statement)
				return err
			},
			Unprotect: []string{"DROP TRIGGER audit_log_append_only ON audit_log"},
		}
	})
}

// TestManyStartAtOnce opens an empty database from ten sides: one of them migrates, the others wait.
func TestManyStartAtOnce(t *testing.T) {
	dsn := pgtest.Database(t)
	var wg sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		wg.Go(func() {
			s, err := Open(t.Context(), Options{DSN: dsn, MigrateAtStart: true, MaxOpen: 2})
			if err == nil {
				err = errors.Join(s.Ping(t.Context()), s.Close())
			}
			errs[i] = err
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
}

func TestSchemaStates(t *testing.T) {
	dsn := pgtest.Database(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })

	_, err = Open(t.Context(), Options{DSN: dsn})
	require.ErrorContains(t, err, "schema version 0, this build needs")
	require.NoError(t, Migrate(t.Context(), Options{DSN: dsn}, (*schema.Migrator).Up))
	require.NoError(t, Migrate(t.Context(), Options{DSN: dsn}, (*schema.Migrator).Up), "nothing to do is no error")

	for message, statement := range map[string]string{
		"was interrupted":   "UPDATE driftlock_migrations SET dirty = true",
		"use a newer build": "UPDATE driftlock_migrations SET version = 999",
		"migrate it first":  "UPDATE driftlock_migrations SET version = 1",
	} {
		_, err = conn.Exec(t.Context(), "UPDATE driftlock_migrations SET dirty = false")
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), statement)
		require.NoError(t, err)
		_, err = Open(t.Context(), Options{DSN: dsn})
		require.ErrorContains(t, err, message)
	}
}

func TestDownAndUpAgain(t *testing.T) {
	o := Options{DSN: pgtest.Database(t)}
	require.NoError(t, Migrate(t.Context(), o, (*schema.Migrator).Up))
	down(t, o, 0)
	require.ErrorContains(t, Migrate(t.Context(), o, (*schema.Migrator).Down), "no migration to take back")
	open(t, o)
}

// down takes migrations back until the schema has a version.
func down(t *testing.T, o Options, version uint) {
	t.Helper()
	newest, err := schema.Newest(migrations.Files)
	require.NoError(t, err)
	for ; newest > version; newest-- {
		require.NoError(t, Migrate(t.Context(), o, (*schema.Migrator).Down))
	}
}

// TestMigrationWritesSearchTexts: rows of an older schema can be searched as those that this build stores.
func TestMigrationWritesSearchTexts(t *testing.T) {
	o := Options{DSN: pgtest.Database(t)}
	s := open(t, o)
	_, err := s.Add(t.Context(), anomaly.Items{Anomalies: storetest.Texts()})
	require.NoError(t, err)
	texts := func() []string {
		rows, err := s.pool.Query(t.Context(), "SELECT search_text FROM anomalies ORDER BY id")
		require.NoError(t, err)
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return all
	}
	want := texts()
	require.Len(t, want, len(storetest.Texts()))
	down(t, o, 5)
	require.NoError(t, Migrate(t.Context(), o, (*schema.Migrator).Up))
	s.pool.Reset()
	require.Equal(t, want, texts())
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	for _, dsn := range []string{
		"postgres://user:s3cret@127.0.0.1:1/db", "host=127.0.0.1 port=1 user=u password=s3cret dbname=db connect_timeout=1",
		"postgres://user:s3cret@[::1/db", "host=a port=x password=s3cret", "postgres://user:s3cret@host:port/db", "nonsense s3cret=",
	} {
		_, err := Open(t.Context(), Options{DSN: dsn})
		require.Error(t, err, dsn)
		require.NotContains(t, err.Error(), "s3cret")
		if err := CheckDSN(dsn); err != nil {
			require.NotContains(t, err.Error(), "s3cret")
		}
	}
	require.ErrorContains(t, CheckDSN(""), "dsn must name a database")
}

// TestLostConnection ends the server's side of every connection in the middle of work: the call fails so that it is tried again, and the next one works.
func TestLostConnection(t *testing.T) {
	s := open(t, Options{})
	conn, err := pgx.Connect(t.Context(), s.pool.Config().ConnString())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	blocker, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = blocker.Exec(t.Context(), "LOCK TABLE anomalies")
	require.NoError(t, err)

	failed := make(chan error)
	go func() {
		_, err := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}})
		failed <- err
	}()
	require.Eventually(t, func() bool {
		var n int
		err := conn.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`).Scan(&n)
		return err == nil && n > 0
	}, 10*time.Second, 10*time.Millisecond)
	err = <-failed
	require.Error(t, err)
	require.False(t, store.IsPermanent(err), "%v", err)
	require.NoError(t, blocker.Rollback(t.Context()))
	_, err = s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}})
	require.NoError(t, err)
}

// TestWhatPostgresCannotHold: the character 0 and bytes that are no UTF-8 come back as the replacement character, and nothing else is lost.
func TestWhatPostgresCannotHold(t *testing.T) {
	s := open(t, Options{})
	a := storetest.Anomaly(1)
	a.Explanation = "a\x00b\xffc"
	a.Reasons[0].Item = "x\x00y"
	a.WindowData = json.RawMessage(`{"line":"\u0000 and \\u0000","n":1e-300}`)
	_, err := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{a}})
	require.NoError(t, err)
	got, err := s.Get(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, "a\uFFFDb\uFFFDc", got.Explanation)
	require.Equal(t, "x\uFFFDy", got.Reasons[0].Item)
	var data struct {
		Line string
		N    float64
	}
	require.NoError(t, json.Unmarshal(got.WindowData, &data))
	require.Equal(t, "\uFFFD and \\u0000", data.Line)
	require.Equal(t, 1e-300, data.N)
	_, err = s.List(t.Context(), store.Query{Text: "a\x00b"})
	require.NoError(t, err)
}

func TestPermanentErrors(t *testing.T) {
	for code, want := range map[string]bool{
		"23514": true, "22P02": true, "42601": true, "54000": true, "0A000": true,
		"40001": false, "40P01": false, "53100": false, "53300": false, "57P01": false, "55P03": false, "08006": false, "42501": false, "42P01": false, "42703": false, "42883": false, "42704": false, "": false,
	} {
		require.Equal(t, want, permanent(code), code)
	}
}

// TestConcurrentEpisodes lets many writers add overlapping batches in different orders: no deadlock, and the rows are those of one writer.
func TestConcurrentEpisodes(t *testing.T) {
	s := open(t, Options{})
	var all []*anomaly.Anomaly
	for seed := 1; seed < 40; seed += 2 {
		all = append(all, storetest.Episode(seed, 1e-4, 1e-6, 1e-5)...)
	}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for w := range errs {
		wg.Go(func() {
			for i := range all {
				from := (i*7 + w*13) % len(all)
				batch := append(append([]*anomaly.Anomaly(nil), all[from:]...), all[:from]...)[:10]
				if _, err := s.Add(t.Context(), anomaly.Items{Anomalies: batch}); err != nil {
					errs[w] = err
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	alone := open(t, Options{})
	_, err := alone.Add(t.Context(), anomaly.Items{Anomalies: all})
	require.NoError(t, err)
	got, err := s.List(t.Context(), store.Query{Limit: store.MaxLimit})
	require.NoError(t, err)
	want, err := alone.List(t.Context(), store.Query{Limit: store.MaxLimit})
	require.NoError(t, err)
	for _, page := range []store.Page{got, want} {
		for _, a := range page.Anomalies {
			a.CreatedAt, a.UpdatedAt = nil, nil
		}
	}
	require.Equal(t, want, got)
}

// TestNoSequentialScan explains every kind of list query. What the planner does with 2,000 rows of 2 KiB it does with more of them all the more.
func TestNoSequentialScan(t *testing.T) {
	s := open(t, Options{})
	var all []*anomaly.Anomaly
	for i := range 2000 {
		all = append(all, storetest.Anomaly(i))
	}
	_, err := s.Add(t.Context(), anomaly.Items{Anomalies: all})
	require.NoError(t, err)
	conn, err := s.pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), "VACUUM ANALYZE anomalies") // as the server does by itself
	require.NoError(t, err)
	explain := func(text string, args []any) {
		rows, err := conn.Query(t.Context(), "EXPLAIN "+text, args...)
		require.NoError(t, err)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.NotContains(t, strings.Join(plan, "\n"), "Seq Scan", "%s", text)
	}
	number := func(f float64) *float64 { return &f }
	for _, q := range []store.Query{
		{}, {StreamType: anomaly.Logs}, {Service: "cart"}, {Status: "pending"}, {Kind: anomaly.KindSilence}, {IncidentID: storetest.Incident(9)},
		{MinNCDScore: number(.9)}, {MaxPValue: number(1e-6)}, {Start: all[0].Timestamp}, {End: all[0].Timestamp}, {Text: "window_1"}, {Service: "cart", Text: "x"},
	} {
		for _, field := range store.Fields {
			for _, ascending := range []bool{true, false} {
				for _, after := range []*store.Position{nil, store.PositionOf(all[0], store.Sort{Field: field})} {
					q.Sort, q.After, q.Detail = store.Sort{Field: field, Ascending: ascending}, after, store.Summary
					o, err := orderOf(q.Sort)
					require.NoError(t, err)
					explain(listing(o, q, 51))
					if q.Text != "" {
						_, err := conn.Exec(t.Context(), strings.Replace(onlyIndexes, "LOCAL ", "", 1))
						require.NoError(t, err)
						explain(narrowing(o, q, []int64{1, 2, 3}, 51))
						explain(numbering(o, q, 20_000))
						_, err = conn.Exec(t.Context(), "RESET enable_seqscan")
						require.NoError(t, err)
					}
				}
			}
		}
	}
}

// TestViewsReadTheirIndex: what draws windows together reads neither all windows nor their streams.
func TestViewsReadTheirIndex(t *testing.T) {
	s := open(t, Options{})
	var all []*anomaly.Window
	for i := range 20 {
		for minute := range 200 {
			w := storetest.Window("service-"+itoa(i), "driftlockcbad", "p", minute)
			w.Streams = slices.Repeat(w.Streams, 3)
			all = append(all, w)
		}
	}
	_, err := s.Add(t.Context(), anomaly.Items{Windows: all})
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), "VACUUM ANALYZE windows")
	require.NoError(t, err)
	first, last := all[0].Timestamp, all[len(all)-1].Timestamp
	for _, c := range []struct {
		text string
		args []any
	}{
		{selectLanes, []any{first, last, 51}},
		{selectLane, []any{first, last, "service-3"}},
		{selectBuckets, []any{first, last, 60., []string{"service-1", "service-2", "service-3"}}},
		{selectLevels, []any{first, last, .5, 51}},
		{selectWindows, []any{"service-1", first, last, first, "", "", 50}},
	} {
		rows, err := s.pool.Query(t.Context(), "EXPLAIN "+c.text, c.args...)
		require.NoError(t, err)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		text := strings.Join(plan, "\n")
		require.NotContains(t, text, "Seq Scan on windows", c.text)
		if c.text != selectWindows && c.text != selectLane {
			require.Contains(t, text, "windows_by_time", c.text)
		}
	}
}
