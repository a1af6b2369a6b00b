//! How probable it is that a window brings a line never written before, and one of ERROR severity.
//!
//! It does not know which lines are known.
//!
//! What only one window of the past brought tells how much is still to come (Good 1953, after Turing): of `n` windows let
//! `w` be those that brought a line which no other window had. The next window brings a new line with `(w + ½)/(n + 1)`. What
//! came again does not count any more, so that the many lines a stream begins with weigh nothing after a while.
//!
//! Of those `w`, `e` brought such a line at ERROR or worse, so a new line is one with `(e + κ)/(w + 1)`, `κ` being the share of
//! errors among new lines before any was seen: services say new things in more ways than they fail. The
//! product is what a new ERROR line costs. Where other lines come once and never again, it costs no less for that.
//!
//! Windows that are quarantined count as well, or those that are odd for a new line alone would never count; but new
//! errors in them do not: one incident is not what the next is to be measured by.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::math::log2;

/// Windows that count, at most: what a service did longer ago says little of what it does now.
const MEMORY: u64 = 2000;
/// Share of ERROR and worse among new lines, a priori; it weighs as much as one window with a new line.
const KAPPA: f64 = 1.0 / 32.0;
/// Lines of one window alone that are kept; the oldest leave.
const MAX_ONCE: usize = 4096;

/// A line that one window brought and none since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Once {
    window: u64,
    severe: bool,
}

/// The past of one stream's new lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Novelty {
    windows: u64,
    once: BTreeMap<u64, Once>,
}

/// Bits of a window with a new line, and with one at ERROR or worse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bits {
    pub any: f64,
    pub severe: f64,
    pub past: NewLine,
}

/// What a new line costs bits by: windows that count, those with a line that came in no other, and at ERROR or worse.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewLine {
    pub windows: u64,
    pub once: u64,
    pub severe_once: u64,
    /// The line itself is of ERROR or worse.
    pub severe: bool,
}

impl NewLine {
    pub fn bits(&self) -> f64 {
        let (w, e) = (self.once as f64, self.severe_once as f64);
        let any = ((w + 0.5) / (self.windows as f64 + 1.0)).min(1.0);
        let kind = if self.severe { ((e + KAPPA) / (w + 1.0)).min(1.0) } else { 1.0 };
        -log2(any * kind)
    }
}

impl Novelty {
    pub fn bits(&self) -> Bits {
        let (mut with, mut with_severe) = (BTreeSet::new(), BTreeSet::new());
        for once in self.once.values() {
            with.insert(once.window);
            if once.severe {
                with_severe.insert(once.window);
            }
        }
        let any = NewLine {
            windows: self.windows.min(MEMORY),
            once: with.len() as u64,
            severe_once: with_severe.len() as u64,
            severe: false,
        };
        Bits { any: any.bits(), severe: NewLine { severe: true, ..any }.bits(), past: any }
    }

    /// Windows that count.
    pub fn counted(&self) -> f64 {
        self.windows.min(MEMORY) as f64
    }

    /// Counts a window: the symbols it had, and those of them that are new, true for ERROR and worse.
    pub fn learn(&mut self, symbols: impl Iterator<Item = u64>, new: &BTreeMap<u64, bool>, quarantined: bool) {
        self.windows += 1;
        let now = self.windows;
        if !self.once.is_empty() {
            symbols.for_each(|symbol| {
                self.once.remove(&symbol);
            });
        }
        let counts = |(_, severe): &(&u64, &bool)| !**severe || !quarantined;
        let fresh = new.iter().filter(counts);
        self.once.extend(fresh.map(|(&symbol, &severe)| (symbol, Once { window: now, severe })));
        self.once.retain(|_, once| once.window + MEMORY > now);
        if self.once.len() > MAX_ONCE {
            let mut order: Vec<(u64, u64)> = self.once.iter().map(|(&symbol, o)| (o.window, symbol)).collect();
            order.sort_unstable();
            order[..order.len() - MAX_ONCE].iter().for_each(|(_, symbol)| {
                self.once.remove(symbol);
            });
        }
    }

    pub fn memory(&self) -> usize {
        self.once.len() * (size_of::<(u64, Once)>() + 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(bits: f64) -> f64 {
        crate::math::exp2(-bits)
    }

    fn window(novelty: &mut Novelty, known: &[u64], new: &[(u64, bool)], quarantined: bool) {
        let new: BTreeMap<u64, bool> = new.iter().copied().collect();
        novelty.learn(known.iter().copied().chain(new.keys().copied()), &new, quarantined);
    }

    #[test]
    fn what_comes_again_does_not_announce_more() {
        let mut n = Novelty::default();
        for i in 0..10 {
            window(&mut n, &[], &[(100 + i, i % 2 == 0)], false);
        }
        assert!((p(n.bits().any) - 10.5 / 11.0).abs() < 1e-12);
        for _ in 10..400 {
            window(&mut n, &(100..109).collect::<Vec<_>>(), &[], false);
        }
        // One of 400 brought a line (109, no error) that never came again.
        assert!((p(n.bits().any) - 1.5 / 401.0).abs() < 1e-12);
        assert!((p(n.bits().severe) - 1.5 / 401.0 * KAPPA / 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_first_error_costs_the_same_whatever_else_is_new() {
        let (mut calm, mut chatty) = (Novelty::default(), Novelty::default());
        for i in 0..400 {
            window(&mut calm, &[1], &[], false);
            let new = if i % 5 == 0 { vec![(1000 + i, false)] } else { vec![] };
            window(&mut chatty, &[1], &new, false);
        }
        let (calm, chatty) = (calm.bits(), chatty.bits());
        assert!(chatty.any < 2.5 && calm.any > 9.0, "{calm:?} {chatty:?}");
        assert!((calm.severe - chatty.severe).abs() < 1.0, "{calm:?} {chatty:?}");
        assert!(p(calm.severe) < 1e-4);
    }

    #[test]
    fn one_lone_error_makes_the_next_credible() {
        let mut n = Novelty::default();
        for i in 0..400 {
            window(&mut n, &[1], if i == 200 { &[(7, true)] } else { &[] }, false);
        }
        assert!(p(n.bits().severe) > 1e-3);
        window(&mut n, &[1, 7], &[], false);
        assert!(p(n.bits().severe) < 1e-4, "it came again");
        for i in 0..3 {
            window(&mut n, &[1], &[(8 + i, true), (20 + i, false)], true);
        }
        let b = n.bits();
        assert!(
            p(b.severe) < 1e-3 && p(b.any) > 3.0 / 404.0,
            "an incident's lines count as new lines, not as errors: {b:?}"
        );
    }

    #[test]
    fn memory_is_bounded_in_lines_and_windows() {
        let mut n = Novelty::default();
        for i in 0..3000u64 {
            let new: Vec<(u64, bool)> = (0..3).map(|j| (i * 3 + j, false)).collect();
            window(&mut n, &[], &new, false);
            assert!(n.once.len() <= MAX_ONCE);
        }
        assert_eq!(n.counted(), 2000.0);
        for _ in 0..2000 {
            window(&mut n, &[], &[], false);
        }
        assert_eq!(n.once.len(), 0);
    }
}
