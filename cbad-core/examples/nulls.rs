//! Realised rates of small p-values on ten kinds of series in which nothing happens.
//!
//! `cargo run --release --no-default-features --example nulls [SERIES [POINTS]]` prints, for each kind, how often p was
//! at or below 1e-2, 1e-3 and 1e-4, divided by that level: 1 is calibrated. Once for the points of single series, once
//! for the windows of a service with one such series, once for a service with eight.

use cbad_core::metric::{MetricStream, Series};
use cbad_core::{Batch, Detector, Params, Window};

const MINUTE: u64 = 60_000_000_000;
const LEVELS: [f64; 3] = [1e-2, 1e-3, 1e-4];

/// A fixed generator: 64-bit congruence, the high bits of its state.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Box and Muller's.
    fn gauss(&mut self) -> f64 {
        let (u, v) = (self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    fn poisson(&mut self, mean: f64) -> f64 {
        let (limit, mut product, mut n) = ((-mean).exp(), 1.0, -1.0);
        while product > limit {
            product *= self.uniform();
            n += 1.0;
        }
        n
    }
}

type Null = (&'static str, fn(&mut Random, usize) -> Vec<f64>);

fn filtered(n: usize, mut step: impl FnMut(usize) -> f64) -> Vec<f64> {
    (0..n).map(&mut step).collect()
}

fn nulls() -> [Null; 10] {
    [
        ("gaussian", |r, n| filtered(n, |_| 50.0 + r.gauss())),
        ("daily season", |r, n| {
            filtered(n, |i| 100.0 + 20.0 * (i as f64 * std::f64::consts::TAU / 1440.0).sin() + 3.0 * r.gauss())
        }),
        ("AR(1) .95", |r, n| {
            let mut x = 0.0;
            filtered(n, |_| {
                x = 0.95 * x + r.gauss();
                100.0 + x
            })
        }),
        ("random walk", |r, n| {
            let mut x = 0.0;
            filtered(n, |_| {
                x += r.gauss();
                x
            })
        }),
        ("counter as rate", |r, n| filtered(n, |_| r.poisson(120.0) / 60.0)),
        ("bursty Poisson", |r, n| {
            let mut rate = 2.0;
            filtered(n, |_| {
                if r.uniform() < 0.02 {
                    rate = if r.uniform() < 0.2 { 20.0 } else { 2.0 };
                }
                r.poisson(rate)
            })
        }),
        ("lognormal", |r, n| filtered(n, |_| r.gauss().exp())),
        ("Student t3", |r, n| {
            filtered(n, |_| {
                let chi = (0..3).map(|_| r.gauss().powi(2)).sum::<f64>();
                r.gauss() / (chi / 3.0).sqrt()
            })
        }),
        ("rare steps", |r, n| {
            let mut x = 5.0;
            filtered(n, |_| {
                if r.uniform() < 0.001 {
                    x = (10.0 * r.uniform()).floor();
                }
                x
            })
        }),
        ("raw counter", |r, n| {
            let mut x = 0.0;
            filtered(n, |_| {
                x += r.poisson(30.0);
                x
            })
        }),
    ]
}

fn count(hits: &mut [u64; 4], p: f64) {
    hits[3] += 1;
    for (h, level) in hits.iter_mut().zip(LEVELS) {
        *h += u64::from(p <= level);
    }
}

fn of_points(all: &[Vec<f64>]) -> [u64; 4] {
    let mut hits = [0; 4];
    for values in all {
        let mut series = Series::default();
        for (i, &v) in values.iter().enumerate() {
            count(&mut hits, series.step(i as u64 * MINUTE, v, f64::INFINITY, None).p);
        }
    }
    hits
}

fn of_services(all: &[Vec<f64>], families: usize) -> [u64; 4] {
    let mut hits = [0; 4];
    for service in all.chunks(families).filter(|c| c.len() == families) {
        let mut stream = MetricStream::new(Params { evidence_p: 1e-300, ..Params::default() });
        for i in 0..service[0].len() {
            let (mut bytes, mut offsets) = (Vec::new(), vec![0]);
            for (f, values) in service.iter().enumerate() {
                for v in [i as u64 * MINUTE, f as u64 + 1, 1, values[i].to_bits(), 0] {
                    bytes.extend_from_slice(&v.to_le_bytes());
                }
                offsets.push(bytes.len() as u32);
            }
            if let Ok(batch) = Batch::new(&bytes, &offsets) {
                let _ = stream.observe(&batch);
            }
            let start_ns = i as u64 * MINUTE;
            count(&mut hits, stream.close(&Window { start_ns, end_ns: start_ns + MINUTE, ..Window::default() }).p);
        }
    }
    hits
}

fn line(hits: [u64; 4]) -> String {
    let ratio = |k: usize| hits[k] as f64 / (hits[3] as f64 * LEVELS[k]);
    format!("{:6.2} {:6.2} {:6.2}", ratio(0), ratio(1), ratio(2))
}

fn main() {
    let number =
        |at: usize, otherwise: usize| std::env::args().nth(at).and_then(|a| a.parse().ok()).unwrap_or(otherwise);
    let (series, points) = (number(1, 24), number(2, 20_000));
    println!("{:16} {:^20}   {:^20}   {:^20}", "", "points", "service of 1", "service of 8");
    for (k, (name, make)) in nulls().iter().enumerate() {
        let all: Vec<Vec<f64>> =
            (0..series).map(|s| make(&mut Random((s as u64 + 1) << 32 | k as u64), points)).collect();
        let (points, one, eight) = (of_points(&all), of_services(&all, 1), of_services(&all, 8));
        println!("{name:16} {}   {}   {}", line(points), line(one), line(eight));
    }
}
