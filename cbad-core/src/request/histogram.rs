//! How often each symbol occurs in a request.
//!
//! It knows nothing of order.
//!
//! Each symbol has a histogram of its count per request, in buckets 0, 1, …, 7, then half octaves. With `N` requests
//! learnt, `n` of them in the request's bucket and `d` buckets in use, the symbol costs
//! `−log2((n + ½)/(N + ½(d + 1)))` bits; in a bucket never used `log2((N + ½(d + 1))/½)` plus the distance
//! `|log2((b + 1)/(z + 1))|` to the nearest used bucket `z`; a symbol never seen `log2(2(N + 1)) + log2(1 + x)`.
//! The sum over all known symbols, absent ones too, is the request's score.
//!
//! # Cost
//!
//! Absent symbols are most symbols, so the sum of their costs is kept and corrected for those present. It
//! is exact for symbols as of their last change; all are brought up to date each time `N` has grown by 1/64,
//! which changes no term by more than 1/64 of a bit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::math::log2;

/// Requests at which all counts are halved, so that old habits fade.
const MAX_LEARNT: u32 = 1 << 17;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Histogram {
    /// (bucket above 0, requests), by bucket.
    used: Vec<(u8, u32)>,
    present: u32,
    /// Request it last occurred in.
    last: u64,
    /// Cost of absence, as of the last update.
    absence: f64,
}

/// The model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Histograms {
    limit: usize,
    symbols: BTreeMap<u64, Histogram>,
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

impl Histograms {
    pub fn new(max_symbols: u32) -> Self {
        Histograms {
            limit: max_symbols as usize,
            symbols: BTreeMap::new(),
            learnt: 0,
            clock: 0,
            absences: 0.0,
            updated: 0,
            evicted: 0,
            sorted: Vec::new(),
        }
    }

    /// Bits of a request's counts.
    pub fn bits(&mut self, symbols: &[u64]) -> f64 {
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.clear();
        sorted.extend_from_slice(symbols);
        sorted.sort_unstable();
        let n = f64::from(self.learnt);
        let mut bits = self.absences;
        for run in sorted.chunk_by(|a, b| a == b) {
            match self.symbols.get(&run[0]) {
                Some(h) => bits += h.bits(bucket(run.len()), n) - h.absence,
                None => bits += log2(2.0 * (n + 1.0)) + log2(1.0 + run.len() as f64),
            }
        }
        self.sorted = sorted;
        bits.max(0.0)
    }

    /// Learns a request.
    pub fn learn(&mut self, symbols: &[u64]) {
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.clear();
        sorted.extend_from_slice(symbols);
        sorted.sort_unstable();
        self.learnt += 1;
        self.clock += 1;
        let n = f64::from(self.learnt);
        for run in sorted.chunk_by(|a, b| a == b) {
            let h = self.symbols.entry(run[0]).or_default();
            h.count(bucket(run.len()));
            h.last = self.clock;
            self.absences -= h.absence;
            h.absence = h.bits(0, n);
            self.absences += h.absence;
        }
        self.sorted = sorted;
        if self.learnt >= MAX_LEARNT {
            self.halve();
        }
        if self.symbols.len() > self.limit {
            self.evict();
        }
        if self.learnt - self.updated > self.updated / 64 {
            self.update();
        }
    }

    fn halve(&mut self) {
        self.learnt /= 2;
        self.symbols.retain(|_, h| {
            h.used.iter_mut().for_each(|u| u.1 /= 2);
            h.used.retain(|u| u.1 > 0);
            h.present = h.used.iter().map(|u| u.1).sum();
            h.present > 0
        });
        self.update();
    }

    /// The symbols longest unseen leave, down to seven eighths of the limit.
    fn evict(&mut self) {
        let mut order: Vec<(u64, u64)> = self.symbols.iter().map(|(&id, h)| (h.last, id)).collect();
        order.sort_unstable();
        order.truncate(order.len() - (self.limit - self.limit / 8));
        for (_, id) in order {
            self.symbols.remove(&id);
            self.evicted += 1;
        }
        self.update();
    }

    fn update(&mut self) {
        let n = f64::from(self.learnt);
        self.absences = 0.0;
        for h in self.symbols.values_mut() {
            h.absence = h.bits(0, n);
            self.absences += h.absence;
        }
        self.updated = self.learnt;
    }

    /// Symbols given up at the limit.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    pub fn memory(&self) -> usize {
        self.symbols.values().map(|h| h.used.capacity() * 8 + size_of::<Histogram>() + 16).sum()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.symbols.len()
    }
}

impl Histogram {
    fn count(&mut self, bucket: u8) {
        self.present += 1;
        match self.used.binary_search_by_key(&bucket, |u| u.0) {
            Ok(at) => self.used[at].1 += 1,
            Err(at) => self.used.insert(at, (bucket, 1)),
        }
    }

    fn bits(&self, bucket: u8, n: f64) -> f64 {
        let absent = (n - f64::from(self.present)).max(0.0);
        let seen = self.used.len() as f64 + f64::from(u8::from(absent > 0.0));
        let total = n + 0.5 * (seen + 1.0);
        let here = match bucket {
            0 => absent,
            _ => self.used.binary_search_by_key(&bucket, |u| u.0).map_or(0.0, |at| f64::from(self.used[at].1)),
        };
        if here > 0.0 {
            return -log2((here + 0.5) / total);
        }
        let zero = (absent > 0.0).then_some(0u8);
        // The nearest used bucket; of two as near the larger, whose ratio is nearer.
        let nearest = self
            .used
            .iter()
            .map(|u| u.0)
            .chain(zero)
            .min_by_key(|&z| (z.abs_diff(bucket), std::cmp::Reverse(z)))
            .unwrap_or(bucket);
        let distance = log2((f64::from(bucket) + 1.0) / (f64::from(nearest) + 1.0));
        log2(total / 0.5) + distance.abs()
    }
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
