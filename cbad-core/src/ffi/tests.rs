//! Misuse of the C interface, through the functions a C caller sees.

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use super::abi::*;
use super::entry::*;
use super::hook;
use super::{reseal, SNAPSHOT_FORMAT};
use crate::Params;

fn params() -> cbad_params {
    cbad_params::from_params(&Params::default())
}

fn message() -> String {
    let mut buf = [0_u8; 512];
    // SAFETY: the buffer is as long as said.
    let n = unsafe { cbad_last_error(buf.as_mut_ptr(), buf.len()) };
    String::from_utf8(buf[..n.min(buf.len() - 1)].to_vec()).expect("UTF-8")
}

fn new_with(kind: u32, p: cbad_params) -> cbad_stream {
    let mut s = 0;
    // SAFETY: both pointers are to live values.
    assert_eq!(unsafe { cbad_stream_new(kind, &p, CBAD_ABI_VERSION, &mut s) }, CBAD_OK, "{}", message());
    s
}

fn new(kind: u32) -> cbad_stream {
    new_with(kind, params())
}

/// A stream that panics at the given place.
fn hooked(at: u64) -> cbad_stream {
    new_with(hook::KIND, cbad_params { seed: at, ..params() })
}

fn observe(s: cbad_stream, bytes: &[u8], offsets: &[u32]) -> i32 {
    // SAFETY: the slices are as long as said.
    unsafe { cbad_stream_observe(s, bytes.as_ptr(), bytes.len(), offsets.as_ptr(), offsets.len()) }
}

fn window() -> cbad_window {
    cbad_window { struct_size: size_of::<cbad_window>() as u32, flags: 0, start_ns: 0, end_ns: 60_000_000_000 }
}

fn verdict() -> cbad_verdict {
    cbad_verdict { struct_size: size_of::<cbad_verdict>() as u32, ..Default::default() }
}

fn close(s: cbad_stream) -> (i32, cbad_verdict) {
    let mut v = verdict();
    // SAFETY: both pointers are to live values.
    (unsafe { cbad_stream_close(s, &window(), &mut v) }, v)
}

/// One record of the kind, made of bytes that are all the same.
fn record(kind: u32) -> Vec<u8> {
    let n = match kind {
        CBAD_LOGS => 40,
        CBAD_METRICS => 56,
        _ => 80,
    };
    let mut r = vec![0; n];
    r[..8].copy_from_slice(&30_000_000_000_u64.to_le_bytes());
    r
}

fn save(s: cbad_stream) -> Vec<u8> {
    let mut n = 0;
    // SAFETY: cap 0 needs no buffer.
    assert_eq!(unsafe { cbad_stream_save(s, null_mut(), 0, &mut n) }, CBAD_BUFFER_TOO_SMALL);
    let mut buf = vec![0; n];
    // SAFETY: the buffer is as long as said.
    assert_eq!(unsafe { cbad_stream_save(s, buf.as_mut_ptr(), n, &mut n) }, CBAD_OK);
    assert_eq!(n, buf.len());
    buf
}

fn load(bytes: &[u8]) -> (i32, cbad_stream) {
    let mut s = 0;
    // SAFETY: the slice is as long as said.
    (unsafe { cbad_stream_load(bytes.as_ptr(), bytes.len(), CBAD_ABI_VERSION, &mut s) }, s)
}

const KINDS: [u32; 3] = [CBAD_LOGS, CBAD_METRICS, CBAD_TRACES];

