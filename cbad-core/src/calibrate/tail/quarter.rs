//! Quarter-octaves: a logarithmic scale whose step is read off the number's own bits.
//!
//! It does not know what lies on the scale.

use crate::math;

/// Quarter-octave of a positive number: its exponent and the top two bits of its fraction.
#[inline]
pub fn of(y: f64) -> i32 {
    (y.to_bits() >> 50) as i32 - 4 * 1023
}

/// Natural logarithm of a quarter-octave's lower edge.
#[inline]
pub fn ln_edge(q: i32) -> f64 {
    /// `ln(1 + m/4)`.
    const LN_QUARTER: [f64; 4] = [0.0, 0.223_143_551_314_209_76, 0.405_465_108_108_164_4, 0.559_615_787_935_422_7];
    f64::from(q.div_euclid(4)) * std::f64::consts::LN_2 + LN_QUARTER[q.rem_euclid(4) as usize]
}

#[inline]
pub fn ln_mid(q: i32) -> f64 {
    0.5 * (ln_edge(q) + ln_edge(q + 1))
}

/// Lower edge of a quarter-octave.
pub fn edge(q: i32) -> f64 {
    math::exp2(f64::from(q.div_euclid(4))) * (1.0 + 0.25 * f64::from(q.rem_euclid(4)))
}
