//! Which odd requests were alone among their neighbours.
//!
//! It does not say which requests are odd.
//!
//! Of requests at a third of the level `α` or less, chance puts `2·G·α/3 = 0.13` among the `G = 1/(5α)` before and the `G` after a
//! given one. So one that is odd for mere rarity is mostly alone, and the requests of a failure are not: they come in
//! one time, and drop out of here together. The past decides nothing early: a request is known to be alone `G`
//! requests later.

use serde::{Deserialize, Serialize};

/// The neighbourhood in units of `1/α`.
const NEIGHBOURHOOD: f64 = 0.2;

/// An odd request whose neighbours are still awaited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Waiting {
    symbols: Vec<u64>,
    scores: [f64; 2],
}

/// The last odd request and what came since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lone {
    neighbours: u64,
    /// Ordinary requests since the last odd one, or since the beginning.
    since: u64,
    waiting: Option<Waiting>,
}

impl Lone {
    pub fn new(level: f64) -> Self {
        // None is odd at first: nothing is known of what came before.
        Lone { neighbours: (NEIGHBOURHOOD / level).ceil() as u64, since: 0, waiting: None }
    }

    pub fn ordinary(&mut self) {
        self.since = self.since.saturating_add(1);
    }

    /// Takes in an odd request. Neither it nor the one before is alone when they are near each other.
    pub fn odd(&mut self, symbols: &[u64], scores: [f64; 2]) {
        let alone_so_far = self.since >= self.neighbours;
        self.since = 0;
        self.waiting = alone_so_far.then(|| Waiting { symbols: symbols.to_vec(), scores });
    }

    /// The odd request that has turned out to be alone, with its scores.
    pub fn take(&mut self) -> Option<(Vec<u64>, [f64; 2])> {
        if self.since < self.neighbours {
            return None;
        }
        self.waiting.take().map(|w| (w.symbols, w.scores))
    }

    pub fn memory(&self) -> usize {
        self.waiting.as_ref().map_or(0, |w| w.symbols.capacity() * 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of the requests that were taken for alone, `odd` of the first `n` being odd.
    fn alone(n: u64, odd: &[u64]) -> Vec<u64> {
        let mut lone = Lone::new(0.02);
        let mut out = Vec::new();
        for i in 0..n {
            if odd.contains(&i) {
                lone.odd(&[i], [1.0, 2.0]);
            } else {
                lone.ordinary();
            }
            out.extend(lone.take().map(|(symbols, _)| symbols[0]));
        }
        out
    }

    #[test]
    fn alone_is_who_has_no_odd_neighbour_on_either_side() {
        assert_eq!(Lone::new(0.02).neighbours, 10);
        assert_eq!(
            alone(100, &[15, 40, 70, 75, 92]),
            [15, 40],
            "75 is near 70, and 92 has not seen its neighbours yet"
        );
        assert_eq!(alone(100, &[5, 30]), [30], "what was before the beginning is not known");
        assert!(alone(100, &(20..100).collect::<Vec<_>>()).is_empty());
    }

    #[test]
    fn chance_seldom_puts_two_together_and_failures_always() {
        // Every 400th is alone, of every 15th none is.
        assert_eq!(alone(4000, &(1..10).map(|i| i * 400).collect::<Vec<_>>()).len(), 9);
        assert!(alone(4000, &(1..200).map(|i| i * 10).collect::<Vec<_>>()).is_empty());
    }
}
