//! How often a score came before that was too odd to stretch the tail of its history: an hourly job, a nightly backup.
//!
//! It does not rank ordinary scores.
//!
//! A history clips the scores of quarantined windows, so however often such a window comes back it stays as improbable
//! as at first. Here the peaks of those scores are kept as they were, each run of odd windows once (runs declustering:
//! Leadbetter, Lindgren and Rootzén 1983). A score that `r` runs in `n` windows reached has a rank, and is no rarer than
//! `(r + 1)/(n + 1)`.
//!
//! One earlier run proves no habit, two do: the second incident of a kind is said like the first. What lies less than
//! an hour of windows back does not count, since faults that are tried again and again are one affair.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::rank::Habit;

/// Windows that count, at most: nearly three days of minutes.
const MEMORY: u64 = 4096;
/// Runs kept; the oldest leave.
const MAX_RUNS: usize = 256;
/// Odd windows at most so far apart are one run.
const GAP: u64 = 10;
/// A run counts once it ended so many windows ago.
const APART: u64 = 60;
/// So many runs are a habit.
const HABIT: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Run {
    peak: f64,
    last: u64,
}

/// Runs of odd windows in one history.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// Windows seen.
    clock: u64,
    /// Oldest first.
    runs: VecDeque<Run>,
}

impl Runs {
    /// One more window, and its score if it was odd.
    pub fn learn(&mut self, odd: Option<f64>) {
        self.clock = self.clock.saturating_add(1);
        let now = self.clock;
        while self.runs.front().is_some_and(|r| r.last.saturating_add(MEMORY) <= now) {
            self.runs.pop_front();
        }
        let Some(score) = odd else { return };
        match self.runs.back_mut() {
            Some(run) if run.last.saturating_add(GAP) >= now => {
                *run = Run { peak: run.peak.max(score), last: now };
            }
            _ => {
                while self.runs.len() >= MAX_RUNS {
                    self.runs.pop_front();
                }
                self.runs.push_back(Run { peak: score, last: now });
            }
        }
    }

    /// The habit of such scores, if one is known: p of the next window's score is at least its.
    pub fn habit(&self, score: f64) -> Option<Habit> {
        let ended = |r: &&Run| r.last.saturating_add(APART) <= self.clock;
        let reached = self.runs.iter().take_while(ended).filter(|r| r.peak >= score).count();
        (reached >= HABIT).then(|| Habit { runs: reached as u64, windows: self.clock.min(MEMORY) })
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        self.runs.capacity() * size_of::<Run>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rule read aloud over all odd windows there ever were.
    fn naive(odd: &[(u64, f64)], now: u64, score: f64) -> Option<f64> {
        let mut runs: Vec<(f64, u64)> = Vec::new();
        for &(at, s) in odd {
            match runs.last_mut() {
                Some(r) if at - r.1 <= 10 => *r = (r.0.max(s), at),
                _ => runs.push((s, at)),
            }
        }
        let reached = runs.iter().filter(|r| r.1 + 4096 > now && r.1 + 60 <= now && r.0 >= score).count();
        (reached >= 2).then(|| (reached as f64 + 1.0) / (now.min(4096) as f64 + 1.0))
    }

    proptest! {
        #[test]
        fn matches_naive(steps in prop::collection::vec((1u64..120, 0u8..20), 0..120), probe in 0u8..20) {
            let (mut runs, mut odd) = (Runs::default(), Vec::new());
            for (quiet, score) in steps {
                (1..quiet).for_each(|_| runs.learn(None));
                runs.learn(Some(f64::from(score)));
                odd.push((runs.clock, f64::from(score)));
                prop_assert_eq!(runs.habit(f64::from(probe)).map(|h| h.p()), naive(&odd, runs.clock, f64::from(probe)));
            }
        }
    }

    #[test]
    fn a_habit_is_what_came_twice_some_time_ago() {
        let mut runs = Runs::default();
        let mut job = |quiet: u64, said: Option<f64>| {
            (0..quiet).for_each(|_| runs.learn(None));
            assert_eq!(runs.habit(40.0).map(|h| h.p()), said);
            (0..3).for_each(|_| runs.learn(Some(40.0)));
        };
        job(297, None);
        job(297, None);
        job(297, Some(3.0 / 898.0));
        assert_eq!(runs.habit(41.0), None, "this much never was");
        (0..5000).for_each(|_| runs.learn(None));
        assert_eq!(runs.habit(40.0), None, "long ago");
    }

    #[test]
    fn what_comes_again_and_again_within_the_hour_is_no_habit() {
        let mut runs = Runs::default();
        for i in 0..1000 {
            runs.learn(((500..560).contains(&i) && i % 20 < 2).then_some(40.0));
            assert!(i > 580 || runs.habit(40.0).is_none(), "{i}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut runs = Runs::default();
        for i in 0..20_000 {
            runs.learn((i % 12 == 0).then_some(1.0));
            assert!(runs.runs.len() <= MAX_RUNS);
        }
    }
}
