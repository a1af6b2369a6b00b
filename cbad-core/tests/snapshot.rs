//! Snapshots that were committed load today, and the stream says of its next window what it said then.
//!
//! `CBAD_BLESS=1 cargo test --test snapshot` writes the snapshots of a new `SNAPSHOT_FORMAT` and all expected verdicts
//! anew. It leaves a snapshot that is there alone: a stored type that changed without a new format fails here until the
//! format is raised. A verdict that changed alone (the models judge otherwise) may be blessed.

use std::fmt::Write as _;
use std::path::PathBuf;

use cbad_core::ffi::abi::*;
use cbad_core::ffi::entry::*;
use cbad_core::ffi::SNAPSHOT_FORMAT;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
/// Windows behind the snapshot, enough that every kind is ready; it is taken in the middle of the next.
const PAST: u64 = 200;

/// Small, so that the snapshots are small and the limits are met.
fn params() -> cbad_params {
    cbad_params {
        struct_size: size_of::<cbad_params>() as u32,
        adopt_after: 5,
        seed: 7,
        evidence_p: 1.0,
        quarantine_p: 1e-3,
        metric_level: 4.0,
        request_p: 1e-2,
        request_idle_ns: 30 * SECOND,
        max_records: 64,
        max_symbols: 16,
        max_requests: 8,
        max_sample_bytes: 1024,
        warmup_windows: 30,
        reserved: 0,
    }
}

/// Fails with the core's own message.
fn ok(status: i32) {
    if status != CBAD_OK {
        let mut why = [0u8; 512];
        // SAFETY: the buffer is as long as it is said to be.
        let n = unsafe { cbad_last_error(why.as_mut_ptr(), why.len()) }.min(why.len());
        panic!("status {status}: {}", String::from_utf8_lossy(&why[..n]));
    }
}

/// A stream behind its handle.
struct Stream(cbad_stream);

impl Drop for Stream {
    fn drop(&mut self) {
        assert_eq!(cbad_stream_free(self.0), CBAD_OK);
    }
}

impl Stream {
    fn new(kind: u32) -> Self {
        let (params, mut handle) = (params(), 0);
        // SAFETY: references to structures of ours, here and below.
        ok(unsafe { cbad_stream_new(kind, &params, CBAD_ABI_VERSION, &mut handle) });
        Stream(handle)
    }

    fn load(bytes: &[u8]) -> Self {
        let mut handle = 0;
        // SAFETY: see above.
        ok(unsafe { cbad_stream_load(bytes.as_ptr(), bytes.len(), CBAD_ABI_VERSION, &mut handle) });
        Stream(handle)
    }

    fn observe(&self, records: &[Vec<u8>]) {
        let mut offsets = vec![0u32];
        for r in records {
            offsets.push(offsets[offsets.len() - 1] + r.len() as u32);
        }
        let bytes = records.concat();
        // SAFETY: see above.
        ok(unsafe { cbad_stream_observe(self.0, bytes.as_ptr(), bytes.len(), offsets.as_ptr(), offsets.len()) });
    }

    fn close(&self, i: u64) -> cbad_verdict {
        let (start_ns, end_ns) = (i * MINUTE, (i + 1) * MINUTE);
        let window = cbad_window { struct_size: size_of::<cbad_window>() as u32, flags: 0, start_ns, end_ns };
        let mut out = cbad_verdict { struct_size: size_of::<cbad_verdict>() as u32, ..Default::default() };
        // SAFETY: see above.
        ok(unsafe { cbad_stream_close(self.0, &window, &mut out) });
        out
    }

    fn fetch(&self, call: unsafe extern "C" fn(cbad_stream, *mut u8, usize, *mut usize) -> i32) -> Vec<u8> {
        let mut n = 0;
        // SAFETY: see above.
        unsafe {
            if call(self.0, std::ptr::null_mut(), 0, &mut n) == CBAD_BUFFER_TOO_SMALL {
                let mut out = vec![0; n];
                ok(call(self.0, out.as_mut_ptr(), n, &mut n));
                return out;
            }
        }
        Vec::new()
    }
}

/// A layout of `record.rs`: numbers, then text.
fn record(numbers: &[u64], text: &str) -> Vec<u8> {
    let mut out: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    out.extend_from_slice(text.as_bytes());
    out
}

