// Package detect turns logs, metrics and traces into judged windows: it sequences arrivals, keeps event-time windows per
// service, feeds the streams of the Rust core, and combines what they say into anomalies and window items.
// It does not compute code lengths (internal/cbad does), and it neither sends nor stores what it says (a Sink does).
package detect
