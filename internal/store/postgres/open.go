// Package postgres keeps anomalies in a PostgreSQL database, which any number of collectors may share.
// It does not create databases or roles; an operator does.
package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/driftlock/driftlock/internal/store"
	"github.com/driftlock/driftlock/internal/store/schema"
)

// Options say where the database is and how it may be used. Zero fields take their defaults.
type Options struct {
	// DSN is a URL or key=value string, as PostgreSQL's own tools take it. It may hold a password: it is never part of an error or a log.
	DSN string
	// TLS replaces what the DSN says about encryption.
	TLS *tls.Config

	MaxOpen          int           // connections at most; 25
	MinIdle          int           // connections kept ready; 5
	MaxLifetime      time.Duration // age at which a connection is replaced; 5 min
	ConnectTimeout   time.Duration // 10 s
	StatementTimeout time.Duration // after which the server gives a statement up; 30 s

	// MigrateAtStart is whether Open brings the schema up to date; where it does not, an older schema is an error.
	MigrateAtStart bool
	// Away, where set, is told why the database cannot be reached, and Open succeeds all the same: calls fail, as they do whenever the
	// database is away, until it is there and its schema is what this build needs. Without it that is an error of Open.
	Away func(why error)
	// Unindexed, where set, is told why texts cannot be indexed, once until they can: lists find them all the same, but more slowly the
	// more of them wait.
	Unindexed func(why error)

	Now func() time.Time // the clock behind created_at; time.Now where nil

	indexFrom int // texts that wait before they are indexed; 1,000
}

// The defaults of Options.
const (
	DefaultMaxOpen          = 25
	DefaultMinIdle          = 5
	DefaultMaxLifetime      = 5 * time.Minute
	DefaultConnectTimeout   = 10 * time.Second
	DefaultStatementTimeout = 30 * time.Second
)

// Store is a pool of connections to one database.
type Store struct {
	pool   *pgxpool.Pool
	where  string
	now    func() time.Time
	closed atomic.Bool
	ready  readiness

	open       context.Context // ends when the store is closed
	shut       context.CancelFunc
	background sync.WaitGroup

	grown     chan struct{} // there are texts to index
	indexFrom int
	waiting   atomic.Int64 // texts to index, when last counted
	failed    func(why error)
}

var (
	_ store.Store    = (*Store)(nil)
	_ store.Pooled   = (*Store)(nil)
	_ store.Indexing = (*Store)(nil)
)

// Open connects, brings the schema up to date where told to, and checks that it is what this build needs.
func Open(ctx context.Context, o Options) (*Store, error) {
	cfg, err := parse(o)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{where: place(cfg), now: o.Now, grown: make(chan struct{}, 1), indexFrom: positive(o.indexFrom, indexFrom), failed: o.Unindexed}
	s.open, s.shut = context.WithCancel(context.Background())
	if s.now == nil {
		s.now = time.Now
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, fmt.Errorf("open store %s: %w", s.where, err)
	}
	s.ready.prepare = func(ctx context.Context) error {
		if o.MigrateAtStart {
			if err := Migrate(ctx, o, (*schema.Migrator).Up); err != nil {
				return err
			}
		}
		return s.check(ctx, "reach the store")
	}
	switch err := s.ready.wait(ctx, s); {
	case err == nil:
	case o.Away != nil && unreachable(err):
		o.Away(fmt.Errorf("open store %s: %w", s.where, err))
	default:
		err = errors.Join(err, s.Close())
		return nil, fmt.Errorf("open store %s: %w", s.where, err)
	}
	s.background.Go(s.keepIndexed)
	return s, nil
}

// CheckDSN says what is wrong with a connection string, without the password that may be in it.
func CheckDSN(dsn string) error {
	_, err := parse(Options{DSN: dsn})
	return err
}

func parse(o Options) (*pgxpool.Config, error) {
	if o.DSN == "" {
		return nil, errors.New("dsn must name a database, as postgres://user@host:5432/driftlock does (it is empty)")
	}
	cfg, err := pgxpool.ParseConfig(o.DSN)
	if err != nil {
		// The driver's message quotes the string, with the password out only where it finds one.
		return nil, errors.New("dsn is neither a URL such as postgres://user@host:5432/driftlock nor a list such as host=db user=driftlock dbname=driftlock")
	}
	cfg.MaxConns = small(positive(o.MaxOpen, DefaultMaxOpen))
	cfg.MaxConnLifetime = positive(o.MaxLifetime, DefaultMaxLifetime)
	cfg.MaxConnLifetimeJitter = cfg.MaxConnLifetime / 10
	cfg.MaxConnIdleTime = time.Minute
	cfg.MinIdleConns = min(small(positive(o.MinIdle, DefaultMinIdle)), cfg.MaxConns)
	cfg.ConnConfig.ConnectTimeout = positive(o.ConnectTimeout, DefaultConnectTimeout)
	params := cfg.ConnConfig.RuntimeParams
	if params["application_name"] == "" {
		params["application_name"] = "driftlock"
	}
	params["statement_timeout"] = strconv.FormatInt(positive(o.StatementTimeout, DefaultStatementTimeout).Milliseconds(), 10)
	params["timezone"] = "UTC"
	if o.TLS != nil {
		t := o.TLS.Clone()
		if t.ServerName == "" {
			t.ServerName = cfg.ConnConfig.Host
		}
		cfg.ConnConfig.TLSConfig = t
		for _, f := range cfg.ConnConfig.Fallbacks { // no way back to an unencrypted connection
			c := t.Clone()
			c.ServerName = f.Host
			f.TLSConfig = c
		}
	}
	return cfg, nil
}

func positive[T int | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

func small(n int) int32 {
	return int32(min(n, math.MaxInt32)) //nolint:gosec // G115: bounded in this line
}

// place names the database in messages.
func place(cfg *pgxpool.Config) string {
	c := cfg.ConnConfig
	return fmt.Sprintf("%s:%d/%s", c.Host, c.Port, c.Database)
}

// Where names the server and the database, without user or password.
func (s *Store) Where() string { return s.where }

// Pool says how the connections stand.
func (s *Store) Pool() store.Pool {
	at := s.pool.Stat()
	return store.Pool{
		Open: int(at.TotalConns()), Used: int(at.AcquiredConns()), Max: int(at.MaxConns()), Waits: at.EmptyAcquireCount(), Waited: at.EmptyAcquireWaitTime(),
	}
}

// Close waits for calls under way and closes the connections.
func (s *Store) Close() error {
	if !s.closed.Swap(true) {
		s.ready.close()
		s.shut()
		s.background.Wait()
		s.pool.Close()
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }

func itoa64(n uint64) string { return strconv.FormatUint(n, 10) }
