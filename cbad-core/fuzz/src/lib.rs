//! What the fuzz targets do with their input; the ordinary tests replay the corpora through the same functions.
//!
//! They use the crate as a C caller does and hold it to three things: no call panics, every verdict is a
//! probability, and a stream that is saved and loaded between windows, and gets its records in another order and
//! other batches, says the same bit for bit.

use std::ptr::null_mut;

use cbad_core::ffi::abi::*;
use cbad_core::ffi::entry::*;
use cbad_core::ffi::reseal;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
/// Windows and records after which an input has said enough.
const MAX_WINDOWS: u64 = 96;
const MAX_RECORDS: usize = 4096;

/// The message of the last failure.
pub fn message() -> String {
    let mut buf = vec![0; 1024];
    // SAFETY: the buffer is as long as said.
    let n = unsafe { cbad_last_error(buf.as_mut_ptr(), buf.len()) };
    buf.truncate(n.min(1023));
    String::from_utf8_lossy(&buf).into_owned()
}

/// Bytes of the input, zero when it is used up.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        let (head, tail) = self.0.split_at(n.min(self.0.len()));
        self.0 = tail;
        head
    }

    fn u8(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn u16(&mut self) -> u16 {
        u16::from(self.u8()) << 8 | u16::from(self.u8())
    }

    fn u64(&mut self) -> u64 {
        (0..8).fold(0, |v, _| v << 8 | u64::from(self.u8()))
    }
}

/// A stream that is freed when it goes.
pub struct Owned(pub cbad_stream);

impl Drop for Owned {
    fn drop(&mut self) {
        cbad_stream_free(self.0);
    }
}

impl Owned {
    pub fn new(kind: u32, params: &cbad_params) -> Self {
        let mut s = 0;
        // SAFETY: both pointers are to live values.
        let status = unsafe { cbad_stream_new(kind, params, CBAD_ABI_VERSION, &mut s) };
        assert_eq!(status, CBAD_OK, "new: {}", message());
        Owned(s)
    }

    pub fn load(bytes: &[u8]) -> Result<Self, i32> {
        let mut s = 0;
        // SAFETY: the slice is as long as said, the other pointer is to a live value.
        match unsafe { cbad_stream_load(bytes.as_ptr(), bytes.len(), CBAD_ABI_VERSION, &mut s) } {
            CBAD_OK => Ok(Owned(s)),
            status => Err(status),
        }
    }

    pub fn save(&self) -> Result<Vec<u8>, i32> {
        // SAFETY: fetch passes a buffer that is as long as it says.
        fetch(|buf, cap, n| unsafe { cbad_stream_save(self.0, buf, cap, n) })
    }

    pub fn share(&self) -> Result<Vec<u8>, i32> {
        // SAFETY: fetch passes a buffer that is as long as it says.
        fetch(|buf, cap, n| unsafe { cbad_stream_share(self.0, buf, cap, n) })
    }

    pub fn lend(&self, pool: &[u8]) -> i32 {
        // SAFETY: the slice is as long as said.
        unsafe { cbad_stream_lend(self.0, pool.as_ptr(), pool.len()) }
    }

    pub fn observe(&self, bytes: &[u8], offsets: &[u32]) -> i32 {
        // SAFETY: the slices are as long as said.
        unsafe { cbad_stream_observe(self.0, bytes.as_ptr(), bytes.len(), offsets.as_ptr(), offsets.len()) }
    }

