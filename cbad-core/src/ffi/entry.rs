//! The functions of the C interface, one screen each.

use std::ffi::c_char;

use crate::calibrate::pool;
use crate::math;
use crate::metric::prior::{self, Pool};
use crate::volume::gaps::Gaps;
use crate::volume::Had;
use crate::Channel;

use super::abi::*;
use super::error::{entry, fail, with_last, Failure};
use super::raw;
use super::stream::{channels_of, shares_of, Stream};
use super::table::Table;

static STREAMS: Table<Stream> = Table::new();

/// Enters a stream and runs `f` in it; nothing unwinds past here, and a panic poisons the stream.
fn within(stream: cbad_stream, f: impl FnOnce(&mut Stream) -> Result<(), Failure>) -> i32 {
    entry(|| STREAMS.lease(stream)?.get()?.run(f))
}

fn check_abi(abi: u32) -> Result<(), Failure> {
    if abi != CBAD_ABI_VERSION {
        let why =
            format!("the caller was compiled for ABI {abi}, this core has {CBAD_ABI_VERSION}: rebuild the caller");
        return fail(CBAD_ABI, why);
    }
    Ok(())
}

/// Version of the interface this library has. Compare it with CBAD_ABI_VERSION before anything else.
#[no_mangle]
pub extern "C" fn cbad_abi_version() -> u32 {
    CBAD_ABI_VERSION
}

/// Version of the core as text, for example "0.1.0". Static, never freed.
#[no_mangle]
pub extern "C" fn cbad_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Makes a stream of the given kind (CBAD_LOGS, CBAD_METRICS, CBAD_TRACES) and writes its handle to out.
/// abi is the caller's CBAD_ABI_VERSION. Free it with cbad_stream_free.
/// Errors: CBAD_ABI, CBAD_NULL, CBAD_INVALID (the message names key, rule and value), CBAD_LIMIT.
///
/// # Safety
/// params must be readable and out writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_new(
    kind: u32,
    params: *const cbad_params,
    abi: u32,
    out: *mut cbad_stream,
) -> i32 {
    entry(|| {
        check_abi(abi)?;
        // SAFETY: the caller's contract, here and below; raw checks null and alignment.
        unsafe { raw::write("out", out, 0)? };
        let params = unsafe { raw::read("params", params)? }.to_params()?;
        let handle = STREAMS.insert(Box::new(Stream::new(kind, params)?))?;
        unsafe { raw::write("out", out, handle) }
    })
}

/// Frees a stream. Its handle is refused from then on, so freeing twice is CBAD_BAD_HANDLE and does no harm.
/// Errors: CBAD_BAD_HANDLE, CBAD_BUSY (not freed: another thread is inside).
#[no_mangle]
pub extern "C" fn cbad_stream_free(stream: cbad_stream) -> i32 {
    entry(|| {
        drop(STREAMS.remove(stream)?);
        Ok(())
    })
}

/// Adds a batch to the open window: record i is buf[offsets[i] .. offsets[i + 1]], so n records have n + 1 offsets,
/// the first 0, never falling, the last len. All or nothing: of a refused batch nothing is observed.
/// buf and offsets are read during the call only. Layouts, little endian, times in ns since the epoch:
///   logs     time u64 | trace id 16 bytes (zero: none) | severity u8 | 3 bytes 0 | text, any bytes
///   metrics  time u64 | family u64 | instance u64 | value f64 | tag u64 | kin u64 (the family that stands for all that
///            tell of the same values; family itself for a series of its own) | metric u64 (what it has in common with
///            series of other services: hash of the metric's name and the kind of resource)
///   traces   end u64 | trace id 16 bytes | parent u64 | operation u64 | caller u64 | duration ns u64 |
///            exclusive ns u64 | net ns i64 (INT64_MIN: none) | flags u64 (1: error, 2: a child ran in another service)
/// Errors: CBAD_BAD_BATCH, CBAD_NULL, CBAD_INVALID (misaligned), CBAD_BAD_HANDLE, CBAD_BUSY, CBAD_POISONED, CBAD_PANIC.
///
/// # Safety
/// buf must be readable for len bytes, offsets for n_offsets elements.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_observe(
    stream: cbad_stream,
    buf: *const u8,
    len: usize,
    offsets: *const u32,
    n_offsets: usize,
) -> i32 {
    within(stream, |s| {
        // SAFETY: the caller's contract; raw checks null, alignment and size.
        let bytes = unsafe { raw::slice("buf", buf, len)? };
        let offsets = unsafe { raw::slice("offsets", offsets, n_offsets)? };
        s.observe(bytes, offsets)
    })
}