#[test]
fn versions() {
    assert_eq!(cbad_abi_version(), CBAD_ABI_VERSION);
    // SAFETY: the version is a static C string.
    let v = unsafe { CStr::from_ptr(cbad_version()) };
    assert_eq!(v.to_str(), Ok(env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_abi_is_refused() {
    let mut s = 7;
    // SAFETY: the pointers are to live values.
    unsafe {
        assert_eq!(cbad_stream_new(CBAD_LOGS, &params(), CBAD_ABI_VERSION + 1, &mut s), CBAD_ABI);
        assert!(
            message().contains(&format!("compiled for ABI {}, this core has {CBAD_ABI_VERSION}", CBAD_ABI_VERSION + 1)),
            "{}",
            message()
        );
        assert_eq!(cbad_stream_load(null(), 0, 0, &mut s), CBAD_ABI);
        let small = cbad_params { struct_size: 8, ..params() };
        assert_eq!(cbad_stream_new(CBAD_LOGS, &small, CBAD_ABI_VERSION, &mut s), CBAD_ABI);
        assert!(message().contains("params.struct_size is 8"), "{}", message());
        let s = new(CBAD_LOGS);
        let mut v = verdict();
        assert_eq!(cbad_stream_close(s, &cbad_window { struct_size: 0, ..window() }, &mut v), CBAD_ABI);
        v.struct_size = 3;
        assert_eq!(cbad_stream_close(s, &window(), &mut v), CBAD_ABI);
        assert_eq!(v.records, 0);
        assert_eq!(cbad_stream_describe(s, null_mut(), &mut cbad_params { struct_size: 1, ..params() }), CBAD_ABI);
        cbad_stream_free(s);
    }
}

#[test]
fn records_beside_spans_are_judged_by_logs_alone() {
    let beside = |s: cbad_stream, counted: f64| {
        let mut v = verdict();
        // SAFETY: both pointers are to live values.
        (unsafe { cbad_stream_per_span(s, &window(), 5, 50, counted, &mut v) }, v)
    };
    let (logs, traces) = (new(CBAD_LOGS), new(CBAD_TRACES));
    let (status, v) = beside(logs, 0.0);
    assert_eq!((status, v.records, v.n_channels, v.p), (CBAD_OK, 5, 0, 1.0), "{}", message());
    for counted in [-1.0, f64::NAN] {
        assert_eq!(beside(logs, counted).0, CBAD_INVALID);
        assert!(message().contains("counted must not be negative"), "{}", message());
    }
    assert_eq!(beside(traces, 0.0).0, CBAD_INVALID);
    assert!(message().contains("stream of logs"), "{}", message());
    // SAFETY: pointers are null, which is what is tested, or to live values.
    unsafe {
        assert_eq!(cbad_stream_per_span(logs, null(), 5, 50, 0.0, &mut verdict()), CBAD_NULL);
        assert_eq!(cbad_stream_per_span(logs, &window(), 5, 50, 0.0, null_mut()), CBAD_NULL);
        let mut old = cbad_verdict { struct_size: 3, ..verdict() };
        assert_eq!(cbad_stream_per_span(logs, &window(), 5, 50, 0.0, &mut old), CBAD_ABI);
    }
    for s in [logs, traces] {
        assert_eq!(cbad_stream_free(s), CBAD_OK);
    }
}

#[test]
fn null_pointers_are_refused() {
    let s = new(CBAD_METRICS);
    let mut other = 0;
    // SAFETY: pointers are null, which is what is tested, or to live values.
    unsafe {
        assert_eq!(cbad_stream_new(CBAD_LOGS, null(), CBAD_ABI_VERSION, &mut other), CBAD_NULL);
        assert_eq!(message(), "params is null");
        assert_eq!(cbad_stream_new(CBAD_LOGS, &params(), CBAD_ABI_VERSION, null_mut()), CBAD_NULL);
        assert_eq!(cbad_stream_observe(s, null(), 40, [0, 40].as_ptr(), 2), CBAD_NULL);
        assert_eq!(cbad_stream_observe(s, [0; 40].as_ptr(), 40, null(), 2), CBAD_NULL);
        assert_eq!(cbad_stream_observe(s, null(), 0, [0].as_ptr(), 1), CBAD_OK, "no record needs no buffer");
        assert_eq!(cbad_stream_close(s, null(), &mut verdict()), CBAD_NULL);
        assert_eq!(cbad_stream_close(s, &window(), null_mut()), CBAD_NULL);
        assert_eq!(cbad_stream_points(s, null_mut(), 0, null_mut()), CBAD_NULL);
        assert_eq!(cbad_stream_requests(s, null_mut(), 0, null_mut()), CBAD_NULL);
        assert_eq!(cbad_stream_items(s, null_mut(), 100, &mut 0), CBAD_NULL);
        assert_eq!(cbad_stream_evidence(s, null_mut(), 0, null_mut()), CBAD_NULL);
        assert_eq!(cbad_stream_save(s, null_mut(), 1 << 20, &mut 0), CBAD_NULL);
        assert_eq!(cbad_stream_load(null(), 100, CBAD_ABI_VERSION, &mut other), CBAD_NULL);
        assert_eq!(cbad_stream_load([0].as_ptr(), 1, CBAD_ABI_VERSION, null_mut()), CBAD_NULL);
        assert_eq!(cbad_stream_memory(s, null_mut()), CBAD_NULL);
        assert_eq!(cbad_stream_describe(s, null_mut(), null_mut()), CBAD_OK, "nothing asked");
        assert_eq!(cbad_stream_tune(s, null()), CBAD_NULL);
        assert_eq!(cbad_combine(null(), 2, null_mut(), null_mut()), CBAD_NULL);
        assert_eq!(cbad_combine(null(), 0, null_mut(), null_mut()), CBAD_OK);
        assert_eq!(cbad_last_error(null_mut(), 9), "p is null".len());
    }
    assert_eq!(close(s).0, CBAD_OK, "none of this hurt the stream");
    cbad_stream_free(s);
}

/// The pool with what was shared added: the status, the bytes, and how many metrics were left out.
fn add(pool: &[u8], shared: &[u8], limit: usize) -> (i32, Vec<u8>, usize) {
    let mut buf = [pool, shared].concat();
    let (mut len, mut left_out) = (buf.len(), 0);
    // SAFETY: the buffer is as long as said, the other pointers are to live values.
    let status = unsafe { cbad_pool_add(buf.as_mut_ptr(), &mut len, pool.len(), limit, &mut left_out) };
    buf.truncate(len);
    (status, buf, left_out)
}

#[test]
fn what_streams_share_goes_through_a_pool() {
    let (logs, s, t) = (new(CBAD_LOGS), new(CBAD_METRICS), new(CBAD_METRICS));
    let r = record(CBAD_METRICS);
    assert_eq!(observe(s, &r, &[0, r.len() as u32]), CBAD_OK);
    close(s);
    let mut shared = vec![0; 4096];
    let mut n = 0;
    // SAFETY: the buffers are as long as said.
    unsafe {
        assert_eq!(cbad_stream_share(logs, null_mut(), 0, &mut n), CBAD_OK);
        assert_eq!(n, 0, "logs share nothing");
        assert_eq!(cbad_stream_share(s, shared.as_mut_ptr(), 1, &mut n), CBAD_BUFFER_TOO_SMALL);
        assert_eq!(cbad_stream_share(s, shared.as_mut_ptr(), shared.len(), &mut n), CBAD_OK, "it was kept");
        shared.truncate(n);
        assert_eq!(cbad_stream_share(s, null_mut(), 0, &mut n), CBAD_OK);
        assert_eq!(n, 0, "and begins anew");
        assert_eq!(cbad_stream_share(s, null_mut(), 0, null_mut()), CBAD_NULL);
    }
    let (status, pool, left_out) = add(&[], &shared, 1);
    assert_eq!((status, pool.len(), left_out), (CBAD_OK, shared.len(), 0));
    assert_eq!(add(&pool, &shared, 0).2, 1);
    assert_eq!(add(&pool, &shared[1..], 1).0, CBAD_INVALID);
    assert!(message().starts_with("entries have "), "{}", message());
    // SAFETY: the slices are as long as said, or null, which must be refused.
    unsafe {
        for stream in [logs, t] {
            assert_eq!(cbad_stream_lend(stream, pool.as_ptr(), pool.len()), CBAD_OK);
            assert_eq!(cbad_stream_lend(stream, null(), 0), CBAD_OK, "an empty pool");
        }
        assert_eq!(cbad_stream_lend(t, pool.as_ptr(), pool.len() - 1), CBAD_INVALID);
        assert_eq!(cbad_stream_lend(t, null(), 9), CBAD_NULL);
        assert_eq!(cbad_pool_add(null_mut(), &mut 9, 0, 1, &mut n), CBAD_NULL);
        assert_eq!(cbad_pool_add(shared.as_mut_ptr(), null_mut(), 0, 1, &mut n), CBAD_NULL);
        assert_eq!(cbad_pool_add(shared.as_mut_ptr(), &mut 9, 10, 1, &mut n), CBAD_INVALID);
        assert_eq!(message(), "pool_len is 10, more than all 9 bytes");
        let mut len = shared.len();
        assert_eq!(cbad_pool_add(shared.as_mut_ptr(), &mut len, 0, 1, null_mut()), CBAD_NULL);
    }
    for stream in [logs, s, t] {
        cbad_stream_free(stream);
    }
}

#[test]
fn misaligned_pointers_and_absurd_lengths_are_refused() {
    let s = new(CBAD_METRICS);
    let room = [0_u64; 64];
    let odd = room.as_ptr().cast::<u8>().wrapping_add(1);
    // SAFETY: misaligned pointers must be refused before they are read; they point into `room` all the same.
    unsafe {
        assert_eq!(cbad_stream_observe(s, room.as_ptr().cast(), 40, odd.cast(), 2), CBAD_INVALID);
        assert_eq!(message(), "offsets is not aligned to 4 bytes");
        assert_eq!(cbad_stream_close(s, odd.cast(), &mut verdict()), CBAD_INVALID);
        assert_eq!(cbad_stream_observe(s, room.as_ptr().cast(), usize::MAX, room.as_ptr().cast(), 1), CBAD_INVALID);
        assert_eq!(cbad_stream_observe(s, room.as_ptr().cast(), 8, room.as_ptr().cast(), usize::MAX / 4), CBAD_INVALID);
        assert!(message().starts_with("offsets cannot have"), "{}", message());
        assert_eq!(cbad_combine(odd.cast(), 2, null_mut(), null_mut()), CBAD_INVALID);
    }
    cbad_stream_free(s);
}

#[test]
fn bad_arguments_are_named() {
    let mut s = 0;
    // SAFETY: the pointers are to live values.
    unsafe {
        for kind in [0, 4, u32::MAX] {
            assert_eq!(cbad_stream_new(kind, &params(), CBAD_ABI_VERSION, &mut s), CBAD_INVALID);
            assert_eq!(message(), format!("kind must be 1 logs, 2 metrics or 3 traces (got {kind})"));
        }
        for (p, says) in [
            (cbad_params { evidence_p: f64::NAN, ..params() }, "evidence_p must be in (0, 1] (got NaN)"),
            (cbad_params { metric_level: -1.0, ..params() }, "metric_level must be above 0 (got -1)"),
            (cbad_params { max_requests: 0, ..params() }, "max_requests must be at least 1 (got 0)"),
            (cbad_params { reserved: 5, ..params() }, "params.reserved must be 0 (got 5)"),
        ] {
            assert_eq!(cbad_stream_new(CBAD_LOGS, &p, CBAD_ABI_VERSION, &mut s), CBAD_INVALID);
            assert_eq!(message(), says);
        }
        let s = new(CBAD_LOGS);
        let mut v = verdict();
        for (w, says) in [
            (cbad_window { flags: 32, ..window() }, "window.flags has unknown bits 0x20"),
            (cbad_window { start_ns: 9, end_ns: 9, ..window() }, "window must end after it starts (got 9 to 9)"),
        ] {
            assert_eq!(cbad_stream_close(s, &w, &mut v), CBAD_INVALID);
            assert_eq!(message(), says);
        }
        cbad_stream_free(s);
    }
}

#[test]
fn bad_batches_are_refused_whole() {
    for kind in KINDS {
        let r = record(kind);
        let n = r.len() as u32;
        let two = [r.clone(), r.clone()].concat();
        let long = [r.clone(), vec![0; 27]].concat();
        let cases: [(&[u8], &[u32]); 9] = [
            (&r, &[]),
            (&r, &[1, n]),
            (&r, &[0, n + 1]),
            (&r, &[0, n - 1]),
            (&r, &[0]),
            (&two, &[0, n, n - 1, 2 * n]),
            (&two, &[0, u32::MAX, 2 * n]),
            (&r, &[0, n, n]),
            (&long, &[0, n, n + 27]),
        ];
        for (bytes, offsets) in cases {
            let s = new(kind);
            assert_eq!(observe(s, bytes, offsets), CBAD_BAD_BATCH, "kind {kind}, {offsets:?}");
            assert!(message().starts_with("batch refused: "), "{}", message());
            let (status, v) = close(s);
            assert_eq!((status, v.records), (CBAD_OK, 0), "kind {kind}, {offsets:?}");
            cbad_stream_free(s);
        }
    }
}

#[test]
fn small_buffers_get_the_needed_length_and_no_bytes() {
    let s = new(CBAD_LOGS);
    let want = save(s);
    let mut buf = vec![0xaa_u8; want.len()];
    let mut n = 0;
    // SAFETY: the buffers are at least as long as said.
    unsafe {
        assert_eq!(cbad_stream_save(s, buf.as_mut_ptr(), want.len() - 1, &mut n), CBAD_BUFFER_TOO_SMALL);
        assert_eq!(n, want.len());
        assert!(buf.iter().all(|&b| b == 0xaa), "nothing was written");
        assert_eq!(cbad_stream_save(s, buf.as_mut_ptr(), buf.len(), &mut n), CBAD_OK);
        assert_eq!(buf, want);
        assert_eq!(cbad_stream_items(s, buf.as_mut_ptr(), 1, &mut n), CBAD_BUFFER_TOO_SMALL);
        assert_eq!(n, 2);
        assert_eq!(cbad_stream_items(s, buf.as_mut_ptr(), 2, &mut n), CBAD_OK);
        assert_eq!(&buf[..2], b"[]");
        assert_eq!(cbad_stream_evidence(s, null_mut(), 0, &mut n), CBAD_OK);
        assert_eq!(n, 0, "no evidence before a close");
    }
    cbad_stream_free(s);
}

#[test]
fn a_snapshot_asked_for_is_not_a_stale_one() {
    let s = new(CBAD_LOGS);
    let mut n = 0;
    // SAFETY: cap 0 needs no buffer.
    unsafe { cbad_stream_save(s, null_mut(), 0, &mut n) };
    let r = record(CBAD_LOGS);
    assert_eq!(observe(s, &r, &[0, r.len() as u32]), CBAD_OK);
    let (status, loaded) = load(&save(s));
    assert_eq!(status, CBAD_OK);
    assert_eq!(close(loaded).1.records, 1, "the record came after the first question for the length");
    cbad_stream_free(s);
    cbad_stream_free(loaded);
}

#[test]
fn freed_and_forged_handles_are_refused() {
    let s = new(CBAD_LOGS);
    assert_eq!(cbad_stream_free(s), CBAD_OK);
    assert_eq!(cbad_stream_free(s), CBAD_BAD_HANDLE);
    assert_eq!(message(), "no such stream: it was freed");
    assert_eq!(observe(s, &[], &[0]), CBAD_BAD_HANDLE);
    assert_eq!(close(s).0, CBAD_BAD_HANDLE);
    let next = new(CBAD_LOGS);
    assert_ne!(next, s, "a handle never means two streams");
    for forged in [0, 1, u64::MAX, next ^ 0x8000_0000, next + (1 << 40), &raw const next as u64] {
        assert_eq!(cbad_stream_free(forged), CBAD_BAD_HANDLE, "{forged:#x}");
    }
    assert_eq!(cbad_stream_free(next), CBAD_OK);
}

#[test]
fn a_second_thread_is_turned_away() {
    let s = new(CBAD_LOGS);
    let r = record(CBAD_LOGS);
    let bytes = r.repeat(500);
    let offsets: Vec<u32> = (0..=500).map(|i| i * r.len() as u32).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let status = observe(s, &bytes, &offsets);
                    assert!(status == CBAD_OK || status == CBAD_BUSY, "{status}");
                }
            });
        }
    });
    let (status, v) = close(s);
    assert_eq!(status, CBAD_OK);
    assert!(v.records > 0 && v.records % 500 == 0, "{} records", v.records);
    cbad_stream_free(s);
}

