//! How many records a window has, against how many its stream's past expects: fewer, down to none.
//!
//! It says nothing of more records than usual, and does not know why there are few: a season, a quiet neighbour and a
//! gap in the pipeline are told apart as far as this stream's own past tells them.
//!
//! # Model
//!
//! **Expectation** ([`level`]): the lesser of a fast mean, carried to the hour that begins by what earlier days had then,
//! and of the larger of a slow mean and the hour's own mean of earlier days. The lesser, because only a fall below
//! whatever is ordinary counts.
//!
//! **Few**: when this window and those before it (two to four together) each have less than half of what was expected, the
//! deviance `D = 2 (x ln(x/μ) − x + μ)` of their sums, divided by the dispersion of such sums in the past, is a squared
//! Student t; its bits are ranked in the stream's history. Harmless changes of load stay within the half.
//!
//! **None** ([`gaps`]): `k` windows in a row without a record have the deviance `2 k μ`, and a p no smaller than the
//! stream's past of gaps says.
//!
//! One window alone proves nothing, neither way: restarts and hiccups make such pauses.
//!
//! The channel is present only where it finds the window odd (`p ≤ quarantine_p`): volume moves for many harmless reasons,
//! and a channel that is normal nearly always would only dilute the others. Odd windows are not learnt; when they last
//! `adopt_after` windows, the new volume, or being off, is the new normal.
//!
//! Not judged: the first window after a pause (it began somewhere within), windows with records skipped or that were
//! closed early, and fewer records in the windows after an instance changed. None at all is judged there too.

pub(crate) mod gaps;
mod level;
mod per_span;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::calibrate::History;
use crate::evidence::{Basis, Pause, Way};
use crate::quarantine::Quarantine;
use crate::{Channel, ChannelKind, Item, Params, Verdict, Window};

use gaps::Gaps;
use level::Level;
pub use per_span::{Had, PerSpan};

/// Windows after a change of instance in which fewer records are no oddity: a service starts up.
const GRACE_WINDOWS: u32 = 3;

/// Fewer empty windows in a row than this are a lull; more are a pause, after which the first window began somewhere within.
const LULL: u64 = 4;

/// What of a stream's volume is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Fewer records and none.
    Fewer,
    /// Only none: how many metric points there are depends on how many series there are.
    None,
}

/// The volume of one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    level: Level,
    gaps: Gaps,
    history: History,
    quarantine: Quarantine,
    /// End of the newest window, 0 before the first.
    end_ns: u64,
    /// Windows without a record, up to now.
    run: u64,
    /// That it is off was adopted.
    off: bool,
    grace: u32,
}

/// An odd window.
struct Odd {
    basis: Basis,
    expected: f64,
}

impl Default for Volume {
    fn default() -> Self {
        Volume {
            level: Level::default(),
            gaps: Gaps::default(),
            history: History::of_windows(),
            quarantine: Quarantine::default(),
            end_ns: 0,
            run: 0,
            off: false,
            grace: 0,
        }
    }
}

impl Volume {
    /// Judges the window by its verdict's number of records, learns it, and adds to the verdict what is odd.
    pub fn close(
        &mut self,
        window: &Window,
        kind: ChannelKind,
        judged: Judged,
        params: &Params,
        verdict: &mut Verdict,
    ) {
        let missed = self.missed(window);
        if window.instance_changed {
            self.grace = GRACE_WINDOWS;
        }
        let (odd, adopted) = if verdict.records == 0 {
            self.none(missed, window, params)
        } else {
            self.some(verdict.records as f64, missed, window, judged, params)
        };
        verdict.adopted |= adopted;
        if let Some(odd) = odd {
            self.say(&odd, kind, verdict);
        }
    }

    /// Windows that nobody closed since the last one, and moves on.
    fn missed(&mut self, window: &Window) -> u64 {
        let width = window.end_ns.saturating_sub(window.start_ns).max(1);
        let gap = if self.end_ns == 0 { 0 } else { window.start_ns.saturating_sub(self.end_ns) };
        self.end_ns = self.end_ns.max(window.end_ns);
        gap / width
    }

