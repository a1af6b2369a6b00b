//! What a request consists of: which symbols at all, and how often each.
//!
//! It knows nothing of order.
//!
//! The *kind* of a request is the set of its symbols. Symbols come together (a code path brings all its lines), so
//! they are no independent witnesses: a kind seen `c` times among `N` requests of `D` kinds has the probability
//! `(c + D·q)/(N + D)` (Witten and Bell 1991, method C), and only the share `D/(N + D)` of kinds never seen is spread
//! by `q = Π p_s · Π (1 − p_s)` over its present and absent symbols, with `p_s = (n_s + ½)/(N + 1)` for a symbol that
//! `n_s` requests had and `1/(2(N + 1))` for one that none had.
//!
//! Given the kind, each symbol's count falls into a bucket: 1, …, 7, then half octaves. Its probability is estimated
//! in the same way from the requests of the same kind, below them from all requests with the symbol, below
//! those by nearness to a bucket in use: `½·(z + 1)/(b + 1)` or its inverse, `z` the nearest. The score is the
//! costliest of all these: the kind, or one count. (Counts come together as well: of three retries every line comes
//! three times.)
//!
//! # Cost
//!
//! Absent symbols are most symbols, so the sum of their bits is kept and corrected for those present. It is exact for
//! symbols as of their last change; all are brought up to date each time `N` has grown by 1/64, which changes no
//! term by more than 1/64 of a bit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sequence::follow;
use crate::math::{exp2, log2};

/// Requests at which all counts are halved, so that old habits fade.
const MAX_LEARNT: u32 = 1 << 17;
/// Kinds hold so many symbols together for each symbol the limit allows.
const CELLS: usize = 8;

/// Requests by bucket of a symbol's count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Buckets {
    /// (bucket from 1 up, requests), by bucket.
    used: Vec<(u8, u32)>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Symbol {
    /// Requests that had it.
    present: u32,
    counts: Buckets,
    /// Request it last occurred in.
    last: u64,
    /// Bits of its absence, as of the last update.
    absence: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Kind {
    /// Requests of this kind.
    seen: u32,
    last: u64,
    /// Of each of its symbols, in order of the symbols.
    counts: Vec<Buckets>,
}

/// The model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Compositions {
    limit: usize,
    symbols: BTreeMap<u64, Symbol>,
    /// By the hash of the sorted symbols.
    kinds: BTreeMap<u64, Kind>,
    /// Symbols of all kinds together.
    cells: usize,
    /// Requests learnt, halved with the counts.
    learnt: u32,
    /// Requests ever learnt.
    clock: u64,
    /// Sum of `absence`, brought up to date at `updated` requests.
    absences: f64,
    updated: u32,
    evicted: u64,
    #[serde(skip)]
    sorted: Vec<u64>,
}

impl Compositions {
    pub fn new(max_symbols: u32) -> Self {
        Compositions {
            limit: max_symbols as usize,
            symbols: BTreeMap::new(),
            kinds: BTreeMap::new(),
            cells: 0,
            learnt: 0,
            clock: 0,
            absences: 0.0,
            updated: 0,
            evicted: 0,
            sorted: Vec::new(),
        }
    }

    /// Bits of the costliest of a request's kind and counts, and the symbol whose count it is (none where it is the kind); 0
    /// before the first was learnt.
    pub fn costliest(&mut self, symbols: &[u64]) -> (f64, Option<u64>) {
        if self.learnt == 0 {
            return (0.0, None);
        }
        let sorted = self.sort(symbols);
        let n = f64::from(self.learnt);
        let kind = self.kinds.get(&key(&sorted));
        let mut independent = self.absences;
        let mut costliest = (0.0f64, None);
        for (i, run) in sorted.chunk_by(|a, b| a == b).enumerate() {
            let Some(symbol) = self.symbols.get(&run[0]) else {
                independent += log2(2.0 * (n + 1.0));
                continue;
            };
            independent += -log2((f64::from(symbol.present) + 0.5) / (n + 1.0)) - symbol.absence;
            let bucket = bucket(run.len());
            let mut p = symbol.counts.blend(bucket, 0.5 * symbol.counts.nearness(bucket));
            if let Some(here) = kind.and_then(|k| k.counts.get(i)) {
                p = here.blend(bucket, p);
            }
            if -log2(p) > costliest.0 {
                costliest = (-log2(p), Some(run[0]));
            }
        }
        let kinds = self.kinds.len() as f64;
        let seen = kind.map_or(0.0, |k| f64::from(k.seen));
        let spread = exp2(-independent.clamp(0.0, 900.0));
        let of_kind = -log2((seen + kinds * spread) / (n + kinds));
        if of_kind >= costliest.0 {
            costliest = (of_kind, None);
        }
        self.sorted = sorted;
        costliest
    }

    /// Learns a request.
    pub fn learn(&mut self, symbols: &[u64]) {
        let sorted = self.sort(symbols);
        self.learnt += 1;
        self.clock += 1;
        let n = f64::from(self.learnt);
        let kind = self.kinds.entry(key(&sorted)).or_default();
        kind.seen = kind.seen.saturating_add(1);
        kind.last = self.clock;
        for (i, run) in sorted.chunk_by(|a, b| a == b).enumerate() {
            let bucket = bucket(run.len());
            if i == kind.counts.len() {
                kind.counts.push(Buckets::default());
                self.cells += 1;
            }
            kind.counts[i].add(bucket);
            let symbol = self.symbols.entry(run[0]).or_default();
            symbol.present = symbol.present.saturating_add(1);
            symbol.counts.add(bucket);
            symbol.last = self.clock;
            self.absences -= symbol.absence;
            symbol.absence = symbol.absence_bits(n);
            self.absences += symbol.absence;
        }
        self.sorted = sorted;
        if self.learnt >= MAX_LEARNT {
            self.halve();
        }
        self.evict();
        if self.learnt.saturating_sub(self.updated) > self.updated / 64 {
            self.update();
        }
    }

