//! How many log records a service writes for each of its spans: fewer than usual.
//!
//! It counts neither; both numbers come from the streams that did. It says nothing of more records than usual, which is also
//! what spans look like that were lost.
//!
//! # Model
//!
//! With the decayed sums `R` of records and `S` of spans over the past windows that had spans, `n` spans let one expect
//! `μ = n·R/S` records. Where `x < μ` the deviance `D = 2 (x ln(x/μ) − x + μ)`, divided by the dispersion of such numbers in
//! the past, is a squared Student t, as that of a fallen volume; its bits are ranked in the stream's history. What
//! requests there are varies, and what they write with it: that is in the dispersion.
//!
//! Demand moves records and spans alike, so a window alone proves what a fallen volume does not. But requests that are cut
//! short, as those of a service whose callee fails, run other calls and write other lines, fewer of both; the counts of calls and of lines
//! say so already. The statistic is the bits beyond what those counts cost: what is missing is charged once.
//!
//! As of a volume, the channel is present only where it finds the window odd (`p ≤ quarantine_p`); odd windows are not
//! learnt; when they last `adopt_after` windows, so many records a span are the new normal. Not judged: windows without any
//! record, which are silence, of which one proves nothing (see the [parent](super)); those with records or spans skipped, or
//! closed before all came; and those after an instance changed.

use serde::{Deserialize, Serialize};

use super::level::Dispersion;
use super::GRACE_WINDOWS;
use crate::calibrate::History;
use crate::evidence::{Basis, Way};
use crate::quarantine::Quarantine;
use crate::{Channel, ChannelKind, Item, Params, StreamState, Verdict, Window};

/// Decay per learnt window: a memory of about 100.
const DECAY: f64 = 0.99;

/// What a closed window had.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Had {
    pub records: u64,
    pub spans: u64,
    /// Bits that the counts of its lines and of its calls cost ([`ChannelKind::LogCount`], [`ChannelKind::TraceCount`]).
    pub counted: f64,
}

/// The past of one service's records and spans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PerSpan {
    /// Decayed.
    records: f64,
    spans: f64,
    /// Windows learnt.
    windows: u32,
    dispersion: Dispersion,
    history: History,
    quarantine: Quarantine,
    grace: u32,
}

impl Default for PerSpan {
    fn default() -> Self {
        PerSpan {
            records: 0.0,
            spans: 0.0,
            windows: 0,
            dispersion: Dispersion::default(),
            history: History::of_windows(),
            quarantine: Quarantine::default(),
            grace: 0,
        }
    }
}

impl PerSpan {
    /// Judges a window and learns it. The verdict has one channel, or none.
    pub fn close(&mut self, window: &Window, had: &Had, params: &Params) -> Verdict {
        let Had { records, spans, counted } = *had;
        let mut verdict = Verdict::new(window, StreamState::Ready, records);
        if window.instance_changed {
            self.grace = GRACE_WINDOWS;
        }
        if records == 0 || spans == 0 || window.incomplete || window.partial {
            return verdict;
        }
        if self.grace > 0 {
            self.grace -= 1;
            return verdict;
        }
        let (x, n) = (records as f64, spans as f64);
        let expected = if self.spans > 0.0 { n * self.records / self.spans } else { x };
        let fewer = if x < expected { self.dispersion.bits(x, expected) } else { 0.0 };
        let bits = (fewer - counted).max(0.0);
        let way = Way { own: true, ..Way::ranked(bits, self.history.rank(bits)) };
        let channel = Channel::new(ChannelKind::LogPerSpan, Basis::of(way, self.history.len() as u64));
        let odd = self.windows >= params.warmup_windows && channel.p <= params.quarantine_p;
        let ruling = self.quarantine.rule(odd, window.adopt_after(params.adopt_after));
        if ruling.adopted {
            (self.records, self.spans) = (0.0, 0.0);
        }
        if ruling.learn {
            self.learn(x, n, expected);
            self.history.add(bits);
        } else {
            self.history.add_clipped(bits);
        }
        verdict.learnt = ruling.learn;
        (verdict.quarantined, verdict.adopted) = (odd, ruling.adopted);
        if odd {
            (verdict.p, verdict.p_floor, verdict.bits) = (channel.p, channel.p_floor, channel.bits());
            verdict.channels.push(channel);
            verdict.items.push(Item {
                // How many spans there were.
                context: spans,
                ..Item::new(ChannelKind::LogPerSpan, 0, bits, x, expected)
            });
        }
        verdict
    }

