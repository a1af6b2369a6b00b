//! The surprise of one series' next value: seven statistics against their own past, joined into one severity.
//!
//! | statistic | of |
//! |---|---|
//! | residual | value less what its hour lets expect |
//! | value | the value |
//! | code | EWMA¼ of the bits of its symbol in context, at least 1 |
//! | slope | EWMA½ now less that of two points ago |
//! | slow residual, slow value | EWMA¼ of the first two: what lasts |
//! | slow rank | EWMA over 32 points of the value's rank: a drift too small to see at once |
//!
//! Severity `S = max(residual, value, code, slope − 0.4) + 0.1·(slow residual + slow value) + 0.2·slow rank`,
//! each in decades. It is then ranked among the series' own past severities for a p-value.

use serde::{Deserialize, Serialize};

use super::latch::Latch;
use super::mixture::{self, Mixture};
use super::season::{hour_of, Season};
use super::support::Support;
use crate::calibrate::{SeverityCalibrator, Tail};
use crate::math::decades;

/// Values are clamped to this magnitude so that squares stay finite.
const MAX_VALUE: f64 = 1e100;
/// Relative size of what counts as rounding.
const ROUNDING: f64 = 1e-12;
/// The code statistic's floor in bits: keeps constant series silent.
const MIN_CODE: f64 = 1.0;
const SLOPE_HANDICAP: f64 = 0.4;
const SLOW_WEIGHT: f64 = 0.1;
const RANK_WEIGHT: f64 = 0.2;
/// Share of the past that lies outside of a reported band.
const BAND_SHARE: f64 = 0.01;

const RESIDUAL: usize = 0;
const VALUE: usize = 1;
const CODE: usize = 2;
const SLOPE: usize = 3;
const SLOW_RESIDUAL: usize = 4;
const SLOW_VALUE: usize = 5;
const SLOW_RANK: usize = 6;
const STATISTICS: usize = 7;

/// What one value's step said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Severity in decades, not calibrated.
    pub severity: f64,
    /// Conformal p of the severity.
    pub p: f64,
    /// Decades of p, no more than the past supports.
    pub decades: f64,
    /// The latched decision.
    pub alert: bool,
    /// What the hour lets expect, where the season speaks for this value.
    pub seasonal: Option<f64>,
}

/// The detector of one series: about 4.9 KiB, one pass, bounded, deterministic.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    tails: [Tail; STATISTICS],
    season: Season,
    mixture: Mixture,
    severity: SeverityCalibrator,
    latch: Latch,
    support: Support,
    n: u32,
    code: f64,
    slow_residual: f64,
    slow_value: f64,
    slow_rank: f64,
    /// EWMA½ of the value: now, one and two points ago.
    smooth: [f64; 2],
}

impl Series {
    /// Scores a finite value at `time_ns` against the past at this alert level, then learns it.
    pub fn step(&mut self, time_ns: u64, value: f64, level: f64) -> Step {
        let x = value.clamp(-MAX_VALUE, MAX_VALUE);
        let i = self.n;
        let rate = 1.0 / (f64::from(i) + 1.0);
        let hour = hour_of(time_ns);
        let seasonal = self.season.step(hour, x, rate);
        let residual = seasonal.map_or(0.0, |expected| x - expected);
        let bits = self.mixture.step(x, hour);
        let resolution = ROUNDING * self.mixture.scale();
        let rank = self.tails[VALUE].rank(x, resolution);
        let slope = self.smooth_over(i, rate, x, residual, bits, rank);

        let mut s = [0.0; STATISTICS];
        s[RESIDUAL] = self.tails[RESIDUAL].step(residual, resolution);
        s[VALUE] = self.tails[VALUE].step(x, resolution);
        s[CODE] = self.tails[CODE].step(self.code.max(MIN_CODE), ROUNDING);
        s[SLOPE] = self.tails[SLOPE].step(slope, resolution);
        s[SLOW_RESIDUAL] = self.tails[SLOW_RESIDUAL].step(self.slow_residual, resolution);
        s[SLOW_VALUE] = self.tails[SLOW_VALUE].step(self.slow_value, resolution);
        s[SLOW_RANK] = self.tails[SLOW_RANK].step(self.slow_rank, ROUNDING);

        let severity = s[RESIDUAL].max(s[VALUE]).max(s[CODE]).max(s[SLOPE] - SLOPE_HANDICAP)
            + SLOW_WEIGHT * (s[SLOW_RESIDUAL] + s[SLOW_VALUE])
            + RANK_WEIGHT * s[SLOW_RANK];
        let p = self.severity.step(severity);
        let decades = decades(p).min(self.support.decades());
        self.support.learn(x);
        let alert = self.latch.step(i, severity, level);
        self.n = self.n.saturating_add(1);
        let seasonal = seasonal.filter(|_| s[RESIDUAL] >= s[VALUE]);
        Step { severity, p, decades, alert, seasonal }
    }

    /// Updates the moving averages; returns the slope.
    #[inline]
    fn smooth_over(&mut self, i: u32, rate: f64, x: f64, residual: f64, bits: f64, rank: f64) -> f64 {
        if i == 0 {
            self.code = bits;
            self.slow_residual = residual;
            self.slow_value = x;
            self.slow_rank = rank;
            self.smooth = [x; 2];
        }
        let quarter = rate.max(0.25);
        self.code += quarter * (bits - self.code);
        self.slow_residual += quarter * (residual - self.slow_residual);
        self.slow_value += quarter * (x - self.slow_value);
        self.slow_rank += rate.max(1.0 / 32.0) * (rank - self.slow_rank);
        let [last, before] = self.smooth;
        let now = last + rate.max(0.5) * (x - last);
        self.smooth = [now, last];
        if i >= 2 {
            now - before
        } else {
            0.0
        }
    }