#[test]
fn panics_stop_here_and_poison_the_stream() {
    let mut n = 0;
    let mut bytes = 0;
    // SAFETY: the pointers are null with cap 0, or to live values.
    unsafe {
        let p = cbad_params { seed: hook::IN_NEW, ..params() };
        let mut s = 7;
        assert_eq!(cbad_stream_new(hook::KIND, &p, CBAD_ABI_VERSION, &mut s), CBAD_PANIC);
        assert_eq!((s, message().as_str()), (0, "panic in the core: told to panic in new"));

        for (at, name) in [
            (hook::IN_OBSERVE, "observe"),
            (hook::IN_CLOSE, "close"),
            (hook::IN_SAVE, "save"),
            (hook::IN_MEMORY, "memory"),
            (hook::IN_EVIDENCE, "close"),
        ] {
            let s = hooked(at);
            let status = match at {
                hook::IN_OBSERVE => observe(s, &[], &[0]),
                hook::IN_CLOSE | hook::IN_EVIDENCE => close(s).0,
                hook::IN_SAVE => cbad_stream_save(s, null_mut(), 0, &mut n),
                _ => cbad_stream_memory(s, &mut bytes),
            };
            assert_eq!(status, CBAD_PANIC, "{name}");
            let why = message();
            assert!(why.starts_with("panic in the core: told to panic in "), "{why}");
            for status in [
                observe(s, &[], &[0]),
                close(s).0,
                cbad_stream_save(s, null_mut(), 0, &mut n),
                cbad_stream_memory(s, &mut bytes),
                cbad_stream_points(s, null_mut(), 0, &mut n),
                cbad_stream_requests(s, null_mut(), 0, &mut n),
                cbad_stream_items(s, null_mut(), 0, &mut n),
                cbad_stream_evidence(s, null_mut(), 0, &mut n),
                cbad_stream_describe(s, null_mut(), null_mut()),
                cbad_stream_tune(s, &params()),
            ] {
                assert_eq!(status, CBAD_POISONED, "{name}");
                assert_eq!(message(), format!("stream is poisoned by an earlier {why}"));
            }
            assert_eq!(cbad_stream_free(s), CBAD_OK, "a poisoned stream can be freed");
            assert_eq!(cbad_stream_free(s), CBAD_BAD_HANDLE);
        }
    }
    let s = hooked(hook::IN_DROP);
    assert_eq!(cbad_stream_free(s), CBAD_PANIC);
    assert_eq!(cbad_stream_free(s), CBAD_BAD_HANDLE, "gone all the same");
    let s = hooked(hook::ODD_PAYLOAD);
    assert_eq!(observe(s, &[], &[0]), CBAD_PANIC);
    assert_eq!(message(), "panic in the core, without a message");
    cbad_stream_free(s);
}

