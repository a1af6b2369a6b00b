//! Operations that were new a few windows ago: one that comes once was rare, one that keeps coming is a change.
//!
//! It does not tell how rare novelties are; [`crate::count`] does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::window::OpenWindow;
use crate::count;
use crate::math::log2;

/// Windows over which the requests with a new operation are added up.
const WINDOWS: u64 = 5;
/// Fewer bits, that is more than one window in 32 with something new, and another one is no sign of change.
const MIN_BITS: f64 = 5.0;
/// Operations held; the oldest leave first.
const LIMIT: usize = 64;
/// One request in four may be followed by another, so each distinct trace beyond the first adds two bits ...
const BITS_PER_TRACE: f64 = 2.0;
/// ... up to eight of them; spans of one trace add nothing.
const MAX_TRACES: u32 = 9;

/// What it adds to a novelty of `bits` that several requests have it: nothing where novelties are no sign of change.
pub(super) fn repeat_bits(bits: f64, traces: u32) -> f64 {
    if bits < MIN_BITS {
        return 0.0;
    }
    BITS_PER_TRACE * f64::from(traces.clamp(1, MAX_TRACES) - 1)
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Newcomer {
    /// The window it came in first, as a number of windows of event time.
    born: u64,
    /// What its novelty cost.
    bits: f64,
    /// Distinct traces so far, counted window by window.
    traces: u32,
}

impl Newcomer {
    fn still(&self, now: u64) -> bool {
        self.born <= now && now - self.born < WINDOWS
    }
}

/// The newcomers of the last windows, by operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Newcomers {
    by_operation: BTreeMap<u64, Newcomer>,
    pub evicted: u64,
}

impl Newcomers {
    /// Bits of an operation that came in `traces` requests of the window: its novelty, less the choice among as many windows
    /// as passed since, more what the repetition adds. None for an operation that is no newcomer.
    pub fn bits(&self, operation: u64, traces: u32, now: u64) -> Option<f64> {
        let n = self.by_operation.get(&operation).filter(|n| n.still(now))?;
        let windows = now.saturating_sub(n.born) + 1;
        Some(n.bits - log2(windows as f64) + repeat_bits(n.bits, n.traces.saturating_add(traces)))
    }

    /// Those that are newcomers in window `now`, whether or not spans came in the windows between.
    pub fn operations(&self, now: u64) -> impl Iterator<Item = u64> + '_ {
        self.by_operation.iter().filter(move |(_, n)| n.still(now)).map(|(&id, _)| id)
    }

    /// Takes in a judged window, before it is learnt.
    pub fn meet(&mut self, window: &OpenWindow, known: &count::Model, now: u64) {
        self.by_operation.retain(|_, n| n.still(now));
        let bits = known.novelty_bits();
        for (operation, traces) in window.traces() {
            if let Some(n) = self.by_operation.get_mut(&operation) {
                n.traces = n.traces.saturating_add(traces);
            } else if bits >= MIN_BITS && !known.knows(operation) {
                self.by_operation.insert(operation, Newcomer { born: now, bits, traces });
            }
        }
        while self.by_operation.len() > LIMIT {
            let oldest = self.by_operation.iter().map(|(&id, n)| (n.born, id)).min();
            self.by_operation.remove(&oldest.map_or(0, |(_, id)| id));
            self.evicted += 1;
        }
    }

    /// The newcomers are the new normal.
    pub fn adopt(&mut self) {
        self.by_operation.clear();
    }

    pub fn memory(&self) -> usize {
        self.by_operation.len() * (8 + size_of::<Newcomer>()) * 3 / 2
    }
}
