//! Judges single requests (the log records of one trace id) by their order and their counts.
//!
//! It does not group records into requests: whoever calls hands over each trace's symbols in order of time.
//!
//! A request is complete when it was idle for `request_idle_ns` before a window's end, or at the last window. It gets
//! two scores: the most surprising single step under a [`sequence::Sequences`] model, and the bits of its symbol
//! counts under a [`histogram::Histograms`] model. Each is ranked among the scores of past normal requests;
//! `p = min(1, 2·min)`. The first 200 requests are learnt unjudged; afterwards a request is learnt and added to the
//! histories unless its p is at or below the squared level: truly odd requests never become normal by repetition.
//!
//! A window's channel asks whether more requests were odd than chance allows: the binomial tail of their number at the
//! stream's own rate (never below the level), ranked among the stream's past windows as well, since odd
//! requests come in bursts.
//!
//! Streams without trace ids cost nothing here.

mod channel;
pub(crate) mod histogram;
mod open;
pub(crate) mod sequence;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::calibrate::History;
use crate::{math, Params, RequestVerdict, Window};

pub use channel::Excess;
pub use open::Turned;

/// Requests learnt before the first is scored.
const UNSCORED: u64 = 50;
/// Requests learnt before the first is judged.
const UNJUDGED: u64 = 200;

/// A learnt request adds at most so many bits above the tail's beginning to a history.
const MARGIN: f64 = 6.0;

/// The model of a stream's requests, and those still open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Requests {
    level: f64,
    idle_ns: u64,
    open: open::Table,
    sequences: sequence::Sequences,
    histograms: histogram::Histograms,
    step_history: History,
    count_history: History,
    learnt: u64,
    channel: channel::Rate,
}

impl Requests {
    pub fn new(params: &Params) -> Self {
        Requests {
            level: params.request_p,
            idle_ns: params.request_idle_ns,
            open: open::Table::new(params.max_requests),
            sequences: sequence::Sequences::new(params.max_symbols.saturating_mul(8)),
            histograms: histogram::Histograms::new(params.max_symbols),
            step_history: History::of_requests(),
            count_history: History::of_requests(),
            learnt: 0,
            channel: channel::Rate::new(params.request_p),
        }
    }

    /// Adds one trace's records of the window, in order of time.
    pub fn extend(&mut self, trace_id: [u8; 16], events: impl Iterator<Item = (u64, u64)>) {
        self.open.extend(trace_id, events);
    }

    /// Records are missing: what is open cannot be judged any more.
    pub fn taint(&mut self) {
        self.open.taint();
    }

    /// Judges the requests that are complete at the end of `window`, in order of (end, trace id), into `out`.
    /// The excess of odd ones; none where no request was judged.
    pub fn close(&mut self, window: &Window, out: &mut Vec<RequestVerdict>) -> Option<Excess> {
        let bound = if window.last { u64::MAX } else { window.end_ns.saturating_sub(self.idle_ns) };
        let (mut judged, mut odd) = (0u64, 0u64);
        for request in self.open.complete(bound) {
            let ready = self.learnt >= UNJUDGED;
            let p = self.judge(&request.symbols);
            let anomalous = ready && p <= self.level;
            judged += u64::from(ready);
            odd += u64::from(anomalous);
            out.push(RequestVerdict {
                trace_id: request.trace_id,
                start_ns: request.start_ns,
                end_ns: request.end_ns,
                events: request.events,
                score: math::decades(p),
                p,
                anomalous,
            });
        }
        (judged > 0).then(|| self.channel.excess(judged, odd))
    }

    /// Learns how many requests of a window were odd.
    pub fn learn(&mut self, excess: &Excess, quarantined: bool) {
        self.channel.learn(excess, quarantined);
    }

    /// p of one request; learns it unless it is far off.
    fn judge(&mut self, symbols: &[u64]) -> f64 {
        let mut p = 1.0;
        let mut scores = None;
        if self.learnt >= UNSCORED {
            let step = self.sequences.costliest_step(symbols);
            let counts = self.histograms.bits(symbols);
            if self.learnt >= UNJUDGED {
                p = (2.0 * self.step_history.p(step).min(self.count_history.p(counts))).min(1.0);
                scores = Some((step, counts));
            }
        }
        // Rare is not abnormal: were every odd request left out, what is merely rare would stay odd for ever, and ever
        // more of it. Those within twice the level's decades are learnt, the others never.
        if p > self.level * self.level {
            if let Some((step, counts)) = scores {
                self.step_history.add_clipped(step, MARGIN);
                self.count_history.add_clipped(counts, MARGIN);
            }
            self.sequences.learn(symbols);
            self.histograms.learn(symbols);
            self.learnt += 1;
        }
        p
    }

    /// What the limit of open requests turned away.
    pub fn turned(&self) -> Turned {
        self.open.turned()
    }

    /// Requests without a place, and what the models gave up at their limits.
    pub fn evicted(&self) -> u64 {
        self.open.turned().requests + self.sequences.evicted() + self.histograms.evicted()
    }

    /// Requests still open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    pub fn memory(&self) -> usize {
        self.open.memory()
            + self.sequences.memory()
            + self.histograms.memory()
            + self.step_history.memory()
            + self.count_history.memory()
            + self.channel.memory()
    }
}