#[test]
fn a_panic_leaves_the_verdict_alone() {
    let s = hooked(hook::IN_CLOSE);
    let mut v = verdict();
    v.p = 0.25;
    // SAFETY: both pointers are to live values.
    assert_eq!(unsafe { cbad_stream_close(s, &window(), &mut v) }, CBAD_PANIC);
    assert_eq!(v.p, 0.25, "no half-written verdict");
    cbad_stream_free(s);
}

#[test]
fn a_first_window_is_not_held_against_a_stream() {
    for kind in KINDS {
        let s = new(kind);
        let r = record(kind);
        assert_eq!(observe(s, &r, &[0, r.len() as u32]), CBAD_OK);
        let (status, v) = close(s);
        assert_eq!((status, v.records, v.p), (CBAD_OK, 1, 1.0), "kind {kind}");
        assert_eq!(v.flags & (CBAD_VERDICT_QUARANTINED | CBAD_VERDICT_READY), 0, "kind {kind}");
        cbad_stream_free(s);
    }
}

#[test]
fn snapshots_tell_damage_from_age() {
    for kind in KINDS {
        let s = new(kind);
        let r = record(kind);
        assert_eq!(observe(s, &r, &[0, r.len() as u32]), CBAD_OK);
        let good = save(s);
        cbad_stream_free(s);

        let with = |f: &dyn Fn(&mut Vec<u8>)| {
            let mut b = good.clone();
            f(&mut b);
            load(&b)
        };
        let refused = |f: &dyn Fn(&mut Vec<u8>), status: i32, says: &str| {
            assert_eq!(with(f), (status, 0));
            assert!(message().contains(says), "{} does not say {says}", message());
        };
        refused(&|b| b.clear(), CBAD_SNAPSHOT_TRUNCATED, "0 bytes of 48");
        refused(&|b| b[0] ^= 1, CBAD_SNAPSHOT_FOREIGN, "CBADSNAP");
        refused(&|b| b[8] = 0, CBAD_SNAPSHOT_OLDER, "warm up anew");
        refused(&|b| b[8] = SNAPSHOT_FORMAT as u8 + 1, CBAD_SNAPSHOT_NEWER, "run the newer core");
        refused(&|b| b.push(0), CBAD_SNAPSHOT_DAMAGED, "1 bytes follow its end");
        refused(&|b| b[40] ^= 1, CBAD_SNAPSHOT_DAMAGED, "checksum");
        refused(&|b| b[47] = 1, CBAD_SNAPSHOT_DAMAGED, "checksum");
        refused(
            &|b| {
                b.push(0);
                reseal(b);
            },
            CBAD_SNAPSHOT_DAMAGED,
            "1 bytes too many in the body",
        );
        refused(
            &|b| {
                b.truncate(60);
                reseal(b);
            },
            CBAD_SNAPSHOT_DAMAGED,
            "body: ",
        );
        refused(
            &|b| {
                b[12] = 9;
                reseal(b);
            },
            CBAD_SNAPSHOT_DAMAGED,
            "header says kind 9",
        );
        // Cut anywhere and flipped anywhere (in steps, for large ones): never taken, never a crash.
        for cut in (0..good.len()).step_by(1 + good.len() / 500) {
            let (status, s) = load(&good[..cut]);
            assert_eq!((status, s), (CBAD_SNAPSHOT_TRUNCATED, 0), "cut at {cut}");
        }
        for at in (0..good.len()).step_by(1 + good.len() / 500) {
            let (status, s) = with(&|b| b[at] ^= 0x10);
            assert!(
                (CBAD_SNAPSHOT_FOREIGN..=CBAD_SNAPSHOT_NEWER).contains(&status) && s == 0,
                "flip at {at}: {status}"
            );
        }
        let (status, s) = load(&good);
        assert_eq!(status, CBAD_OK);
        assert_eq!(save(s), good);
        let mut described = params();
        let mut described_kind = 0;
        // SAFETY: both pointers are to live values.
        assert_eq!(unsafe { cbad_stream_describe(s, &mut described_kind, &mut described) }, CBAD_OK);
        assert_eq!((described_kind, described.max_records), (kind, params().max_records));
        cbad_stream_free(s);
    }
}

