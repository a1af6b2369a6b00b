//! What symbol follows which, to the second order: prediction by partial matching.
//!
//! It knows nothing of time or counts per request.
//!
//! After context `c` of length k, with `n` observations of `d` distinct symbols, a symbol seen `m` times gets
//! `p_k = (m + d·p_{k−1})/(n + d)` (Witten and Bell 1991, method C, blended instead of excluded),
//! `p_{−1} = 1/(|V| + 1)`. Contexts and (context, symbol) pairs are keyed by 64-bit hashes.
//!
//! Past the limit of pairs all counts are halved and those that reach 0 leave (counted): the rare ones go first.

use serde::{Deserialize, Serialize};

use crate::math::log2;

/// The highest order.
const ORDER: usize = 2;
/// Before a request's first symbol, and after its last.
const BEGIN: u64 = 0x5BF0_3635_1F2E_77A1;
const END: u64 = 0x2545_F491_4F6C_DD1D;
/// Observations of the empty context at which counts are halved, so that sums stay exact and old habits fade.
const MAX_OBSERVED: u32 = 1 << 24;

type Map<V> = std::collections::HashMap<u64, V, std::hash::BuildHasherDefault<Mixed>>;

/// Keys are mixed already. Iteration order is never observed.
#[derive(Clone, Debug, Default)]
struct Mixed(u64);

impl std::hash::Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(b);
        }
    }
    fn write_u64(&mut self, v: u64) {
        self.0 = v;
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Context {
    observed: u32,
    distinct: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Pair {
    context: u64,
    count: u32,
}

/// The model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Sequences {
    limit: usize,
    contexts: Map<Context>,
    pairs: Map<Pair>,
    evicted: u64,
}

impl Sequences {
    pub fn new(max_pairs: u32) -> Self {
        Sequences { limit: max_pairs as usize, contexts: Map::default(), pairs: Map::default(), evicted: 0 }
    }

    /// Bits of the most surprising step of a request, its end included.
    pub fn costliest_step(&self, symbols: &[u64]) -> f64 {
        let mut least = 1.0f64;
        steps(symbols, |contexts, symbol| least = least.min(self.p(contexts, symbol)));
        -log2(least)
    }

    fn p(&self, contexts: &[u64; ORDER + 1], symbol: u64) -> f64 {
        let mut p = 0.0;
        for (order, &key) in contexts.iter().enumerate() {
            let Some(context) = self.contexts.get(&key) else {
                if order == 0 {
                    return 1.0;
                }
                break;
            };
            let (n, d) = (f64::from(context.observed), f64::from(context.distinct));
            if order == 0 {
                p = 1.0 / (d + 1.0);
            }
            let count = self.pairs.get(&follow(key, symbol)).map_or(0, |pair| pair.count);
            p = (f64::from(count) + d * p) / (n + d);
        }
        p
    }

    /// Learns a request.
    pub fn learn(&mut self, symbols: &[u64]) {
        let (contexts, pairs) = (&mut self.contexts, &mut self.pairs);
        steps(symbols, |keys, symbol| {
            for &key in keys {
                let context = contexts.entry(key).or_default();
                let pair = pairs.entry(follow(key, symbol)).or_insert(Pair { context: key, count: 0 });
                context.observed += 1;
                context.distinct += u32::from(pair.count == 0);
                pair.count += 1;
            }
        });
        let observed = self.contexts.get(&root()).map_or(0, |c| c.observed);
        if observed >= MAX_OBSERVED {
            self.halve();
        }
        // Every count may be large: halve until enough have gone.
        let before = self.pairs.len();
        while self.pairs.len() > self.limit {
            self.halve();
        }
        self.evicted += (before - self.pairs.len()) as u64;
    }

    fn halve(&mut self) {
        self.contexts.clear();
        let contexts = &mut self.contexts;
        self.pairs.retain(|_, pair| {
            pair.count /= 2;
            if pair.count > 0 {
                let context = contexts.entry(pair.context).or_default();
                context.observed += pair.count;
                context.distinct += 1;
            }
            pair.count > 0
        });
    }

    /// Pairs given up at the limit.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    pub fn memory(&self) -> usize {
        self.pairs.capacity() * 26 + self.contexts.capacity() * 18
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }
}

/// Calls `f` with the keys of the contexts of order 0, 1, 2 and the symbol of each step, the end included.
#[inline]
fn steps(symbols: &[u64], mut f: impl FnMut(&[u64; ORDER + 1], u64)) {
    let (mut a, mut b) = (BEGIN, BEGIN);
    for &symbol in symbols.iter().chain(std::iter::once(&END)) {
        let last = follow(1, b);
        f(&[root(), last, follow(last, a)], symbol);
        (a, b) = (b, symbol);
    }
}

fn root() -> u64 {
    follow(0, 0)
}

/// Mixes a context's key with what follows.
#[inline]
fn follow(key: u64, symbol: u64) -> u64 {
    let mut h = (key.rotate_left(23) ^ symbol).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    h ^= h >> 32;
    h = h.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    h ^ (h >> 29)
}

/// Sorted, since a map's layout depends on its past. Contexts follow from the pairs.
#[derive(Serialize, Deserialize)]
struct Saved {
    limit: u32,
    evicted: u64,
    pairs: Vec<(u64, Pair)>,
}

impl From<Sequences> for Saved {
    fn from(s: Sequences) -> Self {
        let mut pairs: Vec<(u64, Pair)> = s.pairs.into_iter().collect();
        pairs.sort_unstable_by_key(|p| p.0);
        Saved { limit: s.limit as u32, evicted: s.evicted, pairs }
    }
}

impl From<Saved> for Sequences {
    fn from(saved: Saved) -> Self {
        let mut s = Sequences::new(saved.limit);
        s.evicted = saved.evicted;
        for (key, pair) in saved.pairs {
            if pair.count == 0 || s.pairs.insert(key, pair).is_some() {
                continue;
            }
            let context = s.contexts.entry(pair.context).or_default();
            context.observed = context.observed.saturating_add(pair.count);
            context.distinct += 1;
        }
        s
    }
}