/// Scores the open window against the stream's past, learns it unless it is quarantined or incomplete, and opens
/// the next one. What belongs to the window (points, requests, items, evidence) can be fetched until the next close.
/// Set struct_size of window and of out. All arguments are checked before the window is closed.
/// Errors: CBAD_ABI, CBAD_NULL, CBAD_INVALID, CBAD_BAD_HANDLE, CBAD_BUSY, CBAD_POISONED, CBAD_PANIC, CBAD_LIMIT.
///
/// # Safety
/// window must be readable, out readable and writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_close(
    stream: cbad_stream,
    window: *const cbad_window,
    out: *mut cbad_verdict,
) -> i32 {
    within(stream, |s| {
        // SAFETY: the caller's contract, here and below; raw checks null and alignment. Only struct_size of out need be set.
        let window = unsafe { raw::read("window", window)? }.to_window()?;
        cbad_verdict::check_size(unsafe { raw::read("out", out.cast::<u32>())? })?;
        raw::check("out", out)?;
        let verdict = s.close(&window)?;
        unsafe { raw::write("out", out, verdict) }
    })
}

/// Judges how many records a closed window of a log stream had beside the spans of its service in it, and learns that. Windows
/// come in order, each once and after its close; what is observed meanwhile does not matter. counted are the bits that the counts of
/// the window's lines and calls cost (statistic of kinds 3 and 6), which are not said again. out has one channel
/// (CBAD_VERDICT_QUARANTINED) where there were fewer records than usual, else none; its item and basis can be fetched until the
/// next close.
/// Errors: as cbad_stream_close; CBAD_INVALID of a stream that is not of logs, and where counted is negative or no number.
///
/// # Safety
/// window must be readable, out readable and writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_per_span(
    stream: cbad_stream,
    window: *const cbad_window,
    records: u64,
    spans: u64,
    counted: f64,
    out: *mut cbad_verdict,
) -> i32 {
    within(stream, |s| {
        // SAFETY: the caller's contract, here and below; raw checks null and alignment. Only struct_size of out need be set.
        let window = unsafe { raw::read("window", window)? }.to_window()?;
        cbad_verdict::check_size(unsafe { raw::read("out", out.cast::<u32>())? })?;
        raw::check("out", out)?;
        if counted.is_nan() || counted < 0.0 {
            return fail(CBAD_INVALID, format!("counted must not be negative (got {counted})"));
        }
        let verdict = s.per_span(&window, &Had { records, spans, counted })?;
        unsafe { raw::write("out", out, verdict) }
    })
}

/// Writes the verdicts on the points of the last close to out, cap of them at most, and their number to n.
/// Errors: CBAD_BUFFER_TOO_SMALL (n is what is needed, nothing was copied), CBAD_NULL, CBAD_INVALID and those of the handle.
///
/// # Safety
/// out must be writable for cap elements, n writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_points(
    stream: cbad_stream,
    out: *mut cbad_point,
    cap: usize,
    n: *mut usize,
) -> i32 {
    within(stream, |s| {
        let points = s.last().map_or(&[][..], |v| &v.points);
        // SAFETY: the caller's contract.
        unsafe { raw::copy_out("out", points, out, cap, n, |p| p.into()) }
    })
}

/// Writes the requests that the last close judged to out, cap of them at most, and their number to n.
/// Errors: as cbad_stream_points.
///
/// # Safety
/// out must be writable for cap elements, n writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_requests(
    stream: cbad_stream,
    out: *mut cbad_request,
    cap: usize,
    n: *mut usize,
) -> i32 {
    within(stream, |s| {
        let requests = s.last().map_or(&[][..], |v| &v.requests);
        // SAFETY: the caller's contract.
        unsafe { raw::copy_out("out", requests, out, cap, n, |r| r.into()) }
    })
}

