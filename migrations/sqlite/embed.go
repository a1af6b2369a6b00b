// Package sqlite holds the versions of the SQLite schema as numbered SQL files.
// It does not run them; internal/store/sqlite does.
package sqlite

import "embed"

// Files are the migrations, one pair of .up.sql and .down.sql per version.
//
//go:embed *.sql
var Files embed.FS
