package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/golang-migrate/migrate/v4"
	driversqlite "github.com/golang-migrate/migrate/v4/database/sqlite3"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/driftlock/driftlock/internal/anomaly"
	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/schema"
	"github.com/driftlock/driftlock/internal/store/storetest"
	migrations "github.com/driftlock/driftlock/migrations/sqlite"
)

// TestMain also plays a second process: it then only opens the store whose path it is given.
func TestMain(m *testing.M) {
	if path := os.Getenv("STORE_TEST_OPEN"); path != "" {
		s, err := Open(context.Background(), Options{Path: path})
		if err == nil {
			_, err = s.Add(context.Background(), anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(os.Getpid())}})
		}
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Opened {
		s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "sub", "a?b%20 c#.db"), Now: now})
		require.NoError(t, err)
		return storetest.Opened{
			Store: s,
			Exec: func(statement string) error {
				_, err := s.db.write.Exec(statement)
				return err
			},
			Unprotect: []string{"DROP TRIGGER audit_log_no_update", "DROP TRIGGER audit_log_no_delete"},
		}
	})
}

func TestOneStorePerPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	var wg sync.WaitGroup
	handles := make([]*Store, 8)
	for i := range handles {
		wg.Go(func() {
			path := filepath.Join(dir, "x", "..", "a.db")
			if i%2 == 1 {
				path = filepath.Join(link, "a.db")
			}
			s, err := Open(t.Context(), Options{Path: path})
			if assert.NoError(t, err) {
				handles[i] = s
			}
		})
	}
	wg.Wait()
	for i, s := range handles {
		require.NotNil(t, s)
		require.Same(t, handles[0].db, s.db, "all share one database")
		if i > 0 {
			require.NoError(t, s.Close())
		}
	}
	require.NoError(t, handles[0].Ping(t.Context()))
	db := handles[0].db
	require.NoError(t, handles[0].Close())
	require.Error(t, db.write.Ping(), "the last handle closes the file")
	require.NoFileExists(t, filepath.Join(dir, "a.db-wal"))

	again, err := Open(t.Context(), Options{Path: filepath.Join(dir, "a.db")})
	require.NoError(t, err)
	require.NotSame(t, db, again.db)
	require.NoError(t, again.Close())
}

func TestProcessesMayOpenTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	const processes = 4
	outputs := make([][]byte, processes)
	errs := make([]error, processes)
	var wg sync.WaitGroup
	for i := range processes {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "STORE_TEST_OPEN="+path)
			outputs[i], errs[i] = cmd.CombinedOutput()
		})
	}
	wg.Wait()
	for i := range processes {
		require.NoError(t, errs[i], "%s", outputs[i])
	}
	s, err := Open(t.Context(), Options{Path: path})
	require.NoError(t, err)
	page, err := s.List(t.Context(), store.Query{})
	require.NoError(t, err)
	require.Len(t, page.Anomalies, processes)
	require.NoError(t, s.Close())
}

