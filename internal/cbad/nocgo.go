//go:build !cgo

package cbad

// A constant of the wrong type, so that the compiler itself says what is missing.
const _ int = "driftlock needs cgo for its Rust core: install a C compiler, set CGO_ENABLED=1, run `make cbad-core-lib`"
