//! What stands behind a flagged window of logs: second opinions on sampled raw records, and excerpts of both sides.

use std::collections::BTreeMap;

use super::explain::hex;
use super::judge::{Judge, Judged};
use super::sample::{Baseline, Kept, WindowSample};
use super::window::Tables;
use super::wording::Wording;
use crate::count::{Kind, Model, Scored, Window};
use crate::evidence::{compression, entropy, hundredths, permutation, Evidence, Excerpt, Null, Priced, Term, Terms};
use crate::{ChannelKind, Verdict};

const PERMUTATIONS: u32 = 99;
/// Excerpts of each side, and bytes of one.
const EXCERPTS: usize = 16;
const EXCERPT_BYTES: usize = 512;
/// Of one kind of line, as long as there are others.
const ALIKE: usize = 4;
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

/// Where the records of a flagged window are.
pub struct Sources<'a> {
    pub baseline: &'a Baseline,
    pub window: &'a WindowSample,
    pub tables: &'a Tables,
    pub judge: &'a Judge,
}

/// Evidence on a window that was scored and not yet learnt: the baseline does not hold it.
pub fn collect(verdict: &Verdict, sources: &Sources<'_>, seed: u64) -> Evidence {
    let baseline: Vec<&Kept> = sources.baseline.records().collect();
    let mut window: Vec<&Kept> = sources.window.sorted();
    window.sort_by_key(|k| (k.time_ns, k.priority));
    let [b, w] = [&baseline, &window].map(|part| part.iter().map(|k| &k.text[..]).collect::<Vec<&[u8]>>());
    let (permutation_p, permutations) = permutation(&b, &w, seed, PERMUTATIONS);
    let deciding = verdict.channels.iter().min_by(|a, b| a.p.total_cmp(&b.p)).map(|c| c.kind);
    let wording = Wording::of(b.iter().copied());
    let shares = shares(verdict, sources.tables);
    let of_window = |k: &Kept| Excerpt { share: shares.get(&k.template).copied(), ..excerpt(k, &wording) };
    Evidence {
        compression: vec![compression(&b, &w)],
        entropy_baseline: entropy(&b),
        entropy_window: entropy(&w),
        permutation_p,
        permutations,
        items: verdict.items.clone(),
        baseline_sample: newest(&baseline).iter().map(|k| excerpt(k, &wording)).collect(),
        window_sample: telling(&window, verdict).into_iter().map(of_window).collect(),
        score_history: sources.judge.recent(deciding.unwrap_or(ChannelKind::LogCount), SCORES),
        nulls: verdict
            .channels
            .iter()
            .filter_map(|c| Null::of(c.kind, c.statistic, sources.judge.history(c.kind)?))
            .collect(),
        ..Evidence::default()
    }
}

/// By template, the part of the window's bits that one of its records has: what lines of its kind cost, shared equally.
fn shares(verdict: &Verdict, tables: &Tables) -> BTreeMap<u64, f64> {
    let lines = |i: &&crate::Item| i.channel != ChannelKind::Request && i.observed > 0.0;
    let mut bits: BTreeMap<u64, (f64, u64)> = BTreeMap::new();
    verdict.items.iter().filter(lines).for_each(|i| bits.entry(i.id).or_default().0 += i.bits);
    for p in tables.traces().flatten() {
        if let Some((_, n)) = bits.get_mut(&p.symbol) {
            *n += 1;
        }
    }
    bits.into_iter().filter(|(_, (_, n))| *n > 0).map(|(id, (bits, n))| (id, hundredths(bits / n as f64))).collect()
}

fn newest<'a, 'k>(records: &'a [&'k Kept]) -> &'a [&'k Kept] {
    &records[records.len().saturating_sub(EXCERPTS)..]
}

/// Records of the templates that the items speak of first, a few of each, then the others; in order of time.
fn telling<'k>(records: &[&'k Kept], verdict: &Verdict) -> Vec<&'k Kept> {
    let mut seen: BTreeMap<u64, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, &Kept)> = Vec::with_capacity(records.len());
    for &k in records {
        let n = seen.entry(k.template).or_default();
        *n += 1;
        let spoken_of = verdict.items.iter().position(|i| i.id == k.template).unwrap_or(verdict.items.len());
        ranked.push((if *n <= ALIKE { spoken_of } else { verdict.items.len() + 1 + *n }, k));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(EXCERPTS);
    let mut chosen: Vec<&Kept> = ranked.into_iter().map(|(_, k)| k).collect();
    chosen.sort_by_key(|k| (k.time_ns, k.priority));
    chosen
}

fn excerpt(kept: &Kept, wording: &Wording<'_>) -> Excerpt {
    let trace_id = if kept.trace_id == [0; 16] { String::new() } else { hex(&kept.trace_id) };
    let priced = wording.price(&kept.text, EXCERPT_BYTES);
    Excerpt { bits: priced.bits, words: priced.words, ..Excerpt::new(kept.time_ns, trace_id, priced.text) }
}
