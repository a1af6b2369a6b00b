//! From a series' severity to a p-value: the conformal rank among its own past severities.
//!
//! Severities are tail probabilities of several statistics combined by a rule of thumb, so they are not
//! themselves calibrated. Their rank in a histogram of 0.05-decade bins is; beyond the largest half per cent an
//! exponential tail goes on whose mean excess has the prior `1/ln 10` decades, the value a calibrated score has.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use crate::math;

const BINS: usize = 160;
const BINS_PER_DECADE: f64 = 20.0;
/// Fixed-point unit of one observation: halving then keeps fractions.
const UNIT: u32 = 8;
/// All counts are halved past so many observations, so that old ones fade.
const HORIZON: u32 = 8000;
/// And past this many, twice, four times … as many, while the models that score are young.
const YOUNG: u32 = 500;
/// No p before so many observations.
const WARMUP: f64 = 100.0;
/// The tail holds this share of the past, and at least so many observations.
const TAIL_SHARE: f64 = 0.005;
const TAIL_MIN: f64 = 10.0;
const PRIOR_MEAN_EXCESS: f64 = std::f64::consts::LOG10_E;
const PRIOR_WEIGHT: f64 = 10.0;

/// Histogram of past severities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SeverityCalibrator {
    counts: Counts<BINS>,
    total: u32,
    /// Severities ever learnt.
    seen: u32,
}

impl SeverityCalibrator {
    /// Probability of a severity this large or larger, against the past; 1 while warming up.
    ///
    /// Without `extrapolate` it is the bare rank, also beyond the largest: never below about `1/(n + 1)`.
    pub fn p(&self, severity: f64, extrapolate: bool) -> f64 {
        if !self.is_warm() {
            return 1.0;
        }
        let s = severity.max(0.0);
        let bin = SeverityBin::of(s).index();
        let n = units(self.total);
        let (first, in_tail) = self.tail(n);
        let p = if bin < first || !extrapolate {
            let above: u32 = self.counts[bin + 1..].iter().map(|&c| u32::from(c)).sum();
            (units(above) + 0.5 * units(u32::from(self.counts[bin])) + 0.5) / (n + 1.0)
        } else {
            let excess: f64 = self.counts[first..]
                .iter()
                .enumerate()
                .map(|(j, &c)| units(u32::from(c)) * (j as f64 + 0.5) / BINS_PER_DECADE)
                .sum();
            let c = units(in_tail);
            let mean = (excess + PRIOR_WEIGHT * PRIOR_MEAN_EXCESS) / (c + PRIOR_WEIGHT);
            (c + 0.5) / (n + 1.0) * math::exp(-(s - first as f64 / BINS_PER_DECADE) / mean)
        };
        p.clamp(1e-300, 1.0)
    }

    /// The past as it would be had these severities, learnt lately, not come.
    pub fn without(&self, severities: impl Iterator<Item = SeverityBin>) -> Self {
        let mut past = self.clone();
        for s in severities {
            let count = &mut past.counts[s.index()];
            let less = count.saturating_sub(UNIT as u16);
            past.total -= u32::from(*count - less);
            *count = less;
        }
        past
    }

    /// Takes a severity into the past.
    pub fn learn(&mut self, severity: f64) {
        self.count(SeverityBin::of(severity).index());
    }

    /// What the past supports without the fitted tail.
    pub fn floor(&self) -> f64 {
        1.0 / (units(self.total) + 1.0)
    }

    /// Whether there is enough past for a p below 1.
    pub fn is_warm(&self) -> bool {
        units(self.total) >= WARMUP
    }

    /// The lowest bin of the tail and the count in it and above. Bin 0 never belongs to the tail.
    fn tail(&self, n: f64) -> (usize, u32) {
        let need = ((TAIL_SHARE * n).max(TAIL_MIN) * f64::from(UNIT)) as u32;
        let (mut first, mut count) = (BINS, 0);
        while first > 1 && count < need {
            first -= 1;
            count += u32::from(self.counts[first]);
        }
        (first, count)
    }

    fn count(&mut self, bin: usize) {
        self.counts[bin] = self.counts[bin].saturating_add(UNIT as u16);
        self.total += UNIT;
        self.seen = self.seen.saturating_add(1);
        // What a young series' models found odd is no measure of what they find odd later.
        let young = self.seen < HORIZON && self.seen % YOUNG == 0 && (self.seen / YOUNG).is_power_of_two();
        if young || self.total > HORIZON * UNIT {
            self.total = 0;
            for c in self.counts.iter_mut() {
                *c >>= 1;
                self.total += u32::from(*c);
            }
        }
    }
}

/// Where a severity lies in the histogram: what must be kept of it to take it out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeverityBin(u8);

impl SeverityBin {
    pub fn of(severity: f64) -> Self {
        SeverityBin((severity.max(0.0) * BINS_PER_DECADE).min((BINS - 1) as f64) as u8)
    }

    fn index(self) -> usize {
        usize::from(self.0).min(BINS - 1)
    }
}

fn units(count: u32) -> f64 {
    f64::from(count) / f64::from(UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(calibrator: &mut SeverityCalibrator, severity: f64) -> f64 {
        let p = calibrator.p(severity, true);
        calibrator.learn(severity);
        p
    }

    /// Exponential severities of a calibrated score, from a fixed generator.
    fn exponential(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let u = ((*state >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        -u.log10()
    }

    #[test]
    fn realised_rates_are_what_p_says() {
        let mut state = 7;
        let mut calibrator = SeverityCalibrator::default();
        let n = 400_000;
        let mut hits = [0u32; 3];
        for _ in 0..n {
            let p = step(&mut calibrator, exponential(&mut state));
            for (h, level) in hits.iter_mut().zip([1e-1, 1e-2, 1e-3]) {
                *h += u32::from(p <= level);
            }
        }
        for (h, level) in hits.iter().zip([1e-1, 1e-2, 1e-3]) {
            let ratio = f64::from(*h) / (f64::from(n) * level);
            assert!((0.8..1.2).contains(&ratio), "p <= {level}: {ratio} of what it should be");
        }
    }

    #[test]
    fn p_falls_with_severity_and_is_one_while_warming() {
        let mut state = 3;
        let mut calibrator = SeverityCalibrator::default();
        for _ in 0..99 {
            assert_eq!(step(&mut calibrator, exponential(&mut state)), 1.0);
        }
        for _ in 0..5000 {
            step(&mut calibrator, exponential(&mut state));
        }
        let p = |s: f64| calibrator.p(s, true);
        let mut last = 1.0;
        for i in 0..200 {
            let now = p(0.05 * f64::from(i) + 0.025);
            assert!(now <= last * 1.05 && now > 0.0, "{now} after {last}");
            last = now;
        }
        assert!(p(8.0) < 1e-6);
        assert_eq!(p(-3.0), p(0.0));
    }

    #[test]
    fn old_severities_fade() {
        let mut calibrator = SeverityCalibrator::default();
        for _ in 0..20_000 {
            calibrator.learn(5.0);
        }
        for _ in 0..40_000 {
            calibrator.learn(0.5);
        }
        assert!(calibrator.p(5.0, true) < 0.05);
        assert!(calibrator.total <= (HORIZON + 1) * UNIT);
    }
}
