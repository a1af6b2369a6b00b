//! A closed window against the past: one statistic and its items for each channel.

use super::drift::Drifted;
use super::errors::Outcomes;
use super::level::{nanoseconds, Test};
use super::newcomers::repeat_bits;
use super::past::Past;
use super::window::{Edge, EdgeId, Largest, OpenWindow};
use crate::count::{self, Kind, Scored};
use crate::math::{log2, student_t_bits};
use crate::{ChannelKind, Item};

/// A normal z has about `z²/1.386` bits in its tail, `exp(−z²/2) = 2^(−z²/(2 ln 2))`.
const Z2_PER_BIT: f64 = 2.0 * std::f64::consts::LN_2;

/// [`crate::SpanRecord::parent`] of a span whose parent was never seen.
const UNSEEN_PARENT: u64 = 1;

/// One channel before calibration.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statistic {
    pub kind: ChannelKind,
    /// Bits that are ranked in the history.
    pub bits: f64,
    /// Bits of the slow drift that is furthest out, where the past says how far levels drift: a probability of their own.
    /// What is slow is odd for long, and its rank would make everything else look ordinary.
    pub drift: Option<f64>,
    /// With the bits of both.
    pub items: Vec<Item>,
    /// In grace: present, but normal whatever it says.
    pub silent: bool,
}

impl Statistic {
    fn new(kind: ChannelKind, bits: f64, items: Vec<Item>) -> Self {
        Statistic { kind, bits, drift: None, items, silent: false }
    }

    pub fn silence(&mut self) {
        self.bits = 0.0;
        self.drift = None;
        self.items.clear();
        self.silent = true;
    }

    /// Takes in the drifts of the channel's levels, of which the oddest counts, at Bonferroni's price.
    fn drift(&mut self, drifts: Vec<(Drifted, Item)>) {
        let price = log2(drifts.len() as f64);
        let Some((oddest, item)) = drifts
            .into_iter()
            .max_by(|(a, i), (b, j)| a.bits.total_cmp(&b.bits).then((j.context, j.id).cmp(&(i.context, i.id))))
        else {
            return;
        };
        let bits = (oddest.bits - price).max(0.0);
        self.drift = Some(bits);
        self.items.push(Item { bits, ..item });
    }
}

/// Everything a window says, by channel, and what learning needs of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scores {
    /// Operations never seen.
    pub operations: Option<Statistic>,
    /// Known operations under a parent they were never under.
    pub edges: Option<Statistic>,
    pub counts: Option<Statistic>,
    pub durations: Option<Statistic>,
    pub net: Option<Statistic>,
    pub errors: Option<Statistic>,
    /// Stouffer sum of the durations.
    pub common: Option<f64>,
}

impl Scores {
    /// The channels whose p is their rank in their history.
    pub fn ranked(&self) -> impl Iterator<Item = &Statistic> {
        [&self.counts, &self.durations, &self.net, &self.errors].into_iter().flatten()
    }

    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Statistic> {
        let Scores { operations, edges, counts, durations, net, errors, .. } = self;
        [operations, edges, counts, durations, net, errors].into_iter().flatten()
    }
}

/// `now`: the window's number in event time. `slower`: of durations only that they are longer counts.
pub(super) fn score(
    window: &OpenWindow,
    now: u64,
    edges: &count::Window,
    errors: &[Outcomes],
    past: &Past,
    slower: bool,
) -> Scores {
    let mut out = Scores::default();
    if past.windows == 0 {
        return out;
    }
    let mut scored = Vec::new();
    past.edges.score(edges, &mut scored);
    // A parent that did not come says nothing on what it calls.
    scored.retain(|s| s.kind == Kind::New || s.context != UNSEEN_PARENT);
    let of = |kind: Kind| scored.iter().copied().filter(|s| s.kind == kind).collect::<Vec<_>>();
    let (mut new, mut transitions, mut counts) = (of(Kind::New), of(Kind::Transition), of(Kind::Count));
    meet_again(window, now, past, &mut new);
    if !new.is_empty() {
        let bits = count::novelty_channel(&mut new);
        out.operations =
            Some(Statistic::new(ChannelKind::TraceNew, bits, new.iter().map(|s| new_item(window, s)).collect()));
    }
    if !transitions.is_empty() {
        out.edges =
            Some(weighed(ChannelKind::TraceNew, &mut transitions, |s| edge_item(window, s, ChannelKind::TraceNew)));
    }
    // Where every parent calls one operation only, there is no choice to be surprised by and no channel.
    if counts.chunk_by(|a, b| a.context == b.context).any(|c| c.len() > 1) {
        out.counts =
            Some(weighed(ChannelKind::TraceCount, &mut counts, |s| edge_item(window, s, ChannelKind::TraceCount)));
    }
    score_durations(window, past, slower, &mut out);
    out.net = score_net(window, past);
    out.errors = score_errors(window, errors, past);
    out
}

