//! What stands behind a flagged metric window: its oddest series, as columns and as text.
//!
//! Each of the few costliest series gives its recent points as baseline and the window's points as window. A record is
//! `series value`, without its time, which never repeats and would hide what does; times go to the excerpts and, as a
//! column of their own, to OpenZL.

use super::stream::MetricStream;
use super::window::Judged;
use crate::evidence::{compression, entropy, permutation, Evidence, Excerpt};
use crate::Item;

/// Series that evidence speaks of.
const SERIES: usize = 3;
const PERMUTATIONS: u32 = 99;
const EXCERPTS: usize = 16;
const SCORES: usize = 64;

/// Baseline and window points of one series.
struct Sample {
    baseline: Vec<(u64, f64)>,
    window: Vec<(u64, f64)>,
}

impl MetricStream {
    /// Evidence on the window's costliest series, in the order given.
    pub(super) fn collect_evidence(&self, costliest: &[Judged], items: &[Item]) -> Evidence {
        let samples: Vec<Sample> = costliest.iter().take(SERIES).map(|j| self.sample(j)).collect();
        let baseline = records(&samples, |s| &s.baseline);
        let window = records(&samples, |s| &s.window);
        let (b, w) = (slices(&baseline), slices(&window));
        let (permutation_p, permutations) = permutation(&b, &w, self.seed(), PERMUTATIONS);
        Evidence {
            compression: compressions(&samples, &b, &w),
            entropy_baseline: entropy(&b),
            entropy_window: entropy(&w),
            permutation_p,
            permutations,
            items: items.to_vec(),
            baseline_sample: excerpts(&samples, |s| &s.baseline),
            window_sample: excerpts(&samples, |s| &s.window),
            score_history: self.recent_scores(SCORES),
            terms: Vec::new(),
        }
    }

    fn sample(&self, j: &Judged) -> Sample {
        Sample { baseline: self.recent_points(&j.key), window: self.window_points(j) }
    }
}

fn slices(records: &[String]) -> Vec<&[u8]> {
    records.iter().map(|r| r.as_bytes()).collect()
}

/// `series value`, the series numbered from 0.
fn records(samples: &[Sample], part: impl Fn(&Sample) -> &Vec<(u64, f64)>) -> Vec<String> {
    let of = |(n, s)| part(s).iter().map(move |(_, v)| format!("{n} {v}")).collect::<Vec<_>>();
    samples.iter().enumerate().flat_map(of).collect()
}

fn compressions(samples: &[Sample], b: &[&[u8]], w: &[&[u8]]) -> Vec<crate::evidence::Compression> {
    let mut all = vec![compression(b, w)];
    #[cfg(feature = "openzl")]
    if let Some(worst) = samples.first() {
        all.extend(crate::evidence::columns(&worst.baseline, &worst.window));
    }
    #[cfg(not(feature = "openzl"))]
    let _ = samples;
    all.retain(|c| c.baseline_raw + c.window_raw > 0);
    all
}

/// The newest points of each series as `time value`, times as seconds since the epoch.
fn excerpts(samples: &[Sample], part: impl Fn(&Sample) -> &Vec<(u64, f64)>) -> Vec<Excerpt> {
    let each = EXCERPTS / samples.len().max(1);
    let newest = |s| {
        let points = part(s);
        points[points.len().saturating_sub(each)..].iter().map(|&(time_ns, v)| Excerpt {
            time_ns,
            trace_id: String::new(),
            text: format!("{}.{:03} {v}", time_ns / 1_000_000_000, time_ns / 1_000_000 % 1000),
        })
    };
    samples.iter().flat_map(newest).collect()
}
