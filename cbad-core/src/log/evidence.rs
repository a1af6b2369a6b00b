//! What stands behind a flagged window of logs: second opinions on sampled raw records, and excerpts of both sides.

use std::collections::BTreeMap;

use super::explain::hex;
use super::judge::{Judge, Judged};
use super::mask::shown;
use super::sample::{Baseline, Kept, WindowSample};
use crate::count::{Kind, Model, Scored, Window};
use crate::evidence::{compression, entropy, permutation, Evidence, Excerpt, Priced, Term, Terms};
use crate::{ChannelKind, Verdict};

const PERMUTATIONS: u32 = 99;
/// Excerpts of each side, and bytes of one.
const EXCERPTS: usize = 16;
const EXCERPT_BYTES: usize = 512;
const SCORES: usize = 64;

/// What the costliest items of each channel rest on, of a window that was scored and not yet learnt. `new` tells of each new
/// symbol whether it came at ERROR or worse.
pub fn terms(judged: &Judged, new: &BTreeMap<u64, bool>, judge: &Judge, model: &Model, window: &Window) -> Vec<Terms> {
    let of = |&(channel, looked): &(ChannelKind, usize)| {
        let priced = |(_, item): &(ChannelKind, Scored)| {
            let term = match item.kind {
                Kind::New => Term::NewLine(judge.new_line(new.get(&item.symbol) == Some(&true))),
                _ => model.term(item, window)?,
            };
            let id = |symbol: u64| format!("{symbol:016x}");
            Some(Priced { id: id(item.symbol), context: id(item.context), first: false, bits: item.bits, term })
        };
        let items = || judged.items.iter().filter(|(kind, _)| *kind == channel);
        let mut out = Terms { channel, looked: looked as u64, complete: false, terms: Vec::new() };
        out.terms = items().take(Terms::MAX).map(priced).collect::<Option<_>>()?;
        out.complete = items().count() == out.terms.len();
        // The costliest pays for the choice; where nothing is left of it, it is not in the list.
        if let Some(t) = out.terms.first() {
            let first = out.share(true, t.term.bits()).to_bits() == t.bits.to_bits();
            out.terms[0].first = first;
        }
        (!out.terms.is_empty()).then_some(out)
    };
    judged.looked.iter().filter_map(of).collect()
}

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
        terms: Vec::new(),
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
