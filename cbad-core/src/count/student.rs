//! Upper tail of Student's t distribution, in `libm` so that machines agree to the bit.

use crate::math::{exp, ln};

/// `P(T > t)` for `t ≥ 0` at `nu` degrees of freedom: half the regularised incomplete beta function at
/// `ν/(ν + t²)` with parameters `(ν/2, ½)` (Abramowitz and Stegun 26.7.1).
pub(super) fn student_t_sf(t: f64, nu: f64) -> f64 {
    0.5 * incomplete_beta(nu / (nu + t * t), 0.5 * nu, 0.5)
}

/// Continued fraction of A&S 26.5.8 by Lentz's method; the symmetry keeps it in its fast half.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let log_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    let front = exp(a * ln(x) + b * libm::log1p(-x) - log_beta);
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let away = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for i in 1..300 {
        let m = f64::from(i);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    h
}
