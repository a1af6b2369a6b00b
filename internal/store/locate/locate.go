// Package locate says which store a command is about: a flag, else the environment, else the default file.
// It does not open anything.
package locate

import (
	"os"
	"strings"

	"github.com/driftlock/driftlock/internal/store/sqlite"
)

// Variable is the environment variable that names the store: a command line can be read by everybody on the machine, a DSN may hold a password.
const Variable = "DRIFTLOCK_DSN"

// Usage is what --store says of itself.
const Usage = "the store: a PostgreSQL DSN or an SQLite file (default: $" + Variable + ", else " + sqlite.DefaultPath + ")"

// Help is a paragraph on it.
const Help = `The store is a PostgreSQL database (postgres://user:password@host:5432/driftlock, or host=... dbname=...) or an SQLite file. It is taken
from --store, else from the environment's ` + Variable + `, which keeps a password out of the process list, else it is ` + sqlite.DefaultPath + `.`

// Store is the store's DSN or path.
func Store(flag string) string {
	if flag != "" {
		return flag
	}
	if dsn := os.Getenv(Variable); dsn != "" {
		return dsn
	}
	return sqlite.DefaultPath
}

// IsDSN says whether a store is a database's DSN rather than a file's path.
func IsDSN(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") || strings.Contains(where, "=")
}