/// Writes the items that cost the bits of the last close, as a JSON array (costliest first, at most 16), to buf and
/// its length in bytes to len. Ids are JSON numbers up to 2^64 - 1.
/// Errors: CBAD_BUFFER_TOO_SMALL (len is what is needed), CBAD_NULL and those of the handle.
///
/// # Safety
/// buf must be writable for cap bytes, len writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_items(stream: cbad_stream, buf: *mut u8, cap: usize, len: *mut usize) -> i32 {
    within(stream, |s| {
        let json = s.items()?;
        // SAFETY: the caller's contract.
        unsafe { raw::copy_out("buf", json, buf, cap, len, |b| *b) }
    })
}

/// Writes the evidence on the last close as a JSON object to buf and its length in bytes to len; length 0: there is none.
/// Ids are JSON numbers up to 2^64 - 1; a number that is not finite is null.
/// Errors: as cbad_stream_items.
///
/// # Safety
/// buf must be writable for cap bytes, len writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_evidence(stream: cbad_stream, buf: *mut u8, cap: usize, len: *mut usize) -> i32 {
    within(stream, |s| {
        let json = s.evidence()?;
        // SAFETY: the caller's contract.
        unsafe { raw::copy_out("buf", json, buf, cap, len, |b| *b) }
    })
}

/// Writes what the channels of the last close rest on, as a JSON array of {"channel", "basis"} in the order of the verdict's
/// channels, to buf and its length in bytes to len. cbad_recompute reads it. A number that is not finite is null.
/// Errors: as cbad_stream_items.
///
/// # Safety
/// buf must be writable for cap bytes, len writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_basis(stream: cbad_stream, buf: *mut u8, cap: usize, len: *mut usize) -> i32 {
    within(stream, |s| {
        let json = s.basis()?;
        // SAFETY: the caller's contract.
        unsafe { raw::copy_out("buf", json, buf, cap, len, |b| *b) }
    })
}

/// Computes channels again from what they rest on: JSON as cbad_stream_basis writes it, with nothing unknown in it. The
/// same core gives the same statistic, p and p_floor to the bit. Their number goes to n, what each adds to its window's bits
/// to bits (cap elements, as out).
/// Errors: CBAD_INVALID (not such JSON, the message says where), CBAD_BUFFER_TOO_SMALL, CBAD_NULL.
///
/// # Safety
/// json must be readable for len bytes, out and bits writable for cap elements, n writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_recompute(
    json: *const u8,
    len: usize,
    out: *mut cbad_channel,
    bits: *mut f64,
    cap: usize,
    n: *mut usize,
) -> i32 {
    entry(|| {
        // SAFETY: the caller's contract, here and below; raw checks null, alignment and size.
        let json = unsafe { raw::slice("json", json, len)? };
        let channels = channels_of(json)?;
        unsafe { raw::copy_out("bits", &channels, bits, cap, n, Channel::bits)? };
        unsafe { raw::copy_out("out", &channels, out, cap, n, |c| c.into()) }
    })
}

/// Computes the shares of a channel's items again from what they rest on: JSON of one element of the evidence's `terms`. They go
/// to shares in the order of the items, their number to n.
/// Errors: as cbad_recompute.
///
/// # Safety
/// json must be readable for len bytes, shares writable for cap elements, n writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_recompute_terms(
    json: *const u8,
    len: usize,
    shares: *mut f64,
    cap: usize,
    n: *mut usize,
) -> i32 {
    entry(|| {
        // SAFETY: the caller's contract, here and below; raw checks null, alignment and size.
        let json = unsafe { raw::slice("json", json, len)? };
        let again = shares_of(json)?;
        unsafe { raw::copy_out("shares", &again, shares, cap, n, |s| *s) }
    })
}

