//! What a verdict rests on ([`Basis`]), and second opinions for flagged windows: compression distances, entropy, permutation.

mod basis;
mod compression;
mod entropy;
mod null;
mod permutation;
mod terms;

use serde::{Deserialize, Serialize};

pub use self::basis::{Basis, Binomial, Pause, Way};
#[cfg(feature = "openzl")]
pub use self::compression::columns;
pub use self::compression::{compression, distance, measure, ZSTD_LEVEL};
pub use self::entropy::entropy;
pub use self::null::Null;
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
    /// What its words cost together, given the past's (logs); those past the end of the text are in it too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bits: Option<f64>,
    /// Of the window's bits, the part of one record of its kind (logs): what such records cost together, shared equally.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub share: Option<f64>,
    /// Its words as bytes `start..end` of the text, and what each costs bits.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub words: Vec<(u32, u32, f64)>,
}

impl Excerpt {
    /// A record of which no more is known.
    pub fn new(time_ns: u64, trace_id: String, text: String) -> Self {
        Excerpt { time_ns, trace_id, text, ..Excerpt::default() }
    }
}

/// The points of one series around a flagged window, and what its past expects of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// The caller's hashes of family and instance, and what the series costs bits.
    pub id: u64,
    pub context: u64,
    pub bits: f64,
    /// Time of the first point; those of points and bands are seconds from here.
    pub start_ns: u64,
    /// Time and value, oldest first; from `window` on they are the window's. Values have six digits.
    pub points: Vec<(f64, f64)>,
    pub window: u32,
    /// From when on, the value expected, and the band that held 99 % of the past.
    pub expected: Vec<(f64, f64, f64, f64)>,
    /// The band is of the level of the last points together, not of a point: what is odd is a drift.
    pub drift: bool,
}

/// One edge of the window's calls: an operation under the one that called it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The caller's hashes of the calling operation (of a service) and of this one.
    pub parent: u64,
    pub operation: u64,
    pub spans: u64,
    pub errors: u64,
    /// Spans expected of so many calls of the parent; none where the past says nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected: Option<f64>,
    /// Errors expected of the operation, under whatever parent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected_errors: Option<f64>,
    /// Geometric mean of the exclusive durations in nanoseconds, what is far out clipped as in the test, and the past's.
    pub duration_ns: f64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected_duration_ns: Option<f64>,
    /// What the edge costs bits: the sum over its items.
    pub bits: f64,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub trace_ids: Vec<String>,
}

/// Two digits behind the point: evidence is for people, and a hundredth of a bit is less than they see.
pub(crate) fn hundredths(bits: f64) -> f64 {
    (bits * 100.0).round() / 100.0
}

/// Six significant digits.
pub(crate) fn six_digits(v: f64) -> f64 {
    format!("{v:.5e}").parse().unwrap_or(v)
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
    /// What each ranked channel was ranked among.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub nulls: Vec<Null>,
    /// The costliest series (metrics), in the order of the items.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub courses: Vec<Course>,
    /// The window's calls (traces), the costliest first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub calls: Vec<Call>,
    /// What the costliest items rest on (logs).
    pub terms: Vec<Terms>,
}