    /// Observes records in batches of `per`.
    fn observe_all<'r>(&self, records: impl Iterator<Item = &'r Vec<u8>>, per: usize) {
        let records: Vec<_> = records.collect();
        for some in records.chunks(per) {
            let mut bytes = Vec::new();
            let mut offsets = vec![0];
            for r in some {
                bytes.extend_from_slice(r);
                offsets.push(bytes.len() as u32);
            }
            assert_eq!(self.observe(&bytes, &offsets), CBAD_OK, "observe: {}", message());
        }
    }

    /// Everything a close says, or its status.
    pub fn close(&self, window: &cbad_window) -> Result<Said, i32> {
        let mut v = cbad_verdict { struct_size: size_of::<cbad_verdict>() as u32, ..Default::default() };
        let (mut points, mut requests) = (Vec::new(), Vec::new());
        let mut n = 0;
        // SAFETY: pointers are to live values, buffers as long as said.
        unsafe {
            ok(cbad_stream_close(self.0, window, &mut v))?;
            points.resize(v.n_points as usize, cbad_point::default());
            ok(cbad_stream_points(self.0, points.as_mut_ptr(), points.len(), &mut n))?;
            requests.resize(v.n_requests as usize, cbad_request::default());
            ok(cbad_stream_requests(self.0, requests.as_mut_ptr(), requests.len(), &mut n))?;
        }
        self.said(v, points, requests)
    }

    /// What is said of records beside spans, or the status.
    pub fn per_span(&self, window: &cbad_window, records: u64, spans: u64, counted: f64) -> Result<Said, i32> {
        let mut v = cbad_verdict { struct_size: size_of::<cbad_verdict>() as u32, ..Default::default() };
        // SAFETY: pointers are to live values.
        ok(unsafe { cbad_stream_per_span(self.0, window, records, spans, counted, &mut v) })?;
        self.said(v, Vec::new(), Vec::new())
    }

    fn said(&self, verdict: cbad_verdict, points: Vec<cbad_point>, requests: Vec<cbad_request>) -> Result<Said, i32> {
        // SAFETY: fetch passes a buffer that is as long as it says.
        let items = fetch(|buf, cap, n| unsafe { cbad_stream_items(self.0, buf, cap, n) })?;
        // SAFETY: as above.
        let evidence = fetch(|buf, cap, n| unsafe { cbad_stream_evidence(self.0, buf, cap, n) })?;
        Ok(Said { verdict, points, requests, items, evidence })
    }
}

fn ok(status: i32) -> Result<(), i32> {
    if status == CBAD_OK {
        Ok(())
    } else {
        Err(status)
    }
}

fn fetch(call: impl Fn(*mut u8, usize, *mut usize) -> i32) -> Result<Vec<u8>, i32> {
    let mut n = 0;
    match call(null_mut(), 0, &mut n) {
        CBAD_BUFFER_TOO_SMALL => {
            let mut buf = vec![0; n];
            ok(call(buf.as_mut_ptr(), n, &mut n))?;
            buf.truncate(n);
            Ok(buf)
        }
        CBAD_OK => Ok(Vec::new()),
        status => Err(status),
    }
}

/// Everything that is said about one window.
pub struct Said {
    pub verdict: cbad_verdict,
    pub points: Vec<cbad_point>,
    pub requests: Vec<cbad_request>,
    pub items: Vec<u8>,
    pub evidence: Vec<u8>,
}

impl Said {
    /// Every p is one, every number is finite, every count fits.
    pub fn check(&self) {
        let v = &self.verdict;
        let p = |name: &str, p: f64| assert!(p > 0.0 && p <= 1.0, "{name} is no probability: {p} in {v:?}");
        p("p", v.p);
        p("p_floor", v.p_floor);
        assert!(v.bits.is_finite(), "bits {v:?}");
        for c in &v.channels[..v.n_channels as usize] {
            p("channel p", c.p);
            p("channel p_floor", c.p_floor);
            assert!(c.statistic.is_finite() && (1..=14).contains(&c.kind), "{c:?}");
        }
        assert!(v.records_over_cap <= v.records && v.records_unusable <= v.records, "{v:?}");
        assert!(v.n_items <= 16, "{v:?}");
        let both = CBAD_VERDICT_LEARNT | CBAD_VERDICT_QUARANTINED;
        assert!(v.flags & both != both || v.flags & CBAD_VERDICT_ADOPTED != 0 || v.p <= 1.0, "{v:?}");
        for q in &self.points {
            p("point p", q.p);
            assert!(q.severity.is_finite(), "{q:?}");
        }
        for r in &self.requests {
            p("request p", r.p);
            assert!(r.score.is_finite() && r.score >= 0.0 && r.start_ns <= r.end_ns, "{r:?}");
        }
        for json in [&self.items, &self.evidence] {
            assert!(std::str::from_utf8(json).is_ok(), "JSON is UTF-8");
        }
        assert!(self.evidence.is_empty() != (v.flags & CBAD_VERDICT_EVIDENCE != 0), "{v:?}");
    }

    /// All of it as text: floats print with every digit that tells them apart. Points come in the order they were
    /// observed, which the caller chose, so they are compared as a set.
    pub fn text(&self) -> String {
        let mut points: Vec<String> = self.points.iter().map(|p| format!("{p:?}")).collect();
        points.sort();
        let (items, evidence) = (String::from_utf8_lossy(&self.items), String::from_utf8_lossy(&self.evidence));
        format!("{:?}\n{}\n{:?}\n{items}\n{evidence}", self.verdict, points.join("\n"), self.requests)
    }
}

