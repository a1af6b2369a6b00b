//! What stands behind a flagged metric window: its oddest series, as columns and as text.
//!
//! Each of the few costliest series gives its recent points as baseline and the window's points as window. A record is
//! `series value`, without its time, which never repeats and would hide what does; times go to the excerpts and, as a
//! column of their own, to OpenZL.

use super::stream::MetricStream;
use super::window::Judged;
use crate::evidence::{compression, entropy, permutation, six_digits, Course, Evidence, Excerpt, Null};
use crate::{Item, Verdict};

/// Series that evidence speaks of.
const SERIES: usize = 3;
const PERMUTATIONS: u32 = 99;
const EXCERPTS: usize = 16;
const SCORES: usize = 64;
/// Points of a series that are drawn, of its past and of the window each.
const POINTS: usize = 64;
/// Hours of which the expectation is given.
const HOURS: u64 = 24;
const HOUR_NS: u64 = 3_600_000_000_000;

/// Baseline and window points of one series.
struct Sample {
    baseline: Vec<(u64, f64)>,
    window: Vec<(u64, f64)>,
}

impl MetricStream {
    /// Evidence on the window's costliest series, in the order of the verdict's items.
    pub(super) fn collect_evidence(&self, costliest: &[Judged], verdict: &Verdict) -> Evidence {
        let items = &verdict.items;
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
            items: items.clone(),
            baseline_sample: excerpts(&samples, |s| &s.baseline),
            window_sample: excerpts(&samples, |s| &s.window),
            score_history: self.recent_scores(SCORES),
            nulls: verdict.channels.iter().filter_map(|c| Null::of(c.kind, c.statistic, self.history())).collect(),
            courses: costliest
                .iter()
                .take(SERIES)
                .zip(&samples)
                .zip(items)
                .map(|((j, s), i)| self.course(j, s, i))
                .collect(),
            ..Evidence::default()
        }
    }

    fn sample(&self, j: &Judged) -> Sample {
        Sample { baseline: self.recent_points(&j.key), window: self.window_points(j) }
    }

    /// The newest points of the past and of the window, with what each hour of them lets expect.
    fn course(&self, j: &Judged, sample: &Sample, item: &Item) -> Course {
        let newest = |points: &[(u64, f64)], n: usize| points[points.len().saturating_sub(n)..].to_vec();
        let past = newest(&sample.baseline, POINTS);
        let window = past.len() as u32;
        let points = [past, newest(&sample.window, POINTS)].concat();
        let start_ns = points.iter().map(|p| p.0).min().unwrap_or_default();
        let drift = j.drift > j.decades;
        Course {
            id: item.id,
            context: item.context,
            bits: item.bits,
            start_ns,
            expected: self.expectations(j, item, &points, start_ns, drift),
            points: points.into_iter().map(|(t, v)| (seconds(t - start_ns), six_digits(v))).collect(),
            window,
            drift,
        }
    }

    /// What is stated of the window's hour; before it each hour's own expectation, with the same band around it. Of a series whose
    /// hours do not speak, the same for all.
    fn expectations(
        &self,
        j: &Judged,
        item: &Item,
        points: &[(u64, f64)],
        start_ns: u64,
        drift: bool,
    ) -> Vec<(f64, f64, f64, f64)> {
        let Some((low, high)) = item.band else { return Vec::new() };
        let row = |t: u64, expected: f64| {
            let low = expected + (low - item.expected);
            let low = if item.band.is_some_and(|b| b.0 >= 0.0) { low.max(0.0) } else { low };
            let high = expected + (high - item.expected);
            (seconds(t.saturating_sub(start_ns)), six_digits(expected), six_digits(low), six_digits(high))
        };
        let now = points.iter().map(|p| p.0 / HOUR_NS).max().unwrap_or_default();
        let mut all = Vec::new();
        if let Some(series) = self.series_of(&j.key).filter(|_| j.step.seasonal.is_some() && !drift) {
            let first = (start_ns / HOUR_NS).max(now.saturating_sub(HOURS));
            all.extend((first..now).filter_map(|h| series.seasonal(h * HOUR_NS).map(|e| row(h * HOUR_NS, e))));
        }
        let from = if all.is_empty() { start_ns } else { now * HOUR_NS };
        all.push(row(from, item.expected));
        all
    }
}

/// Milliseconds are as fine as a chart is.
fn seconds(ns: u64) -> f64 {
    (ns / 1_000_000) as f64 / 1e3
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
        points[points.len().saturating_sub(each)..].iter().map(|&(time_ns, v)| {
            let text = format!("{}.{:03} {v}", time_ns / 1_000_000_000, time_ns / 1_000_000 % 1000);
            Excerpt::new(time_ns, String::new(), text)
        })
    };
    samples.iter().flat_map(newest).collect()
}
