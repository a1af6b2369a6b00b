//! The rank of a score in the last scores of its stream, with an exponential tail beyond them.
//!
//! With `n` past scores and `u` the `k`-th largest, a score `s ≤ u` gets its conformal rank
//! `p = (1 + #{past ≥ s}) / (n + 1)` (Vovk, Gammerman and Shafer 2005), ties counted against it. Above `u`,
//! `p = (j + 2)/(n + 1) · exp(−(s − u)/m)` with `j` the number of past scores strictly above `u` and
//! `m = (w·m₀ + Σ excess) / (w + j + 1)` their mean excess shrunk to a prior `m₀` of weight `w`
//! (Pickands 1975, shape 0). Without ties `j = k − 1`. With them, as in a channel that is silent most of the
//! time, the tail describes the few scores that are above `u`, not the crowd that is equal to it.
//! Scores of windows also have a rank far out, among the runs of windows that were as odd ([`super::runs`]): the tail falls
//! no lower than that.
//!
//! Scores are held twice, in order of age and in order of size: a rank costs one binary search, an addition
//! one `memmove`, the tail `k` additions.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::rank::{Beyond, Rank};
use super::runs::Runs;

/// How many of the `n` largest past scores make the tail.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KRule {
    /// At least so many.
    pub min: u32,
    /// This share of the past scores.
    pub share: f64,
    /// At most so many.
    pub max: u32,
}

impl KRule {
    fn k(&self, n: usize) -> usize {
        let share = (self.share * n as f64) as usize;
        share.clamp(self.min as usize, (self.max as usize).max(self.min as usize)).max(1)
    }
}

/// What p is while there are too few scores to rank among.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ColdStart {
    /// Everything is normal.
    Normal,
    /// `2^(−max(0, s − free)/per)`: scores in bits that carry a meaning of their own.
    Halving { free: f64, per: f64 },
}

/// Past scores of one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct History {
    cap: usize,
    k_rule: KRule,
    prior_mean_excess: f64,
    prior_weight: f64,
    cold: ColdStart,
    by_age: VecDeque<f64>,
    by_size: Vec<f64>,
    /// Of windows; none where single requests or points are ranked.
    runs: Option<Runs>,
}

/// Scores are clamped to `[0, MAX_SCORE]` so that sums stay finite.
const MAX_SCORE: f64 = 1e9;
/// A quarantined score counts at most so many bits above the beginning of the tail.
const CLIP_MARGIN: f64 = 6.0;
/// Scores so many mean excesses apart are taken for equal where runs are compared: the model that gives them learns on between,
/// and far out the same minute costs 30 bits one time and 48 the next.
const NEAR: f64 = 4.0;
/// Below it no rank is worth stating.
const MIN_SCORES: usize = 5;
/// Hard limit of `cap`, whatever a snapshot says.
const MAX_CAP: usize = 65_536;

impl History {
    /// A history of the last `cap` scores; see the module's formula for the rest. Cold start: normal.
    pub fn new(cap: usize, k_rule: KRule, prior_mean_excess: f64, prior_weight: f64) -> Self {
        History {
            cap: cap.clamp(1, MAX_CAP),
            k_rule,
            prior_mean_excess,
            prior_weight,
            cold: ColdStart::Normal,
            by_age: VecDeque::new(),
            by_size: Vec::new(),
            runs: None,
        }
    }

    fn with_runs(mut self) -> Self {
        self.runs = Some(Runs::default());
        self
    }

    /// The same with another rule for the first scores.
    pub fn with_cold_start(mut self, cold: ColdStart) -> Self {
        self.cold = cold;
        self
    }

    /// Bits of a log or trace channel: the last 512, `k = max(3, n/5)`, mean excess 2 bits with weight 8.
    pub fn of_windows() -> Self {
        let rule = KRule { min: 3, share: 0.2, max: u32::MAX };
        History::new(512, rule, 2.0, 8.0).with_cold_start(ColdStart::Halving { free: 6.0, per: 2.0 }).with_runs()
    }

