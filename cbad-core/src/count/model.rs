//! The past of one stream's counts: scoring a window against it and learning one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::term::{expected, Counted, First};
use super::window::{Row, Window};
use crate::evidence::Term;
use crate::math::log2;

/// Decay of counts per learnt window in which the context occurs: a memory of about 100.
const DECAY: f64 = 0.99;
/// Decay of the novelty rate per learnt window: a memory of about 2000, since novelties are rare.
const NOVELTY_DECAY: f64 = 0.9995;
/// One window's Pearson statistic counts at most this much: a few incidents that were learnt must not blind the pair to
/// the next for 100 windows. (200 let four of them raise φ to 8; on recordings of faults 20 to 50 did best.)
const PEARSON_CAP: f64 = 50.0;
/// A pair absent and expected less often than this is not scored.
const MU_SILENT: f64 = 0.05;
/// Transitions are judged once the context was seen this often.
const TRANSITION_MIN: f64 = 3.0;

/// What a scored item is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    New,
    Transition,
    Count,
}

/// One item of a window and its cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    pub kind: Kind,
    /// 0 for [`Kind::New`].
    pub context: u64,
    pub symbol: u64,
    pub bits: f64,
    pub observed: f64,
    pub expected: f64,
}

/// Hard limits; past them the coldest leave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    pub symbols: u32,
    pub contexts: u32,
    pub pairs: u32,
}

impl Limits {
    /// Limits in the usual proportion: as many contexts as symbols, four times as many pairs.
    pub fn symbols(n: u32) -> Self {
        Limits { symbols: n, contexts: n.saturating_add(1), pairs: n.saturating_mul(4) }
    }
}

/// What the limits turned out, since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evictions {
    pub symbols: u64,
    pub contexts: u64,
    pub pairs: u64,
}

