//! Evidence on a flagged window: samples, their second opinions, the history behind the deciding p.

use super::sample::{Baseline, Kept, Sample};
use crate::evidence::{Evidence, Excerpt};
use crate::Item;

/// Excerpts of each side.
const EXCERPTS: usize = 12;

/// The canonical text of a window's sample and of the baseline's.
pub(super) fn evidence(
    window: &Sample,
    baseline: &Baseline,
    items: &[Item],
    history: Vec<f64>,
    _seed: u64,
) -> Evidence {
    let window = window.sorted();
    Evidence {
        items: items.to_vec(),
        baseline_sample: baseline.spans().rev().take(EXCERPTS).map(Kept::excerpt).collect(),
        window_sample: telling(&window, items),
        score_history: history,
        ..Evidence::default()
    }
}

/// Spans of the operations that cost the bits first, then any.
fn telling(window: &[Kept], items: &[Item]) -> Vec<Excerpt> {
    let rank = |k: &Kept| items.iter().position(|i| i.id == k.operation).unwrap_or(items.len());
    let mut spans: Vec<&Kept> = window.iter().collect();
    spans.sort_by_key(|k| rank(k));
    spans.into_iter().take(EXCERPTS).map(Kept::excerpt).collect()
}