/// Adds what repetition says, and the newcomers of windows before that came again.
fn meet_again(window: &OpenWindow, now: u64, past: &Past, new: &mut Vec<Scored>) {
    if new.is_empty() && past.newcomers.operations(now).next().is_none() {
        return;
    }
    let traces = window.traces();
    for s in new.iter_mut() {
        let n = traces.get(&s.symbol).copied().unwrap_or(0);
        let again = past.newcomers.bits(s.symbol, n, now).unwrap_or(0.0);
        s.bits = again.max(s.bits + repeat_bits(s.bits, n));
    }
    for symbol in past.newcomers.operations(now).filter(|&o| past.edges.knows(o)) {
        let Some(&n) = traces.get(&symbol) else { continue };
        let bits = past.newcomers.bits(symbol, n, now).unwrap_or(0.0);
        let spans: u64 = window.edges().iter().filter(|e| e.id.operation == symbol).map(|e| e.spans).sum();
        new.push(Scored { kind: Kind::New, context: 0, symbol, bits, observed: spans as f64, expected: 0.0 });
    }
}

fn weighed(kind: ChannelKind, items: &mut Vec<Scored>, item: impl Fn(&Scored) -> Item) -> Statistic {
    let bits = count::weigh_channel(items);
    Statistic::new(kind, bits, items.iter().map(item).collect())
}

/// The item of an operation that is new: its context is the parent that called it most.
fn new_item(window: &OpenWindow, s: &Scored) -> Item {
    let of = window.edges().iter().filter(|e| e.id.operation == s.symbol).max_by_key(|e| (e.spans, e.id));
    let context = of.map_or(0, |e| e.id.parent);
    let trace_ids = of.map_or_else(Vec::new, |e| e.slowest.trace_ids());
    Item { context, trace_ids, ..item(ChannelKind::TraceNew, s.symbol, s) }
}

fn edge_item(window: &OpenWindow, s: &Scored, kind: ChannelKind) -> Item {
    let trace_ids = named(window, s, |e| &e.slowest);
    Item { context: s.context, trace_ids, ..item(kind, s.symbol, s) }
}

fn named(window: &OpenWindow, s: &Scored, which: impl Fn(&Edge) -> &Largest) -> Vec<String> {
    let id = EdgeId { parent: s.context, operation: s.symbol };
    window.find(&id).map_or_else(Vec::new, |e| which(e).trace_ids())
}

fn item(channel: ChannelKind, id: u64, s: &Scored) -> Item {
    Item::new(channel, id, s.bits, s.observed, s.expected)
}

fn level_item(channel: ChannelKind, e: &Edge, bits: f64, test: &Test, traces: &Largest) -> Item {
    Item {
        context: e.id.parent,
        band: Some((nanoseconds(test.expected - test.margin), nanoseconds(test.expected + test.margin))),
        trace_ids: traces.trace_ids(),
        ..Item::new(channel, e.id.operation, bits, nanoseconds(test.observed), nanoseconds(test.expected))
    }
}

/// Exclusive durations: each edge's t, and Stouffer's sum of all, which sees many edges shift a little.
fn score_durations(window: &OpenWindow, past: &Past, slower: bool, out: &mut Scores) {
    let tests: Vec<(&Edge, Test)> = window
        .edges()
        .iter()
        .flat_map(|e| past.durations.iter().zip(&e.durations).map(move |(levels, sums)| (e, levels, sums)))
        .filter_map(|(e, levels, sums)| levels.get(&e.id).and_then(|l| l.test(sums)).map(|t| (e, t)))
        .collect();
    if tests.is_empty() {
        return;
    }
    let counts = |t: f64, bits: f64| if slower && t < 0.0 { 0.0 } else { bits };
    let n = tests.len() as f64;
    let common = tests.iter().map(|(_, t)| t.z()).sum::<f64>() / n.sqrt();
    out.common = Some(common);
    let mut scored: Vec<(f64, Option<usize>)> =
        tests.iter().enumerate().map(|(i, (_, t))| (counts(t.t, t.bits), Some(i))).collect();
    let all = student_t_bits(common / past.common.dispersion().sqrt(), past.common.freedom());
    scored.push((counts(common, all), None));
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let first = log2(scored.len() as f64);
    let mut statistic = Statistic::new(ChannelKind::TraceDuration, 0.0, Vec::new());
    for (rank, (raw, which)) in scored.iter().enumerate() {
        // As `count::weigh_channel` does.
        let bits = if rank == 0 { (raw - first).max(0.0) } else { 0.25 * (raw - 4.0).max(0.0) };
        statistic.bits += bits;
        if bits <= 0.0 {
            continue;
        }
        statistic.items.push(match which {
            Some(i) => level_item(ChannelKind::TraceDuration, tests[*i].0, bits, &tests[*i].1, &tests[*i].0.slowest),
            None => {
                let mean = |f: fn(&Test) -> f64| nanoseconds(tests.iter().map(|(_, t)| f(t)).sum::<f64>() / n);
                Item::new(ChannelKind::TraceDuration, 0, bits, mean(|t| t.observed), mean(|t| t.expected))
            }
        });
    }
    let drifts = window.edges().iter().flat_map(|e| {
        past.durations.iter().zip(&e.durations).filter_map(move |(levels, sums)| {
            let mut d = levels.get(&e.id)?.drifted(sums)?;
            d.bits = counts(d.t, d.bits);
            let band = (nanoseconds(d.reference - d.margin), nanoseconds(d.reference + d.margin));
            let item = Item {
                context: e.id.parent,
                band: Some(band),
                trace_ids: e.slowest.trace_ids(),
                ..Item::new(
                    ChannelKind::TraceDuration,
                    e.id.operation,
                    0.0,
                    nanoseconds(d.present),
                    nanoseconds(d.reference),
                )
            };
            Some((d, item))
        })
    });
    statistic.drift(drifts.collect());
    out.durations = Some(statistic);
}

