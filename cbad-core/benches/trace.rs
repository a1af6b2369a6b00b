//! Spans observed and windows closed, beside the least one could do with the same bytes.
//!
//! The limit of `observe` adds up durations by edge in a `HashMap`; that of `close` sorts the window's edges and takes the
//! logarithm of a mean each. `cargo bench --bench trace`.

use std::collections::HashMap;
use std::hint::black_box;

use cbad_core::trace::TraceStream;
use cbad_core::{Batch, Detector, Params, SpanRecord, Window};
use criterion::{criterion_group, criterion_main, BatchSize, Criterion, Throughput};

const MINUTE: u64 = 60_000_000_000;
const SPANS: usize = 8192;

/// A window of `SPANS` spans over so many edges, as one batch.
fn window(edges: u64, seed: u64) -> (Vec<u8>, Vec<u32>) {
    let (mut bytes, mut offsets) = (Vec::new(), vec![0]);
    let mut state = seed | 1;
    let mut next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    };
    for _ in 0..SPANS {
        let edge = next() % edges;
        let net = if edge % 4 == 0 { (next() % 4_000_000) as i64 } else { SpanRecord::NO_NET };
        let exclusive = 100_000 + next() % 5_000_000;
        bytes.extend_from_slice(&(next() % MINUTE).to_le_bytes());
        bytes.extend_from_slice(&[next().to_le_bytes(), next().to_le_bytes()].concat());
        let caller = if net == SpanRecord::NO_NET { 0 } else { 7 + edge % 3 };
        for v in [1000 + edge / 4, edge * 0x9e37_79b9, caller, exclusive, exclusive, net as u64, 0] {
            bytes.extend_from_slice(&v.to_le_bytes());
        }
        offsets.push(bytes.len() as u32);
    }
    (bytes, offsets)
}

/// A stream that learnt twenty windows, and one more window to look at.
fn prepared(edges: u64) -> (TraceStream, Vec<u8>, Vec<u32>) {
    let mut stream = TraceStream::new(Params::default());
    for w in 0..20 {
        let (bytes, offsets) = window(edges, w + 1);
        stream.observe(&Batch::new(&bytes, &offsets).unwrap()).unwrap();
        stream.close(&Window { start_ns: w * MINUTE, end_ns: (w + 1) * MINUTE, ..Window::default() });
    }
    let (bytes, offsets) = window(edges, 99);
    (stream, bytes, offsets)
}

fn observe(c: &mut Criterion) {
    let mut group = c.benchmark_group("observe");
    group.throughput(Throughput::Elements(SPANS as u64));
    for edges in [16, 256, 4096] {
        let (mut stream, bytes, offsets) = prepared(edges);
        group.bench_function(format!("stream/{edges} edges"), |b| {
            b.iter(|| stream.observe(black_box(&Batch::new(&bytes, &offsets).unwrap())).unwrap());
        });
        group.bench_function(format!("limit/{edges} edges"), |b| {
            let mut sums: HashMap<(u64, u64), (u64, u64)> = HashMap::new();
            b.iter(|| {
                let batch = Batch::new(&bytes, &offsets).unwrap();
                for i in 0..batch.len() {
                    let s = SpanRecord::read(&batch, i).unwrap();
                    let sum = sums.entry((s.parent, s.operation)).or_default();
                    *sum = (sum.0 + 1, sum.1.wrapping_add(s.exclusive_ns));
                }
                black_box(sums.len())
            });
        });
    }
    group.finish();
}

fn close(c: &mut Criterion) {
    let mut group = c.benchmark_group("close");
    for edges in [16, 256, 4096] {
        let (mut stream, bytes, offsets) = prepared(edges);
        stream.observe(&Batch::new(&bytes, &offsets).unwrap()).unwrap();
        let at = Window { start_ns: 20 * MINUTE, end_ns: 21 * MINUTE, ..Window::default() };
        group.bench_function(format!("stream/{edges} edges"), |b| {
            b.iter_batched(|| stream.clone(), |mut s| (s.close(&at), s), BatchSize::LargeInput);
        });
        let rows: Vec<(u64, f64)> =
            (0..edges).map(|e| (e.wrapping_mul(0x9e37_79b9_7f4a_7c15), 1e6 + e as f64)).collect();
        group.bench_function(format!("limit/{edges} edges"), |b| {
            b.iter_batched(
                || rows.clone(),
                |mut rows| {
                    rows.sort_unstable_by_key(|r| r.0);
                    rows.iter().map(|r| cbad_core::math::log2(r.1)).sum::<f64>()
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, observe, close);
criterion_main!(benches);
