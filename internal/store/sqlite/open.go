// Package sqlite keeps anomalies in one SQLite file, the embedded default store.
// It does not spread over machines; PostgreSQL is for that.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver

	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/schema"
)

// Options say where the file is.
type Options struct {
	Path string           // the file; its folder is made if need be
	Now  func() time.Time // the clock behind created_at; time.Now where nil
}

// DefaultPath is where components keep the file unless told otherwise; they share one value so that they meet in one store.
const DefaultPath = "data/driftlock.db"

// readers is the size of the reader pool. WAL readers do not wait for the writer, and more of them than cores gain nothing.
const readers = 4

// readerCache is how much of the file a reader keeps at hand, in KiB below zero as SQLite has it: enough for all that a search of a million texts
// comes by. With the usual 2 MiB it spent half its time reading pages anew.
const readerCache = "-8192"

// busyTimeout is how long a writer waits for another process's transaction before it gives up with a retryable error.
const busyTimeout = 5 * time.Second

// database is one open file, shared by all handles of this process on its path.
type database struct {
	path   string
	write  *sql.DB // one connection: SQLite has one writer, and waiting in Go honours contexts
	read   *sql.DB
	refs   int // under registry.mu
	opened error
	ready  chan struct{} // closed when opening ended

	watchers watchers
}

// registry holds the open files of the process. Two pools on one file would fight for the write lock and each believe in its own cache.
var registry = struct {
	mu   sync.Mutex
	open map[string]*database
}{open: map[string]*database{}}

// Store is a handle on a file. Handles on one path share its connections; the last one to close closes them.
type Store struct {
	db     *database
	now    func() time.Time
	closed atomic.Bool

	open context.Context // ends when the handle is closed
	shut context.CancelFunc
}

var (
	_ store.Store    = (*Store)(nil)
	_ store.Pooled   = (*Store)(nil)
	_ store.Indexing = (*Store)(nil)
)

// Open opens or creates the file, brings its schema up to date, and returns a handle.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Path == "" || strings.HasPrefix(o.Path, ":memory:") {
		return nil, fmt.Errorf("open store: path must name a file (got %q)", o.Path)
	}
	path, err := resolve(o.Path)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", o.Path, err)
	}
	db, first := acquire(path)
	if first {
		db.opened = db.open(ctx)
		close(db.ready)
	}
	select {
	case <-db.ready:
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, ctx.Err()), db.release())
	}
	if db.opened != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, db.opened), db.release())
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Store{db: db, now: o.Now}
	s.open, s.shut = context.WithCancel(context.Background())
	return s, nil
}

func acquire(path string) (db *database, first bool) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if db = registry.open[path]; db != nil && !db.failed() {
		db.refs++
		return db, false
	}
	db = &database{path: path, refs: 1, ready: make(chan struct{})}
	registry.open[path] = db
	return db, true
}

// failed says whether opening ended in an error; such a database serves nobody who comes later.
func (d *database) failed() bool {
	select {
	case <-d.ready:
		return d.opened != nil
	default:
		return false
	}
}

func (d *database) release() error {
	registry.mu.Lock()
	defer registry.mu.Unlock() // held while closing, so that whoever opens the path next finds the file closed
	if d.refs--; d.refs > 0 {
		return nil
	}
	if registry.open[d.path] == d {
		delete(registry.open, d.path)
	}
	<-d.ready
	var errs []error
	for _, pool := range []*sql.DB{d.read, d.write} { // the writer last: it checkpoints and removes the WAL
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

func (d *database) open(ctx context.Context) error {
	if err := Migrate(ctx, d.path, (*schema.Migrator).Up); err != nil {
		return err
	}
	var err error
	if d.write, err = sql.Open("sqlite3", dsn(d.path, "_txlock", "immediate")); err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	if d.read, err = sql.Open("sqlite3", dsn(d.path, "_query_only", "true", "_cache_size", readerCache)); err != nil {
		return err
	}
	d.read.SetMaxOpenConns(readers)
	d.read.SetMaxIdleConns(readers)
	if err := errors.Join(d.write.PingContext(ctx), d.read.PingContext(ctx)); err != nil {
		return err
	}
	return d.catchUp(ctx)
}

// createFile makes the folder and an empty file that only its owner may read: excerpts of logs are in it. SQLite gives the WAL the same mode.
func createFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make the store's folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // G304: the configuration names the file
	if err != nil {
		return fmt.Errorf("make the store's file: %w", err)
	}
	return f.Close()
}

// resolve gives every spelling of a path one name.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if whole, err := filepath.EvalSymlinks(abs); err == nil {
		return whole, nil
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		return filepath.Join(dir, filepath.Base(abs)), nil
	}
	return abs, nil
}

// dsn is a connection string with the settings that all connections share and more pairs of name and value.
// WAL lets readers and the writer work at once; NORMAL may lose the last transactions when power fails, but never the file;
// incremental vacuum returns what retention deleted.
func dsn(path string, more ...string) string {
	v := url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {"NORMAL"},
		"_busy_timeout": {strconv.FormatInt(busyTimeout.Milliseconds(), 10)},
		"_foreign_keys": {"true"},
		"_auto_vacuum":  {"incremental"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: v.Encode()}
	return u.String()
}

// Close gives the handle back.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.shut()
	if err := s.db.release(); err != nil {
		return fmt.Errorf("close store %s: %w", s.db.path, err)
	}
	return nil
}

// Pool says how the connections of all handles on the file stand, the writer's included.
func (s *Store) Pool() store.Pool {
	r, w := s.db.read.Stats(), s.db.write.Stats()
	return store.Pool{
		Open: r.OpenConnections + w.OpenConnections, Used: r.InUse + w.InUse, Max: r.MaxOpenConnections + w.MaxOpenConnections,
		Waits: r.WaitCount + w.WaitCount, Waited: r.WaitDuration + w.WaitDuration,
	}
}

// Path is the file's full path.
func (s *Store) Path() string { return s.db.path }
