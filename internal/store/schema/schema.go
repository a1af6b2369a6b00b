// Package schema brings a database's schema to the version that this build needs, by numbered SQL files.
// It does not open databases and knows no SQL of its own.
package schema

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	"github.com/golang-migrate/migrate/v4/source/iofs"
)

// State is how far a database has come.
type State struct {
	Version uint // 0: no migration has run
	Newest  uint // what this build needs
	Dirty   bool // a migration to Version was interrupted
}

// Check says what keeps this build from using a database in this state; nil where nothing does.
func (s State) Check() error {
	switch {
	case s.Dirty:
		return fmt.Errorf("a migration to schema version %d was interrupted; restore the database from a backup, or begin anew with an empty one", s.Version)
	case s.Version > s.Newest:
		return fmt.Errorf("the database has schema version %d, this build knows versions up to %d; use a newer build", s.Version, s.Newest)
	case s.Version < s.Newest:
		return fmt.Errorf("the database has schema version %d, this build needs %d; migrate it first", s.Version, s.Newest)
	}
	return nil
}

// Migrator moves one database between versions. Whoever makes one holds the lock that keeps other processes from doing the same.
type Migrator struct {
	m      *migrate.Migrate
	newest uint
}

// New takes the files of one kind of database and golang-migrate's driver for it. The driver stays the caller's to close.
func New(files fs.FS, driver database.Driver) (*Migrator, error) {
	newest, err := Newest(files)
	if err != nil {
		return nil, err
	}
	source, err := iofs.New(files, ".")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	m, err := migrate.NewWithInstance("iofs", source, "database", driver)
	if err != nil {
		return nil, fmt.Errorf("prepare migrations: %w", err)
	}
	return &Migrator{m: m, newest: newest}, nil
}

// State reads how far the database has come.
func (m *Migrator) State() (State, error) {
	s := State{Newest: m.newest}
	var err error
	s.Version, s.Dirty, err = m.m.Version()
	if err != nil && !errors.Is(err, migrate.ErrNilVersion) {
		return s, fmt.Errorf("read the schema's version: %w", err)
	}
	return s, nil
}

// Up runs the migrations that are missing. A dirty or newer schema is an error that says what to do.
func (m *Migrator) Up() error {
	s, err := m.State()
	if err != nil {
		return err
	}
	if s.Dirty || s.Version > s.Newest {
		return s.Check()
	}
	if err := m.m.Up(); err != nil && !errors.Is(err, migrate.ErrNoChange) {
		return fmt.Errorf("migrate the schema to version %d: %w", s.Newest, err)
	}
	return nil
}

// Down takes the newest migration back, and with it what only that version can hold.
func (m *Migrator) Down() error {
	s, err := m.State()
	switch {
	case err != nil:
		return err
	case s.Dirty || s.Version > s.Newest:
		return s.Check()
	case s.Version == 0:
		return errors.New("no migration to take back: the database has no schema yet")
	}
	if err := m.m.Steps(-1); err != nil {
		return fmt.Errorf("take back the migration to version %d: %w", s.Version, err)
	}
	return nil
}

// Newest is the highest number among the migration files.
func Newest(files fs.FS) (uint, error) {
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
