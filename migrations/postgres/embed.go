// Package postgres holds the versions of the PostgreSQL schema as numbered SQL files.
// It does not run them; internal/store/postgres does.
package postgres

import "embed"

// Files are the migrations, one pair of .up.sql and .down.sql per version.
//
//go:embed *.sql
var Files embed.FS
