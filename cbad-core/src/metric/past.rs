//! What a service's windows were ranked among: the sums of those before.
//!
//! p is the rank of `T` among the service's own past (one series' oddity among hundreds is ordinary, and how ordinary
//! only the service itself can say). Before enough windows in which series spoke of their own past, what ranks is the sum of what
//! counts no more than others' past lends ([`LENT`](super::prior::LENT)), among the sums of that kind since the first that was lent: `T` itself
//! reaches much further as soon as series have a past, and would look as if something had happened. Every `T` is remembered,
//! so p stays honest, but those of odd windows only when their run has ended or [`MAX_WAITING`] of them are there: an
//! incident's second minute is held against the time before the first.
//!
//! It neither makes the sums nor says which windows are odd.

use serde::{Deserialize, Serialize};

use crate::calibrate::History;

/// No verdict on the service before so many windows in which some series could speak: the rank among fewer says
/// nothing, and the tail beyond it is all prior.
const MIN_WINDOWS: u32 = 50;
/// Sums of a run of odd windows that wait; a longer run is learnt as it goes on.
const MAX_WAITING: usize = 5;

/// What the series of a window prove together.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Sums {
    /// `T`; none where no series spoke of its own past.
    pub all: Option<f64>,
    /// Each series counting no more than others' past lends.
    pub early: f64,
}

/// The sums of the windows so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Past {
    history: History,
    /// Ranks while the history is too short.
    early: Option<Box<History>>,
    /// Sums of quarantined windows, which the history has not learnt yet.
    waiting: Vec<Sums>,
}

impl Default for Past {
    fn default() -> Self {
        Past { history: History::of_services(), early: Some(Box::new(History::of_services())), waiting: Vec::new() }
    }
}

impl Past {
    /// Windows to be ranked among before anything is said, where a stream needs so many to be ready.
    pub fn needed(warmup_windows: u32) -> u32 {
        warmup_windows.max(MIN_WINDOWS)
    }

    /// What a window's sum is ranked among.
    pub fn history(&self) -> &History {
        self.early.as_deref().unwrap_or(&self.history)
    }

    /// True while what ranks is the sum of what counts no more than others' past lends.
    pub fn is_early(&self) -> bool {
        self.early.is_some()
    }

    /// Takes in a window's sums, an odd one's only when its run has ended. With `needed` windows in which series spoke of their own
    /// past the early sums are given up.
    pub fn learn(&mut self, sums: Sums, odd: bool, needed: u32) {
        self.waiting.push(sums);
        if odd && self.waiting.len() < MAX_WAITING {
            return;
        }
        for sums in self.waiting.drain(..) {
            if let Some(early) = &mut self.early {
                early.add(sums.early);
            }
            sums.all.into_iter().for_each(|t| self.history.add(t));
        }
        if self.history.len() >= needed as usize {
            self.early = None;
        }
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        self.history.memory()
            + self.early.as_ref().map_or(0, |h| size_of::<History>() + h.memory())
            + self.waiting.capacity() * size_of::<Sums>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(all: Option<f64>, early: f64) -> Sums {
        Sums { all, early }
    }

    #[test]
    fn early_sums_rank_until_there_is_a_past_of_their_own() {
        let mut past = Past::default();
        for i in 0..8 {
            past.learn(sums((i >= 3).then_some(9.0), 1.0), false, 5);
            assert_eq!((past.is_early(), past.history().len()), (i < 7, if i < 7 { i + 1 } else { 5 }), "{i}");
        }
        assert_eq!(past.history().recent(5), [9.0; 5]);
    }

    #[test]
    fn a_run_of_odd_windows_waits_for_its_end_and_a_long_one_for_five() {
        let mut past = Past::default();
        past.learn(sums(Some(2.0), 0.0), true, 1);
        past.learn(sums(Some(3.0), 0.0), true, 1);
        assert!(past.is_early() && past.history().is_empty());
        past.learn(sums(Some(1.0), 0.0), false, 1);
        assert_eq!(past.history().recent(9), [2.0, 3.0, 1.0]);
        for i in 1..=2 * MAX_WAITING {
            past.learn(sums(Some(7.0), 0.0), true, 1);
            assert_eq!(past.history().len(), 3 + i / MAX_WAITING * MAX_WAITING);
        }
    }
}