impl Evictions {
    pub fn total(&self) -> u64 {
        self.symbols + self.contexts + self.pairs
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Pair {
    symbol: u64,
    /// Decayed count, windows of the context, Pearson statistics, windows with the symbol.
    sum: f64,
    windows: f64,
    pearson: f64,
    present: f64,
    last: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Context {
    total: f64,
    novel: f64,
    last: u64,
    /// By symbol.
    pairs: Vec<Pair>,
}

/// Counts given a context over the learnt past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    limits: Limits,
    contexts: BTreeMap<u64, Context>,
    /// Symbol → the learnt window it was last seen in.
    symbols: BTreeMap<u64, u64>,
    pairs: usize,
    learnt: u64,
    /// Decayed windows learnt, and of them those with a new symbol.
    windows: f64,
    novel_windows: f64,
    evicted: Evictions,
}

impl Model {
    pub fn new(limits: Limits) -> Self {
        Model {
            limits,
            contexts: BTreeMap::new(),
            symbols: BTreeMap::new(),
            pairs: 0,
            learnt: 0,
            windows: 0.0,
            novel_windows: 0.0,
            evicted: Evictions::default(),
        }
    }

    /// True when the symbol was learnt (and not evicted since).
    pub fn knows(&self, symbol: u64) -> bool {
        self.symbols.contains_key(&symbol)
    }

    /// Windows learnt, decayed.
    pub fn windows(&self) -> f64 {
        self.windows
    }

    /// What the limits turned out.
    pub fn evictions(&self) -> Evictions {
        self.evicted
    }

    /// Bits the next window with a new symbol costs.
    pub fn novelty_bits(&self) -> f64 {
        -log2((self.novel_windows + 0.5) / (self.windows + 1.0))
    }

    /// Appends the items of a finished window. Nothing is scored before one window was learnt.
    pub fn score(&self, window: &Window, out: &mut Vec<Scored>) {
        if self.windows < 1.0 {
            return;
        }
        self.score_new(window, out);
        for (id, n, rows) in window.groups() {
            if let Some(context) = self.contexts.get(&id) {
                self.score_transitions(id, context, n as f64, rows, out);
                score_counts(id, context, n as f64, rows, out);
            }
        }
    }

    fn score_new(&self, window: &Window, out: &mut Vec<Scored>) {
        let from = out.len();
        let bits = self.novelty_bits();
        for row in window.rows() {
            if !self.knows(row.symbol) {
                let observed = row.count as f64;
                out.push(Scored { kind: Kind::New, context: 0, symbol: row.symbol, bits, observed, expected: 0.0 });
            }
        }
        // One item per symbol, whatever the contexts it came in.
        let mut new = out.split_off(from);
        new.sort_by_key(|s| s.symbol);
        for item in new {
            match out[from..].last_mut() {
                Some(last) if last.symbol == item.symbol => last.observed += item.observed,
                _ => out.push(item),
            }
        }
    }

    fn score_transitions(&self, id: u64, context: &Context, n: f64, rows: &[Row], out: &mut Vec<Scored>) {
        if context.total < TRANSITION_MIN {
            return;
        }
        for row in rows {
            if context.find(row.symbol).is_err() && self.knows(row.symbol) {
                let x = row.count as f64;
                let bits = context.first(x, n).bits();
                out.push(Scored {
                    kind: Kind::Transition,
                    context: id,
                    symbol: row.symbol,
                    bits,
                    observed: x,
                    expected: 0.0,
                });
            }
        }
    }

    /// The numbers behind an item of a window that was scored and not yet learnt; none for new symbols.
    pub fn term(&self, item: &Scored, window: &Window) -> Option<Term> {
        let (_, n, _) = window.groups().find(|(id, ..)| *id == item.context)?;
        let context = self.contexts.get(&item.context)?;
        let (x, n) = (item.observed, n as f64);
        match item.kind {
            Kind::New => None,
            Kind::Transition => Some(Term::First(context.first(x, n))),
            Kind::Count => Some(Term::Counted(context.counted(&context.pairs[context.find(item.symbol).ok()?], x, n))),
        }
    }

    /// The (context, symbol) pairs of a window that were never seen, nor known.
    pub fn unknown<'a>(&'a self, window: &'a Window) -> impl Iterator<Item = (u64, u64)> + 'a {
        let known = |id: u64, symbol: u64| self.contexts.get(&id).is_some_and(|c| c.find(symbol).is_ok());
        let pairs = window.groups().flat_map(|(id, _, rows)| rows.iter().map(move |r| (id, r.symbol)));
        pairs.filter(move |&(id, symbol)| !known(id, symbol))
    }

    /// Takes pairs for known whose counts are not learnt: what was said in an incident is rare the second time, not new.
    pub fn know(&mut self, pairs: impl IntoIterator<Item = (u64, u64)>) {
        let last = self.learnt;
        for (id, symbol) in pairs {
            self.symbols.entry(symbol).or_insert(last);
            if let Some(context) = self.contexts.get_mut(&id) {
                if let Err(at) = context.find(symbol) {
                    context.pairs.insert(at, Pair { symbol, last, ..Pair::default() });
                    self.pairs += 1;
                }
            }
        }
    }

    /// Learns a finished window.
    pub fn learn(&mut self, window: &Window) {
        self.learnt += 1;
        for (id, n, rows) in window.groups() {
            let context = self.contexts.entry(id).or_default();
            context.last = self.learnt;
            self.pairs += context.learn(n as f64, rows, self.learnt);
        }
        // In the first window everything is new: that says nothing on how often something is.
        let first = self.learnt == 1;
        let mut any_new = false;
        for row in window.rows() {
            any_new |= self.symbols.insert(row.symbol, self.learnt).is_none() && !first;
        }
        self.novel_windows = self.novel_windows * NOVELTY_DECAY + f64::from(u8::from(any_new));
        self.windows = self.windows * NOVELTY_DECAY + 1.0;
        self.trim();
    }

    /// Brings every table to seven eighths of its limit once it exceeds it, so that a flood pays a sort per
    /// eighth of a table and not per item.
    fn trim(&mut self) {
        if self.symbols.len() > self.limits.symbols as usize {
            let mut order: Vec<_> = self.symbols.iter().map(|(&id, &last)| (last, id)).collect();
            for id in coldest(&mut order, self.limits.symbols) {
                self.symbols.remove(&id);
                self.evicted.symbols += 1;
            }
        }
        if self.contexts.len() > self.limits.contexts as usize {
            let mut order: Vec<_> = self.contexts.iter().map(|(&id, c)| (c.last, id)).collect();
            for id in coldest(&mut order, self.limits.contexts) {
                if let Some(c) = self.contexts.remove(&id) {
                    self.pairs = self.pairs.saturating_sub(c.pairs.len());
                    self.evicted.contexts += 1;
                }
            }
        }
        if self.pairs > self.limits.pairs as usize {
            let all = self.contexts.iter().flat_map(|(&id, c)| c.pairs.iter().map(move |p| (p.last, (id, p.symbol))));
            let mut order: Vec<_> = all.collect();
            for (id, symbol) in coldest(&mut order, self.limits.pairs) {
                if let Some(c) = self.contexts.get_mut(&id) {
                    if let Ok(at) = c.find(symbol) {
                        c.pairs.remove(at);
                        self.pairs = self.pairs.saturating_sub(1);
                        self.evicted.pairs += 1;
                    }
                }
            }
        }
    }

    /// Symbols, contexts and pairs held.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        (self.symbols.len(), self.contexts.len(), self.pairs)
    }

    #[cfg(test)]
    pub(super) fn recount_pairs(&self) -> usize {
        self.contexts.values().map(|c| c.pairs.len()).sum()
    }

    /// Approximate heap bytes held.
    pub fn memory(&self) -> usize {
        let pairs: usize = self.contexts.values().map(|c| c.pairs.capacity()).sum();
        pairs * size_of::<Pair>() + self.contexts.len() * (size_of::<Context>() + 16) + self.symbols.len() * 24
    }
}

/// The ids to evict, coldest first, to bring `order` to seven eighths of `limit`.
fn coldest<T: Ord + Copy>(order: &mut [(u64, T)], limit: u32) -> Vec<T> {
    order.sort_unstable();
    let keep = limit as usize - limit as usize / 8;
    order[..order.len() - keep].iter().map(|&(_, id)| id).collect()
}

impl Context {
    fn find(&self, symbol: u64) -> Result<usize, usize> {
        self.pairs.binary_search_by_key(&symbol, |p| p.symbol)
    }

