// Package driftlockanomalies lifts the anomalies out of a stream of logs, metrics or traces into a pipeline of logs that carries nothing else.
// It does not score or store anything, and it drops all ordinary telemetry.
package driftlockanomalies
