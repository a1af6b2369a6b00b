//! The calls of a flagged window, for people: what called what how often, how long it took, what failed, and what that costs.
//!
//! It decides nothing; the numbers are those that the channels judge by.

use std::collections::{BTreeMap, BTreeSet};

use super::errors::Outcomes;
use super::level::nanoseconds;
use super::past::Past;
use super::window::{Edge, EdgeId, OpenWindow};
use crate::count;
use crate::evidence::{hundredths, six_digits, Call};
use crate::{ChannelKind, Item};

/// Edges shown.
const MAX_CALLS: usize = 24;

/// The edges that cost bits, the costliest first, and then those with the most spans; also edges that were expected and are
/// missing. Items of all operations together belong to none.
pub(super) fn calls(window: &OpenWindow, past: &Past, items: &[Item]) -> Vec<Call> {
    let bits = bits_by_edge(window, items);
    let expected = expected(window, past, items);
    let mut ids: BTreeSet<EdgeId> = window.edges().iter().map(|e| e.id).collect();
    ids.extend(bits.keys());
    let mut all: Vec<Call> = ids
        .iter()
        .map(|id| {
            let cost = bits.get(id).copied().unwrap_or(0.0);
            Call { bits: hundredths(cost), expected: expected.get(id).copied(), ..call(id, window, past) }
        })
        .collect();
    all.sort_by(|a, b| {
        let by_spans = b.bits.total_cmp(&a.bits).then(b.spans.cmp(&a.spans));
        by_spans.then((a.parent, a.operation).cmp(&(b.parent, b.operation)))
    });
    all.truncate(MAX_CALLS);
    all
}

fn call(id: &EdgeId, window: &OpenWindow, past: &Past) -> Call {
    let mut out = Call { parent: id.parent, operation: id.operation, ..Call::default() };
    let Some(e) = window.find(id) else { return out };
    (out.spans, out.errors) = (e.spans, e.errors);
    out.expected_errors = expected_errors(e, window, past);
    // Of spans with and without a child in another service those that there are more of.
    let more = usize::from(e.durations[1].n > e.durations[0].n);
    let sums = &e.durations[more];
    if sums.n > 0 {
        out.duration_ns = six_digits(nanoseconds(sums.mean()));
        let test = past.durations[more].get(id).and_then(|l| l.test(sums));
        out.expected_duration_ns = test.map(|t| six_digits(nanoseconds(t.expected)));
    }
    let traces = if e.errors > 0 { &e.failed } else { &e.slowest };
    out.trace_ids = traces.trace_ids();
    out
}

/// The operation's, in proportion to the edge's part of its spans.
fn expected_errors(e: &Edge, window: &OpenWindow, past: &Past) -> Option<f64> {
    if !past.errors.any && e.errors == 0 {
        return None;
    }
    let spans = window.edges().iter().filter(|o| o.id.operation == e.id.operation).map(|o| o.spans).sum();
    let (_, expected) = past.errors.score(&Outcomes { operation: e.id.operation, spans, errors: 0 });
    Some(six_digits(expected * e.spans as f64 / spans as f64))
}

/// Items by edge. An item of an operation under whatever parent belongs to the edge that it names.
fn bits_by_edge(window: &OpenWindow, items: &[Item]) -> BTreeMap<EdgeId, f64> {
    let mut bits = BTreeMap::new();
    for i in items.iter().filter(|i| i.id != 0) {
        let mut id = EdgeId { parent: i.context, operation: i.id };
        if window.find(&id).is_none() && i.channel == ChannelKind::TraceNew {
            let of = window.edges().iter().filter(|e| e.id.operation == i.id);
            id = of.max_by_key(|e| (e.spans, e.id)).map_or(id, |e| e.id);
        }
        *bits.entry(id).or_insert(0.0) += i.bits;
    }
    bits
}

/// Spans expected of each edge, by the counts' model.
fn expected(window: &OpenWindow, past: &Past, items: &[Item]) -> BTreeMap<EdgeId, f64> {
    let mut counts = count::Window::default();
    window.edges().iter().for_each(|e| counts.add(e.id.parent, e.id.operation, e.spans));
    counts.finish();
    let mut scored = Vec::new();
    past.edges.score(&counts, &mut scored);
    let of = |s: &count::Scored| (EdgeId { parent: s.context, operation: s.symbol }, six_digits(s.expected));
    let mut all: BTreeMap<EdgeId, f64> = scored.iter().filter(|s| s.kind != count::Kind::New).map(of).collect();
    for i in items.iter().filter(|i| i.channel == ChannelKind::TraceNew) {
        all.insert(EdgeId { parent: i.context, operation: i.id }, 0.0);
    }
    all
}
