//! The moving averages of a series, and the statistics made of them.
//!
//! Nothing here is a model of the past: an average moves on with every value, also one that is not learnt.

use serde::{Deserialize, Serialize};

const FAST: f64 = 0.25;
const SLOPE: f64 = 0.5;
const RANK: f64 = 1.0 / 32.0;
/// Points over which the present level is taken, and over which the reference.
pub const PRESENT: u32 = 32;
const REFERENCE: f64 = 1.0 / 1024.0;

/// Moving averages of one series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Averages {
    /// EWMA¼ of the bits of the value's symbol.
    pub code: f64,
    /// EWMA¼ of the seasonal residual and of the value.
    pub slow_residual: f64,
    pub slow_value: f64,
    /// EWMA over 32 points of the value's rank.
    pub slow_rank: f64,
    /// EWMA over 32 points of the value, and over 1024: the present level and the one it is held against.
    pub present: f64,
    pub reference: f64,
    /// EWMA½ of the value: now and one point ago.
    smooth: [f64; 2],
}

impl Averages {
    /// Takes the `i`-th value; returns the slope, `EWMA½` now less that of two points ago.
    #[inline]
    pub fn step(&mut self, i: u32, x: f64, residual: f64, bits: f64, rank: f64) -> f64 {
        if i == 0 {
            *self = Averages {
                code: bits,
                slow_residual: residual,
                slow_value: x,
                slow_rank: rank,
                present: x,
                reference: x,
                smooth: [x; 2],
            };
        }
        let rate = 1.0 / (f64::from(i) + 1.0);
        let fast = rate.max(FAST);
        self.code += fast * (bits - self.code);
        self.slow_residual += fast * (residual - self.slow_residual);
        self.slow_value += fast * (x - self.slow_value);
        self.slow_rank += rate.max(RANK) * (rank - self.slow_rank);
        let [last, before] = self.smooth;
        let now = last + rate.max(SLOPE) * (x - last);
        self.smooth = [now, last];
        if i >= 2 {
            now - before
        } else {
            0.0
        }
    }

    /// Moves the present level; an outlier comes clipped, so that one value alone is no drift. Returns its distance
    /// from the reference.
    #[inline]
    pub fn drift(&mut self, i: u32, clipped: f64) -> f64 {
        let rate = 1.0 / (f64::from(i) + 1.0);
        self.present += rate.max(1.0 / f64::from(PRESENT)) * (clipped - self.present);
        self.present - self.reference
    }

    /// Moves the reference, which stays where it is while the series is held to be odd.
    #[inline]
    pub fn follow(&mut self, i: u32, x: f64) {
        self.reference += (1.0 / (f64::from(i) + 1.0)).max(REFERENCE) * (x - self.reference);
    }
}
