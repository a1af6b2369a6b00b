//! How many decades a series' own past can support.
//!
//! A fitted tail has no bound: after a day of zeros it gives the first 1 any number of decades. A series that mostly
//! *rests* (repeats its value) can say of a move only how rare its moves were, `(moves/2 + ½)/(n + 1)`, since an
//! excursion moves there and back; this is the null on which the p-values of `series` are known to be wrong. One that
//! moves all the time has a tail worth extending, by [`EXTRAPOLATED`] decades beyond `1/(n + 1)`.

use serde::{Deserialize, Serialize};

use crate::math::log10;

/// Decades beyond `1/(n + 1)` that a moving series' fitted tail is believed.
const EXTRAPOLATED: f64 = 3.0;

/// How much a series moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Support {
    last: f64,
    n: u32,
    moves: u32,
}

impl Support {
    /// The most decades that a value may count against the past, in `[0, log10(n + 1) + 3]`.
    pub fn decades(&self) -> f64 {
        let n = f64::from(self.n) + 1.0;
        if self.moves < self.n / 2 {
            log10(n / (0.5 * f64::from(self.moves) + 0.5))
        } else {
            log10(n) + EXTRAPOLATED
        }
    }

    /// Learns a finite value.
    pub fn learn(&mut self, value: f64) {
        self.moves = self.moves.saturating_add(u32::from(self.n > 0 && value != self.last));
        self.n = self.n.saturating_add(1);
        self.last = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(values: impl IntoIterator<Item = f64>) -> f64 {
        let mut support = Support::default();
        values.into_iter().for_each(|v| support.learn(v));
        support.decades()
    }

    #[test]
    fn a_resting_series_supports_what_its_moves_are_rare() {
        assert!((after((0..999).map(|_| 0.0)) - log10(2000.0)).abs() < 1e-12, "never moved");
        let rare = after((0..999).map(|i| f64::from(u8::from(i % 100 == 50))));
        assert!((rare - log10(1000.0 / 10.5)).abs() < 1e-12, "ten excursions: {rare}");
    }

    #[test]
    fn a_moving_series_may_extrapolate() {
        assert!((after((0..999).map(f64::from)) - 6.0).abs() < 1e-12);
        assert_eq!(after([]), 3.0);
    }
}
