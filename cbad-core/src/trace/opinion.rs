//! Evidence on a flagged window: samples, their second opinions, the history behind the deciding p.

use super::sample::{Baseline, Kept, Sample};
use crate::evidence::{self, Evidence, Excerpt};
use crate::Item;

/// Excerpts of each side.
const EXCERPTS: usize = 12;
/// Permutations: p is stated in hundredths, which is what a second opinion needs.
const PERMUTATIONS: u32 = 99;

/// Compares the canonical text of the window's sample with the baseline's.
pub(super) fn evidence(
    window: &Sample,
    baseline: &Baseline,
    items: &[Item],
    score_history: Vec<f64>,
    seed: u64,
) -> Evidence {
    let window = window.sorted();
    let (past, now) = (texts(baseline.spans()), texts(window.iter()));
    let (past, now) = (bytes(&past), bytes(&now));
    let (permutation_p, permutations) = evidence::permutation(&past, &now, seed, PERMUTATIONS);
    Evidence {
        compression: vec![evidence::compression(&past, &now)],
        entropy_baseline: evidence::entropy(&past),
        entropy_window: evidence::entropy(&now),
        permutation_p,
        permutations,
        items: items.to_vec(),
        baseline_sample: baseline.spans().rev().take(EXCERPTS).map(Kept::excerpt).collect(),
        window_sample: telling(&window, items),
        score_history,
        terms: Vec::new(),
    }
}

fn texts<'a>(spans: impl Iterator<Item = &'a Kept>) -> Vec<String> {
    spans.map(Kept::text).collect()
}

fn bytes(texts: &[String]) -> Vec<&[u8]> {
    texts.iter().map(String::as_bytes).collect()
}

/// Spans of the operations that cost the bits first, then any.
fn telling(window: &[Kept], items: &[Item]) -> Vec<Excerpt> {
    let rank = |k: &Kept| items.iter().position(|i| i.id == k.operation).unwrap_or(items.len());
    let mut spans: Vec<&Kept> = window.iter().collect();
    spans.sort_by_key(|k| rank(k));
    spans.into_iter().take(EXCERPTS).map(Kept::excerpt).collect()
}
