// Package driftlocksqlite stores the anomalies and window items it sees in an SQLite file.
// It does not store ordinary telemetry, and it does not serve queries; the driftlockapi extension does.
package driftlocksqlite