func TestSettings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := Open(t.Context(), Options{Path: path})
	require.NoError(t, err)
	defer s.Close()
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "1", "auto_vacuum": "2", "busy_timeout": "5000"} {
		for name, pool := range map[string]*sql.DB{"write": s.db.write, "read": s.db.read} {
			var got string
			require.NoError(t, pool.QueryRow("PRAGMA "+pragma).Scan(&got))
			require.Equal(t, want, got, "%s of the %s pool", pragma, name)
		}
	}
	_, err = s.db.read.Exec("DELETE FROM anomalies")
	require.ErrorContains(t, err, "readonly")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	require.NoError(t, os.WriteFile(garbage, []byte("this is no database, and it is long enough to be looked at as one: 0123456789012345678901234567890123456789"), 0o600))
	for want, path := range map[string]string{
		"path must name a file":      "",
		"path must name a file (got": ":memory:",
		"file is not a database":     garbage,
		"make the store's folder":    filepath.Join(garbage, "a.db"),
		"make the store's file":      dir,
	} {
		_, err := Open(t.Context(), Options{Path: path})
		require.ErrorContains(t, err, want)
	}
	require.Empty(t, openPaths(dir), "a failed opening leaves nothing behind")

	newest, err := schema.Newest(migrations.Files)
	require.NoError(t, err)
	for want, change := range map[string]string{
		fmt.Sprintf("a migration to schema version %d was interrupted", newest):                       "UPDATE schema_migrations SET dirty = 1",
		fmt.Sprintf("the database has schema version 99, this build knows versions up to %d", newest): "UPDATE schema_migrations SET version = 99",
	} {
		path := filepath.Join(t.TempDir(), "a.db")
		s, err := Open(t.Context(), Options{Path: path})
		require.NoError(t, err)
		_, err = s.db.write.Exec(change)
		require.NoError(t, err)
		require.ErrorContains(t, s.Ping(t.Context()), want)
		require.NoError(t, s.Close())
		_, err = Open(t.Context(), Options{Path: path})
		require.ErrorContains(t, err, want)
	}
}

func openPaths(dir string) (out []string) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	for path := range registry.open {
		if filepath.Dir(path) == dir {
			out = append(out, path)
		}
	}
	return out
}

func TestWhichErrorsArePermanent(t *testing.T) {
	t.Parallel()
	s := &Store{}
	for _, c := range []struct {
		err  error
		want bool
	}{
		{sqlite3.Error{Code: sqlite3.ErrBusy}, false}, {sqlite3.Error{Code: sqlite3.ErrLocked}, false}, {sqlite3.Error{Code: sqlite3.ErrFull}, false},
		{sqlite3.Error{Code: sqlite3.ErrIoErr}, false}, {sqlite3.Error{Code: sqlite3.ErrReadonly}, false}, {sqlite3.Error{Code: sqlite3.ErrNomem}, false},
		{sqlite3.Error{Code: sqlite3.ErrConstraint}, true}, {sqlite3.Error{Code: sqlite3.ErrCorrupt}, true}, {sqlite3.Error{Code: sqlite3.ErrNotADB}, true},
		{context.DeadlineExceeded, false}, {errors.New("unknown"), false}, {fmt.Errorf("x: %w", store.ErrClosed), true},
	} {
		assert.Equal(t, c.want, store.IsPermanent(s.wrap("act", c.err)), "%v", c.err)
	}
	require.NoError(t, s.wrap("act", nil))
}

// migrator is the migration library on a file that no store has open, until done is called.
func migrator(t *testing.T, path string) (db *sql.DB, m *migrate.Migrate, done func()) {
	t.Helper()
	files, err := iofs.New(migrations.Files, ".")
	require.NoError(t, err)
	db, err = sql.Open("sqlite3", dsn(path))
	require.NoError(t, err)
	driver, err := driversqlite.WithInstance(db, &driversqlite.Config{})
	require.NoError(t, err)
	m, err = migrate.NewWithInstance("iofs", files, "sqlite3", driver)
	require.NoError(t, err)
	return db, m, func() { require.NoError(t, driver.Close()) }
}

// TestMigrationsGoDownAndUp holds every down file to undoing its up file.
func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := Open(t.Context(), Options{Path: path})
	require.NoError(t, err)
	want := schemaOf(t, s)
	require.Contains(t, want, "CREATE TABLE anomalies")
	require.NoError(t, s.Close())

	db, m, done := migrator(t, path)
	require.NoError(t, m.Down())
	var left int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> 'schema_migrations'").Scan(&left))
	require.Zero(t, left)
	done()

	s, err = Open(t.Context(), Options{Path: path})
	require.NoError(t, err)
	defer s.Close()
	require.Equal(t, want, schemaOf(t, s))
}