/// Parameters small enough that limits are met, and with p so large that quarantine and evidence happen.
fn params(input: &mut Input<'_>) -> cbad_params {
    let choice = input.u8();
    let bit = |i: u8| choice >> i & 1 == 1;
    cbad_params {
        struct_size: size_of::<cbad_params>() as u32,
        adopt_after: if bit(0) { 1 } else { 3 },
        seed: 1,
        evidence_p: if bit(1) { 1.0 } else { 0.05 },
        quarantine_p: if bit(2) { 0.3 } else { 1e-3 },
        metric_level: if bit(3) { f64::INFINITY } else { 2.0 },
        request_p: if bit(4) { 0.3 } else { 1e-3 },
        request_idle_ns: if bit(5) { 0 } else { 30 * SECOND },
        max_records: MAX_RECORDS as u32 * 2,
        max_symbols: if bit(6) { 16 } else { 4096 },
        max_requests: if bit(7) { 2 } else { 64 },
        max_sample_bytes: if bit(1) { 1024 } else { 65_536 },
        warmup_windows: 3,
        reserved: 0,
    }
}

const TEXTS: [&str; 8] = [
    "user {} logged in from 10.0.0.{}",
    "GET /api/v1/orders/{} 200 in {} ms",
    "connection to db-{} lost after {} s: timeout",
    "panic: index {} out of range [0:{}]",
    "job 7f3a{}c1-77aa-4d0e-9b1a-00{}1d2e3f4a5b6c done",
    "",
    "{}{}",
    "cache miss key=user:{} shard={} ttl=2024-01-02T03:04:05Z",
];

/// One record of the kind, its time within the window unless the input asks for any.
fn record(kind: u32, start: u64, input: &mut Input<'_>) -> Vec<u8> {
    let shape = input.u8();
    let time = if shape >= 250 { input.u64() } else { start + u64::from(input.u16()) * (MINUTE / 65_536) };
    let mut r = time.to_le_bytes().to_vec();
    let word = |r: &mut Vec<u8>, v: u64| r.extend_from_slice(&v.to_le_bytes());
    let id = |b: u8| u64::from(b).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    if kind == CBAD_METRICS {
        let (family, instance) = (input.u8() % 5, input.u8() % 2);
        word(&mut r, id(family + 1));
        word(&mut r, id(instance + 1));
        let value = match shape % 8 {
            0 => f64::from_bits(input.u64()),
            1..=4 => f64::from(input.u8()),
            _ => f64::from(input.u16()) / 100.0,
        };
        word(&mut r, value.to_bits());
        word(&mut r, u64::from(shape));
        word(&mut r, id(family / 2 * 2 + 1));
        word(&mut r, id(family / 3 + 100));
        return r;
    }
    let mut trace = [0; 16];
    trace[0] = input.u8() % 8;
    r.extend_from_slice(&trace);
    if kind == CBAD_LOGS {
        r.extend_from_slice(&[input.u8() % 25, 0, 0, 0]);
        if shape % 4 == 3 {
            let n = usize::from(input.u8());
            r.extend_from_slice(input.take(n));
        } else {
            let text = TEXTS[usize::from(input.u8()) % TEXTS.len()];
            let (a, b) = (input.u8().to_string(), input.u16().to_string());
            r.extend_from_slice(text.replacen("{}", &a, 1).replacen("{}", &b, 1).as_bytes());
        }
        return r;
    }
    let (parent, operation, caller) = (input.u8() % 6, input.u8() % 6, input.u8() % 3);
    word(&mut r, id(parent));
    word(&mut r, id(operation + 1));
    word(&mut r, id(caller));
    let duration = if shape % 8 == 0 { input.u64() } else { u64::from(input.u16()) * 1000 };
    word(&mut r, duration);
    word(&mut r, if shape % 16 == 0 { input.u64() } else { duration / 2 });
    word(&mut r, if caller == 0 { i64::MIN as u64 } else { input.u64() >> (shape % 64) });
    word(&mut r, u64::from(shape & 3));
    r
}

