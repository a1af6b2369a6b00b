//! Elementary functions that decide verdicts, through the pure-Rust `libm` so that machines agree to the bit.

/// Natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Base-2 logarithm.
#[inline]
pub fn log2(x: f64) -> f64 {
    libm::log2(x)
}

/// Base-10 logarithm.
#[inline]
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// Exponential.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `2^x`.
#[inline]
pub fn exp2(x: f64) -> f64 {
    libm::exp2(x)
}

/// `10^x`.
#[inline]
pub fn pow10(x: f64) -> f64 {
    libm::exp10(x)
}

/// Decades of a tail probability: `−log10 p`, at most 300.
#[inline]
pub fn decades(p: f64) -> f64 {
    -log10(p.max(1e-300))
}

/// Harmonic-mean combination of `N` dependent p-values, `N / Σ 1/p` (research: it did best across signals).
///
/// Returns 1 for an empty slice. Values are clamped to `[1e-300, 1]`.
pub fn harmonic_mean_p(ps: &[f64]) -> f64 {
    if ps.is_empty() {
        return 1.0;
    }
    let mut sum = 0.0;
    for &p in ps {
        sum += 1.0 / p.clamp(1e-300, 1.0);
    }
    (ps.len() as f64 / sum).min(1.0)
}

/// The most that one p-value adds to [`product_p`], in decades: no single one decides for all.
const PRODUCT_CAP: f64 = 4.0;

/// The chance that `n` independent p-values have a product this small (Fisher, Statistical Methods, 1932): with
/// `x = −Σ ln p`, `e^−x Σ_{k<n} x^k / k!`. Each counts four decades at most.
///
/// Returns 1 for an empty slice. Values above 1 count as 1.
pub fn product_p(ps: &[f64]) -> f64 {
    let least = exp(-PRODUCT_CAP * std::f64::consts::LN_10);
    let x: f64 = ps.iter().map(|&p| -ln(p.clamp(least, 1.0))).sum();
    let (mut term, mut sum) = (1.0, 0.0);
    for k in 0..ps.len() {
        sum += term;
        term *= x / (k + 1) as f64;
    }
    if ps.is_empty() {
        1.0
    } else {
        (exp(-x) * sum).min(1.0)
    }
}

/// Logarithm of the gamma function, for `x > 0`.
#[inline]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Logarithm of the regularised incomplete beta function `I_x(a, b)`, given `ln x` and `ln (1 − x)`.
///
/// Taking both logarithms keeps far tails exact where `x` itself underflows or rounds to 1. The value is
/// `x^a (1−x)^b / (a B(a, b))` times a continued fraction (Abramowitz and Stegun 26.5.8, evaluated by the
/// modified Lentz method), which converges fast for `x < (a+1)/(a+b+2)`; beyond it the symmetry
/// `I_x(a, b) = 1 − I_{1−x}(b, a)` is used.
pub fn ln_inc_beta(a: f64, b: f64, ln_x: f64, ln_1mx: f64) -> f64 {
    let x = exp(ln_x);
    if x > (a + 1.0) / (a + b + 2.0) {
        let other = exp(ln_inc_beta_small(b, a, ln_1mx, ln_x));
        return libm::log1p(-other.clamp(0.0, 1.0));
    }
    ln_inc_beta_small(a, b, ln_x, ln_1mx)
}

fn ln_inc_beta_small(a: f64, b: f64, ln_x: f64, ln_1mx: f64) -> f64 {
    let ln_front = a * ln_x + b * ln_1mx + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) - ln(a);
    (ln_front - ln(beta_fraction(a, b, exp(ln_x)))).min(0.0)
}

/// The continued fraction's reciprocal, `1 + d1/(1 + d2/(1 + …))`.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const MAX_TERMS: u32 = 300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (mut f, mut c, mut d) = (1.0, 1.0, 0.0);
    for i in 1..=MAX_TERMS {
        let m = f64::from(i / 2);
        let term = if i % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        d = 1.0 / away(1.0 + term * d);
        c = away(1.0 + term / c);
        f *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    f
}

/// Regularised incomplete beta function `I_x(a, b)` for `a, b > 0`; `x` is clamped to `[0, 1]`.
pub fn inc_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x >= 1.0 {
        1.0
    } else {
        exp(ln_inc_beta(a, b, ln(x), libm::log1p(-x)))
    }
}

/// The most bits one piece of evidence may weigh: 2⁻⁶⁰ is beyond what any history supports.
pub const MAX_BITS: f64 = 60.0;