// TestRowsOfOlderBuilds: what was stored before there were episodes reads as it was, and is not taken for one.
func TestRowsOfOlderBuilds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	db, m, done := migrator(t, path)
	require.NoError(t, m.Migrate(2))
	want := storetest.Anomaly(2)
	require.Nil(t, want.Episode)
	_, err := db.Exec(`INSERT INTO anomalies (id, timestamp, window_start, service, stream_type, score, p_value, p_floor, level, ncd_score, bits,
		glass_box_explanation, compression_baseline, compression_window, compression_combined, entropy_baseline, entropy_window, permutation_p,
		signals, reasons, channels, requests, trace_ids, trimmed, incomplete, resource, component_id, config_hash, core_version, process_id, created_at, updated_at)
		VALUES (?, ?, ?, ?, 'logs', 1, ?, 1, 1, 0, 1, 'x', 0, 0, 0, 0, 0, 1, 'null', 'null', 'null', 'null', 'null', 'null', 0, 'null', '', '', '', '', 1, 1)`,
		want.ID, nanos(want.Timestamp), nanos(want.WindowStart), want.Service, want.PValue)
	require.NoError(t, err)
	done()

	s, err := Open(t.Context(), Options{Path: path})
	require.NoError(t, err)
	defer s.Close()
	got, err := s.Get(t.Context(), want.ID)
	require.NoError(t, err)
	require.Nil(t, got.Episode)
	require.Equal(t, anomaly.KindAnomaly, got.Kind)
	require.Equal(t, want.Timestamp, got.Timestamp)
	n, err := s.Add(t.Context(), anomaly.Items{Anomalies: []*anomaly.Anomaly{want}})
	require.NoError(t, err)
	require.Zero(t, n.Anomalies, "delivered once more")
}

func schemaOf(t *testing.T, s *Store) (text string) {
	t.Helper()
	require.NoError(t, s.db.read.QueryRow("SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_master ORDER BY name)").Scan(&text))
	return text
}

// TestBusyIsRetryable holds the write lock from outside for longer than the call may wait.
func TestBusyIsRetryable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := Open(t.Context(), Options{Path: path})
	require.NoError(t, err)
	defer s.Close()
	other, err := sql.Open("sqlite3", dsn(path, "_txlock", "immediate"))
	require.NoError(t, err)
	defer other.Close()
	tx, err := other.Begin()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	items := anomaly.Items{Anomalies: []*anomaly.Anomaly{storetest.Anomaly(1)}}
	_, err = s.Add(ctx, items)
	require.Error(t, err)
	require.False(t, store.IsPermanent(err), "%v", err)
	_, err = s.List(t.Context(), store.Query{}) // readers do not wait for a writer
	require.NoError(t, err)
	require.NoError(t, tx.Rollback())
	n, err := s.Add(t.Context(), items)
	require.NoError(t, err)
	require.Equal(t, 1, n.Anomalies)
}

func BenchmarkAdd(b *testing.B) {
	s, err := Open(b.Context(), Options{Path: filepath.Join(b.TempDir(), "a.db")})
	require.NoError(b, err)
	defer s.Close()
	const batch = 1000
	for n := range b.N {
		b.StopTimer()
		items := anomaly.Items{}
		for i := range batch {
			items.Anomalies = append(items.Anomalies, storetest.Anomaly(n*batch+i))
		}
		b.StartTimer()
		if _, err := s.Add(b.Context(), items); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(batch)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkList50(b *testing.B) {
	s, err := Open(b.Context(), Options{Path: filepath.Join(b.TempDir(), "a.db")})
	require.NoError(b, err)
	defer s.Close()
	for n := range 100 {
		items := anomaly.Items{}
		for i := range 1000 {
			items.Anomalies = append(items.Anomalies, storetest.Anomaly(n*1000+i))
		}
		_, err := s.Add(b.Context(), items)
		require.NoError(b, err)
	}
	for name, q := range map[string]store.Query{"newest": {}, "service": {Service: "cart"}, "p_value": {Sort: store.Sort{Field: store.ByPValue, Ascending: true}}} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				if _, err := s.List(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
