//! How far the p-values of many streams together can be believed: the p at which the realised chance is the asked one.
//!
//! It fits a histogram of decades; which verdicts belong into it is the caller's to know.
//!
//! With `n` windows, `k` of them above `u` decades and mean excess `m`, the realised chance of `x` decades is
//! `(k + ½)/(n + 1) · exp(−(x − u)/m)` (Pickands 1975, shape 0).

use crate::math::{decades, ln, pow10};

/// So many windows say nothing about a tail yet.
const LEAST: f64 = 1000.0;
/// The tail is made of this share of the windows, and of at least so many.
const SHARE: f64 = 0.005;
const TAIL: f64 = 30.0;
/// The mean excess is shrunk to that of honest p-values, `1/ln 10` decades, which counts as so many windows: a tail of thirty
/// knows its mean no better than by a fifth, which would be a decade at the level.
const PRIOR: f64 = 30.0;
/// How far beyond `u` one window counts, in decades: no single one stretches the tail.
const REACH: f64 = 2.0;
/// By how many decades the level is lowered at most.
const MOST: f64 = 1.5;

/// The p at which the realised chance is `nominal`, at most that itself. `bins` counts windows by decades, `width` each.
pub fn level(bins: &[f64], width: f64, nominal: f64) -> f64 {
    let n: f64 = bins.iter().sum();
    if n.is_nan() || n < LEAST {
        return nominal;
    }
    let want = TAIL.max(SHARE * n);
    let (mut k, mut edge) = (0.0, bins.len());
    while k < want && edge > 0 {
        edge -= 1;
        k += bins[edge];
    }
    let excess: f64 =
        bins[edge..].iter().enumerate().map(|(i, c)| c * (i as f64 * width + width / 2.0).min(REACH)).sum();
    let mean = (PRIOR * std::f64::consts::LOG10_E + excess) / (PRIOR + k);
    let asked = decades(nominal);
    let x = edge as f64 * width + mean * ln((k + 0.5) / (n + 1.0) / nominal);
    // In hundredths of a decade, rounded up.
    let x = (x.min(asked + MOST) * 100.0).ceil() / 100.0;
    if x > asked {
        pow10(-x)
    } else {
        nominal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: f64 = 0.05;

    /// `n` windows whose decades are exponential with the given mean, exactly.
    fn filled(n: f64, mean: f64) -> Vec<f64> {
        let above = |i: usize| n * crate::math::exp(-(i as f64) * WIDTH / mean);
        (0..240).map(|i| (above(i) - above(i + 1)).round()).collect()
    }

    const HONEST: f64 = std::f64::consts::LOG10_E;

    #[test]
    fn honest_p_values_leave_the_level_nearly_as_it_is() {
        let got = level(&filled(30_000.0, HONEST), WIDTH, 3.5e-5);
        assert!(got <= 3.5e-5 && got > 3.5e-5 / 1.5, "{got}");
        assert_eq!(level(&filled(30_000.0, 0.5 * HONEST), WIDTH, 1e-4), 1e-4, "never raised");
        assert_eq!(level(&filled(900.0, 3.0 * HONEST), WIDTH, 1e-4), 1e-4, "too few");
        assert_eq!(level(&[], WIDTH, 1e-4), 1e-4);
        assert_eq!(level(&[f64::NAN; 240], WIDTH, 1e-4), 1e-4);
    }

    #[test]
    fn p_values_that_are_too_small_lower_it() {
        for stretch in [1.15, 1.3] {
            let got = level(&filled(100_000.0, stretch * HONEST), WIDTH, 1e-4);
            let realised = crate::math::exp(crate::math::ln(got) / stretch);
            assert!((0.5e-4..1.6e-4).contains(&realised), "{stretch}: {realised}");
        }
    }

    #[test]
    fn it_is_never_lowered_by_more_than_the_most() {
        let got = level(&vec![100.0; 240], WIDTH, 1e-4);
        assert!((crate::math::decades(got) - 4.0 - MOST).abs() < 0.011, "{got}");
    }
}