#[test]
fn thresholds_change_and_nothing_else_does() {
    for kind in [CBAD_LOGS, CBAD_METRICS, CBAD_TRACES] {
        let s = new(kind);
        let other = cbad_params {
            evidence_p: 0.5,
            quarantine_p: 0.25,
            adopt_after: 9,
            metric_level: 2.5,
            warmup_windows: 77,
            ..params()
        };
        let mut described = params();
        // SAFETY: the pointers are to live values.
        unsafe {
            assert_eq!(cbad_stream_tune(s, &other), CBAD_OK, "{}", message());
            assert_eq!(cbad_stream_describe(s, null_mut(), &mut described), CBAD_OK);
            assert_eq!((described.adopt_after, described.warmup_windows), (9, 77));
            assert_eq!((described.evidence_p, described.quarantine_p, described.metric_level), (0.5, 0.25, 2.5));
            for broken in [
                cbad_params { seed: 99, ..other },
                cbad_params { max_symbols: 99, ..other },
                cbad_params { request_p: 0.5, ..other },
                cbad_params { request_idle_ns: 1, ..other },
                cbad_params { max_records: 99, ..other },
            ] {
                assert_eq!(cbad_stream_tune(s, &broken), CBAD_INVALID);
                assert!(message().starts_with("only thresholds can change"), "{}", message());
            }
            assert_eq!(cbad_stream_tune(s, &cbad_params { evidence_p: 7.0, ..other }), CBAD_INVALID);
            assert_eq!(close(s).0, CBAD_OK);
            let saved = save(s);
            let (status, again) = load(&saved);
            assert_eq!(status, CBAD_OK);
            assert_eq!(save(again), saved);
            assert_eq!(cbad_stream_describe(again, null_mut(), &mut described), CBAD_OK);
            assert_eq!(described.warmup_windows, 77);
            cbad_stream_free(again);
            cbad_stream_free(s);
        }
    }
}