    /// Bits of a channel that is silent most of the time: as [`History::of_windows`] with a prior mean excess of 6 bits. Few
    /// scores are above the silence, so the prior decides how fast the tail falls: one rare event must not be a proof.
    pub fn of_rare_events() -> Self {
        let rule = KRule { min: 3, share: 0.2, max: u32::MAX };
        History::new(512, rule, 6.0, 8.0).with_cold_start(ColdStart::Halving { free: 6.0, per: 2.0 }).with_runs()
    }

    /// Bits of requests: the last 2048, `k = max(3, min(n/10, 100))`, mean excess 2 bits with weight 8.
    pub fn of_requests() -> Self {
        History::new(2048, KRule { min: 3, share: 0.1, max: 100 }, 2.0, 8.0)
    }

    /// Decades of a service's series: the last 4000, `k = max(10, n/50)`, mean excess `1/ln 10` with weight 10.
    pub fn of_services() -> Self {
        let rule = KRule { min: 10, share: 0.02, max: u32::MAX };
        History::new(4000, rule, std::f64::consts::LOG10_E, 10.0)
    }

    /// Probability of a score this large or larger; in (0, 1], never rising with the score. Not-a-number: 1.
    pub fn p(&self, score: f64) -> f64 {
        self.rank(score).p(score)
    }

    /// Where a score stands: what its p follows from.
    pub fn rank(&self, score: f64) -> Rank {
        let s = clamp(score);
        let n = self.by_size.len();
        let scores = n as u64;
        let Some(u) = self.threshold().filter(|_| !s.is_nan()) else { return Rank::Cold(self.cold) };
        if s <= u {
            let below = self.by_size.partition_point(|&v| v < s);
            return Rank::Within { scores, reached: (n - below) as u64 };
        }
        let above = &self.by_size[self.by_size.partition_point(|&v| v <= u)..];
        let mut tail = Beyond {
            scores,
            threshold: u,
            above: above.len() as u64,
            excess: above.iter().map(|v| v - u).sum(),
            prior_mean_excess: self.prior_mean_excess,
            prior_weight: self.prior_weight,
            habit: None,
        };
        tail.habit = self.runs.as_ref().and_then(|r| r.habit(s - NEAR * tail.mean()));
        Rank::Beyond(tail)
    }

    /// `u`, where the rank ends and the tail begins; none while the history is too short.
    pub fn threshold(&self) -> Option<f64> {
        let n = self.by_size.len();
        let k = self.k_rule.k(n);
        (n >= MIN_SCORES.max(k)).then(|| self.by_size[n - k])
    }

    /// What the history alone supports: `1/(n + 1)`.
    pub fn floor(&self) -> f64 {
        1.0 / (self.by_size.len() + 1) as f64
    }

    /// Learns a score; the oldest leaves when the history is full. Not-a-number is not learnt.
    pub fn add(&mut self, score: f64) {
        if score.is_nan() {
            return;
        }
        self.learn_run(score);
        self.push(score);
    }

    /// Learns a score of a quarantined window: at most 6 bits above `u`, so that incidents do not stretch the tail.
    pub fn add_clipped(&mut self, score: f64) {
        if score.is_nan() {
            return;
        }
        self.learn_run(score);
        self.push(self.clip().map_or(score, |most| score.min(most)));
    }

    /// Scores above it are odd; none while the history is too short.
    fn clip(&self) -> Option<f64> {
        self.threshold().map(|u| u + CLIP_MARGIN)
    }

    fn learn_run(&mut self, score: f64) {
        let odd = self.clip().is_some_and(|most| score > most).then(|| clamp(score));
        if let Some(runs) = &mut self.runs {
            runs.learn(odd);
        }
    }

    fn push(&mut self, score: f64) {
        let s = clamp(score);
        if self.by_age.len() == self.cap {
            if let Some(old) = self.by_age.pop_front() {
                let at = self.by_size.partition_point(|&v| v < old);
                self.by_size.remove(at);
            }
        }
        self.by_age.push_back(s);
        let at = self.by_size.partition_point(|&v| v < s);
        self.by_size.insert(at, s);
    }

