package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	pgxmigrate "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/driftlock/driftlock/internal/store/schema"
	migrations "github.com/driftlock/driftlock/migrations/postgres"
)

// migrationsTable is where the schema's version stands: a name of our own, since databases are shared.
const migrationsTable = "driftlock_migrations"

// migrationLock is the advisory lock that one process at a time holds while it looks at the version and migrates: the bytes of "drift".
const migrationLock int64 = 0x6472696674

// Migrate moves the schema while it holds a lock that all processes share. Whoever comes meanwhile waits until ctx ends.
func Migrate(ctx context.Context, o Options, move func(*schema.Migrator) error) (err error) {
	cfg, err := parse(o)
	if err != nil {
		return err
	}
	conn := cfg.ConnConfig.Copy()
	conn.RuntimeParams["statement_timeout"] = "0" // an index over many rows takes its time
	db := stdlib.OpenDB(*conn)
	defer func() { err = errors.Join(err, db.Close()) }()
	unlock, err := lock(ctx, db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	driver, err := pgxmigrate.WithInstance(db, &pgxmigrate.Config{MigrationsTable: migrationsTable})
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	m, err := schema.New(migrations.Files, driver)
	if err != nil {
		return err
	}
	return move(m)
}

func lock(ctx context.Context, db *sql.DB) (unlock func() error, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for another process to end its migration: %w", err), conn.Close())
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", migrationLock)
		return errors.Join(err, conn.Close())
	}, nil
}

// Ping reads the schema's version and compares it with this build's.
func (s *Store) Ping(ctx context.Context) error {
	const action = "reach the store"
	if err := s.usable(ctx, action); err != nil {
		return err
	}
	return s.check(ctx, action)
}

func (s *Store) check(ctx context.Context, action string) error {
	state, err := s.state(ctx)
	if err != nil {
		return s.wrap(action, err)
	}
	if err := state.Check(); err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

func (s *Store) state(ctx context.Context) (schema.State, error) {
	var state schema.State
	var err error
	if state.Newest, err = schema.Newest(migrations.Files); err != nil {
		return state, err
	}
	var there bool
	if err := s.pool.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", migrationsTable).Scan(&there); err != nil || !there {
		return state, err
	}
	var version int64
	err = s.pool.QueryRow(ctx, "SELECT version, dirty FROM "+migrationsTable).Scan(&version, &state.Dirty)
	state.Version = uint(max(version, 0))
	return state, err
}