/// Client minus server time, which no clock skew touches: Stouffer over the edges of each caller, then over callers,
/// so that a caller with many edges counts once. A slow network makes all of a service's callers wait; only waiting
/// longer counts.
fn score_net(window: &OpenWindow, past: &Past) -> Option<Statistic> {
    let mut tests: Vec<(&Edge, Test)> = window
        .edges()
        .iter()
        .filter_map(|e| past.net.get(&e.id).and_then(|l| l.test(&e.net)).map(|t| (e, t)))
        .collect();
    if tests.is_empty() {
        return None;
    }
    tests.sort_by_key(|(e, _)| (e.caller, e.id));
    let callers: Vec<&[(&Edge, Test)]> = tests.chunk_by(|a, b| a.0.caller == b.0.caller).collect();
    let z = |t: &Test| ((Z2_PER_BIT * t.bits).sqrt() * t.t.signum()).clamp(super::level::Z_MIN, super::level::Z_MAX);
    let weight = |edges: &[(&Edge, Test)]| 1.0 / (edges.len() as f64 * callers.len() as f64).sqrt();
    let total: f64 = callers.iter().map(|edges| edges.iter().map(|(_, t)| z(t)).sum::<f64>() * weight(edges)).sum();
    let mut statistic = Statistic::new(ChannelKind::TraceNet, 0.0, Vec::new());
    if total > 0.0 {
        statistic.bits = total * total / Z2_PER_BIT;
        for edges in &callers {
            for (e, t) in *edges {
                // Z² = Z·Σ w z: each edge's part of it, negative where it waited less than usual.
                let bits = total * weight(edges) * z(t) / Z2_PER_BIT;
                statistic.items.push(level_item(ChannelKind::TraceNet, e, bits, t, &e.farthest));
            }
        }
    }
    Some(statistic)
}

/// More errors than usual given the operation.
fn score_errors(window: &OpenWindow, outcomes: &[Outcomes], past: &Past) -> Option<Statistic> {
    if !past.errors.any && outcomes.iter().all(|o| o.errors == 0) {
        return None;
    }
    let mut scored: Vec<Scored> = outcomes
        .iter()
        .map(|o| {
            let (bits, expected) = past.errors.score(o);
            Scored { kind: Kind::Count, context: 0, symbol: o.operation, bits, observed: o.errors as f64, expected }
        })
        .collect();
    let failed = |operation: u64| {
        let of = window.edges().iter().filter(|e| e.errors > 0 && e.id.operation == operation);
        let of = of.max_by_key(|e| (e.errors, e.id));
        (of.map_or(0, |e| e.id.parent), of.map_or_else(Vec::new, |e| e.failed.trace_ids()))
    };
    let mut statistic = weighed(ChannelKind::TraceError, &mut scored, |s| {
        let (context, trace_ids) = failed(s.symbol);
        Item { context, trace_ids, ..item(ChannelKind::TraceError, s.symbol, s) }
    });
    let drifts = outcomes.iter().filter_map(|o| {
        let mut d = past.errors.drifted(o)?;
        if d.t <= 0.0 {
            d.bits = 0.0;
        }
        let (context, trace_ids) = failed(o.operation);
        let of_window = |share: f64| share * o.spans as f64;
        let (observed, expected) = (of_window(d.present), of_window(d.reference));
        let band = Some((of_window((d.reference - d.margin).max(0.0)), of_window(d.reference + d.margin)));
        let item = Item::new(ChannelKind::TraceError, o.operation, 0.0, observed, expected);
        Some((d, Item { context, trace_ids, band, ..item }))
    });
    statistic.drift(drifts.collect());
    Some(statistic)
}
