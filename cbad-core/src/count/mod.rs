//! Counts of symbols given a context, as code lengths against a decayed past.
//!
//! It knows neither what a symbol is (a log template, an operation) nor how a score becomes a probability.
//!
//! # Model
//!
//! A window is a table of `x` = how often symbol `k` followed context `c`, with `N_c` = how often `c` occurred.
//! Three questions are asked of it, each answered in bits:
//!
//! * **New**: `k` was never seen anywhere. `b = −log2((ν + ½)/(w + 1))`, with `w` windows seen and `ν` of them with
//!   a new symbol (both decayed by 0.9995): what the next novelty costs under the Krichevsky–Trofimov estimate.
//! * **Transition**: `k` is known but never followed `c`. With `e = (novelties of c + ½)/(total of c + 1)`,
//!   `b = −log2 e + min(4, log2(1 + x))` where `e·N_c < 1`, else 0 (so many chances make a first time unremarkable).
//! * **Count**: `μ = N_c (s + .1)/(total + .1 + .1 K)`, at least .02, over the `K` symbols known after `c`.
//!   The binomial deviance `D` of `x` given `N_c`, divided by the pair's own dispersion `φ` (mean Pearson statistic
//!   with a prior of four windows at 2), is a squared Student t with `n + 3` degrees of freedom:
//!   `b = −log2 P(|t| > √(D/φ))`, at most 60. A symbol that is rare but expected now and then (`μ < 1`, `x > 0`) costs
//!   no more than the windows it appeared in say: `b ≤ −log2((seen + ½)/(n + 1)) + burst`,
//!   where `burst` are the bits of `x` or more at once given how often one occurrence was followed by another.
//!
//! Dispersion is what makes this usable: real counts vary far more than binomial ones, each pair by its own factor.
//!
//! # Bounds
//!
//! Symbols, contexts and pairs are capped; past a cap the coldest leave (least recently seen, then smallest id)
//! and [`Model::evictions`] counts them.

mod channel;
mod model;
mod term;
mod window;

#[cfg(test)]
mod tests;

pub use channel::{novelty_channel, novelty_share, share, weigh_channel};
pub use model::{Evictions, Kind, Limits, Model, Scored};
pub use term::{Counted, First};
pub use window::{Row, Window};
