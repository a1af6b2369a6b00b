//! How often a stream pauses and for how long: the probability of so many empty windows in a row.
//!
//! A gap begins after a window with records with probability `r = (g + ⅓)/(n + ⅔)`, `g` of `n` such windows having been
//! followed by one (the neutral prior of Kerman 2011, doi 10.1214/11-EJS648). It goes on by another window with a
//! probability that has a beta prior of mean `r` and weight 1: of itself a gap has no memory. With `e` continuations and
//! `m` ends in the past, `k` windows in a row have
//! `p(k) = r · Π_{i<k−1} (e + r + i)/(e + m + 1 + i)` (beta-geometric).
//! A stream that never paused gives `r²` to two empty windows; one that pauses for an hour each day, almost nothing to any.

use serde::{Deserialize, Serialize};

/// Decay per window with records: a memory of about 2000.
const DECAY: f64 = 0.9995;
const PRIOR: f64 = 1.0 / 3.0;
/// An odd gap is an outage, and not learnt; from so many on within memory they are a habit.
const HABIT: f64 = 3.0;
/// Beyond it a longer gap says nothing more.
const MAX_RUN: u64 = 1024;

/// The past of gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Gaps {
    pub windows: f64,
    pub begun: f64,
    pub continued: f64,
    pub ended: f64,
    pub odd: f64,
}

impl Gaps {
    /// A window with records.
    pub fn present(&mut self) {
        for v in [&mut self.windows, &mut self.begun, &mut self.continued, &mut self.ended, &mut self.odd] {
            *v *= DECAY;
        }
        self.windows += 1.0;
    }

    /// A gap of `run` windows is over; `odd` when it was too odd to be learnt.
    pub fn ended(&mut self, run: u64, odd: bool) {
        if odd {
            self.odd += 1.0;
            if self.odd < HABIT - 0.5 {
                return;
            }
        }
        self.begun += 1.0;
        self.continued += run.clamp(1, MAX_RUN) as f64 - 1.0;
        self.ended += 1.0;
    }

    /// Probability that after a window with records at least `run` without follow.
    pub fn p(&self, run: u64) -> f64 {
        let r = ((self.begun + PRIOR) / (self.windows + 2.0 * PRIOR)).min(1.0);
        let mut p = r;
        for i in 1..run.min(MAX_RUN) {
            let before = (i - 1) as f64;
            p *= (self.continued + r + before) / (self.continued + self.ended + 1.0 + before);
        }
        p.clamp(1e-300, 1.0)
    }
}