/// Windows of records of one kind, out of the input, through two streams that must agree.
pub fn observe(kind: u32, data: &[u8]) {
    let mut input = Input(data);
    let params = params(&mut input);
    let plain = Owned::new(kind, &params);
    let mut twin = Owned::new(kind, &params);
    let mut records: Vec<Vec<u8>> = Vec::new();
    let (mut windows, mut seen) = (0, 0);
    let mut pool = Vec::new();
    while !input.0.is_empty() && windows < MAX_WINDOWS && seen < MAX_RECORDS {
        let start = (1_000_000 + windows) * MINUTE;
        let op = input.u8();
        match op % 8 {
            0..=3 => records.push(record(kind, start, &mut input)),
            4 => {
                let r = record(kind, start, &mut input);
                records.extend(std::iter::repeat_n(r, usize::from(op / 8)));
            }
            5 => {
                // Whatever bytes and offsets: refused or taken, never worse; and by both alike.
                let n = usize::from(input.u8());
                let bytes = input.take(n).to_vec();
                let offsets: Vec<u32> = (0..op / 8 % 5).map(|_| u32::from(input.u8())).collect();
                let status = plain.observe(&bytes, &offsets);
                assert!(status == CBAD_OK || status == CBAD_BAD_BATCH, "status {status}: {}", message());
                assert_eq!(twin.observe(&bytes, &offsets), status);
                seen += 1;
            }
            6 => {
                close_both(kind, &plain, &mut twin, &records, windows, u32::from(op / 8));
                share_both(&plain, &twin, &mut pool);
                seen += records.len();
                records.clear();
                windows += 1;
            }
            _ => {
                // The same again, minute after minute: past warm-up in few bytes.
                for _ in 0..=op / 8 {
                    close_both(kind, &plain, &mut twin, &records, windows, 0);
                    seen += records.len();
                    windows += 1;
                    for r in &mut records {
                        let mut t = [0; 8];
                        t.copy_from_slice(&r[..8]);
                        r[..8].copy_from_slice(&u64::from_le_bytes(t).wrapping_add(MINUTE).to_le_bytes());
                    }
                }
                records.clear();
            }
        }
    }
    close_both(kind, &plain, &mut twin, &records, windows, CBAD_WINDOW_LAST);
}

fn close_both(kind: u32, plain: &Owned, twin: &mut Owned, records: &[Vec<u8>], window: u64, flags: u32) {
    plain.observe_all(records.iter(), records.len().max(1));
    twin.observe_all(records.iter().rev(), 3);
    let start_ns = (1_000_000 + window) * MINUTE;
    let w = cbad_window {
        struct_size: size_of::<cbad_window>() as u32,
        flags: flags & 7,
        start_ns,
        end_ns: start_ns + MINUTE,
    };
    let reloaded = |s: &Owned| {
        let bytes = s.save().unwrap_or_else(|e| panic!("save: {e}: {}", message()));
        Owned::load(&bytes).unwrap_or_else(|e| panic!("load: {e}: {}", message()))
    };
    if window % 2 == 0 {
        *twin = reloaded(twin);
    }
    let said = |s: &Owned| s.close(&w).unwrap_or_else(|e| panic!("close: {e}: {}", message()));
    let (a, b) = (said(plain), said(twin));
    a.check();
    assert_eq!(a.text(), b.text(), "window {window}: order of arrival or a snapshot changed the verdict");
    *twin = reloaded(twin);
    if kind == CBAD_LOGS {
        // Any number of spans; what lines cost is not said again in some windows.
        let beside =
            |s: &Owned| s.per_span(&w, a.verdict.records, window * 37 % 64, a.verdict.bits * (window % 2) as f64);
        let (a, b) = (beside(plain), beside(twin));
        let (a, b) = a.and_then(|a| Ok((a, b?))).unwrap_or_else(|e| panic!("per span: {e}: {}", message()));
        a.check();
        assert_eq!(a.text(), b.text(), "window {window}: a snapshot changed what is said beside spans");
    }
}

/// What both show is the same, and is lent to both.
fn share_both(plain: &Owned, twin: &Owned, pool: &mut Vec<u8>) {
    let shared = plain.share().unwrap_or_else(|e| panic!("share: {e}: {}", message()));
    assert_eq!(twin.share().as_ref(), Ok(&shared), "order of arrival or a snapshot changed what is shared");
    *pool = add(pool, &shared, 3).unwrap_or_else(|e| panic!("add: {e}: {}", message()));
    for s in [plain, twin] {
        assert_eq!(s.lend(pool), CBAD_OK, "lend: {}", message());
    }
}

