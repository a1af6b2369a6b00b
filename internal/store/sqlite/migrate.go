package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database/sqlite3"
	"github.com/golang-migrate/migrate/v4/source/iofs"

	migrations "github.com/driftlock/driftlock/migrations/sqlite"
)

// migrateUp brings the schema to this build's version. A second process that opens the file meanwhile waits.
func migrateUp(ctx context.Context, path string) (err error) {
	unlock, err := lockMigrations(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()

	want, err := newestVersion(migrations.Files)
	if err != nil {
		return err
	}
	files, err := iofs.New(migrations.Files, ".")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	defer files.Close() //nolint:errcheck // an embedded folder: closing it does nothing

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
	m, err := migrate.NewWithInstance("iofs", files, "sqlite3", driver)
	if err != nil {
		return errors.Join(fmt.Errorf("prepare migrations: %w", err), driver.Close())
	}
	defer func() { err = errors.Join(err, driver.Close()) }()

	have, dirty, err := m.Version()
	switch {
	case errors.Is(err, migrate.ErrNilVersion):
	case err != nil:
		return fmt.Errorf("read the schema's version: %w", err)
	case dirty:
		return fmt.Errorf("a migration to schema version %d was interrupted; restore the file from a backup, or move it away to begin anew", have)
	case have > want:
		return fmt.Errorf("the file has schema version %d, this build knows versions up to %d; use a newer build", have, want)
	}
	if err := m.Up(); err != nil && !errors.Is(err, migrate.ErrNoChange) {
		return fmt.Errorf("migrate the schema to version %d: %w", want, err)
	}
	return nil
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

// newestVersion is the highest number among the migration files.
func newestVersion(files fs.FS) (uint, error) {
	names, err := fs.Glob(files, "*.up.sql")
	if err != nil || len(names) == 0 {
		return 0, errors.Join(errors.New("no migrations in this build"), err)
	}
	newest := uint64(0)
	for _, name := range names {
		number, _, _ := strings.Cut(name, "_")
		v, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("migration %s does not begin with a number", name)
		}
		newest = max(newest, v)
	}
	return uint(newest), nil
}
