//! The level of one edge's durations: a decayed mean and variance of log2 nanoseconds, and the test of a window's mean.

use serde::{Deserialize, Serialize};

use super::drift::{Drift, Drifted};
use crate::calibrate::dispersion;
use crate::math::{log2, student_t_bits};

/// Fixed point of log2 durations: sums of integers do not depend on the order of arrival.
const ONE: f64 = 65_536.0;
/// Decay per learnt window in which the edge occurs: a memory of about 100.
const DECAY: f64 = 0.99;
/// Values count at most this many standard deviations from the mean: one stuck request is not a slow edge.
const WINSOR: f64 = 2.5;
/// An edge is tested after so many windows ...
const MIN_WINDOWS: f64 = 2.0;
/// ... and so many spans.
const MIN_SPANS: f64 = 6.0;
/// Variances (bits²) below these are the clock's resolution, not the service's.
const VARIANCE_FLOOR: f64 = 0.01;
const TEST_VARIANCE_FLOOR: f64 = 0.02;
/// Deviation of an edge's level between windows that means nothing, in bits (3.5 %): with hundreds of spans the mean is
/// known better than any service keeps it.
const DRIFT: f64 = 0.05;
/// Variance assumed where a first window has too few spans to say.
const VARIANCE_PRIOR: f64 = 0.25;
/// One window's squared statistic counts at most this much towards the dispersion.
const SQUARE_CAP: f64 = 100.0;
/// A mean's z is clipped to these before several are added up: no single edge decides.
pub(super) const Z_MIN: f64 = -4.0;
pub(super) const Z_MAX: f64 = 6.0;

/// log2 of nanoseconds in fixed point. Below a microsecond clocks say little, so that much is added to all.
pub(super) fn code(ns: u64) -> i32 {
    (log2(ns as f64 + 1_000.0) * ONE) as i32
}

/// Nanoseconds of a mean of codes.
pub(super) fn nanoseconds(level: f64) -> f64 {
    (crate::math::exp2(level) - 1_000.0).max(0.0)
}

/// Sums of one window's values, winsorised on arrival at the bounds the past gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    pub n: u64,
    sum: i64,
    squares: u128,
    lo: i32,
    hi: i32,
}

impl Sums {
    /// Empty, with the bounds of `past`.
    pub fn new(past: Option<&Level>) -> Self {
        let (lo, hi) = past.and_then(Level::bounds).unwrap_or((0, i32::MAX));
        Sums { n: 0, sum: 0, squares: 0, lo, hi }
    }

    #[inline]
    pub fn add(&mut self, code: i32) {
        // Not `clamp`, which panics where the bounds of a damaged snapshot have crossed.
        let v = i64::from(code.max(self.lo).min(self.hi));
        self.n += 1;
        self.sum += v;
        self.squares += u128::from((v * v) as u64);
    }

    pub fn mean(&self) -> f64 {
        self.sum as f64 / self.n as f64 / ONE
    }

    /// `Σ (v − about)²`.
    fn scatter(&self, about: f64) -> f64 {
        let (n, sum, squares) = (self.n as f64, self.sum as f64 / ONE, self.squares as f64 / ONE / ONE);
        (squares - 2.0 * about * sum + n * about * about).max(0.0)
    }
}

/// The past of one edge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Level {
    /// Decayed windows and spans.
    windows: f64,
    spans: f64,
    mean: f64,
    variance: f64,
    /// Decayed squared statistics, `t²` before the division by the dispersion.
    squares: f64,
    drift: Drift,
    /// Learnt window it was last seen in.
    pub last: u64,
}

/// A window's mean against the past.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Test {
    pub t: f64,
    pub bits: f64,
    pub observed: f64,
    pub expected: f64,
    /// Two standard errors of the difference, in log2.
    pub margin: f64,
}

impl Test {
    pub fn z(&self) -> f64 {
        self.t.clamp(Z_MIN, Z_MAX)
    }
}

impl Level {
    pub fn first(sums: &Sums, now: u64) -> Self {
        let n = sums.n as f64;
        let mean = sums.mean();
        let variance = if sums.n > 2 { (sums.scatter(mean) / n).max(VARIANCE_FLOOR) } else { VARIANCE_PRIOR };
        let mut drift = Drift::default();
        drift.learn(mean, DRIFT);
        Level { windows: 1.0, spans: n, mean, variance, squares: 0.0, drift, last: now }
    }

    fn mature(&self) -> bool {
        self.windows >= MIN_WINDOWS && self.spans >= MIN_SPANS
    }

    fn deviation(&self) -> f64 {
        self.variance.max(TEST_VARIANCE_FLOOR).sqrt()
    }

    fn bounds(&self) -> Option<(i32, i32)> {
        let reach = WINSOR * self.deviation();
        self.mature().then_some((((self.mean - reach) * ONE) as i32, ((self.mean + reach) * ONE) as i32))
    }

    fn dispersion(&self) -> f64 {
        dispersion::factor(self.squares, self.windows)
    }

    /// Variance of the difference of the window's mean from the past's, which is known from `spans` values itself.
    fn variance_of_mean(&self, n: f64) -> f64 {
        let d = self.deviation();
        d * d * (1.0 / n + 1.0 / self.spans)
    }

    pub fn test(&self, sums: &Sums) -> Option<Test> {
        if !self.mature() || sums.n == 0 {
            return None;
        }
        let error = (self.dispersion() * self.variance_of_mean(sums.n as f64) + DRIFT * DRIFT).sqrt();
        let t = (sums.mean() - self.mean) / error;
        Some(Test {
            t,
            bits: student_t_bits(t, dispersion::freedom(self.windows)),
            observed: sums.mean(),
            expected: self.mean,
            margin: 2.0 * error,
        })
    }

    /// The window's level against the reference that stays behind.
    pub fn drifted(&self, sums: &Sums) -> Option<Drifted> {
        (sums.n > 0).then(|| self.drift.test(sums.mean(), DRIFT))?
    }

    pub fn learn(&mut self, sums: &Sums, now: u64) {
        let n = sums.n as f64;
        if self.mature() {
            let shift = sums.mean() - self.mean;
            let square = (shift * shift / self.variance_of_mean(n)).min(SQUARE_CAP);
            self.squares = self.squares * DECAY + square;
            self.windows = self.windows * DECAY + 1.0;
        } else {
            self.windows += 1.0;
        }
        let kept = self.spans * DECAY;
        let total = kept + n;
        let mean = (kept * self.mean + n * sums.mean()) / total;
        self.variance = ((kept * self.variance + sums.scatter(mean)) / total).max(VARIANCE_FLOOR);
        self.mean = mean;
        self.spans = total;
        self.drift.learn(sums.mean(), DRIFT);
        self.last = now;
    }

    /// Makes the past weigh at most `spans`, so that a changed instance is followed quickly.
    pub fn cap(&mut self, spans: f64) {
        self.spans = self.spans.min(spans);
    }

    /// The level may move to where it will stay, and it is no drift.
    pub fn settle(&mut self) {
        self.drift.settle();
    }
}
