//! What stands behind a flagged window of logs: second opinions on sampled raw records, and excerpts of both sides.

use super::explain::hex;
use super::judge::Judge;
use super::mask::shown;
use super::sample::{Baseline, Kept, WindowSample};
use crate::evidence::{compression, entropy, permutation, Evidence, Excerpt};
use crate::{ChannelKind, Verdict};

const PERMUTATIONS: u32 = 99;
/// Excerpts of each side, and bytes of one.
const EXCERPTS: usize = 16;
const EXCERPT_BYTES: usize = 512;
const SCORES: usize = 64;

/// Evidence on a window that was scored and not yet learnt: the baseline does not hold it.
pub fn collect(verdict: &Verdict, baseline: &Baseline, window: &WindowSample, judge: &Judge, seed: u64) -> Evidence {
    let baseline: Vec<&Kept> = baseline.records().collect();
    let mut window: Vec<&Kept> = window.sorted();
    window.sort_by_key(|k| (k.time_ns, k.priority));
    let [b, w] = [&baseline, &window].map(|part| part.iter().map(|k| &k.text[..]).collect::<Vec<&[u8]>>());
    let (permutation_p, permutations) = permutation(&b, &w, seed, PERMUTATIONS);
    let deciding = verdict.channels.iter().min_by(|a, b| a.p.total_cmp(&b.p)).map(|c| c.kind);
    Evidence {
        compression: vec![compression(&b, &w)],
        entropy_baseline: entropy(&b),
        entropy_window: entropy(&w),
        permutation_p,
        permutations,
        items: verdict.items.clone(),
        baseline_sample: newest(&baseline),
        window_sample: telling(&window, verdict),
        score_history: judge.recent(deciding.unwrap_or(ChannelKind::LogCount), SCORES),
    }
}

fn newest(records: &[&Kept]) -> Vec<Excerpt> {
    records[records.len().saturating_sub(EXCERPTS)..].iter().map(|k| excerpt(k)).collect()
}

/// Records of the templates that the items speak of first, then the others; in order of time.
fn telling(records: &[&Kept], verdict: &Verdict) -> Vec<Excerpt> {
    let spoken_of = |k: &&Kept| verdict.items.iter().any(|i| i.id == k.template);
    let (mut chosen, others): (Vec<&Kept>, Vec<&Kept>) = records.iter().copied().partition(spoken_of);
    chosen.extend(others);
    chosen.truncate(EXCERPTS);
    chosen.sort_by_key(|k| (k.time_ns, k.priority));
    chosen.into_iter().map(excerpt).collect()
}

fn excerpt(kept: &Kept) -> Excerpt {
    let trace_id = if kept.trace_id == [0; 16] { String::new() } else { hex(&kept.trace_id) };
    Excerpt { time_ns: kept.time_ns, trace_id, text: shown(&kept.text, EXCERPT_BYTES) }
}