/// A number below `n` that looks random.
fn dice(a: u64, b: u64, n: u64) -> u64 {
    let h = (a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (h >> 33) % n
}

/// The records of window `i`, `odd` ones among them.
fn records(kind: u32, i: u64, odd: bool) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for k in 0..12 {
        let at = i * MINUTE + k * 4 * SECOND;
        let (die, trace) = (dice(i, k, 5), 1 + i * 12 + k);
        match kind {
            CBAD_LOGS => {
                let mut say = |after: u64, severity: u64, text: &str| {
                    // Every third record has no trace id.
                    let trace = if k % 3 == 0 { 0 } else { trace };
                    let mut r = record(&[at + after, 0, trace, severity], "");
                    r.truncate(28);
                    r.extend_from_slice(text.as_bytes());
                    out.push(r);
                };
                say(0, 9, &format!("GET /orders/{trace} accepted"));
                let word = ["cache", "disk", "peer", "origin", "cache"][die as usize];
                say(1000, 9, &format!("served from {word} in {die} ms"));
                if i % 7 == k {
                    say(2000, 9, &format!("job {} done", ["alpha", "beta", "gamma", "delta"][dice(i, 99, 4) as usize]));
                }
                if odd && k > 6 {
                    say(3000, 17, "connection to 10.0.0.7:5432 refused after 3 attempts");
                }
            }
            CBAD_METRICS => {
                let value = 10.0 * k as f64 + dice(i, k, 1000) as f64 / 1000.0 + if odd && k == 4 { 50.0 } else { 0.0 };
                // Instances come and go.
                let instance = if k > 8 { 1 + i / 80 } else { 1 };
                out.push(record(&[at, 1 + k / 2, instance + k % 2, value.to_bits(), k, 1 + k / 4, 100 + k / 6], ""));
            }
            _ => {
                let slow = if odd { 40 } else { 1 };
                let duration = (1_000_000 + 100_000 * dice(i, k, 10)) * slow;
                let operation = if odd && k == 7 { 999 } else { 11 + die };
                let net = if k % 2 == 0 { 50_000 + 1000 * die } else { i64::MIN as u64 };
                out.push(record(
                    &[
                        at,
                        trace,
                        trace,
                        1 + k % 3,
                        operation,
                        3 + k % 2,
                        duration,
                        duration / 2,
                        net,
                        u64::from(die == 0),
                    ],
                    "",
                ));
            }
        }
    }
    out
}

/// A stream with a past and half a window.
fn make(kind: u32) -> Stream {
    let stream = Stream::new(kind);
    for i in 0..PAST {
        stream.observe(&records(kind, i, i == 150));
        stream.close(i);
    }
    stream.observe(&records(kind, PAST, true)[..6]);
    stream
}

/// What is said of the window that was half full, and of an ordinary one after it.
fn verdicts(kind: u32, stream: &Stream) -> String {
    let mut out = String::new();
    stream.observe(&records(kind, PAST, true)[6..]);
    for i in [PAST, PAST + 1] {
        if i > PAST {
            stream.observe(&records(kind, i, false));
        }
        let verdict = stream.close(i);
        assert_ne!(verdict.flags & CBAD_VERDICT_READY, 0, "a stream that is warming up shows too little");
        let items = String::from_utf8(stream.fetch(cbad_stream_items)).expect("UTF-8");
        writeln!(out, "{verdict:#?}\n{}", items.replace("},{", "},\n{")).expect("to a string");
    }
    out
}

/// A snapshot without the fields of its header that a release may change: version and checksum.
fn body(snapshot: &[u8]) -> (&[u8], &[u8]) {
    (&snapshot[..16], &snapshot[48..])
}

fn check(kind: u32, name: &str) {
    let path = |what: &str| {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
        dir.join(format!("{name}.{SNAPSHOT_FORMAT}.{what}"))
    };
    let (snapshot, verdict) = (path("bin"), path("txt"));
    let bless = std::env::var_os("CBAD_BLESS").is_some();
    if bless && !snapshot.exists() {
        std::fs::write(&snapshot, make(kind).fetch(cbad_stream_save)).expect("write the snapshot");
    }
    let missing = "is missing: run `CBAD_BLESS=1 cargo test --test snapshot` and commit it";
    let saved = std::fs::read(&snapshot).unwrap_or_else(|e| panic!("{} {missing} ({e})", snapshot.display()));
    let stream = Stream::load(&saved);
    let again = stream.fetch(cbad_stream_save);
    assert!(body(&again) == body(&saved), "{name}: a stored type changed: raise SNAPSHOT_FORMAT, then bless");
    let said = verdicts(kind, &stream);
    if bless {
        std::fs::write(&verdict, &said).expect("write the verdict");
    }
    let want = std::fs::read_to_string(&verdict).unwrap_or_else(|e| panic!("{} {missing} ({e})", verdict.display()));
    assert!(
        said == want,
        "{name}: another verdict than {}. If a stored type changed its meaning, raise SNAPSHOT_FORMAT; if the models \
         judge otherwise, bless and commit. Now:\n{said}",
        verdict.display()
    );
}

#[test]
fn logs() {
    check(CBAD_LOGS, "logs");
}

#[test]
fn metrics() {
    check(CBAD_METRICS, "metrics");
}

#[test]
fn traces() {
    check(CBAD_TRACES, "traces");
}