    fn sort(&mut self, symbols: &[u64]) -> Vec<u64> {
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.clear();
        sorted.extend_from_slice(symbols);
        sorted.sort_unstable();
        sorted
    }

    fn halve(&mut self) {
        self.learnt /= 2;
        self.symbols.retain(|_, s| {
            s.present /= 2;
            s.counts.halve();
            s.present > 0
        });
        self.kinds.retain(|_, k| {
            k.seen /= 2;
            k.counts.iter_mut().for_each(Buckets::halve);
            k.seen > 0
        });
        self.cells = self.kinds.values().map(|k| k.counts.len()).sum();
        self.update();
    }

    /// What was longest unseen leaves, down to seven eighths of its limit.
    fn evict(&mut self) {
        let keep = self.limit - self.limit / 8;
        if self.symbols.len() > self.limit {
            let mut order: Vec<(u64, u64)> = self.symbols.iter().map(|(&id, s)| (s.last, id)).collect();
            order.sort_unstable();
            for (_, id) in &order[..order.len() - keep] {
                self.symbols.remove(id);
                self.evicted += 1;
            }
            self.update();
        }
        if self.kinds.len() > self.limit || self.cells > self.limit * CELLS {
            let mut order: Vec<(u64, u64)> = self.kinds.iter().map(|(&id, k)| (k.last, id)).collect();
            order.sort_unstable();
            for (_, id) in order {
                if self.kinds.len() <= keep && self.cells <= keep * CELLS {
                    break;
                }
                self.cells -= self.kinds.remove(&id).map_or(0, |k| k.counts.len()).min(self.cells);
                self.evicted += 1;
            }
        }
    }

    fn update(&mut self) {
        let n = f64::from(self.learnt);
        self.absences = 0.0;
        for s in self.symbols.values_mut() {
            s.absence = s.absence_bits(n);
            self.absences += s.absence;
        }
        self.updated = self.learnt;
    }

    /// Symbols and kinds given up at the limits.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    pub fn memory(&self) -> usize {
        let of = |b: &Buckets| b.used.capacity() * 8;
        let symbols: usize = self.symbols.values().map(|s| of(&s.counts) + size_of::<Symbol>() + 16).sum();
        let kinds = self.kinds.values();
        let kinds: usize =
            kinds.map(|k| k.counts.iter().map(|c| of(c) + 24).sum::<usize>() + size_of::<Kind>() + 16).sum();
        symbols + kinds
    }

    /// Symbols, kinds and cells held.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize, usize) {
        assert_eq!(self.cells, self.kinds.values().map(|k| k.counts.len()).sum::<usize>());
        (self.symbols.len(), self.kinds.len(), self.cells)
    }
}

impl Symbol {
    fn absence_bits(&self, n: f64) -> f64 {
        // At most all requests had it; a damaged snapshot may say more.
        let present = f64::from(self.present).min(n);
        -log2(1.0 - (present + 0.5) / (n + 1.0))
    }
}

impl Buckets {
    fn add(&mut self, bucket: u8) {
        match self.used.binary_search_by_key(&bucket, |u| u.0) {
            Ok(at) => self.used[at].1 = self.used[at].1.saturating_add(1),
            Err(at) => self.used.insert(at, (bucket, 1)),
        }
    }

    fn halve(&mut self) {
        self.used.iter_mut().for_each(|u| u.1 /= 2);
        self.used.retain(|u| u.1 > 0);
    }

    /// `(m + d·below)/(n + d)`; `below` where nothing was counted.
    fn blend(&self, bucket: u8, below: f64) -> f64 {
        let d = self.used.len() as f64;
        if self.used.is_empty() {
            return below;
        }
        let n: f64 = self.used.iter().map(|u| f64::from(u.1)).sum();
        let m = self.used.binary_search_by_key(&bucket, |u| u.0).map_or(0.0, |at| f64::from(self.used[at].1));
        (m + d * below) / (n + d)
    }

    /// 1 in a bucket in use, less the farther it is from the nearest one; of two as near the larger, whose ratio is nearer.
    fn nearness(&self, bucket: u8) -> f64 {
        let nearest = self.used.iter().map(|u| u.0).min_by_key(|&z| (z.abs_diff(bucket), std::cmp::Reverse(z)));
        let ratio = (f64::from(bucket) + 1.0) / (f64::from(nearest.unwrap_or(bucket)) + 1.0);
        ratio.min(1.0 / ratio)
    }
}

/// Hash of the distinct symbols of a sorted request.
fn key(sorted: &[u64]) -> u64 {
    sorted.chunk_by(|a, b| a == b).fold(0x1B87_3593, |key, run| follow(key, run[0]))
}

/// 1, …, 7, then two buckets an octave.
pub(super) fn bucket(count: usize) -> u8 {
    if count < 8 {
        count as u8
    } else {
        let half_octaves = (2.0 * log2(count as f64 / 8.0)) as usize;
        (8 + half_octaves).min(255) as u8
    }
}