    fn learn(&mut self, records: f64, spans: f64, expected: f64) {
        if self.spans > 0.0 {
            self.dispersion.learn(records, expected);
        }
        self.records = self.records * DECAY + records;
        self.spans = self.spans * DECAY + spans;
        self.windows = self.windows.saturating_add(1);
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        self.history.memory()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000_000_000;

    /// One of the lines of sixty requests.
    const ONE: Had = Had { records: 1, spans: 300, counted: 0.0 };

    fn at(i: u64) -> Window {
        Window { start_ns: i * MINUTE, end_ns: (i + 1) * MINUTE, ..Window::default() }
    }

    fn params() -> Params {
        Params { adopt_after: 5, ..Params::default() }
    }

    fn close(past: &mut PerSpan, i: u64, records: u64, spans: u64) -> Verdict {
        past.close(&at(i), &Had { records, spans, counted: 0.0 }, &params())
    }

    /// 50 windows, from ten requests to a hundred; each has five spans and writes two lines or one.
    fn grown() -> PerSpan {
        let mut past = PerSpan::default();
        for i in 0..50 {
            let requests = 10 + i * 37 % 91;
            let v = close(&mut past, i, requests + requests * (3 + i % 3) / 8, 5 * requests);
            assert!(v.channels.is_empty() && v.learnt, "{i}: {v:?}");
        }
        past
    }

    #[test]
    fn half_the_lines_of_as_many_requests_are_odd_though_there_were_fewer_before() {
        let mut past = grown();
        let v = close(&mut past, 50, 45, 300);
        assert!(v.p < 1e-3 && v.quarantined, "{v:?}");
        let item = &v.items[0];
        assert_eq!((item.channel, item.context, item.observed), (ChannelKind::LogPerSpan, 300, 45.0));
        assert!((75.0..100.0).contains(&item.expected) && item.bits == v.bits, "{item:?}");
        // One of ten requests, the fewest there are.
        assert!(close(&mut past, 51, 1, 50).p < 1e-2);
        assert!(close(&mut past, 52, 90, 300).channels.is_empty());
    }

    #[test]
    fn what_counts_say_already_is_not_said_again() {
        let (mut alone, mut told) = (grown(), grown());
        let half = Had { records: 45, spans: 300, counted: 0.0 };
        let fewer = alone.close(&at(50), &half, &params()).bits;
        let v = told.close(&at(50), &Had { counted: fewer - 5.0, ..half }, &params());
        assert!(v.channels.is_empty() && v.learnt, "{v:?}");
        let v = grown().close(&at(50), &Had { counted: 1.0, ..half }, &params());
        assert_eq!(v.bits, fewer - 1.0);
    }

    #[test]
    fn demand_lost_spans_and_silence_are_no_oddity() {
        let mut past = grown();
        for (i, (records, spans)) in [(1, 5), (3, 10), (90, 60), (1500, 5000), (0, 0), (0, 300)].into_iter().enumerate() {
            let v = close(&mut past, 50 + i as u64, records, spans);
            assert!(v.channels.is_empty() && v.p == 1.0, "{records} for {spans}: {v:?}");
        }
    }

    #[test]
    fn what_lasts_is_adopted_and_said_once() {
        let mut past = grown();
        for i in 50..55 {
            let v = close(&mut past, i, 45, 300);
            assert_eq!((v.channels.len(), v.learnt, v.adopted), (1, i == 54, i == 54), "{i}");
        }
        for i in 55..90 {
            assert!(close(&mut past, i, 45, 300).channels.is_empty(), "{i}");
        }
    }

    #[test]
    fn nothing_is_said_of_windows_that_are_not_whole_nor_while_a_service_starts() {
        let mut past = grown();
        let before = past.clone();
        for w in [Window { partial: true, ..at(50) }, Window { incomplete: true, ..at(50) }] {
            assert_eq!(past.close(&w, &ONE, &params()).p, 1.0);
            assert_eq!(past, before, "not learnt");
        }
        let restarted = Window { instance_changed: true, ..at(50) };
        assert_eq!(past.close(&restarted, &ONE, &params()).p, 1.0);
        assert_eq!((close(&mut past, 51, 1, 300).p, close(&mut past, 52, 1, 300).p), (1.0, 1.0));
        assert!(close(&mut past, 53, 1, 300).p < 1e-3);
        let mut young = PerSpan::default();
        for i in 0..30 {
            assert_eq!(close(&mut young, i, if i % 2 == 0 { 60 } else { 1 }, 300).p, 1.0, "{i}");
        }
    }

    /// Where lines come as they like, p says no more than it may.
    #[test]
    fn p_holds_its_level() {
        let mut seed = 1u64;
        let mut unit = move || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((seed >> 11) as f64 + 0.5) / (1u64 << 53) as f64
        };
        let mut past = PerSpan::default();
        let (mut judged, mut at2, mut at3) = (0, 0, 0);
        for i in 0..20_000 {
            let requests = 20 + (unit() * 100.0) as u64;
            // Each day the mix is another one, by a tenth.
            let share = 0.4 + 0.1 * (i / 1440 % 2) as f64;
            let records = (0..requests).filter(|_| unit() < share).count() as u64;
            let v = close(&mut past, i, requests + records, 5 * requests);
            judged += 1;
            at2 += u32::from(v.p <= 1e-2);
            at3 += u32::from(v.p <= 1e-3);
        }
        let (at2, at3) = (f64::from(at2) / f64::from(judged), f64::from(at3) / f64::from(judged));
        assert!(at2 <= 1.5e-2 && at3 <= 2e-3, "{at2} {at3}");
    }
}
