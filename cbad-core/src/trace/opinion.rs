//! Evidence on a flagged window: samples, their second opinions, the histories behind the p's, and the calls.

use super::calls::calls;
use super::past::Past;
use super::sample::{Baseline, Kept};
use super::standing::Histories;
use super::window::OpenWindow;
use crate::evidence::{self, Evidence, Excerpt, Null};
use crate::{Channel, ChannelKind, Item, Verdict};

/// Excerpts of each side.
const EXCERPTS: usize = 12;
/// Permutations: p is stated in hundredths, which is what a second opinion needs.
const PERMUTATIONS: u32 = 99;
/// Past scores shown.
const MAX_SCORES: usize = 64;

/// What the window is compared with.
pub(super) struct Sources<'a> {
    pub past: &'a Past,
    pub baseline: &'a Baseline,
    pub histories: &'a Histories,
}

/// Compares the canonical text of the window's sample with the baseline's. The window is not learnt yet.
pub(super) fn evidence(open: &OpenWindow, sources: &Sources<'_>, verdict: &Verdict, seed: u64) -> Evidence {
    let Sources { past: learnt, baseline, histories } = sources;
    let items = &verdict.items;
    let decided = verdict.channels.iter().min_by(|a, b| a.p.total_cmp(&b.p)).map(|c| c.kind);
    let null = |c: &Channel| Null::of(c.kind, c.statistic, histories.of(c.kind));
    let window = open.sample.sorted();
    let (past, now) = (texts(baseline.spans()), texts(window.iter()));
    let (past, now) = (bytes(&past), bytes(&now));
    let (permutation_p, permutations) = evidence::permutation(&past, &now, seed, PERMUTATIONS);
    Evidence {
        compression: vec![evidence::compression(&past, &now)],
        entropy_baseline: evidence::entropy(&past),
        entropy_window: evidence::entropy(&now),
        permutation_p,
        permutations,
        items: items.clone(),
        baseline_sample: baseline.spans().rev().take(EXCERPTS).map(Kept::excerpt).collect(),
        window_sample: telling(&window, items),
        score_history: decided.map_or_else(Vec::new, |kind| histories.of(kind).recent(MAX_SCORES)),
        // Of what is new only the edges have a history, and they are but one of its two ways.
        nulls: verdict.channels.iter().filter(|c| c.kind != ChannelKind::TraceNew).filter_map(null).collect(),
        calls: calls(open, learnt, items),
        ..Evidence::default()
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
