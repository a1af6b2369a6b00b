//! More odd requests in a window than chance allows.

use serde::{Deserialize, Serialize};

use crate::calibrate::History;
use crate::evidence::{Basis, Binomial, Way};
use crate::math;

/// Decay per window of the stream's own rate.
const DECAY: f64 = 0.99;
/// The level weighs as much as so many requests.
const PRIOR_REQUESTS: f64 = 200.0;
/// Windows of the history before the channel speaks: the models still learn rare but ordinary requests.
const MIN_WINDOWS: usize = 30;

/// A window's odd requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excess {
    pub judged: u64,
    pub odd: u64,
    /// Odd requests expected at the stream's own rate.
    pub expected: f64,
    /// `−log2` of the binomial tail.
    pub bits: f64,
    pub p: f64,
    pub basis: Basis,
}

/// The stream's own rate of odd requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rate {
    level: f64,
    judged: f64,
    odd: f64,
    history: History,
}

impl Rate {
    pub fn new(level: f64) -> Self {
        Rate { level, judged: 0.0, odd: 0.0, history: History::of_windows() }
    }

    pub fn excess(&self, judged: u64, odd: u64) -> Excess {
        let (past_judged, past_odd, level) = (self.judged, self.odd, self.level);
        let chance = Binomial { judged, odd, past_judged, past_odd, level, prior: PRIOR_REQUESTS };
        let bits = -math::log2(chance.tail().max(1e-300));
        let young = self.history.len() < MIN_WINDOWS;
        let way = Way { requests: Some(chance), ..Way::ranked(bits, self.history.rank(bits)) };
        let basis = Basis::of(way, self.history.len() as u64).silent(young);
        Excess { judged, odd, expected: judged as f64 * chance.rate(), bits, p: basis.p(), basis }
    }

    pub fn learn(&mut self, excess: &Excess, quarantined: bool) {
        if quarantined {
            self.history.add_clipped(excess.bits);
            return;
        }
        self.history.add(excess.bits);
        self.judged = self.judged * DECAY + excess.judged as f64;
        self.odd = self.odd * DECAY + excess.odd as f64;
    }

    pub fn memory(&self) -> usize {
        self.history.memory()
    }
}

/// `P(Bin(n, r) ≥ k) = I_r(k, n − k + 1)`.
pub(crate) fn binomial_tail(n: u64, k: u64, r: f64) -> f64 {
    if k == 0 {
        return 1.0;
    }
    math::inc_beta(k as f64, (n - k.min(n)) as f64 + 1.0, r).clamp(0.0, 1.0)
}
