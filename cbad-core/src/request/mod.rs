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
pub(crate) mod composition;
mod course;
mod lone;
mod open;
pub(crate) mod sequence;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::calibrate::History;
use crate::{math, Params, RequestVerdict, Window};

pub(crate) use channel::binomial_tail;
pub use channel::Excess;
pub use course::{Course, Oddity};
pub use open::Turned;
pub use sequence::{Step, Usual};

/// Requests learnt before the first is scored.
const UNSCORED: u64 = 50;
/// Requests learnt before the first is judged.
const UNJUDGED: u64 = 200;

/// Below this share of the level a request is odd. What barely reaches the level is learnt: were all of it left out,
/// what is merely rare would stay so for ever.
const ODD_SHARE: f64 = 1.0 / 3.0;

/// The model of a stream's requests, and those still open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Requests {
    level: f64,
    idle_ns: u64,
    open: open::Table,
    sequences: sequence::Sequences,
    compositions: composition::Compositions,
    step_history: History,
    kind_history: History,
    learnt: u64,
    lone: lone::Lone,
    channel: channel::Rate,
    /// The oddest of the last close.
    #[serde(skip)]
    oddest: Option<Course>,
}

impl Requests {
    pub fn new(params: &Params) -> Self {
        Requests {
            level: params.request_p,
            idle_ns: params.request_idle_ns,
            open: open::Table::new(params.max_requests),
            sequences: sequence::Sequences::new(params.max_symbols.saturating_mul(8)),
            compositions: composition::Compositions::new(params.max_symbols),
            step_history: History::of_requests(),
            kind_history: History::of_requests(),
            learnt: 0,
            lone: lone::Lone::new(params.request_p),
            channel: channel::Rate::new(params.request_p),
            oddest: None,
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
        self.oddest = None;
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

    /// The oddest request of the last close, if one was odd.
    pub fn oddest(&self) -> Option<&Course> {
        self.oddest.as_ref()
    }

    /// Learns how many requests of a window were odd.
    pub fn learn(&mut self, excess: &Excess, quarantined: bool) {
        self.channel.learn(excess, quarantined);
    }

    /// p of one request; learns it unless it is odd, and the last odd one once it has turned out to be alone.
    fn judge(&mut self, symbols: &[u64]) -> f64 {
        let mut p = 1.0;
        let mut scores = None;
        if self.learnt >= UNSCORED {
            let step = self.sequences.costliest_step(symbols);
            let (kind, counted) = self.compositions.costliest(symbols);
            if self.learnt >= UNJUDGED {
                let (of_step, of_kind) = (self.step_history.p(step), self.kind_history.p(kind));
                p = (2.0 * of_step.min(of_kind)).min(1.0);
                if p <= self.level {
                    let sequences = &self.sequences;
                    // A step that is hardly less odd says more than the set of the symbols does.
                    Course::offer(&mut self.oddest, p, symbols, || match counted {
                        Some(symbol) if of_kind < of_step => Oddity::Times(symbol),
                        None if of_step > self.level.sqrt() => Oddity::Together,
                        _ => Oddity::Step(sequences.oddest_step(symbols)),
                    });
                }
            }
            scores = Some([step, kind]);
        }
        match scores {
            Some(scores) if p <= ODD_SHARE * self.level => self.lone.odd(symbols, scores),
            _ => {
                self.learn_request(symbols, scores);
                self.lone.ordinary();
            }
        }
        if let Some((symbols, scores)) = self.lone.take() {
            self.learn_request(&symbols, Some(scores));
        }
        p
    }

    fn learn_request(&mut self, symbols: &[u64], scores: Option<[f64; 2]>) {
        if let Some([step, kind]) = scores {
            self.step_history.add(step);
            self.kind_history.add(kind);
        }
        self.sequences.learn(symbols);
        self.compositions.learn(symbols);
        self.learnt = self.learnt.saturating_add(1);
    }

    /// What the limit of open requests turned away.
    pub fn turned(&self) -> Turned {
        self.open.turned()
    }

    /// Requests without a place, and what the models gave up at their limits.
    pub fn evicted(&self) -> u64 {
        self.open.turned().requests + self.sequences.evicted() + self.compositions.evicted()
    }

    /// Requests still open.
    pub fn open(&self) -> usize {
        self.open.len()
    }

    pub fn memory(&self) -> usize {
        self.open.memory()
            + self.sequences.memory()
            + self.compositions.memory()
            + self.step_history.memory()
            + self.kind_history.memory()
            + self.lone.memory()
            + self.channel.memory()
    }
}