    /// Number of scores held.
    pub fn len(&self) -> usize {
        self.by_age.len()
    }

    /// True before the first score.
    pub fn is_empty(&self) -> bool {
        self.by_age.is_empty()
    }

    /// The last `n` scores, newest last.
    pub fn recent(&self, n: usize) -> Vec<f64> {
        self.by_age.iter().skip(self.by_age.len().saturating_sub(n)).copied().collect()
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        let runs = self.runs.as_ref().map_or(0, Runs::memory);
        (self.by_age.capacity() + self.by_size.capacity()) * std::mem::size_of::<f64>() + runs
    }
}

/// Also turns −0 into 0, so that the order by size is total.
pub(super) fn clamp(score: f64) -> f64 {
    score.clamp(0.0, MAX_SCORE) + 0.0
}

/// The order of size is not saved; it follows from the scores.
#[derive(Serialize, Deserialize)]
struct Saved {
    cap: u32,
    k_rule: KRule,
    prior_mean_excess: f64,
    prior_weight: f64,
    cold: ColdStart,
    scores: Vec<f64>,
    runs: Option<Runs>,
}

impl From<History> for Saved {
    fn from(h: History) -> Self {
        Saved {
            cap: h.cap as u32,
            k_rule: h.k_rule,
            prior_mean_excess: h.prior_mean_excess,
            prior_weight: h.prior_weight,
            cold: h.cold,
            scores: h.by_age.into(),
            runs: h.runs,
        }
    }
}

