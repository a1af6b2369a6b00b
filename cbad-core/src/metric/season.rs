//! The hour-of-day part of a value, as far as the series has one.
//!
//! 24 hourly means beside one long mean; their difference is believed by the factor
//! `g = clamp(E[(x − m)(P − m)] / E[(P − m)²], 0, 1)`, the regression of the value's deviation on the hour's.
//! A series without a season gets `g ≈ 0` and keeps its plain deviation.

use serde::{Deserialize, Serialize};

const HOURS: usize = 24;
/// An hour must have been seen so often before its mean is used.
const MIN_COUNT: u16 = 3;
/// Slowest rate of an hour's mean: 50 observations.
const HOUR_RATE: f64 = 0.02;
/// Slowest rate of the long mean and of the moments.
const LONG_RATE: f64 = 1.0 / 2000.0;

/// Hour of the day (UTC) of a time in nanoseconds.
#[inline]
pub fn hour_of(time_ns: u64) -> usize {
    ((time_ns / 3_600_000_000_000) % HOURS as u64) as usize
}

/// Hourly means of one series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Season {
    hour_mean: [f64; HOURS],
    hour_count: [u16; HOURS],
    mean: f64,
    /// `E[(x − m)(P − m)]` and `E[(P − m)²]`.
    cross: f64,
    power: f64,
}

impl Season {
    /// What a value is expected to be at this hour, none while the hour is new.
    pub fn expected(&self, hour: usize) -> Option<f64> {
        let hour = hour % HOURS;
        (self.hour_count[hour] >= MIN_COUNT).then(|| {
            let gain = (self.cross / (self.power + 1e-300)).clamp(0.0, 1.0);
            self.mean + gain * (self.hour_mean[hour] - self.mean)
        })
    }

    /// Learns a value. `rate` is `1/(i + 1)` for the `i`-th point: means of everything seen, until the slow rates take over.
    pub fn learn(&mut self, hour: usize, x: f64, rate: f64) {
        let hour = hour % HOURS;
        if rate >= 1.0 {
            self.mean = x;
        }
        let a = rate.max(LONG_RATE);
        if self.hour_count[hour] >= MIN_COUNT {
            let dx = x - self.mean;
            let dp = self.hour_mean[hour] - self.mean;
            self.cross += a * (dx * dp - self.cross);
            self.power += a * (dp * dp - self.power);
        }
        self.mean += a * (x - self.mean);
        let count = &mut self.hour_count[hour];
        *count = count.saturating_add(1);
        self.hour_mean[hour] += (1.0 / f64::from(*count)).max(HOUR_RATE) * (x - self.hour_mean[hour]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(season: &mut Season, hour: usize, x: f64, rate: f64) -> Option<f64> {
        let expected = season.expected(hour);
        season.learn(hour, x, rate);
        expected
    }

    const HOUR_NS: u64 = 3_600_000_000_000;

    #[test]
    fn hours_are_utc() {
        assert_eq!(hour_of(0), 0);
        assert_eq!(hour_of(HOUR_NS - 1), 0);
        assert_eq!(hour_of(25 * HOUR_NS), 1);
        assert!(hour_of(u64::MAX) < 24);
    }

    fn worst_error(value: impl Fn(u64) -> f64) -> f64 {
        let mut season = Season::default();
        let mut worst = 0.0f64;
        for i in 0..20 * 96u64 {
            let t = i * HOUR_NS / 4;
            let expected = step(&mut season, hour_of(t), value(i), 1.0 / (i + 1) as f64);
            if i > 15 * 96 {
                worst = worst.max((value(i) - expected.unwrap()).abs());
            }
        }
        worst
    }

    #[test]
    fn a_daily_square_wave_is_foreseen() {
        let wave = |i: u64| if (i / 4) % 24 < 8 { 10.0 } else { 50.0 };
        assert!(worst_error(wave) < 1.0, "{}", worst_error(wave));
    }

    #[test]
    fn without_a_season_the_mean_is_expected() {
        // Alternates faster than the hour: hourly means say nothing.
        let wave = |i: u64| if i % 2 == 0 { 10.0 } else { 50.0 };
        assert!((19.0..22.0).contains(&worst_error(wave)), "{}", worst_error(wave));
    }

    #[test]
    fn a_new_hour_expects_nothing() {
        let mut season = Season::default();
        assert_eq!(step(&mut season, 5, 1.0, 1.0), None);
        assert_eq!(step(&mut season, 5, 1.0, 0.5), None);
        assert_eq!(step(&mut season, 5, 1.0, 0.3), None);
        assert!(step(&mut season, 5, 1.0, 0.25).is_some());
        assert_eq!(step(&mut season, 6, 1.0, 0.2), None);
    }
}
