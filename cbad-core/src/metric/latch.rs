//! One alert for one incident: a latch over a series' severities.
//!
//! A severity at or above the level alerts when the last alert lies more than `R` points back or was weaker by more
//! than a decade, `R = clamp(0.03·i, 100, 300)` at the `i`-th point.

use serde::{Deserialize, Serialize};

/// A stronger alert within the refractory time must exceed the last by so many decades.
const RISE: f64 = 1.0;

/// When the series alerted last, and how strongly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latch {
    last: Option<(u32, f64)>,
}

impl Latch {
    /// Whether the `i`-th point of this severity alerts.
    pub fn step(&mut self, i: u32, severity: f64, level: f64) -> bool {
        if severity.is_nan() || severity < level {
            return false;
        }
        let refractory = ((0.03 * f64::from(i)) as u32).clamp(100, 300);
        let fires = match self.last {
            None => true,
            Some((at, strength)) => i.saturating_sub(at) > refractory || severity > strength + RISE,
        };
        if fires {
            self.last = Some((i, severity));
        }
        fires
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_silent_until_the_refractory_time_is_over() {
        let mut latch = Latch::default();
        assert!(!latch.step(5, 3.29, 3.3));
        assert!(latch.step(10, 3.3, 3.3));
        assert!(!latch.step(11, 4.3, 3.3));
        assert!(latch.step(12, 4.31, 3.3));
        assert!(!latch.step(112, 4.0, 3.3));
        assert!(latch.step(113, 4.0, 3.3));
        assert!(!latch.step(20_000, f64::NAN, 3.3));
        assert!(latch.step(20_001, 3.4, 3.3));
        assert!(!latch.step(20_301, 3.4, 3.3));
        assert!(latch.step(20_302, 3.4, 3.3));
    }

    #[test]
    fn an_infinite_level_never_alerts() {
        assert!(!Latch::default().step(1000, 300.0, f64::INFINITY));
    }
}
