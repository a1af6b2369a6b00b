//! What a verdict rests on ([`Basis`]), and second opinions for flagged windows: compression distances, entropy, permutation.

mod basis;
mod compression;
mod entropy;
mod permutation;
mod terms;

use serde::{Deserialize, Serialize};

pub use self::basis::{Basis, Binomial, Pause, Way};
#[cfg(feature = "openzl")]
pub use self::compression::columns;
pub use self::compression::{compression, distance, measure, ZSTD_LEVEL};
pub use self::entropy::entropy;
pub use self::permutation::permutation;
pub use self::terms::{Priced, Term, Terms};
use crate::Item;

/// Sizes in bytes, and what follows from them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Compression {
    /// Normalised compression distance `(C(B,W) − min) / max` of C(B) and C(W) (Cilibrasi and Vitányi 2005).
    pub ncd: f64,
    /// C(B), C(W) and C(B,W) in bytes.
    pub baseline: u64,
    pub window: u64,
    pub combined: u64,
    /// Raw bytes of the two samples.
    pub baseline_raw: u64,
    pub window_raw: u64,
    /// The codec's name: `zstd` or `openzl`.
    pub codec: String,
}

/// A record kept as an excerpt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Excerpt {
    pub time_ns: u64,
    /// Hex, empty when there is none.
    pub trace_id: String,
    pub text: String,
}

/// What stands behind a flagged window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// zstd on the sampled canonical bytes; for metrics also OpenZL on the columns.
    pub compression: Vec<Compression>,
    /// Shannon entropy of the sampled bytes, bits per byte.
    pub entropy_baseline: f64,
    pub entropy_window: f64,
    /// Share of record permutations whose statistic is at least the observed one; see [`permutation`].
    pub permutation_p: f64,
    pub permutations: u32,
    pub items: Vec<Item>,
    pub baseline_sample: Vec<Excerpt>,
    pub window_sample: Vec<Excerpt>,
    /// Past scores of the deciding channel, newest last, at most 64.
    pub score_history: Vec<f64>,
    /// What the costliest items rest on (logs).
    pub terms: Vec<Terms>,
}
