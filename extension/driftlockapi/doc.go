// Package driftlockapi serves what the store holds over HTTP: anomalies, streams, health, and a first page for people,
// as the document says that it serves at /openapi.json.
// It does not detect anything and keeps no state of its own.
package driftlockapi
