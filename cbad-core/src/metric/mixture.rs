//! How many bits a value's symbol costs after the ones before it: a mixture of six adaptive contexts.
//!
//! The symbol is one of 16 equal bins of the range seen so far. Orders 0 to 3 predict it from as many previous
//! symbols, two more from the hour and from the hour with the previous symbol. Each context's estimate leans on the
//! next simpler one, `p = (c + ½·base)/(n + ½)` (Krichevsky and Trofimov's ½, as in context-tree weighting), and the
//! six are mixed with weights that follow their past success and never sink below a share of 2 %
//! (fixed share; Herbster and Warmuth 1998).
//!
//! Contexts live in a small hashed table. A collision ages the slot it hits until the newcomer can have it.

use serde::{Deserialize, Serialize};

use crate::math;

/// Symbols of the alphabet.
pub const SYMBOLS: usize = 16;
const CONTEXTS: usize = 6;
const SLOTS: usize = 64;
/// A slot's counts are halved past this sum.
const MAX_TOTAL: u32 = 200;
/// Share of the weight that is dealt out anew at each step.
const SHARE: f64 = 0.02;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Slot {
    counts: [u8; SYMBOLS],
    tag: u16,
}

impl Slot {
    #[inline]
    fn total(&self) -> u32 {
        self.counts.iter().map(|&c| u32::from(c)).sum()
    }

    #[inline]
    fn halve(&mut self) {
        for c in &mut self.counts {
            *c >>= 1;
        }
    }
}

/// Adaptive model of one series' symbols.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mixture {
    slots: Slots,
    weights: [f64; CONTEXTS],
    low: f64,
    high: f64,
    /// The last three symbols, newest first.
    past: [u8; 3],
    n: u32,
}

impl Default for Mixture {
    fn default() -> Self {
        Mixture {
            slots: Slots(vec![Slot::default(); SLOTS].into_boxed_slice()),
            weights: [1.0 / CONTEXTS as f64; CONTEXTS],
            low: 0.0,
            high: 0.0,
            past: [0; 3],
            n: 0,
        }
    }
}

/// A value coded against the past: what learning it needs.
#[derive(Clone, Copy, Debug)]
pub struct Coding {
    low: f64,
    high: f64,
    symbol: usize,
    keys: [(usize, u16); CONTEXTS],
    estimates: [f64; CONTEXTS],
    mixed: f64,
}

impl Coding {
    /// Bits of the symbol; at most about 30.
    pub fn bits(&self) -> f64 {
        -math::log2(self.mixed)
    }
}

impl Mixture {
    /// What the value costs in its context, against the past.
    pub fn code(&self, x: f64, hour: usize) -> Coding {
        let (low, high) = if self.n == 0 { (x, x) } else { (self.low.min(x), self.high.max(x)) };
        let symbol = symbol(x, low, high);
        let keys = self.contexts(hour);
        let estimates = self.estimates(&keys, symbol);
        let mixed = estimates.iter().zip(&self.weights).map(|(p, w)| p * w).sum();
        Coding { low, high, symbol, keys, estimates, mixed }
    }

    /// Learns the value that was coded last.
    pub fn learn(&mut self, coding: &Coding) {
        self.n = self.n.wrapping_add(1);
        (self.low, self.high) = (coding.low, coding.high);
        self.reweigh(&coding.estimates, coding.mixed);
        for key in coding.keys {
            self.count(key, coding.symbol);
        }
        self.pass(coding);
    }

    /// Takes the value as the context of the next ones without learning that it came.
    pub fn pass(&mut self, coding: &Coding) {
        self.past = [coding.symbol as u8, self.past[0], self.past[1]];
    }

    /// Slot and tag of each context, simplest first within its kind.
    #[inline]
    fn contexts(&self, hour: usize) -> [(usize, u16); CONTEXTS] {
        let [s1, s2, s3] = self.past.map(u32::from);
        let hour = hour as u32;
        [
            1,
            2 << 20 | s1,
            3 << 20 | s1 << 4 | s2,
            4 << 20 | s1 << 8 | s2 << 4 | s3,
            5 << 20 | hour,
            6 << 20 | hour << 4 | s1,
        ]
        .map(|key: u32| {
            let h = scramble(key.wrapping_mul(2_654_435_761));
            (h as usize % SLOTS, (h >> 16) as u16 | 1)
        })
    }

    #[inline]
    fn estimates(&self, keys: &[(usize, u16); CONTEXTS], symbol: usize) -> [f64; CONTEXTS] {
        let mut p = [0.0; CONTEXTS];
        for d in 0..CONTEXTS {
            let slot = &self.slots.0[keys[d].0];
            let (count, total) = if slot.tag == keys[d].1 {
                (f64::from(slot.counts[symbol]), f64::from(slot.total()))
            } else {
                (0.0, 0.0)
            };
            p[d] = match d {
                0 => (count + 0.5) / (total + 0.5 * SYMBOLS as f64),
                1..=3 => (count + 0.5 * p[d - 1]) / (total + 0.5),
                4 => (count + 0.5 * p[0]) / (total + 0.5),
                _ => (count + 0.25 * (p[1] + p[4])) / (total + 0.5),
            };
        }
        p
    }

