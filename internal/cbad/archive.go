package cbad

// The Rust core is linked from cbad-core/target/release/libcbad_core.a, which only
// `make cbad-core-lib` makes. The same command writes archive_sha256.go, because Go does
// not look into archives that it links, nor into headers of other folders: without a source
// file that changes with them, `go build` would keep an old binary and `go test` an old result.
//
// The check below turns two missing files into one sentence that says what to do,
// instead of an undefined symbol here or hundreds of them in the linker.

/*
#cgo CFLAGS: -I${SRCDIR} -I${SRCDIR}/../../cbad-core/target/release
#if !__has_include(<libcbad_core.a>) || !__has_include(<archive_sha256.go>)
#error "the Rust core is not built: run `make cbad-core-lib` in the repository's root"
#endif
*/
import "C"

// ArchiveSHA256 tells which build of the Rust core this program was linked with.
const ArchiveSHA256 = archiveSHA256