fn add(pool: &[u8], shared: &[u8], limit: usize) -> Result<Vec<u8>, i32> {
    let mut buf = [pool, shared].concat();
    let (mut len, mut left_out) = (buf.len(), 0);
    // SAFETY: the buffer is as long as said, the other pointers are to live values.
    ok(unsafe { cbad_pool_add(buf.as_mut_ptr(), &mut len, pool.len(), limit, &mut left_out) })?;
    buf.truncate(len);
    Ok(buf)
}

/// Any bytes as a pool and as what was shared: refused, or taken and then a pool of at most so many metrics.
pub fn pool(data: &[u8]) {
    let mut input = Input(data);
    let (at, limit) = (usize::from(input.u16()), usize::from(input.u8() % 4));
    let (pool, shared) = input.0.split_at(at.min(input.0.len()));
    let stream = Owned::new(CBAD_METRICS, &params(&mut Input(&[0])));
    match add(pool, shared, limit) {
        Ok(sum) => {
            assert_eq!(add(&sum, &[], limit).map(|again| again.len()), Ok(sum.len()));
            assert_eq!(stream.lend(&sum), CBAD_OK, "lend: {}", message());
        }
        Err(status) => assert_eq!(status, CBAD_INVALID, "{}", message()),
    }
    let status = stream.lend(pool);
    assert!(status == CBAD_OK || status == CBAD_INVALID, "status {status}: {}", message());
    use_it(CBAD_METRICS, &stream);
}

/// Any bytes as a snapshot, and a good snapshot with bytes changed behind a good checksum. The first must be refused
/// by status. The second is a forgery: it may be refused, or poison its stream, but must not crash, hang or exhaust.
pub fn load(data: &[u8]) {
    if let Err(status) = Owned::load(data) {
        assert!((CBAD_SNAPSHOT_FOREIGN..=CBAD_SNAPSHOT_NEWER).contains(&status), "status {status}: {}", message());
    }
    let mut input = Input(data);
    let kind = u32::from(input.u8() % 3) + 1;
    let mut snapshot = trained(kind);
    while !input.0.is_empty() {
        let at = 48 + usize::from(input.u16()) % (snapshot.len() - 48);
        snapshot[at] = input.u8();
    }
    reseal(&mut snapshot);
    if let Ok(stream) = Owned::load(&snapshot) {
        use_it(kind, &stream);
    }
}

/// A snapshot of a stream that has seen a little of everything.
fn trained(kind: u32) -> Vec<u8> {
    use std::sync::OnceLock;
    static TRAINED: [OnceLock<Vec<u8>>; 3] = [const { OnceLock::new() }; 3];
    let made = TRAINED[kind as usize - 1].get_or_init(|| {
        let stream = Owned::new(kind, &params(&mut Input(&[0])));
        use_it(kind, &stream);
        stream.save().expect("save")
    });
    made.clone()
}

/// A few windows; any status is fine here.
fn use_it(kind: u32, stream: &Owned) {
    for w in 0..6 {
        let start_ns = (1_000_000 + w) * MINUTE;
        let script: Vec<u8> = (0..240_u64).map(|i| (i.wrapping_mul(i) * 7 + w) as u8 % 250).collect();
        let mut input = Input(&script);
        for _ in 0..20 {
            let r = record(kind, start_ns, &mut input);
            stream.observe(&r, &[0, r.len() as u32]);
        }
        let window =
            cbad_window { struct_size: size_of::<cbad_window>() as u32, flags: 0, start_ns, end_ns: start_ns + MINUTE };
        let _ = stream.close(&window);
        let _ = stream.save();
    }
}

/// Any bytes as a text to mask: the same identity from a fresh reader and from a reused one, for any other values of
/// its digits, and no output beyond its limit.
pub fn mask(data: &[u8]) {
    use cbad_core::log::mask::{lossy, render, Identity};
    let mut fresh = Identity::default();
    fresh.read(data);
    let mut reused = Identity::default();
    reused.read(b"another text entirely, with 17 variables: 10.0.0.1");
    reused.read(data);
    assert_eq!((fresh.hash(), fresh.tokens()), (reused.hash(), reused.tokens()));
    assert_ne!(fresh.hash(), 0, "0 means empty");
    let digits: Vec<u8> = data.iter().map(|&b| if b.is_ascii_digit() { b'7' } else { b }).collect();
    reused.read(&digits);
    assert_eq!(fresh.hash(), reused.hash(), "the value of a variable changed the identity");
    for limit in [3, 64, 1024] {
        assert!(lossy(data, limit).len() <= limit, "lossy, {limit}");
        assert!(render(data, limit).len() <= limit, "render, {limit}");
    }
}
