//! Errors given the operation: a binomial share with its own dispersion, one-sided.
//!
//! Where errors are rare (less than one a window expected), the binomial law promises more than the past can know: the first
//! error in hours would cost what its share says, though every service has a first error now and then. There the first one
//! costs no more than how rare windows with errors were, and the binomial law speaks for those beyond it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::drift::{Drift, Drifted};
use crate::calibrate::dispersion;
use crate::math::{ln, log2, student_t_bits};

const DECAY: f64 = 0.99;
/// An operation's own share of errors is known after so many spans; before, the stream's share speaks for it.
const SHARE_WEIGHT: f64 = 10.0;
/// A share of errors this much higher than it was means nothing.
const MEANINGLESS: f64 = 0.002;
/// One window's Pearson statistic counts at most this much, as in [`crate::count`].
const PEARSON_CAP: f64 = 200.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Share {
    errors: f64,
    spans: f64,
    windows: f64,
    /// Windows with errors.
    failing: f64,
    pearson: f64,
    /// Of the share of errors.
    drift: Drift,
    last: u64,
}

impl Share {
    /// Bits of `x` or more errors where `mu` of `n` are expected.
    fn binomial_bits(&self, x: f64, mu: f64, n: f64) -> f64 {
        if x <= mu {
            return 0.0;
        }
        let part = |x: f64, mu: f64| if x > 0.0 { x * ln(x / mu) } else { 0.0 };
        let deviance = 2.0 * (part(x, mu) + part(n - x, n - mu));
        let t = (deviance.max(0.0) / dispersion::factor(self.pearson, self.windows)).sqrt();
        student_t_bits(t, dispersion::freedom(self.windows))
    }
}

/// An operation's outcomes in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcomes {
    pub operation: u64,
    pub spans: u64,
    pub errors: u64,
}

/// Outcomes by operation, at most `limit` of them: past it the eighth that was not seen for longest leaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Errors {
    by_operation: BTreeMap<u64, Share>,
    limit: usize,
    /// The whole stream's, decayed alike.
    errors: f64,
    spans: f64,
    /// True once an error was learnt: a stream that never errs has no error channel.
    pub any: bool,
    pub evicted: u64,
}

impl Errors {
    pub fn new(limit: usize) -> Self {
        Errors { by_operation: BTreeMap::new(), limit, errors: 0.0, spans: 0.0, any: false, evicted: 0 }
    }

    fn share(&self, of: &Share) -> f64 {
        let stream = (self.errors + 0.5) / (self.spans + 1.0);
        ((of.errors + SHARE_WEIGHT * stream) / (of.spans + SHARE_WEIGHT)).clamp(1e-9, 0.999)
    }

    /// Bits and expected errors; 0 bits where there are no more than expected.
    pub fn score(&self, o: &Outcomes) -> (f64, f64) {
        let past = self.by_operation.get(&o.operation).copied().unwrap_or_default();
        let (n, x, p) = (o.spans as f64, o.errors as f64, self.share(&past));
        let mu = n * p;
        if x <= mu {
            return (0.0, mu);
        }
        let mut bits = past.binomial_bits(x, mu, n);
        if mu < 1.0 {
            let rarity = -log2((past.failing + 0.5) / (past.windows + 1.0));
            bits = bits.min(rarity + past.binomial_bits(x - 1.0, mu, n));
        }
        (bits, mu)
    }

    /// The window's share of errors against the reference that stays behind; where it is higher.
    pub fn drifted(&self, o: &Outcomes) -> Option<Drifted> {
        let past = self.by_operation.get(&o.operation)?;
        past.drift.test(o.errors as f64 / o.spans as f64, MEANINGLESS)
    }

    /// What the shares will be is no drift.
    pub fn settle(&mut self) {
        self.by_operation.values_mut().for_each(|s| s.drift.settle());
    }

    pub fn learn(&mut self, window: &[Outcomes], now: u64) {
        let (mut errors, mut spans) = (0.0, 0.0);
        for o in window {
            let mut past = self.by_operation.get(&o.operation).copied().unwrap_or_default();
            let (n, x, p) = (o.spans as f64, o.errors as f64, self.share(&past));
            if past.windows > 0.0 {
                let pearson = ((x - n * p).powi(2) / (n * p * (1.0 - p) + 1e-3)).min(PEARSON_CAP);
                past.pearson = past.pearson * DECAY + pearson;
            }
            past.windows = past.windows * DECAY + 1.0;
            past.failing = past.failing * DECAY + f64::from(u8::from(o.errors > 0));
            past.errors = past.errors * DECAY + x;
            past.spans = past.spans * DECAY + n;
            past.drift.learn(x / n, MEANINGLESS);
            past.last = now;
            self.by_operation.insert(o.operation, past);
            errors += x;
            spans += n;
        }
        self.errors = self.errors * DECAY + errors;
        self.spans = self.spans * DECAY + spans;
        self.any |= errors > 0.0;
        self.trim();
    }

    fn trim(&mut self) {
        if self.by_operation.len() <= self.limit {
            return;
        }
        let mut order: Vec<_> = self.by_operation.iter().map(|(id, s)| (s.last, *id)).collect();
        order.sort_unstable();
        order.truncate(order.len() - (self.limit - self.limit / 8));
        self.evicted += order.len() as u64;
        for (_, id) in order {
            self.by_operation.remove(&id);
        }
    }

    pub fn memory(&self) -> usize {
        self.by_operation.len() * (8 + size_of::<Share>()) * 3 / 2
    }
}
