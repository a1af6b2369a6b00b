//! A slow drift of a level, held against a reference that stays behind.
//!
//! A level that is learnt window by window follows whatever is slow. So beside it there are the mean of the last
//! [`PRESENT`] learnt windows or so, and one of the last [`REFERENCE`]. Their difference is judged against its own past
//! size over such spans: a level that always wandered, or has a season, wanders on and says nothing. When it
//! went no further out for [`STILL`] windows it is the new normal: the reference follows the present until that has
//! settled, and so it does when another change is adopted and after a change of instance. Windows that are not learnt
//! move neither.
//!
//! A drift does not keep a window from being learnt: levels follow it anyway, and its own end is when it stands still.
//!
//! It says nothing before [`SPANS`] spans: in the first of them the day's own season is a drift.

use serde::{Deserialize, Serialize};

use crate::math::student_t_bits;

/// Learnt windows over which the present is taken, and over which the reference.
const PRESENT: f64 = 32.0;
const REFERENCE: f64 = 1024.0;
/// Spans of the present after which the drift's size is known: 34 hours of minutes.
const SPANS: f64 = 64.0;
/// Windows over which the size is taken.
const MEMORY: f64 = 4096.0;
/// Bits at which a drift is odd, as windows are at quarantine's 1e-2, and how much more of its usual size is further out.
const ODD: f64 = 6.64;
const FURTHER: f64 = 0.25;
/// Odd windows, no further out than those before, after which the level is normal.
const STILL: u32 = 64;
/// Differences count at most so many times the size so far: a drift must not become its own measure.
const CLIP: f64 = 2.5;

/// Where a level is, where it was, and how far apart these usually are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Drift {
    present: f64,
    reference: f64,
    /// Mean squared difference.
    square: f64,
    windows: u32,
    /// Windows left in which the reference follows.
    settling: u32,
    /// How far out it went, and windows since.
    record: f64,
    still: u32,
}

/// A drift as it is with the window under judgement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Drifted {
    pub t: f64,
    pub bits: f64,
    pub present: f64,
    pub reference: f64,
    /// Two standard deviations of the difference.
    pub margin: f64,
}

impl Drift {
    /// Whether the past says how far such a level drifts.
    pub fn speaks(&self) -> bool {
        f64::from(self.windows) >= SPANS * PRESENT
    }

    /// The drift with a window of this mean. Differences up to `meaningless` are none.
    pub fn test(&self, mean: f64, meaningless: f64) -> Option<Drifted> {
        if !self.speaks() || self.settling > 0 || !mean.is_finite() {
            return None;
        }
        let present = self.present + (mean - self.present) / PRESENT;
        let size = (self.square + meaningless * meaningless).sqrt();
        let t = (present - self.reference) / size;
        // Of n windows n/32 differences say independent things.
        let bits = student_t_bits(t, f64::from(self.windows) / PRESENT);
        Some(Drifted { t, bits, present, reference: self.reference, margin: 2.0 * size })
    }

    /// Takes in a window of this mean, after its test.
    pub fn learn(&mut self, mean: f64, meaningless: f64) {
        let odd = self.test(mean, meaningless).filter(|d| d.bits >= ODD);
        if self.windows == 0 {
            (self.present, self.reference) = (mean, mean);
        }
        self.windows = self.windows.saturating_add(1);
        let n = f64::from(self.windows);
        let toward = |from: f64, to: f64, memory: f64| from + (to - from) / n.min(memory);
        self.present = toward(self.present, mean, PRESENT);
        if self.settling > 0 {
            self.settling -= 1;
            self.reference = self.present;
            return;
        }
        match odd {
            Some(d) => self.stand(d.t.abs()),
            None => (self.record, self.still) = (0.0, 0),
        }
        let difference = self.present - self.reference;
        let known = n > PRESENT && self.square > 0.0;
        let most = if known { CLIP * CLIP * self.square } else { f64::INFINITY };
        self.square = toward(self.square, (difference * difference).min(most), MEMORY);
        self.reference = toward(self.reference, mean, REFERENCE);
    }

