// Package driftlockpostgres stores the anomalies and window items it sees in a PostgreSQL database.
// It does not store ordinary telemetry, and it does not serve queries; the driftlockapi extension does.
package driftlockpostgres
