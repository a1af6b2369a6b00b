package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/golang-migrate/migrate/v4/database/sqlite3"

	"github.com/driftlock/driftlock/internal/store/schema"
	migrations "github.com/driftlock/driftlock/migrations/sqlite"
)

// Migrate moves a file's schema, and makes the file where there is none. A second process that does the same meanwhile waits.
func Migrate(ctx context.Context, path string, move func(*schema.Migrator) error) (err error) {
	if err := createFile(path); err != nil {
		return err
	}
	unlock, err := lockMigrations(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()

	// The driver closes the pool it is given, so it gets one of its own.
	db, err := sql.Open("sqlite3", dsn(path, "_txlock", "immediate"))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	driver, err := sqlite3.WithInstance(db, &sqlite3.Config{})
	if err != nil {
		return errors.Join(fmt.Errorf("read the schema's version: %w", err), db.Close())
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	m, err := schema.New(migrations.Files, driver)
	if err != nil {
		return err
	}
	return move(m)
}

// lockMigrations takes a lock that holds between processes and ends with the process, whatever happens to it: an exclusive transaction on
// an empty database beside the file. (The migration driver's own lock is a variable in memory.)
func lockMigrations(ctx context.Context, path string) (unlock func() error, err error) {
	lockPath := path + ".lock"
	if err := createFile(lockPath); err != nil {
		return nil, err
	}
	// The rollback journal: in WAL mode an exclusive transaction would still let in readers and needs files of its own.
	db, err := sql.Open("sqlite3", dsn(lockPath, "_journal_mode", "DELETE", "_auto_vacuum", "none", "_busy_timeout", "30000", "_txlock", "exclusive"))
	if err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wait for another process to end its migration (lock %s): %w", lockPath, err), db.Close())
	}
	return func() error { return errors.Join(tx.Rollback(), db.Close()) }, nil
}