impl From<Saved> for History {
    fn from(s: Saved) -> Self {
        let mut h = History::new(s.cap as usize, s.k_rule, s.prior_mean_excess, s.prior_weight).with_cold_start(s.cold);
        let skip = s.scores.len().saturating_sub(h.cap);
        h.by_age.extend(s.scores.into_iter().skip(skip).filter(|v| !v.is_nan()).map(clamp));
        h.by_size.extend(h.by_age.iter());
        h.by_size.sort_unstable_by(f64::total_cmp);
        h.runs = s.runs;
        h
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The formula read aloud, over an unsorted list.
    fn naive_p(past: &[f64], k: usize, m0: f64, w: f64, s: f64) -> f64 {
        let n = past.len();
        if n < 5.max(k) {
            return 1.0;
        }
        let mut sorted = past.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let u = sorted[k - 1];
        if s <= u {
            return (1 + past.iter().filter(|&&v| v >= s).count()) as f64 / (n + 1) as f64;
        }
        let above: Vec<f64> = past.iter().copied().filter(|&v| v > u).collect();
        let m = (w * m0 + above.iter().map(|v| v - u).sum::<f64>()) / (w + above.len() as f64 + 1.0);
        (above.len() + 2) as f64 / (n + 1) as f64 * (-(s - u) / m).exp()
    }

    proptest! {
        #[test]
        fn matches_the_naive_rank_over_the_last_scores(
            scores in prop::collection::vec(0u8..40, 0..120), probe in 0u8..60, cap in 1usize..64)
        {
            let rule = KRule { min: 3, share: 0.2, max: 10 };
            let mut h = History::new(cap, rule, 2.0, 8.0);
            for &s in &scores { h.add(f64::from(s) / 4.0); }
            let past: Vec<f64> = scores.iter().skip(scores.len().saturating_sub(cap)).map(|&s| f64::from(s) / 4.0).collect();
            let k = (past.len() / 5).clamp(3, 10);
            let (got, want) = (h.p(f64::from(probe) / 4.0), naive_p(&past, k, 2.0, 8.0, f64::from(probe) / 4.0));
            prop_assert!((got - want).abs() < 1e-12 * want, "{} against {}", got, want);
            prop_assert_eq!(h.recent(usize::MAX), past);
        }

        #[test]
        fn p_is_a_probability_and_never_rises(scores in prop::collection::vec(0u16..300, 5..300), mut probes in prop::collection::vec(0.0f64..100.0, 2..40)) {
            for mut h in [History::of_windows(), History::of_requests(), History::of_services()] {
                for &s in &scores { h.add(f64::from(s) / 10.0); }
                probes.extend(scores.iter().map(|&s| f64::from(s) / 10.0));
                probes.sort_by(f64::total_cmp);
                let ps: Vec<f64> = probes.iter().map(|&s| h.p(s)).collect();
                prop_assert!(ps.iter().all(|&p| p > 0.0 && p <= 1.0));
                prop_assert!(ps.windows(2).all(|w| w[1] <= w[0] * (1.0 + 1e-12)), "{:?}", ps);
            }
        }

        #[test]
        fn survives_a_save(scores in prop::collection::vec(0.0f64..20.0, 0..700)) {
            let mut h = History::of_windows();
            for &s in &scores { h.add(s); }
            let bytes = postcard::to_allocvec(&h).unwrap();
            let mut back: History = postcard::from_bytes(&bytes).unwrap();
            prop_assert_eq!(&back, &h);
            h.add(3.0);
            back.add(3.0);
            prop_assert_eq!(back.p(5.0).to_bits(), h.p(5.0).to_bits());
        }
    }

    #[test]
    fn ties_get_their_rank() {
        let mut h = History::of_windows();
        for i in 0..100 {
            h.add(if i < 90 { 0.0 } else { 7.0 });
        }
        assert_eq!(h.p(0.0), 1.0);
        // u = 0 here, since k = 20: above it the ten scores of 7 speak.
        assert!(h.p(7.0) > 0.01, "{}", h.p(7.0));
        for _ in 0..100 {
            h.add(7.0);
        }
        assert_eq!(h.p(7.0), 111.0 / 201.0);
    }

    #[test]
    fn a_silent_past_makes_a_small_score_rare_not_impossible() {
        let mut h = History::of_windows();
        for _ in 0..512 {
            h.add(0.0);
        }
        let p = h.p(2.0);
        assert!(p > 1e-4 && p < 1.0 / 200.0, "{p}");
    }

    #[test]
    fn cold_starts() {
        let mut h = History::of_windows();
        assert_eq!(h.p(6.0), 1.0);
        assert_eq!(h.p(10.0), 0.25);
        assert_eq!(h.floor(), 1.0);
        assert_eq!(History::of_requests().p(1e9), 1.0);
        for _ in 0..5 {
            h.add(1.0);
        }
        assert_eq!(h.p(1.0), 1.0);
        assert_eq!(h.floor(), 1.0 / 6.0);
    }

    #[test]
    fn unusable_scores_do_no_harm() {
        let mut h = History::of_windows();
        for s in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1.0, 2.0, 3.0, 4.0, 5.0] {
            h.add(s);
        }
        assert_eq!(h.len(), 8);
        assert_eq!(h.p(f64::NAN), 1.0);
        assert!(h.p(f64::INFINITY) > 0.0);
        assert!(h.p(2.0) > h.p(1e8));
    }

    #[test]
    fn a_job_that_comes_back_becomes_ordinary_and_more_than_it_stays_odd() {
        let mut h = History::of_windows();
        let mut said = Vec::new();
        for i in 0..900 {
            let s = if i % 150 == 149 { 40.0 + f64::from(i % 7) / 4.0 } else { f64::from(i % 10) };
            if i % 150 == 149 {
                said.push(h.p(s));
            }
            if s > 20.0 {
                h.add_clipped(s);
            } else {
                h.add(s);
            }
        }
        assert!(said[..2].iter().all(|&p| p < 1e-4) && said[2..].iter().all(|&p| p > 3e-3), "{said:?}");
        assert!(h.p(100.0) < 1e-6);
    }

    #[test]
    fn clipping_keeps_an_incident_out_of_the_tail() {
        let (mut clipped, mut open) = (History::of_windows(), History::of_windows());
        for h in [&mut clipped, &mut open] {
            for i in 0..50 {
                h.add(f64::from(i % 10));
            }
        }
        let u = clipped.threshold().unwrap();
        for _ in 0..3 {
            clipped.add_clipped(500.0);
            open.add(500.0);
        }
        assert_eq!(clipped.recent(1), vec![u + 6.0]);
        assert!(clipped.p(20.0) < open.p(20.0));
    }
}
