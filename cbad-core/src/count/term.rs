//! The numbers that give one item its bits, so that the bits can be computed again by whoever has them.
//!
//! The formulas are those of [`super`]. It holds no past; [`super::Model::term`] takes the numbers out of one.

use serde::{Deserialize, Serialize};

use crate::calibrate::dispersion;
use crate::math::{ln, ln_gamma, log2, student_t_bits};

/// Added to every count of a known pair.
const SMOOTHING: f64 = 0.1;
/// Least expectation.
pub(super) const MU_FLOOR: f64 = 0.02;

/// A symbol's count after a context that it is known after. All of the past is decayed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// So many of the window's occurrences of the context were followed by the symbol.
    pub observed: f64,
    pub of: f64,
    /// In the past, so many of `total`; the context has been followed by `known` symbols.
    pub sum: f64,
    pub total: f64,
    pub known: u64,
    /// Windows with the context and, of them, with the symbol; their Pearson statistics together.
    pub windows: f64,
    pub present: f64,
    pub pearson: f64,
}

/// A known symbol that followed a context for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct First {
    pub observed: f64,
    pub of: f64,
    /// Past first times after this context, and its occurrences.
    pub novel: f64,
    pub total: f64,
}

/// Expected count among `n` occurrences of a context.
pub(super) fn expected(n: f64, sum: f64, total: f64, known: f64) -> f64 {
    (n * (sum + SMOOTHING) / (total + SMOOTHING + SMOOTHING * known)).max(MU_FLOOR)
}

impl Counted {
    pub fn expected(&self) -> f64 {
        expected(self.of, self.sum, self.total, self.known as f64)
    }

    pub fn bits(&self) -> f64 {
        let (x, n, mu) = (self.observed, self.of, self.expected());
        let p = (mu / n).min(0.999);
        let deviance = 2.0 * (x_log(x, n * p) + x_log(n - x, n * (1.0 - p)));
        let t = (deviance.max(0.0) / dispersion::factor(self.pearson, self.windows)).sqrt();
        let mut bits = student_t_bits(t, dispersion::freedom(self.windows));
        if mu < 1.0 && x > 0.0 {
            bits = bits.min(-log2((self.present + 0.5) / (self.windows + 1.0)) + self.burst_bits());
        }
        bits
    }

    /// Bits of so many occurrences or more in a window that has the symbol at all.
    ///
    /// After each occurrence another follows with a probability of its own, uniform a priori; the windows that had the
    /// symbol say how often one did (`e` times) and did not (`m` times). The predictive tail (beta-geometric) is
    /// `Γ(e+x)·Γ(e+m+2) / (Γ(e+1)·Γ(e+m+x+1))`: `1/x` without a past, far less after a past of single occurrences.
    fn burst_bits(&self) -> f64 {
        let (x, m) = (self.observed, self.present);
        let e = (self.sum - m).max(0.0);
        let ln_tail = ln_gamma(e + x) - ln_gamma(e + 1.0) + ln_gamma(e + m + 2.0) - ln_gamma(e + m + x + 1.0);
        (-ln_tail * std::f64::consts::LOG2_E).max(0.0)
    }
}

impl First {
    pub fn bits(&self) -> f64 {
        let chance = (self.novel + 0.5) / (self.total + 1.0);
        // A first time that happens often at once costs up to four bits more.
        if chance * self.of < 1.0 {
            -log2(chance) + log2(1.0 + self.observed).min(4.0)
        } else {
            0.0
        }
    }
}

fn x_log(x: f64, m: f64) -> f64 {
    if x > 0.0 {
        x * ln(x / m)
    } else {
        0.0
    }
}
