//! What symbol follows which, to the second order: prediction by partial matching with exclusion.
//!
//! It knows nothing of time or counts per request.
//!
//! After context `c` of length k, with `n` observations of `d` distinct symbols, a symbol seen `m` times has the
//! probability `m/(n + d)`; one never seen after `c` escapes with `d/(n + d)` to the context of length k − 1, where what
//! followed `c` does not count any more, being excluded (Cleary and Witten 1984; method C: Moffat 1990). So that
//! something came at another place than ever before costs once, not once for every order: where things run side by
//! side their order varies, and an escape says so at the longest context already. A symbol without any past costs its
//! escapes alone; that it is new is for the [`super::composition`].
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

/// What followed a context.
#[derive(Clone, Debug, Default, PartialEq)]
struct Context {
    observed: u32,
    /// (symbol, times), by symbol.
    followers: Vec<(u64, u32)>,
}

impl Context {
    fn times(&self, symbol: u64) -> u32 {
        self.followers.binary_search_by_key(&symbol, |f| f.0).map_or(0, |at| self.followers[at].1)
    }

    /// Counts a follower; true when it is a new one.
    fn count(&mut self, symbol: u64) -> bool {
        self.observed += 1;
        match self.followers.binary_search_by_key(&symbol, |f| f.0) {
            Ok(at) => {
                self.followers[at].1 += 1;
                false
            }
            Err(at) => {
                self.followers.insert(at, (symbol, 1));
                true
            }
        }
    }
}

/// What mostly follows a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usual {
    /// No one symbol in more than half of all cases.
    Varies,
    End,
    Symbol(u64),
}

/// One step of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Of its symbol; the request's length for its end.
    pub at: usize,
    /// What mostly stands there instead.
    pub usual: Usual,
}

/// The model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Sequences {
    limit: usize,
    contexts: Map<Context>,
    /// Followers of all contexts together.
    pairs: usize,
    evicted: u64,
}

impl Sequences {
    pub fn new(max_pairs: u32) -> Self {
        Sequences { limit: max_pairs as usize, contexts: Map::default(), pairs: 0, evicted: 0 }
    }

    /// Bits of the most surprising step of a request, its end included.
    pub fn costliest_step(&self, symbols: &[u64]) -> f64 {
        let mut least = 1.0f64;
        steps(symbols, |contexts, symbol| least = least.min(self.p(contexts, symbol)));
        -log2(least)
    }

    /// The most surprising step, the first of equals, and what mostly follows the longest known context there.
    pub fn oddest_step(&self, symbols: &[u64]) -> Step {
        let (mut least, mut at, mut found) = (f64::INFINITY, 0, Step { at: 0, usual: Usual::Varies });
        steps(symbols, |contexts, symbol| {
            let p = self.p(contexts, symbol);
            if p < least {
                least = p;
                found = Step { at, usual: self.usual(contexts, symbol) };
            }
            at += 1;
        });
        found
    }

    fn usual(&self, contexts: &[u64; ORDER + 1], instead_of: u64) -> Usual {
        let known = contexts[1..].iter().rev().find_map(|key| self.contexts.get(key));
        let mostly = known.and_then(|c| c.followers.iter().find(|f| f.1 > c.observed / 2));
        match mostly.map(|f| f.0) {
            Some(symbol) if symbol == instead_of => Usual::Varies,
            Some(END) => Usual::End,
            Some(symbol) => Usual::Symbol(symbol),
            None => Usual::Varies,
        }
    }

    fn p(&self, contexts: &[u64; ORDER + 1], symbol: u64) -> f64 {
        let mut p = 1.0;
        let mut excluded: &[(u64, u32)] = &[];
        for key in contexts.iter().rev() {
            let Some(context) = self.contexts.get(key) else { continue };
            // What follows a context follows its shorter ones too, at least as often; halving keeps that so.
            let not_counted: f64 = excluded.iter().map(|e| f64::from(context.times(e.0))).sum();
            let n = (f64::from(context.observed) - not_counted).max(0.0);
            let d = context.followers.len().saturating_sub(excluded.len()) as f64;
            if d > 0.0 {
                let m = context.times(symbol);
                if m > 0 {
                    return p * f64::from(m) / (n + d);
                }
                p *= d / (n + d);
            }
            excluded = &context.followers;
        }
        p
    }

    /// Learns a request.
    pub fn learn(&mut self, symbols: &[u64]) {
        let (contexts, pairs) = (&mut self.contexts, &mut self.pairs);
        steps(symbols, |keys, symbol| {
            for &key in keys {
                *pairs += usize::from(contexts.entry(key).or_default().count(symbol));
            }
        });
        let observed = self.contexts.get(&root()).map_or(0, |c| c.observed);
        if observed >= MAX_OBSERVED {
            self.halve();
        }
        // Every count may be large: halve until enough have gone.
        let before = self.pairs;
        while self.pairs > self.limit {
            self.halve();
        }
        self.evicted += (before - self.pairs) as u64;
    }

    fn halve(&mut self) {
        let mut pairs = 0;
        self.contexts.retain(|_, context| {
            context.followers.iter_mut().for_each(|f| f.1 /= 2);
            context.followers.retain(|f| f.1 > 0);
            context.observed = context.followers.iter().fold(0, |sum: u32, f| sum.saturating_add(f.1));
            pairs += context.followers.len();
            context.observed > 0
        });
        self.pairs = pairs;
    }

    /// Pairs given up at the limit.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    pub fn memory(&self) -> usize {
        let followers: usize = self.contexts.values().map(|c| c.followers.capacity() * size_of::<(u64, u32)>()).sum();
        followers + self.contexts.capacity() * (size_of::<Context>() + 9)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.pairs, self.contexts.values().map(|c| c.followers.len()).sum::<usize>());
        self.pairs
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
pub(super) fn follow(key: u64, symbol: u64) -> u64 {
    let mut h = (key.rotate_left(23) ^ symbol).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    h ^= h >> 32;
    h = h.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    h ^ (h >> 29)
}

/// Sorted, since a map's layout depends on its past. What was observed follows from the followers.
#[derive(Serialize, Deserialize)]
struct Saved {
    limit: u32,
    evicted: u64,
    contexts: Vec<(u64, Vec<(u64, u32)>)>,
}

impl From<Sequences> for Saved {
    fn from(s: Sequences) -> Self {
        let mut contexts: Vec<_> = s.contexts.into_iter().map(|(key, c)| (key, c.followers)).collect();
        contexts.sort_unstable_by_key(|c| c.0);
        Saved { limit: s.limit as u32, evicted: s.evicted, contexts }
    }
}

impl From<Saved> for Sequences {
    fn from(saved: Saved) -> Self {
        let mut s = Sequences::new(saved.limit);
        s.evicted = saved.evicted;
        for (key, mut followers) in saved.contexts {
            followers.retain(|f| f.1 > 0);
            followers.sort_unstable_by_key(|f| f.0);
            followers.dedup_by_key(|f| f.0);
            // No sum of a damaged snapshot's counts may overflow.
            followers.iter_mut().for_each(|f| f.1 = f.1.min(MAX_OBSERVED));
            let observed = followers.iter().fold(0u32, |sum, f| sum.saturating_add(f.1)).min(2 * MAX_OBSERVED);
            if observed > 0 && !s.contexts.contains_key(&key) {
                s.pairs += followers.len();
                s.contexts.insert(key, Context { observed, followers });
            }
        }
        s
    }
}
