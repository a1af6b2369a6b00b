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
    let (mut first, rest): (Vec<&Kept>, Vec<&Kept>) =
        window.iter().partition(|k| items.iter().any(|i| i.id == k.operation));
    first.extend(rest);
    first.truncate(EXCERPTS);
    first.into_iter().map(Kept::excerpt).collect()
}
