//! The costliest items of a window, with texts, severities and trace ids.

use super::course;
use super::miner::Miner;
use super::sample::{WindowSample, MAX_RECORD};
use super::window::{previous_symbol, Tables, Tuple, END, START};
use super::{mask, miner};
use crate::count::Scored;
use crate::request::{Course, Excess};
use crate::{ChannelKind, Item, RequestVerdict, Verdict};

/// Trace ids of an item.
const MAX_TRACES: usize = 3;

/// What the explanation draws on.
pub struct Sources<'a> {
    pub miner: &'a Miner,
    pub tables: &'a Tables,
    pub sample: &'a WindowSample,
    /// The last record without a trace id before the window.
    pub previous: u64,
}

/// Severity and trace ids of the records an item speaks of.
#[derive(Clone, Debug, Default)]
struct Records {
    severity: u8,
    /// Earliest first.
    traces: Vec<(u64, Tuple)>,
}

/// The costliest of the scored items, bits falling.
pub fn items(mut scored: Vec<(ChannelKind, Scored)>, sources: &Sources<'_>) -> Vec<Item> {
    scored.sort_by(|(ka, a), (kb, b)| {
        b.bits.total_cmp(&a.bits).then_with(|| (*ka, a.context, a.symbol).cmp(&(*kb, b.context, b.symbol)))
    });
    scored.truncate(Verdict::MAX_ITEMS);
    let mut records = vec![Records::default(); scored.len()];
    if !scored.is_empty() {
        sources.tables.with_context(sources.previous, |context, p| {
            for ((kind, s), r) in scored.iter().zip(&mut records) {
                if s.symbol == p.symbol && (*kind == ChannelKind::LogNew || s.context == context) {
                    r.add(&p.tuple);
                }
            }
        });
    }
    scored.iter().zip(&records).map(|((kind, s), r)| item(*kind, s, r, sources)).collect()
}

fn item(kind: ChannelKind, scored: &Scored, records: &Records, sources: &Sources<'_>) -> Item {
    let knows = |symbol| symbol == END || sources.miner.text(symbol).is_some();
    let context = match kind {
        ChannelKind::LogNew => START,
        _ => previous_symbol(scored.context, knows),
    };
    let sample = match sources.sample.of_template(scored.symbol) {
        Some(kept) if scored.observed > 0.0 => mask::shown(&kept.text, MAX_RECORD),
        _ => sources.miner.text(scored.symbol).map_or_else(String::new, |(_, sample)| sample.to_owned()),
    };
    Item {
        channel: kind,
        bits: scored.bits,
        id: scored.symbol,
        context,
        template: name(scored.symbol, sources.miner),
        context_template: if kind == ChannelKind::LogNew { String::new() } else { name(context, sources.miner) },
        usual: String::new(),
        observed: scored.observed,
        expected: scored.expected,
        band: None,
        severity: records.severity,
        trace_ids: records.traces.iter().map(|(_, t)| hex(&t.trace_id())).collect(),
        sample,
    }
}

/// The item of the request channel: how many were odd, and the course of the oddest.
pub fn excess_item(
    excess: &Excess,
    requests: &[RequestVerdict],
    oddest: Option<&Course>,
    miner: &Miner,
) -> Option<Item> {
    if excess.odd == 0 {
        return None;
    }
    let mut odd: Vec<&RequestVerdict> = requests.iter().filter(|r| r.anomalous).collect();
    odd.sort_by(|a, b| a.p.total_cmp(&b.p).then_with(|| (a.end_ns, a.trace_id).cmp(&(b.end_ns, b.trace_id))));
    let mut item = Item {
        trace_ids: odd.iter().take(MAX_TRACES).map(|r| hex(&r.trace_id)).collect(),
        ..Item::new(ChannelKind::Request, 0, excess.bits, excess.odd as f64, excess.expected)
    };
    if let Some(course) = oddest {
        course::describe(course, &mut item, |symbol| name(symbol, miner));
    }
    Some(item)
}

impl Records {
    fn add(&mut self, tuple: &Tuple) {
        self.severity = self.severity.max(tuple.severity);
        if !tuple.traced() || self.traces.iter().any(|(_, t)| t.trace == tuple.trace) {
            return;
        }
        self.traces.push((tuple.time_ns, *tuple));
        self.traces.sort_unstable_by_key(|(time, t)| (*time, t.trace));
        self.traces.truncate(MAX_TRACES);
    }
}

/// The template of a symbol, or what a symbol without one stands for.
fn name(symbol: u64, miner: &Miner) -> String {
    match symbol {
        START => "(start)".to_owned(),
        END => "(end)".to_owned(),
        miner::OVERFLOW => "(one of too many new templates)".to_owned(),
        _ => miner.text(symbol).map_or_else(String::new, |(template, _)| template.to_owned()),
    }
}

pub fn hex(id: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    id.iter().flat_map(|b| [b >> 4, b & 15]).map(|d| char::from(DIGITS[d as usize])).collect()
}