/// `−log2` of the two-sided tail probability of Student's t with `nu` degrees of freedom, capped at [`MAX_BITS`].
///
/// `P(|T| > |t|) = I_{ν/(ν+t²)}(ν/2, 1/2)`. Not-a-number in gives 0 bits out: no evidence.
pub fn student_t_bits(t: f64, nu: f64) -> f64 {
    if t.is_nan() || nu.is_nan() || nu <= 0.0 || t == 0.0 {
        return 0.0;
    }
    let t = t.abs().min(1e100);
    let ln_x = -libm::log1p(t * t / nu);
    let ln_1mx = -libm::log1p(nu / (t * t));
    let ln_p = ln_inc_beta(0.5 * nu, 0.5, ln_x, ln_1mx);
    (-ln_p / std::f64::consts::LN_2).clamp(0.0, MAX_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64, rel: f64) {
        assert!((got - want).abs() <= rel * want.abs().max(1e-300), "got {got}, want {want}");
    }

    #[test]
    fn ln_gamma_of_integers_is_the_factorial() {
        let mut factorial = 1.0f64;
        for n in 1..20 {
            close(ln_gamma(f64::from(n) + 1.0), factorial.ln(), 1e-13);
            factorial *= f64::from(n + 1);
        }
        close(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), 1e-14);
    }

    #[test]
    fn inc_beta_has_its_closed_forms() {
        for x in [1e-9, 0.01, 0.3, 0.5, 0.77, 0.999] {
            close(inc_beta(1.0, 1.0, x), x, 1e-13);
            close(inc_beta(3.0, 1.0, x), x.powi(3), 1e-12);
            close(inc_beta(1.0, 4.0, x), 1.0 - (1.0 - x).powi(4), 1e-7);
            close(inc_beta(2.0, 2.0, x), 3.0 * x * x - 2.0 * x * x * x, 1e-12);
            close(inc_beta(7.5, 2.25, x) + inc_beta(2.25, 7.5, 1.0 - x), 1.0, 1e-12);
        }
        assert_eq!(inc_beta(2.0, 3.0, 0.0), 0.0);
        assert_eq!(inc_beta(2.0, 3.0, 1.0), 1.0);
        // Binomial tail: P(Bin(20, 0.3) >= 9) = I_0.3(9, 12).
        let mut tail = 0.0;
        let choose = |k: i32| (0..k).fold(1.0, |c, i| c * f64::from(20 - i) / f64::from(i + 1));
        for k in 9..=20 {
            tail += choose(k) * 0.3f64.powi(k) * 0.7f64.powi(20 - k);
        }
        close(inc_beta(9.0, 12.0, 0.3), tail, 1e-12);
    }

    fn student_t_two_sided(t: f64, nu: f64) -> f64 {
        exp2(-student_t_bits(t, nu))
    }

    #[test]
    fn student_t_matches_tables_and_closed_forms() {
        // Critical values of the two-sided 5 % and 0.1 % tests.
        close(student_t_two_sided(12.706_204_736, 1.0), 0.05, 1e-8);
        close(student_t_two_sided(2.228_138_852, 10.0), 0.05, 1e-8);
        close(student_t_two_sided(4.586_893_859, 10.0), 0.001, 1e-8);
        close(student_t_two_sided(1.983_971_519, 100.0), 0.05, 1e-8);
        for t in [1e-3, 0.5, 1.0, 3.0, 1e4, 1e9] {
            close(student_t_two_sided(t, 1.0), 2.0 / std::f64::consts::PI * (1.0 / t).atan(), 1e-9);
            let nu2 = 2.0 / ((2.0 + t * t) * (1.0 + t / (2.0 + t * t).sqrt()));
            close(student_t_two_sided(t, 2.0), nu2.max(2f64.powi(-60)), 1e-9);
            assert_eq!(student_t_bits(t, 7.0), student_t_bits(-t, 7.0));
        }
    }

    #[test]
    fn student_t_bits_rise_and_stop_at_the_cap() {
        let mut last = -1.0;
        for i in 0..400 {
            let b = student_t_bits(0.25 * f64::from(i), 6.0);
            assert!(b >= last && b <= MAX_BITS, "{b} after {last}");
            last = b;
        }
        assert_eq!(student_t_bits(f64::INFINITY, 30.0), MAX_BITS);
        assert_eq!(student_t_bits(f64::NAN, 30.0), 0.0);
        assert_eq!(student_t_bits(0.0, 3.0), 0.0);
    }

    #[test]
    fn product_of_independent_ps() {
        assert_eq!(product_p(&[]), 1.0);
        close(product_p(&[0.02]), 0.02, 1e-14);
        assert_eq!(product_p(&[1.0, 1.0, 1.0]), 1.0);
        // Two: pq (1 − ln pq).
        close(product_p(&[0.01, 0.003]), 3e-5 * (1.0 - (3e-5f64).ln()), 1e-12);
        close(product_p(&[1e-9]), 1e-4, 1e-12); // the cap
    }

    #[test]
    fn product_of_uniforms_is_uniform() {
        // A grid over the unit square stands for two independent p-values: the share of products at p ≤ α is α.
        let n = 400;
        for alpha in [0.3, 0.1, 0.02] {
            let mut below = 0;
            for i in 0..n {
                for j in 0..n {
                    let p = |i: i32| (f64::from(i) + 0.5) / f64::from(n);
                    below += i32::from(product_p(&[p(i), p(j)]) <= alpha);
                }
            }
            close(f64::from(below) / f64::from(n * n), alpha, 0.02);
        }
    }

    #[test]
    fn harmonic_mean_lies_between_the_least_and_the_most() {
        assert_eq!(harmonic_mean_p(&[]), 1.0);
        close(harmonic_mean_p(&[0.02]), 0.02, 1e-14);
        let p = harmonic_mean_p(&[1e-4, 0.5, 1.0]);
        assert!(p > 1e-4 && p < 3.1e-4, "{p}");
    }
}
