//! Hot paths of metrics, each beside a floor that does the least a peer could do with the same points.

use cbad_core::calibrate::History;
use cbad_core::codec::{Codec, Zstd};
use cbad_core::metric::{MetricStream, Series};
use cbad_core::{evidence, Batch, Detector, Params, Window};
use criterion::{black_box, criterion_group, criterion_main, BatchSize, Criterion, Throughput};

const MINUTE: u64 = 60_000_000_000;

struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            sum += (self.0 >> 11) as f64 / (1u64 << 53) as f64;
        }
        sum
    }
}

/// A noisy daily season, one value a minute.
fn values(n: usize) -> Vec<f64> {
    let mut noise = Noise(1);
    (0..n).map(|i| 100.0 + 20.0 * (i as f64 * std::f64::consts::TAU / 1440.0).sin() + noise.next()).collect()
}

/// The floor: mean and variance by moving averages, and the z-score.
#[derive(Default)]
struct MovingZ {
    mean: f64,
    variance: f64,
}

impl MovingZ {
    fn step(&mut self, x: f64) -> f64 {
        let d = x - self.mean;
        let z = d / self.variance.sqrt().max(1e-12);
        self.mean += 0.01 * d;
        self.variance += 0.01 * (d * d - self.variance);
        z
    }
}

fn series(c: &mut Criterion) {
    let values = values(10_000);
    let mut group = c.benchmark_group("series_step");
    group.throughput(Throughput::Elements(values.len() as u64));
    group.bench_function("floor_moving_z", |b| {
        let mut z = MovingZ::default();
        b.iter(|| values.iter().map(|&v| z.step(black_box(v))).fold(0.0, f64::max))
    });
    group.bench_function("series", |b| {
        let (mut series, mut i) = (Series::default(), 0);
        b.iter(|| {
            let mut worst = 0.0f64;
            for &v in &values {
                worst = worst.max(series.step(i * MINUTE, black_box(v), 4.0, None).severity);
                i += 1;
            }
            worst
        })
    });
    group.bench_function("series_constant", |b| {
        let (mut series, mut i) = (Series::default(), 0);
        b.iter(|| {
            for _ in 0..values.len() {
                series.step(i * MINUTE, black_box(7.0), 4.0, None);
                i += 1;
            }
        })
    });
    group.finish();
}

/// `points` records of `families` series in one window.
fn batch(families: u64, per_series: u64, window: u64, noise: &mut Noise) -> (Vec<u8>, Vec<u32>) {
    let (mut bytes, mut offsets) = (Vec::new(), vec![0]);
    for s in 0..per_series {
        for f in 0..families {
            let time = window * MINUTE + s * MINUTE / per_series;
            for v in [time, f.wrapping_mul(0x9e37_79b9_7f4a_7c15), 1, (10.0 + noise.next()).to_bits(), f] {
                bytes.extend_from_slice(&v.to_le_bytes());
            }
            offsets.push(bytes.len() as u32);
        }
    }
    (bytes, offsets)
}

fn stream(c: &mut Criterion) {
    let mut group = c.benchmark_group("metric_window");
    for (name, families, per_series) in [("csv_1x1", 1, 1), ("service_30x6", 30, 6), ("host_1000x1", 1000, 1)] {
        let mut noise = Noise(2);
        let batches: Vec<_> = (0..50).map(|w| batch(families, per_series, w, &mut noise)).collect();
        group.throughput(Throughput::Elements(families * per_series));
        group.bench_function(format!("{name}_floor_copy"), |b| {
            let mut at = 0;
            let mut kept = Vec::new();
            b.iter(|| {
                kept.clear();
                kept.extend_from_slice(black_box(&batches[at % 50].0));
                at += 1;
            })
        });
        group.bench_function(name, |b| {
            let mut stream = MetricStream::new(Params::default());
            let mut w = 0u64;
            b.iter(|| {
                let (bytes, offsets) = &batches[(w % 50) as usize];
                let records = Batch::new(bytes, offsets).expect("well formed");
                stream.observe(&records).expect("well formed");
                w += 1;
                stream.close(&Window { start_ns: w * MINUTE, end_ns: (w + 1) * MINUTE, ..Window::default() })
            })
        });
    }
    group.finish();
}

fn history(c: &mut Criterion) {
    let scores: Vec<f64> = values(8192);
    let mut group = c.benchmark_group("history");
    for (name, make) in [
        ("windows_512", History::of_windows as fn() -> History),
        ("requests_2048", History::of_requests),
        ("services_4000", History::of_services),
    ] {
        let mut full = make();
        scores.iter().for_each(|&s| full.add(s));
        group.bench_function(name, |b| {
            let mut i = 0;
            b.iter(|| {
                let s = scores[i % scores.len()];
                i += 1;
                let p = full.p(black_box(s));
                full.add(s);
                p
            })
        });
    }
    // The floor of a rank: count over the same scores without any order.
    group.bench_function("floor_count_512", |b| {
        let past = &scores[..512];
        b.iter(|| past.iter().filter(|&&v| v >= black_box(100.0)).count())
    });
    group.finish();
}

fn evidence_bench(c: &mut Criterion) {
    let line =
        |i: u64| format!("2026-01-01 GET /cart/{} 200 took {} ms user={}", i * 7919 % 4000, i * 104_729 % 900, i % 77);
    let lines: Vec<String> = (0..4000).map(line).collect();
    let refs: Vec<&[u8]> = lines.iter().map(|l| l.as_bytes()).collect();
    let (baseline, window) = (&refs[..3200], &refs[3200..]);
    let bytes: Vec<u8> = baseline.concat();
    let mut group = c.benchmark_group("evidence");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("floor_copy", |b| {
        b.iter_batched(Vec::new, |mut v: Vec<u8>| v.extend_from_slice(&bytes), BatchSize::SmallInput)
    });
    group.bench_function("zstd_3_size", |b| {
        let mut zstd = Zstd::new(evidence::ZSTD_LEVEL).expect("zstd opens");
        b.iter(|| zstd.size(black_box(&bytes)))
    });
    group.bench_function("compression", |b| b.iter(|| evidence::compression(baseline, window)));
    group.bench_function("permutation_99", |b| b.iter(|| evidence::permutation(baseline, window, 1, 99)));
    group.finish();
}

criterion_group!(benches, series, stream, history, evidence_bench);
criterion_main!(benches);
