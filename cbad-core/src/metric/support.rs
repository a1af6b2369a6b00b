//! How far a series' own past can be extrapolated.
//!
//! A fitted tail has no bound: after a day of zeros it gives the first 1 any number of decades. A series that mostly
//! *rests* (repeats its value) has no tail, only so many moves: its p is the bare rank, at best `1/(n + 1)`. One that
//! moves all the time has a tail worth extending, by [`EXTRAPOLATED`] decades beyond that.

use serde::{Deserialize, Serialize};

use crate::math::log10;

/// Decades beyond `1/(n + 1)` that a moving series' fitted tail is believed.
const EXTRAPOLATED: f64 = 12.0;

/// How much a series moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Support {
    last: f64,
    moves: u32,
}

impl Support {
    /// Whether fewer than half of the `n` values learnt moved.
    pub fn rests(&self, n: u32) -> bool {
        self.moves < n / 2
    }

    /// The most decades that a value may count against `n` past ones that say independent things.
    pub fn decades(n: f64) -> f64 {
        log10(n + 1.0) + EXTRAPOLATED
    }

    /// Learns a finite value.
    pub fn learn(&mut self, n: u32, value: f64) {
        self.moves = self.moves.saturating_add(u32::from(n > 0 && value != self.last));
        self.last = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rests(values: impl IntoIterator<Item = f64>) -> bool {
        let (mut support, mut n) = (Support::default(), 0);
        for v in values {
            support.learn(n, v);
            n += 1;
        }
        support.rests(n)
    }

    #[test]
    fn who_rests_and_who_moves() {
        assert!(rests((0..999).map(|_| 0.0)));
        assert!(rests((0..999).map(|i| f64::from(i / 3))), "a step every third value");
        assert!(!rests((0..999).map(f64::from)));
        assert!(!rests([]));
        assert_eq!(Support::decades(999.0), 15.0);
    }
}
