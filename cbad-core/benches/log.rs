//! Hot paths of logs, each beside a floor: the same bytes summed up, one by one, in the same run.

use cbad_core::log::mask::Identity;
use cbad_core::log::miner::Miner;
use cbad_core::log::LogStream;
use cbad_core::{Batch, Detector, Params, Window};
use criterion::{black_box, criterion_group, criterion_main, BatchSize, Criterion, Throughput};

const RECORDS: u64 = 8192;

/// Lines of a service: about 200 bytes, 24 templates, a trace of six lines each.
fn lines() -> Vec<String> {
    let verbs = ["accepted", "loaded", "cached", "priced", "stored", "answered"];
    let nouns = ["order", "basket", "user", "invoice"];
    (0..RECORDS)
        .map(|i| {
            let (verb, noun) = (verbs[(i % 6) as usize], nouns[(i / 6 % 4) as usize]);
            let h = i.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            format!(
                "2026-01-02 03:04:{:02}.{:03} INFO shop.{noun}.Service#{} trace={h:016x} [{verb}][{noun} {} for client \
                 10.1.{}.{}] items: [Item(id={}, price={}.99), Item(id={}, price={}.50)] in {} ms, status completed",
                i % 60, i % 1000, i % 6 * 10, h >> 40, h >> 8 & 255, h & 255, h >> 50, i % 90, h >> 51, i % 70, i % 300
            )
        })
        .collect()
}

fn batch(lines: &[String], window: u64) -> (Vec<u8>, Vec<u32>) {
    let (mut bytes, mut offsets) = (vec![], vec![0]);
    for (i, line) in lines.iter().enumerate() {
        let time = window * 60_000_000_000 + i as u64 * 5_000_000;
        let trace = ((window << 32) | (i as u64 / 6)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        bytes.extend_from_slice(&time.to_le_bytes());
        bytes.extend_from_slice(&[trace.to_be_bytes(), (!trace).to_be_bytes()].concat());
        bytes.extend_from_slice(&[9, 0, 0, 0]);
        bytes.extend_from_slice(line.as_bytes());
        offsets.push(bytes.len() as u32);
    }
    (bytes, offsets)
}

fn masking(c: &mut Criterion) {
    let lines = lines();
    let mut group = c.benchmark_group("log_bytes");
    group.throughput(Throughput::Bytes(lines.iter().map(|l| l.len() as u64).sum()));
    group.bench_function("floor_byte_sum", |b| {
        b.iter(|| {
            let sum = |l: &String| l.bytes().fold(0u64, |s, b| black_box(s + u64::from(b)));
            lines.iter().map(sum).fold(0, u64::wrapping_add)
        })
    });
    let mut identity = Identity::default();
    group.bench_function("mask", |b| {
        b.iter(|| {
            lines.iter().fold(0u64, |h, l| {
                identity.read(black_box(l.as_bytes()));
                h ^ identity.hash()
            })
        })
    });
    let mut miner = Miner::new(4096);
    for l in &lines {
        identity.read(l.as_bytes());
        miner.slot(&identity, 0, l.as_bytes());
    }
    miner.mine();
    miner.finish();
    group.bench_function("mask_and_mine", |b| {
        b.iter(|| {
            lines.iter().fold(0u32, |s, l| {
                identity.read(black_box(l.as_bytes()));
                s ^ miner.slot(&identity, 0, l.as_bytes())
            })
        })
    });
    group.finish();
}

fn stream(c: &mut Criterion) {
    let lines = lines();
    let mut warm = LogStream::new(Params::default());
    let close = |stream: &mut LogStream, w: u64| {
        let (start_ns, end_ns) = (w * 60_000_000_000, (w + 1) * 60_000_000_000);
        stream.close(&Window { start_ns, end_ns, ..Window::default() })
    };
    for w in 0..40 {
        let (bytes, offsets) = batch(&lines, w);
        if let Ok(b) = Batch::new(&bytes, &offsets) {
            warm.observe(&b).expect("well-formed");
        }
        close(&mut warm, w);
    }
    let (bytes, offsets) = batch(&lines, 40);
    let records = Batch::new(&bytes, &offsets).expect("well-formed");
    let mut group = c.benchmark_group("log_records");
    group.throughput(Throughput::Elements(RECORDS));
    group.sample_size(30);
    group.bench_function("observe", |b| {
        b.iter_batched_ref(|| warm.clone(), |s| s.observe(&records).expect("well-formed"), BatchSize::LargeInput)
    });
    let mut full = warm.clone();
    full.observe(&records).expect("well-formed");
    group.bench_function("close", |b| b.iter_batched_ref(|| full.clone(), |s| close(s, 40), BatchSize::LargeInput));
    group.finish();
}

criterion_group!(benches, masking, stream);
criterion_main!(benches);
