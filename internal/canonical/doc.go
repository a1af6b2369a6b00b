// Package canonical turns logs, metric points and spans into the flat records that the Rust core reads, deterministically
// and without an allocation per item. It does not window, queue or score, and keeps nothing of the data but names.
package canonical