    fn none(&mut self, missed: u64, window: &Window, params: &Params) -> (Option<Odd>, bool) {
        self.run = self.run.saturating_add(missed).saturating_add(1);
        if window.partial || window.incomplete || self.off || self.level.windows() < f64::from(params.warmup_windows) {
            return (None, false);
        }
        let odd = self.silence(window);
        let is_odd = odd.basis.p() <= params.quarantine_p;
        let ruling = self.quarantine.rule(is_odd, window.adopt_after(params.adopt_after));
        self.off |= ruling.adopted;
        (is_odd.then_some(odd), ruling.adopted)
    }

    /// How odd the current run of empty windows is.
    fn silence(&self, window: &Window) -> Odd {
        let expected = self.level.expected(window.start_ns);
        let bits = self.level.silent_bits(expected, self.run);
        let way = Way { pause: Some(Pause::new(&self.gaps, self.run)), ..self.way(bits) };
        Odd { basis: Basis::of(way, 0).silent(self.run < 2), expected }
    }

    /// Its rank among past scores, and no less than the bits themselves say.
    fn way(&self, bits: f64) -> Way {
        Way { own: true, ..Way::ranked(bits, self.history.rank(bits)) }
    }

    fn some(
        &mut self,
        records: f64,
        missed: u64,
        window: &Window,
        judged: Judged,
        params: &Params,
    ) -> (Option<Odd>, bool) {
        let run = std::mem::take(&mut self.run).saturating_add(missed);
        if run > 0 && !self.resume(run, window, params) || self.level.is_new() {
            self.level.resume();
            return (None, false);
        }
        if window.incomplete || window.partial {
            return (None, false);
        }
        self.gaps.present();
        if self.grace > 0 {
            self.grace -= 1;
            return (None, false);
        }
        let now = self.level.test(records, window.start_ns);
        let warming = self.level.windows() < f64::from(params.warmup_windows);
        let odd = Odd { basis: Basis::of(self.way(now.bits), 0), expected: now.expected };
        let is_odd = judged == Judged::Fewer && !warming && odd.basis.p() <= params.quarantine_p;
        let ruling = self.quarantine.rule(is_odd, window.adopt_after(params.adopt_after));
        if ruling.adopted {
            self.level.move_to(records);
        }
        if ruling.learn {
            self.history.add(now.bits);
            self.level.learn(records, &now, window.start_ns);
        } else {
            self.history.add_clipped(now.bits);
            self.level.skip(&now);
        }
        (is_odd.then_some(odd), ruling.adopted)
    }

    /// Records again, after `run` windows without. Tells whether that was a lull of a stream that has such: its empty windows
    /// are then part of the volume, and the window that ends it is like any other.
    fn resume(&mut self, run: u64, window: &Window, params: &Params) -> bool {
        let expected = self.level.expected(window.start_ns);
        let p = self.way(self.level.silent_bits(expected, run)).p().max(self.gaps.p(run));
        let warming = self.level.windows() < f64::from(params.warmup_windows);
        let odd = !warming && run > 1 && p <= params.quarantine_p;
        self.gaps.ended(run, odd);
        self.off = false;
        self.quarantine = Quarantine::default();
        let lull = !odd && run < LULL;
        if lull {
            self.level.learn_empty(run);
        }
        lull
    }

    fn say(&self, odd: &Odd, kind: ChannelKind, verdict: &mut Verdict) {
        let channel = Channel::new(kind, Basis { past: self.history.len() as u64, ..odd.basis });
        verdict.channels.push(channel);
        let n = verdict.channels.len() as f64;
        verdict.p = verdict.p.min((n * channel.p).min(1.0));
        verdict.p_floor = verdict.p_floor.min((n * channel.p_floor).min(1.0));
        verdict.bits += channel.bits();
        let item = Item {
            // How many windows have been empty: since when it is silent.
            context: self.run,
            ..Item::new(kind, 0, channel.statistic, verdict.records as f64, odd.expected)
        };
        let at = verdict.items.partition_point(|i| i.bits >= item.bits);
        verdict.items.insert(at, item);
        verdict.items.truncate(Verdict::MAX_ITEMS);
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        self.history.memory()
    }
}
