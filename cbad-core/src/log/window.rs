//! The open window's records, and the table of what followed what in them.
//!
//! A record is 32 bytes: its text is gone, its template's slot stays. Sorted by (trace, time, symbol) at the close,
//! so arrival order leaves no trace; then each trace is walked once.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::miner::Miner;
use crate::count;

/// Context of a trace's first symbol.
pub const START: u64 = 0;
/// Symbol after a trace's last.
pub const END: u64 = 1;
/// Contexts of records without a trace id are kept apart by this pattern: they count records, the others traces.
const UNTRACED: u64 = 0x6A09_E667_F3BC_C908;

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuple {
    /// The two halves of the trace id, big endian; zero: none.
    pub trace: (u64, u64),
    pub time_ns: u64,
    pub slot: u32,
    pub severity: u8,
}

impl Tuple {
    pub fn traced(&self) -> bool {
        self.trace != (0, 0)
    }

    pub fn trace_id(&self) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.trace.0.to_be_bytes());
        id[8..].copy_from_slice(&self.trace.1.to_be_bytes());
        id
    }
}

/// The halves of a trace id.
#[inline]
pub fn halves(id: &[u8; 16]) -> (u64, u64) {
    let v = u128::from_be_bytes(*id);
    ((v >> 64) as u64, v as u64)
}

/// A record after the close: its tuple and its symbol.
#[derive(Clone, Copy, Debug)]
pub struct Placed {
    pub tuple: Tuple,
    pub symbol: u64,
}

/// The context a count model was given, as the previous symbol (0: none).
pub fn previous_symbol(context: u64, known: impl Fn(u64) -> bool) -> u64 {
    let other = context ^ UNTRACED;
    if !known(context) && (other == START || known(other)) {
        other
    } else {
        context
    }
}

/// Tables built at the close, kept for their memory.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub counts: count::Window,
    placed: Vec<Placed>,
    pairs: Vec<(u64, u64)>,
    rows: HashMap<(u64, u64), u64, std::hash::BuildHasherDefault<PairHasher>>,
    totals: HashMap<u64, u64, std::hash::BuildHasherDefault<PairHasher>>,
}

impl Tables {
    /// Places the records and counts what followed what. `previous` is the last record without a trace id of the
    /// windows before; the one of this window is returned.
    pub fn build(&mut self, tuples: &mut [Tuple], miner: &mut Miner, previous: u64) -> u64 {
        self.placed.clear();
        tuples.sort_unstable_by_key(|t| (t.trace, t.time_ns));
        self.placed.extend(tuples.iter().map(|&tuple| Placed { tuple, symbol: miner.symbol(tuple.slot) }));
        // Slots depend on the order of arrival, symbols do not: they order what came at the same time.
        let same = |a: &Placed, b: &Placed| (a.tuple.trace, a.tuple.time_ns) == (b.tuple.trace, b.tuple.time_ns);
        for tied in self.placed.chunk_by_mut(same) {
            if tied.len() > 1 {
                tied.sort_unstable_by_key(|p| (p.symbol, p.tuple.severity));
            }
        }
        self.counts.clear();
        self.rows.clear();
        self.totals.clear();
        let mut previous = previous;
        for group in self.placed.chunk_by(|a, b| a.tuple.trace == b.tuple.trace) {
            if group[0].tuple.traced() {
                walk_trace(group, &mut self.pairs);
                for run in self.pairs.chunk_by(|a, b| a.0 == b.0) {
                    *self.totals.entry(run[0].0).or_default() += 1;
                    for &pair in run {
                        *self.rows.entry(pair).or_default() += 1;
                    }
                }
            } else {
                for p in group {
                    *self.rows.entry((previous ^ UNTRACED, p.symbol)).or_default() += 1;
                    previous = p.symbol;
                }
            }
        }
        // Both are sorted by `finish`: the maps' order does not matter.
        self.rows.iter().for_each(|(&(context, symbol), &n)| self.counts.add(context, symbol, n));
        self.totals.iter().for_each(|(&context, &n)| self.counts.add_total(context, n));
        self.counts.finish();
        previous
    }

    /// The records, one slice per trace, by trace id; within it by time. Those without a trace id come first.
    pub fn traces(&self) -> impl Iterator<Item = &[Placed]> {
        self.placed.chunk_by(|a, b| a.tuple.trace == b.tuple.trace)
    }

    /// Calls `f` with each record and its context.
    pub fn with_context(&self, previous: u64, mut f: impl FnMut(u64, &Placed)) {
        let mut previous = previous;
        for group in self.traces() {
            if group[0].tuple.traced() {
                let mut context = START;
                for p in group {
                    f(context, p);
                    context = p.symbol;
                }
                if let Some(last) = group.last() {
                    f(context, &Placed { tuple: last.tuple, symbol: END });
                }
            } else {
                for p in group {
                    f(previous ^ UNTRACED, p);
                    previous = p.symbol;
                }
            }
        }
    }

    pub fn memory(&self) -> usize {
        self.counts.memory()
            + self.placed.capacity() * size_of::<Placed>()
            + self.rows.capacity() * 25
            + self.totals.capacity() * 17
    }
}

/// The distinct (context, symbol) pairs of one trace, sorted.
fn walk_trace(group: &[Placed], pairs: &mut Vec<(u64, u64)>) {
    pairs.clear();
    let mut context = START;
    for p in group {
        pairs.push((context, p.symbol));
        context = p.symbol;
    }
    pairs.push((context, END));
    pairs.sort_unstable();
    pairs.dedup();
}

/// Folds well-mixed symbols. Iteration order is never observed.
#[derive(Clone, Debug, Default)]
pub struct PairHasher(u64);

impl std::hash::Hasher for PairHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.write_u64(u64::from(b));
        }
    }
    fn write_u64(&mut self, v: u64) {
        self.0 = (self.0.rotate_left(25) ^ v).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