/// Writes a snapshot of the stream, open window included, to buf and its length in bytes to len. Call it with cap 0
/// for the length; the snapshot is kept for the next call. What the last close said is not part of it.
/// Errors: as cbad_stream_items.
///
/// # Safety
/// buf must be writable for cap bytes, len writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_save(stream: cbad_stream, buf: *mut u8, cap: usize, len: *mut usize) -> i32 {
    within(stream, |s| {
        let bytes = s.snapshot()?;
        // SAFETY: the caller's contract.
        unsafe { raw::copy_out("buf", bytes, buf, cap, len, |b| *b)? };
        s.drop_snapshot();
        Ok(())
    })
}

/// Makes a stream from a snapshot and writes its handle to out. It goes on bit for bit where the saved one stood, with
/// the saved parameters.
/// Errors: CBAD_SNAPSHOT_FOREIGN, _TRUNCATED, _DAMAGED, _OLDER, _NEWER; CBAD_ABI, CBAD_NULL, CBAD_LIMIT.
///
/// # Safety
/// buf must be readable for len bytes, out writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_load(buf: *const u8, len: usize, abi: u32, out: *mut cbad_stream) -> i32 {
    entry(|| {
        check_abi(abi)?;
        // SAFETY: the caller's contract, here and below; raw checks null, alignment and size.
        unsafe { raw::write("out", out, 0)? };
        let bytes = unsafe { raw::slice("buf", buf, len)? };
        let handle = STREAMS.insert(Box::new(Stream::load(bytes)?))?;
        unsafe { raw::write("out", out, handle) }
    })
}

/// Writes what the stream's series showed since this was last fetched to buf and its length in bytes to len; then it begins
/// anew. cbad_pool_add makes of it what cbad_stream_lend takes. Length 0: nothing, as always of logs and traces.
/// Errors: as cbad_stream_items.
///
/// # Safety
/// buf must be writable for cap bytes, len writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_share(stream: cbad_stream, buf: *mut u8, cap: usize, len: *mut usize) -> i32 {
    within(stream, |s| {
        // SAFETY: the caller's contract.
        unsafe { raw::copy_out("buf", s.shared(), buf, cap, len, |b| *b)? };
        s.drop_shared();
        Ok(())
    })
}

/// Takes from a pool what it lends to series that have too little past of their own, in the place of what was lent before.
/// Logs and traces take nothing.
/// Errors: CBAD_INVALID (no pool: the message says why), CBAD_NULL and those of the handle.
///
/// # Safety
/// pool must be readable for len bytes.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_lend(stream: cbad_stream, pool: *const u8, len: usize) -> i32 {
    within(stream, |s| {
        // SAFETY: the caller's contract; raw checks null and size.
        let bytes = unsafe { raw::slice("pool", pool, len)? };
        s.lend(&Pool::new(bytes).or_else(|why| fail(CBAD_INVALID, why))?);
        Ok(())
    })
}

/// Adds what streams shared to a pool, in place: buf holds the pool (the first pool_len bytes; none at first) and, behind it,
/// what they shared, one after the other, len bytes in all. Afterwards it holds the new pool, which is not longer, and len its
/// length. Of more than limit metrics those to which nothing was added for longest are left out; their number goes to left_out.
/// Errors: CBAD_INVALID (no pool, or not what was shared: the message says why; nothing was changed), CBAD_NULL.
///
/// # Safety
/// len must be readable and writable, buf readable and writable for len bytes, left_out writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_pool_add(
    buf: *mut u8,
    len: *mut usize,
    pool_len: usize,
    limit: usize,
    left_out: *mut usize,
) -> i32 {
    entry(|| {
        // SAFETY: the caller's contract, here and below; raw checks null, alignment and size.
        let all = unsafe { raw::slice("buf", buf.cast_const(), raw::read("len", len.cast_const())?)? };
        let Some((pool, shared)) = all.split_at_checked(pool_len) else {
            return fail(CBAD_INVALID, format!("pool_len is {pool_len}, more than all {} bytes", all.len()));
        };
        let pool = Pool::new(pool).or_else(|why| fail(CBAD_INVALID, why))?;
        let (bytes, without) = prior::add(&pool, shared, limit).or_else(|why| fail(CBAD_INVALID, why))?;
        let cap = all.len();
        unsafe { raw::write("left_out", left_out, without)? };
        unsafe { raw::copy_out("buf", &bytes, buf, cap, len, |b| *b) }
    })
}