    #[inline]
    fn reweigh(&mut self, p: &[f64; CONTEXTS], mixed: f64) {
        let mut sum = 0.0;
        for (w, p) in self.weights.iter_mut().zip(p) {
            *w = (1.0 - SHARE) * *w * p / mixed + SHARE / CONTEXTS as f64;
            sum += *w;
        }
        for w in &mut self.weights {
            *w /= sum;
        }
    }

    #[inline]
    fn count(&mut self, (at, tag): (usize, u16), symbol: usize) {
        let slot = &mut self.slots.0[at];
        if slot.tag == tag {
            slot.counts[symbol] = slot.counts[symbol].saturating_add(1);
            if slot.total() > MAX_TOTAL {
                slot.halve();
            }
        } else if slot.total() <= 1 {
            *slot = Slot { tag, ..Slot::default() };
            slot.counts[symbol] = 1;
        } else if self.n % 8 == 0 {
            slot.halve();
        }
    }
}

/// The value's bin of the range.
#[inline]
fn symbol(x: f64, low: f64, high: f64) -> usize {
    if high <= low {
        return 0;
    }
    let place = (x - low) / (high - low);
    ((place * SYMBOLS as f64) as usize).min(SYMBOLS - 1)
}

/// Murmur3's finaliser.
#[inline]
fn scramble(mut h: u32) -> u32 {
    h ^= h >> 16;
    h = h.wrapping_mul(0x85eb_ca6b);
    h ^= h >> 13;
    h = h.wrapping_mul(0xc2b2_ae35);
    h ^ h >> 16
}

/// The table; one of another size is not taken from a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Slot>", into = "Vec<Slot>")]
struct Slots(Box<[Slot]>);

impl From<Slots> for Vec<Slot> {
    fn from(s: Slots) -> Self {
        s.0.into_vec()
    }
}

impl TryFrom<Vec<Slot>> for Slots {
    type Error = String;
    fn try_from(v: Vec<Slot>) -> Result<Self, String> {
        if v.len() != SLOTS {
            return Err(format!("context table must have {SLOTS} slots (got {})", v.len()));
        }
        Ok(Slots(v.into_boxed_slice()))
    }
}

/// Heap bytes of one mixture.
pub const HEAP: usize = SLOTS * std::mem::size_of::<Slot>();

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn step(m: &mut Mixture, x: f64, hour: usize) -> f64 {
        let coding = m.code(x, hour);
        m.learn(&coding);
        coding.bits()
    }

    fn mean_bits(n: u32, value: impl Fn(u32) -> f64) -> f64 {
        let mut m = Mixture::default();
        let costs: Vec<f64> = (0..n).map(|i| step(&mut m, value(i), (i / 60 % 24) as usize)).collect();
        let tail = &costs[costs.len() / 2..];
        tail.iter().sum::<f64>() / tail.len() as f64
    }

    #[test]
    fn a_constant_costs_nothing_and_noise_its_entropy() {
        assert!(mean_bits(2000, |_| 7.0) < 0.02);
        let noise = mean_bits(8000, |i| f64::from(scramble(i.wrapping_mul(77)) % 16));
        assert!((3.9..4.6).contains(&noise), "{noise}");
    }

    #[test]
    fn a_sequence_is_learnt_where_its_histogram_is_flat() {
        let cycle = mean_bits(4000, |i| f64::from([0, 15, 4, 9, 1, 12][i as usize % 6]));
        assert!(cycle < 0.1, "{cycle}");
        let broken = {
            let mut m = Mixture::default();
            for i in 0..4000 {
                step(&mut m, f64::from([0, 15, 4, 9, 1, 12][i % 6]), 0);
            }
            step(&mut m, 9.0, 0)
        };
        assert!(broken > 5.0, "{broken}");
    }

    proptest! {
        /// Summed over what could have come, the probabilities make one.
        #[test]
        fn it_is_a_code(values in prop::collection::vec(0u8..16, 2..400), hour in 0usize..24) {
            let mut m = Mixture::default();
            step(&mut m, 0.0, hour);
            step(&mut m, 15.0, hour);
            for v in &values { step(&mut m, f64::from(*v), hour); }
            let total: f64 = (0..SYMBOLS).map(|s| {
                let bits = m.code(s as f64 + 0.01, hour).bits();
                math::exp2(-bits)
            }).sum();
            prop_assert!((total - 1.0).abs() < 1e-9, "{}", total);
        }
    }

    #[test]
    fn a_table_of_another_size_is_refused() {
        let bytes = postcard::to_allocvec(&vec![Slot::default(); 3]).unwrap();
        assert!(postcard::from_bytes::<Slots>(&bytes).is_err());
        let m = Mixture::default();
        let bytes = postcard::to_allocvec(&m).unwrap();
        assert_eq!(postcard::from_bytes::<Mixture>(&bytes).unwrap(), m);
    }
}