#[test]
fn combined_p() {
    let combine = |ps: &[f64]| {
        let (mut p, mut d) = (0.0, 0.0);
        // SAFETY: the pointers are to live values.
        assert_eq!(unsafe { cbad_combine(ps.as_ptr(), ps.len(), &mut p, &mut d) }, CBAD_OK);
        (p, d)
    };
    assert_eq!(combine(&[]), (1.0, 0.0));
    assert_eq!(combine(&[f64::NAN, 1.0]), (1.0, 0.0));
    let (p, d) = combine(&[1e-6, 1.0]);
    assert!((p - 2.0 / (1e6 + 1.0)).abs() < 1e-18 && (d + libm::log10(p)).abs() < 1e-12);
    let (p, d) = combine(&[0.0, -3.0, f64::INFINITY]);
    assert!(p > 0.0 && p < 1e-299 && d > 299.0);
}

#[test]
fn product_of_ps() {
    let product = |ps: &[f64]| {
        let mut p = 0.0;
        // SAFETY: the pointers are to live values.
        assert_eq!(unsafe { cbad_product(ps.as_ptr(), ps.len(), &mut p) }, CBAD_OK);
        p
    };
    assert_eq!(product(&[]), 1.0);
    assert_eq!(product(&[f64::NAN, 7.0]), 1.0);
    assert!((product(&[-1.0, 0.0]) - 1e-8 * (1.0 + 8.0 * std::f64::consts::LN_10)).abs() < 1e-12);
    // SAFETY: null is what is tested.
    assert_eq!(unsafe { cbad_product([0.5].as_ptr(), 1, null_mut()) }, CBAD_NULL);
}

#[test]
fn messages_are_cut_between_characters() {
    // "−" in no message of ours; a panic's message may hold anything.
    super::error::entry(|| super::error::fail(CBAD_INVALID, "aé"));
    let mut buf = [0xff_u8; 3];
    // SAFETY: the buffer is as long as said.
    let n = unsafe { cbad_last_error(buf.as_mut_ptr(), 3) };
    assert_eq!((n, &buf), (3, &[b'a', 0, 0xff]));
}