    /// An odd window: where the drift stands still it is over.
    fn stand(&mut self, t: f64) {
        self.still += 1;
        if t > self.record + FURTHER {
            (self.record, self.still) = (t, 0);
        }
        if self.still >= STILL {
            self.settle();
        }
    }

    /// What the level will be is what it is held against from now on.
    pub fn settle(&mut self) {
        self.settling = 2 * PRESENT as u32;
        (self.record, self.still) = (0.0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Random(u64);

    impl Random {
        fn gaussian(&mut self) -> f64 {
            let mut sum = -6.0;
            for _ in 0..12 {
                self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                sum += (self.0 >> 11) as f64 / (1u64 << 53) as f64;
            }
            sum
        }
    }

    /// Share of the windows past the silence that have so many bits, over series that `step` makes.
    fn share(bits: f64, mut step: impl FnMut(u32, f64, &mut Random) -> f64) -> f64 {
        let (mut hits, mut all) = (0u32, 0u32);
        for seed in 0..12 {
            let (mut drift, mut random, mut x) = (Drift::default(), Random(seed), 20.0);
            for i in 0..12_000 {
                x = step(i, x, &mut random);
                if let Some(d) = drift.test(x, 0.0) {
                    all += 1;
                    hits += u32::from(d.bits >= bits);
                }
                drift.learn(x, 0.0);
            }
        }
        f64::from(hits) / f64::from(all)
    }

    #[test]
    fn what_stays_and_what_always_wandered_is_no_drift() {
        let day = |i: u32| (f64::from(i) * std::f64::consts::TAU / 1440.0).sin();
        let still = |_: u32, _: f64, r: &mut Random| 20.0 + r.gaussian();
        let season = |i: u32, _: f64, r: &mut Random| 20.0 + 5.0 * day(i) + r.gaussian();
        let walk = |_: u32, x: f64, r: &mut Random| x + 0.1 * r.gaussian();
        for (name, at_10, at_14) in [
            ("still", share(10.0, still), share(14.0, still)),
            ("season", share(10.0, season), share(14.0, season)),
            ("walk", share(10.0, walk), share(14.0, walk)),
        ] {
            assert!(at_10 < 4e-3 && at_14 < 1e-3, "{name}: {at_10} {at_14}");
        }
    }

    #[test]
    fn a_slow_drift_is_found_when_a_level_would_follow() {
        // Half a standard deviation an hour: a mean of the last hundred windows lags by less than one.
        let (mut drift, mut random) = (Drift::default(), Random(3));
        let mut found = None;
        for i in 0..4500u32 {
            let x = 20.0 + random.gaussian() + f64::from(i.saturating_sub(4000)) / 120.0;
            if drift.test(x, 0.0).is_some_and(|d| d.bits >= 14.0 && d.t > 0.0) && found.is_none() {
                found = Some(i);
            }
            drift.learn(x, 0.0);
        }
        assert!(found.is_some_and(|at| (4000..4300).contains(&at)), "{found:?}");
    }

    #[test]
    fn what_is_adopted_is_no_drift_any_more() {
        let (mut drift, mut random) = (Drift::default(), Random(5));
        (0..4000).for_each(|_| drift.learn(20.0 + random.gaussian(), 0.0));
        let odd = |drift: &Drift| drift.test(drift.present, 0.0).is_some_and(|d| d.bits > ODD);
        for i in 0..300 {
            drift.learn(20.0 + 0.02 * f64::from(i) + random.gaussian(), 0.0);
            assert!(i < 150 || odd(&drift), "while it grows: window {i}");
        }
        (0..200).for_each(|_| drift.learn(26.0 + random.gaussian(), 0.0));
        assert!(!odd(&drift) && (drift.reference - 26.0).abs() < 1.0, "the new normal: {drift:?}");
        drift.settle();
        for _ in 0..64 {
            assert_eq!(drift.test(28.0, 0.0), None, "while it settles");
            drift.learn(28.0 + random.gaussian(), 0.0);
        }
        assert!(drift.test(28.0, 0.0).is_some_and(|d| d.bits < 3.0));
        assert_eq!(drift.test(f64::NAN, 0.0), None);
        assert_eq!(Drift::default().test(1.0, 0.0), None);
    }
}