/// Writes the stream's kind and parameters. Set struct_size of params. Either may be null.
/// Errors: CBAD_ABI, CBAD_INVALID (misaligned) and those of the handle.
///
/// # Safety
/// A kind or params that is not null must be readable and writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_describe(stream: cbad_stream, kind: *mut u32, params: *mut cbad_params) -> i32 {
    within(stream, |s| {
        if !kind.is_null() {
            // SAFETY: the caller's contract.
            unsafe { raw::write("kind", kind, s.kind())? };
        }
        if !params.is_null() {
            // SAFETY: the caller's contract; struct_size is the first field.
            cbad_params::check_size(unsafe { raw::read("params", params.cast::<u32>())? })?;
            // SAFETY: the caller's contract.
            unsafe { raw::write("params", params, cbad_params::from_params(s.params()))? };
        }
        Ok(())
    })
}

/// Changes evidence_p, quarantine_p, adopt_after, metric_level and warmup_windows of a stream to those of params, from
/// the next close on. The other parameters must be what they are: what the stream remembers was made with them.
/// Errors: CBAD_ABI, CBAD_NULL, CBAD_INVALID and those of the handle.
///
/// # Safety
/// params must be readable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_tune(stream: cbad_stream, params: *const cbad_params) -> i32 {
    within(stream, |s| {
        // SAFETY: the caller's contract.
        let params = unsafe { raw::read("params", params)? }.to_params()?;
        s.tune(&params)
    })
}

/// Writes approximately how many bytes of heap the stream holds.
/// Errors: CBAD_NULL, CBAD_INVALID (misaligned) and those of the handle.
///
/// # Safety
/// bytes must be writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_stream_memory(stream: cbad_stream, bytes: *mut u64) -> i32 {
    within(stream, |s| {
        let n = s.memory();
        // SAFETY: the caller's contract.
        unsafe { raw::write("bytes", bytes, n) }
    })
}

/// Combines n dependent p-values by their harmonic mean, n / (1/p1 + ... + 1/pn), at most 1, and writes the result and
/// its decades, -log10. n = 0 gives 1; a p that is not a number counts as 1. Either output may be null.
/// Errors: CBAD_NULL, CBAD_INVALID (misaligned).
///
/// # Safety
/// p must be readable for n elements, outputs that are not null writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_combine(p: *const f64, n: usize, p_out: *mut f64, decades_out: *mut f64) -> i32 {
    entry(|| {
        // SAFETY: the caller's contract, here and below; raw checks null, alignment and size.
        let ps = unsafe { raw::slice("p", p, n)? };
        let combined = if ps.iter().any(|p| p.is_nan()) {
            let ps: Vec<f64> = ps.iter().map(|&p| if p.is_nan() { 1.0 } else { p }).collect();
            math::harmonic_mean_p(&ps)
        } else {
            math::harmonic_mean_p(ps)
        };
        if !p_out.is_null() {
            unsafe { raw::write("p_out", p_out, combined)? };
        }
        if !decades_out.is_null() {
            unsafe { raw::write("decades_out", decades_out, math::decades(combined))? };
        }
        Ok(())
    })
}

/// The chance that n independent p-values have a product this small (Fisher's method), each counting four decades at
/// most. n = 0 gives 1; a p that is not a number counts as 1.
/// Errors: CBAD_NULL, CBAD_INVALID (misaligned).
///
/// # Safety
/// p must be readable for n elements, p_out writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_product(p: *const f64, n: usize, p_out: *mut f64) -> i32 {
    entry(|| {
        // SAFETY: the caller's contract; raw checks null, alignment and size.
        let ps = unsafe { raw::slice("p", p, n)? };
        let ps: Vec<f64> = ps.iter().map(|&p| if p.is_nan() { 1.0 } else { p }).collect();
        // SAFETY: as above.
        unsafe { raw::write("p_out", p_out, math::product_p(&ps))? };
        Ok(())
    })
}

