//! Spans made on purpose, and how to judge them.

use super::TraceStream;
use crate::{Batch, ChannelKind, Detector, Params, SpanRecord, Verdict, Window};

pub(super) const MS: u64 = 1_000_000;
pub(super) const MINUTE: u64 = 60_000 * MS;

/// A small generator (xorshift64*), so that every test says its seed.
pub(super) struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal: the sum of twelve.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// `base` times a factor of about two up or down.
    pub fn around(&mut self, base: u64) -> u64 {
        (base as f64 * (0.5 * self.normal()).exp2()) as u64
    }
}

pub(super) const GATEWAY: u64 = 100;
pub(super) const CART: u64 = 101;
pub(super) const LIST: u64 = 11;
pub(super) const QUERY: u64 = 12;
pub(super) const LOG: u64 = 13;

/// A window of a service: `LIST` called by two services, each call with one `QUERY` and now and then a `LOG`.
pub(super) fn usual(random: &mut Random, window: u64, calls: usize) -> Vec<SpanRecord> {
    let mut spans = Vec::new();
    for i in 0..calls {
        let mut trace_id = [0; 16];
        trace_id[..8].copy_from_slice(&random.next().to_le_bytes());
        let caller = if i % 3 == 0 { CART } else { GATEWAY };
        let time_ns = window * MINUTE + random.next() % MINUTE;
        let query = random.around(4 * MS);
        let span = |operation, parent, caller, exclusive_ns, net_ns| SpanRecord {
            time_ns,
            trace_id,
            parent,
            operation,
            caller,
            duration_ns: exclusive_ns,
            exclusive_ns,
            net_ns,
            flags: 0,
        };
        let net = random.around(2 * MS) as i64;
        spans.push(span(LIST, caller + 1000, caller, random.around(MS), net));
        spans.push(span(QUERY, 2000, 0, query, SpanRecord::NO_NET));
        if random.next() % 4 == 0 {
            spans.push(span(LOG, 2000, 0, random.around(MS / 10), SpanRecord::NO_NET));
        }
    }
    spans
}

pub(super) fn encode(spans: &[SpanRecord]) -> (Vec<u8>, Vec<u32>) {
    let (mut bytes, mut offsets) = (Vec::new(), vec![0]);
    for s in spans {
        bytes.extend_from_slice(&s.time_ns.to_le_bytes());
        bytes.extend_from_slice(&s.trace_id);
        for v in [s.parent, s.operation, s.caller, s.duration_ns, s.exclusive_ns, s.net_ns as u64, s.flags] {
            bytes.extend_from_slice(&v.to_le_bytes());
        }
        offsets.push(bytes.len() as u32);
    }
    (bytes, offsets)
}

pub(super) fn observe(stream: &mut TraceStream, spans: &[SpanRecord]) {
    let (bytes, offsets) = encode(spans);
    stream.observe(&Batch::new(&bytes, &offsets).unwrap()).unwrap();
}

pub(super) fn at(window: u64) -> Window {
    Window { start_ns: window * MINUTE, end_ns: (window + 1) * MINUTE, ..Window::default() }
}

pub(super) fn judge(stream: &mut TraceStream, spans: &[SpanRecord], window: u64) -> Verdict {
    observe(stream, spans);
    stream.close(&at(window))
}

/// A stream after `n` usual windows.
pub(super) fn ready(n: u64) -> (TraceStream, Random) {
    let (mut stream, mut random) = (TraceStream::new(Params { adopt_after: 5, ..Params::default() }), Random(n + 7));
    for w in 0..n {
        let calls = 20 + (random.next() % 20) as usize;
        judge(&mut stream, &usual(&mut random, w, calls), w);
    }
    (stream, random)
}

pub(super) fn p(v: &Verdict, kind: ChannelKind) -> f64 {
    v.channels.iter().find(|c| c.kind == kind).map_or_else(|| panic!("no {kind:?} in {:?}", v.channels), |c| c.p)
}

pub(super) fn odd(v: &Verdict) -> Vec<ChannelKind> {
    v.channels.iter().filter(|c| c.p <= 1e-2).map(|c| c.kind).collect()
}