    /// What a known pair's count costs bits by.
    fn counted(&self, pair: &Pair, observed: f64, of: f64) -> Counted {
        let Pair { sum, windows, pearson, present, .. } = *pair;
        Counted { observed, of, sum, total: self.total, known: self.pairs.len() as u64, windows, present, pearson }
    }

    /// The same of a symbol that never followed.
    fn first(&self, observed: f64, of: f64) -> First {
        First { observed, of, novel: self.novel, total: self.total }
    }

    /// Learns the context's rows; returns how many pairs are new.
    fn learn(&mut self, n: f64, rows: &[Row], now: u64) -> usize {
        let known = self.pairs.len() as f64;
        let total = self.total;
        let mut rest = rows.iter().peekable();
        let mut unknown: Vec<Pair> = Vec::new();
        let fresh = |r: &Row| Pair {
            symbol: r.symbol,
            sum: r.count as f64,
            windows: 1.0,
            pearson: 0.0,
            present: 1.0,
            last: now,
        };
        for pair in &mut self.pairs {
            while let Some(r) = rest.next_if(|r| r.symbol < pair.symbol) {
                unknown.push(fresh(r));
            }
            let x = rest.next_if(|r| r.symbol == pair.symbol).map_or(0.0, |r| r.count as f64);
            let mu = expected(n, pair.sum, total, known);
            let p = (mu / n).min(0.999);
            let pearson = ((x - mu) * (x - mu) / (mu * (1.0 - p) + 1e-3)).min(PEARSON_CAP);
            pair.pearson = pair.pearson * DECAY + pearson;
            pair.sum = pair.sum * DECAY + x;
            pair.windows = pair.windows * DECAY + 1.0;
            pair.present *= DECAY;
            if x > 0.0 {
                pair.present += 1.0;
                pair.last = now;
            }
        }
        unknown.extend(rest.map(fresh));
        let added = unknown.len();
        if added > 0 {
            self.pairs.append(&mut unknown);
            self.pairs.sort_unstable_by_key(|p| p.symbol);
        }
        self.total = total * DECAY + n;
        self.novel = (self.novel + added as f64) * DECAY;
        added
    }
}

fn score_counts(id: u64, context: &Context, n: f64, rows: &[Row], out: &mut Vec<Scored>) {
    let mut rest = rows.iter().peekable();
    for pair in &context.pairs {
        while rest.next_if(|r| r.symbol < pair.symbol).is_some() {}
        let x = rest.next_if(|r| r.symbol == pair.symbol).map_or(0.0, |r| r.count as f64);
        let term = context.counted(pair, x, n);
        let mu = term.expected();
        if mu < MU_SILENT && x == 0.0 {
            continue;
        }
        let bits = term.bits();
        out.push(Scored { kind: Kind::Count, context: id, symbol: pair.symbol, bits, observed: x, expected: mu });
    }
}