/// The p at which the realised chance of the p-values in a pool is the given one, at most that itself, by the fitted tail
/// of the pool: bins counts windows by decades (-log10 of their p), width decades each. A thin pool gives p back.
/// Errors: CBAD_NULL, CBAD_INVALID (misaligned, width or p not above 0).
///
/// # Safety
/// bins must be readable for n elements, p_out writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_pool_level(bins: *const f64, n: usize, width: f64, p: f64, p_out: *mut f64) -> i32 {
    entry(|| {
        if !(width > 0.0 && p > 0.0) {
            return fail(CBAD_INVALID, format!("width and p must be above 0 (got {width} and {p})"));
        }
        // SAFETY: the caller's contract, here and below; raw checks null, alignment and size.
        let bins = unsafe { raw::slice("bins", bins, n)? };
        unsafe { raw::write("p_out", p_out, pool::level(bins, width, p)) }
    })
}

/// Learns a window without a gap.
/// Errors: CBAD_NULL, CBAD_INVALID (misaligned).
///
/// # Safety
/// gaps must be readable and writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_gaps_present(gaps: *mut cbad_gaps) -> i32 {
    // SAFETY: the caller's contract.
    unsafe { changed(gaps, Gaps::present) }
}

/// Learns that a gap of run windows is over.
/// Errors: CBAD_NULL, CBAD_INVALID (misaligned).
///
/// # Safety
/// gaps must be readable and writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_gaps_over(gaps: *mut cbad_gaps, run: u64) -> i32 {
    // SAFETY: the caller's contract.
    unsafe { changed(gaps, |g| g.ended(run, false)) }
}

/// The probability that after a window without a gap one of at least run windows follows.
/// Errors: CBAD_NULL, CBAD_INVALID (misaligned).
///
/// # Safety
/// gaps must be readable, p_out writable.
#[no_mangle]
pub unsafe extern "C" fn cbad_gaps_p(gaps: *const cbad_gaps, run: u64, p_out: *mut f64) -> i32 {
    entry(|| {
        // SAFETY: the caller's contract, here and below; raw checks null and alignment.
        let past = unsafe { raw::read("gaps", gaps)? };
        unsafe { raw::write("p_out", p_out, past_of(&past).p(run)) }
    })
}

unsafe fn changed(gaps: *mut cbad_gaps, change: impl FnOnce(&mut Gaps)) -> i32 {
    entry(|| {
        // SAFETY: the caller's contract, here and below; raw checks null and alignment.
        let mut past = past_of(&unsafe { raw::read("gaps", gaps.cast_const())? });
        change(&mut past);
        let Gaps { windows, begun, continued, ended, .. } = past;
        unsafe { raw::write("gaps", gaps, cbad_gaps { windows, begun, continued, ended }) }
    })
}

fn past_of(gaps: &cbad_gaps) -> Gaps {
    let cbad_gaps { windows, begun, continued, ended } = *gaps;
    Gaps { windows, begun, continued, ended, odd: 0.0 }
}

/// Copies the message of this thread's last failure to buf, cap bytes at most with the closing zero, and returns its
/// length without it. Call it on the thread that failed, before another call. A message is UTF-8, cut between characters.
///
/// # Safety
/// buf must be writable for cap bytes; null only with cap 0.
#[no_mangle]
pub unsafe extern "C" fn cbad_last_error(buf: *mut u8, cap: usize) -> usize {
    with_last(|message| {
        if !buf.is_null() && cap > 0 {
            let mut n = message.len().min(cap - 1);
            while !message.is_char_boundary(n) {
                n -= 1;
            }
            // SAFETY: n + 1 <= cap bytes are writable by the caller's contract, and a String of ours does not overlap them.
            unsafe {
                std::ptr::copy_nonoverlapping(message.as_ptr(), buf, n);
                buf.add(n).write(0);
            }
        }
        message.len()
    })
    .unwrap_or(0)
}
