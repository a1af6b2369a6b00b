//! Where a score stands in a history: all that its p needs, so that it can be computed again by whoever has these numbers.
//!
//! It holds no history; [`super::History::rank`] makes one, and [`super::History::p`] is its p.

use serde::{Deserialize, Serialize};

use super::history::clamp;
use super::ColdStart;
use crate::math;

/// Where a score stands; the formulas are those of [`super::History`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rank {
    /// There are too few past scores to rank among.
    Cold(ColdStart),
    /// So many of the past scores are as large or larger.
    Within { scores: u64, reached: u64 },
    /// Beyond the `k`-th largest of them.
    Beyond(Beyond),
}

/// The tail that a score lies in.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beyond {
    /// Past scores, and where their tail begins.
    pub scores: u64,
    pub threshold: f64,
    /// Past scores above the threshold, and the sum of what they exceed it by.
    pub above: u64,
    pub excess: f64,
    pub prior_mean_excess: f64,
    pub prior_weight: f64,
    /// Earlier runs of windows as odd as this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub habit: Option<Habit>,
}

/// Runs of odd windows that reached a score, and the windows in which they were counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Habit {
    pub runs: u64,
    pub windows: u64,
}

impl Rank {
    /// Probability of this score or a larger one; in (0, 1].
    pub fn p(&self, score: f64) -> f64 {
        if score.is_nan() {
            return 1.0;
        }
        let s = clamp(score);
        match self {
            Rank::Cold(ColdStart::Normal) => 1.0,
            Rank::Cold(ColdStart::Halving { free, per }) => math::exp2(-(s - free).max(0.0) / per).clamp(1e-300, 1.0),
            Rank::Within { scores, reached } => (*reached as f64 + 1.0) / (*scores as f64 + 1.0),
            Rank::Beyond(tail) => tail.p(s),
        }
    }
}

impl Beyond {
    /// Mean excess over the threshold, shrunk to the prior.
    pub fn mean(&self) -> f64 {
        let weight = self.prior_weight;
        (weight * self.prior_mean_excess + self.excess) / (weight + self.above as f64 + 1.0)
    }

    fn p(&self, s: f64) -> f64 {
        let at_u = (self.above as f64 + 2.0) / (self.scores as f64 + 1.0);
        let tail = (at_u * math::exp(-(s - self.threshold) / self.mean())).clamp(1e-300, 1.0);
        self.habit.map_or(tail, |h| tail.max(h.p().min(at_u)))
    }
}

impl Habit {
    /// No score that was reached so often is rarer.
    pub fn p(&self) -> f64 {
        (self.runs as f64 + 1.0) / (self.windows as f64 + 1.0)
    }
}
