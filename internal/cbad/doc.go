// Package cbad is the Go side of the Rust core: it carries batches of records into streams and verdicts out of them.
// It knows nothing of OTLP or services, and decides nothing: canonical writes the records, detect reads the verdicts.
//
// It is the only package with import "C". The core's archive comes from `make cbad-core-lib`.
//
// A Stream belongs to one goroutine at a time. A second one that calls into it is refused with StatusBusy, not
// queued: there is no lock on the way. After Free, and after a panic in the core (StatusPoisoned), every call but
// Free is an error and none crashes.
package cbad
