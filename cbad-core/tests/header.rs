//! The checked-in header is what the code says, and a C compiler lays its structures out as Rust does.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use cbad_core::ffi::abi::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn generated() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).expect("cbindgen.toml");
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(root().join("src/ffi/abi.rs"))
        .with_src(root().join("src/ffi/entry.rs"))
        .generate()
        .expect("cbindgen");
    let mut out = Vec::new();
    bindings.write(&mut out);
    let header = String::from_utf8(out).expect("UTF-8");
    // Rust's heading for what the caller must hold to; to a C reader all of it is the contract.
    header.trim_start().replace("//\n// # Safety\n// ", "// Pointers: ")
}

#[test]
fn header_is_generated_from_the_code() {
    let path = root().join("include/cbad.h");
    let want = generated();
    if std::env::var_os("CBAD_BLESS").is_some() {
        std::fs::write(&path, &want).expect("write include/cbad.h");
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        have == want,
        "include/cbad.h is not what src/ffi says: run `CBAD_BLESS=1 cargo test --test header` and commit it"
    );
}

/// A C compiler, where there is one. `make` needs one for cgo, so a missing one is worth a failure in CI.
fn cc(args: &[&str]) {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_string());
    let out = Command::new(&compiler).args(args).output().unwrap_or_else(|e| panic!("run {compiler}: {e}"));
    assert!(out.status.success(), "{compiler} {args:?}:\n{}", String::from_utf8_lossy(&out.stderr));
}

#[test]
fn c_lays_structures_out_as_rust_does() {
    let mut c = String::from("#include \"cbad.h\"\n");
    macro_rules! same {
        ($t:ident: $($field:ident),+) => {
            let name = stringify!($t);
            writeln!(c, "_Static_assert(sizeof({name}) == {}, \"{name}\");", size_of::<$t>()).unwrap();
            $(
                let (field, at) = (stringify!($field), std::mem::offset_of!($t, $field));
                writeln!(c, "_Static_assert(offsetof({name}, {field}) == {at}, \"{name}.{field}\");").unwrap();
            )+
        };
    }
    same!(cbad_params: struct_size, adopt_after, seed, evidence_p, quarantine_p, metric_level, request_p, request_idle_ns,
        max_records, max_symbols, max_requests, max_sample_bytes, warmup_windows, reserved);
    same!(cbad_gaps: windows, begun, continued, ended);
    same!(cbad_window: struct_size, flags, start_ns, end_ns);
    same!(cbad_channel: kind, reserved, statistic, p, p_floor);
    same!(cbad_verdict: struct_size, flags, window_start_ns, window_end_ns, records, records_over_cap, records_unusable,
        bits, p, p_floor, warmup_seen, warmup_needed, n_channels, n_items, n_points, n_requests, evicted, channels);
    same!(cbad_point: tag, time_ns, family, instance, value, severity, p, alert, reserved);
    same!(cbad_request: trace_id, start_ns, end_ns, score, p, events, anomalous, reserved);

    let dir = tempdir("layout");
    let source = dir.join("layout.c");
    std::fs::write(&source, c).expect("write layout.c");
    let include = format!("-I{}", root().join("include").display());
    let (source, object) = (source.display().to_string(), dir.join("layout.o").display().to_string());
    cc(&["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", &include, "-c", &source, "-o", &object]);
}

fn tempdir(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&dir).expect("make a directory for the test");
    dir
}