    /// The value expected and the band that held 99 % of the past: around the hour's expectation where the season
    /// spoke for the step's value, else around the long mean.
    pub fn expectation(&self, step: &Step) -> (f64, (f64, f64)) {
        let (base, tail) = match step.seasonal {
            Some(expected) => (expected, &self.tails[RESIDUAL]),
            None => (0.0, &self.tails[VALUE]),
        };
        let band = tail.band(BAND_SHARE);
        (base + band.centre, (base + band.low, base + band.high))
    }

    /// Whether there is enough past for p to say anything.
    pub fn speaks(&self) -> bool {
        self.severity.is_warm()
    }

    /// Number of values learnt, those of the sibling it was copied from included.
    pub fn len(&self) -> u32 {
        self.n
    }

    /// True before the first value.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Bytes held, itself included.
    pub const fn memory() -> usize {
        std::mem::size_of::<Series>() + mixture::HEAP
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: u64 = 60_000_000_000;

    fn gaussian(state: &mut u64) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            sum += (*state >> 11) as f64 / (1u64 << 53) as f64;
        }
        sum
    }

    #[test]
    fn a_spike_a_shift_and_a_lost_rhythm_stand_out() {
        let run = |change: fn(u64, f64) -> f64| {
            let (mut series, mut state) = (Series::default(), 9);
            let mut before = 0.0f64;
            for i in 0..6000u64 {
                let x = 50.0 + gaussian(&mut state) + 10.0 * f64::from(u8::from(i % 8 < 4));
                let s = series.step(i * MINUTE, x, f64::INFINITY).severity;
                if i > 500 {
                    before = before.max(s);
                }
            }
            let mut after = 0.0f64;
            for i in 6000..6040u64 {
                let x = 50.0 + gaussian(&mut state) + 10.0 * f64::from(u8::from(i % 8 < 4));
                after = after.max(series.step(i * MINUTE, change(i, x), f64::INFINITY).severity);
            }
            (before, after)
        };
        let (before, after) = run(|i, x| if i == 6010 { x + 40.0 } else { x });
        assert!(after > before && after > 4.5, "spike {after}, before {before}");
        let (before, after) = run(|_, x| x + 30.0);
        assert!(after > before && after > 4.5, "shift {after}, before {before}");
        let (_, after) = run(|_, _| 55.0);
        assert!(after > 3.0, "lost rhythm {after}");
        let (_, after) = run(|_, x| x);
        assert!(after < 4.5, "nothing happened {after}");
    }

    #[test]
    fn p_is_calibrated_on_noise() {
        let mut hits = [0u32; 2];
        let mut n = 0;
        for seed in 0..10 {
            let (mut series, mut state) = (Series::default(), seed);
            for i in 0..20_000 {
                let step = series.step(i * MINUTE, gaussian(&mut state), f64::INFINITY);
                hits[0] += u32::from(step.p <= 1e-2);
                hits[1] += u32::from(step.p <= 1e-3);
                n += 1;
            }
        }
        let rate = hits.map(|h| f64::from(h) / f64::from(n));
        assert!((0.006..0.015).contains(&rate[0]), "{rate:?}");
        assert!((0.0003..0.002).contains(&rate[1]), "{rate:?}");
    }

    proptest! {
        #[test]
        fn any_finite_values_give_finite_steps(values in prop::collection::vec(any::<f64>(), 1..300), start in any::<u64>()) {
            let mut series = Series::default();
            for (i, v) in values.iter().filter(|v| v.is_finite()).enumerate() {
                let step = series.step(start.wrapping_add(i as u64 * MINUTE), *v, 3.3);
                prop_assert!(step.severity.is_finite() && step.p > 0.0 && step.p <= 1.0, "{:?}", step);
                let (expected, (low, high)) = series.expectation(&step);
                prop_assert!(expected.is_finite() && low <= high);
            }
        }

        /// Units do not matter: a value in another unit (a power of two keeps rounding out) says the same.
        #[test]
        fn scale_does_not_matter(seed in any::<u64>(), exponent in -60i32..60) {
            let scale = 2f64.powi(exponent);
            let (mut a, mut b, mut state) = (Series::default(), Series::default(), seed);
            for i in 0..400 {
                let x = gaussian(&mut state);
                let (a, b) = (a.step(i * MINUTE, x, 3.3), b.step(i * MINUTE, x * scale, 3.3));
                prop_assert!((a.severity - b.severity).abs() < 1e-6, "{} {} at {}", a.severity, b.severity, i);
            }
        }
    }

    #[test]
    fn a_save_changes_nothing() {
        let (mut series, mut state) = (Series::default(), 4);
        for i in 0..1000 {
            series.step(i * MINUTE, gaussian(&mut state), 3.0);
        }
        let bytes = postcard::to_allocvec(&series).unwrap();
        let mut back: Series = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(back, series);
        for i in 1000..1500 {
            let x = gaussian(&mut state);
            assert_eq!(back.step(i * MINUTE, x, 3.0), series.step(i * MINUTE, x, 3.0));
        }
    }

    #[test]
    fn a_series_fits_its_budget() {
        assert!(Series::memory() <= 5 * 1024, "{} bytes", Series::memory());
    }
}
