//! The model read aloud: lists of spans and plain sums instead of running fixed-point ones.

use std::collections::BTreeMap;

use crate::math::student_t_bits;
use crate::SpanRecord;

/// An edge's past.
struct Naive {
    windows: f64,
    spans: f64,
    mean: f64,
    variance: f64,
    squares: f64,
}

fn log(ns: u64) -> f64 {
    (ns as f64 + 1000.0).log2()
}

fn mean(v: &[f64]) -> f64 {
    v.iter().sum::<f64>() / v.len() as f64
}

fn scatter(v: &[f64], about: f64) -> f64 {
    v.iter().map(|x| (x - about).powi(2)).sum()
}

impl Naive {
    fn mature(&self) -> bool {
        self.windows >= 2.0 && self.spans >= 6.0
    }

    fn winsorised(&self, v: &[f64]) -> Vec<f64> {
        let reach = 2.5 * self.variance.max(0.02).sqrt();
        let keep = |x: &f64| if self.mature() { x.clamp(self.mean - reach, self.mean + reach) } else { *x };
        v.iter().map(keep).collect()
    }

    fn variance_of_mean(&self, n: f64) -> f64 {
        self.variance.max(0.02) * (n + self.spans) / (n * self.spans)
    }

    fn t(&self, v: &[f64]) -> f64 {
        let v = self.winsorised(v);
        let phi = ((8.0 + self.squares) / (4.0 + self.windows)).max(1.0);
        (mean(&v) - self.mean) / (phi * self.variance_of_mean(v.len() as f64) + 0.0025).sqrt()
    }

    fn bits(&self, t: f64) -> f64 {
        student_t_bits(t, self.windows + 3.0)
    }
}

#[derive(Default)]
struct Levels(BTreeMap<(u64, u64), Naive>);

impl Levels {
    /// Edge, t and bits of each testable edge.
    fn tests(&self, window: &BTreeMap<(u64, u64), Vec<f64>>) -> Vec<((u64, u64), f64, f64)> {
        let known = window.iter().filter_map(|(e, v)| self.0.get(e).filter(|l| l.mature()).map(|l| (e, v, l)));
        known.map(|(e, v, l)| (*e, l.t(v), l.bits(l.t(v)))).collect()
    }

    fn learn(&mut self, window: &BTreeMap<(u64, u64), Vec<f64>>) {
        for (e, raw) in window {
            let Some(l) = self.0.get_mut(e) else {
                let m = mean(raw);
                let variance = if raw.len() > 2 { (scatter(raw, m) / raw.len() as f64).max(0.01) } else { 0.25 };
                let spans = raw.len() as f64;
                self.0.insert(*e, Naive { windows: 1.0, spans, mean: m, variance, squares: 0.0 });
                continue;
            };
            let v = l.winsorised(raw);
            let n = v.len() as f64;
            if l.mature() {
                let square = (mean(&v) - l.mean).powi(2) / l.variance_of_mean(n);
                l.squares = 0.99 * l.squares + square.min(100.0);
                l.windows = 0.99 * l.windows + 1.0;
            } else {
                l.windows += 1.0;
            }
            let kept = 0.99 * l.spans;
            let m = (kept * l.mean + v.iter().sum::<f64>()) / (kept + n);
            l.variance = ((kept * l.variance + scatter(&v, m)) / (kept + n)).max(0.01);
            l.mean = m;
            l.spans = kept + n;
        }
    }
}

/// Durations and differences of a stream.
#[derive(Default)]
pub(super) struct Oracle {
    durations: Levels,
    net: Levels,
    common_squares: f64,
    common_windows: f64,
}

type ByEdge = BTreeMap<(u64, u64), Vec<f64>>;

fn by_edge(spans: &[SpanRecord]) -> (ByEdge, ByEdge, BTreeMap<(u64, u64), u64>) {
    let (mut d, mut n, mut callers) = (ByEdge::new(), ByEdge::new(), BTreeMap::new());
    for s in spans {
        let e = (s.parent, s.operation);
        d.entry(e).or_default().push(log(s.exclusive_ns));
        callers.insert(e, s.caller);
        if s.net_ns != SpanRecord::NO_NET {
            n.entry(e).or_default().push(log(s.net_ns.max(0) as u64));
        }
    }
    (d, n, callers)
}

impl Oracle {
    /// Bits of the duration and net channels; none where nothing can be tested.
    pub fn score(&self, spans: &[SpanRecord]) -> (Option<f64>, Option<f64>) {
        let (d, n, callers) = by_edge(spans);
        let tests = self.durations.tests(&d);
        let durations = (!tests.is_empty()).then(|| {
            let common = self.common(&tests);
            let phi = ((8.0 + self.common_squares) / (4.0 + self.common_windows)).max(1.0);
            let mut bits: Vec<f64> = tests.iter().map(|t| t.2).collect();
            bits.push(student_t_bits(common / phi.sqrt(), self.common_windows + 3.0));
            bits.sort_by(|a, b| b.total_cmp(a));
            (bits[0] - (bits.len() as f64).log2()).max(0.0)
                + bits[1..].iter().map(|b| 0.25 * (b - 4.0).max(0.0)).sum::<f64>()
        });
        let tests = self.net.tests(&n);
        let net = (!tests.is_empty()).then(|| {
            let mut z: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
            for (e, t, bits) in &tests {
                let size = (2.0 * std::f64::consts::LN_2 * bits).sqrt();
                z.entry(callers[e]).or_default().push((size * t.signum()).clamp(-4.0, 6.0));
            }
            let stouffer = |z: &[f64]| z.iter().sum::<f64>() / (z.len() as f64).sqrt();
            let callers: Vec<f64> = z.values().map(|z| stouffer(z)).collect();
            stouffer(&callers).max(0.0).powi(2) / (2.0 * std::f64::consts::LN_2)
        });
        (durations, net)
    }

    fn common(&self, tests: &[((u64, u64), f64, f64)]) -> f64 {
        tests.iter().map(|t| t.1.clamp(-4.0, 6.0)).sum::<f64>() / (tests.len() as f64).sqrt()
    }

    pub fn learn(&mut self, spans: &[SpanRecord]) {
        let (d, n, _) = by_edge(spans);
        let tests = self.durations.tests(&d);
        if !tests.is_empty() {
            self.common_squares = 0.99 * self.common_squares + self.common(&tests).powi(2).min(50.0);
            self.common_windows = 0.99 * self.common_windows + 1.0;
        }
        self.durations.learn(&d);
        self.net.learn(&n);
    }
}
