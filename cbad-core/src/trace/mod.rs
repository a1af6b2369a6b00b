//! Span streams: novel operations, counts, durations, client-server differences and errors of one service.
//!
//! It joins nothing: spans come with their parent, caller and exclusive time ([`SpanRecord`]). It judges windows, not single requests.
//!
//! # Model
//!
//! An *edge* is an operation under its parent's service and operation. A window is one row of sums per edge, so its cost
//! depends on the number of edges and not of spans, and the order of arrival leaves no trace. Channels:
//!
//! * **new**: operations never seen, `p = 2^−b` of the novelty's own rate; known operations under a new parent, whose
//!   p from history is at least `2^−b`: a novelty has no p below about one in the windows seen.
//! * **count**: operations given the parent, `crate::count` with `N_c` the spans under that parent.
//! * **duration**: the mean of log2 of the exclusive time of each edge, winsorised at 2.5 σ, as a t with the edge's own
//!   dispersion; and Stouffer's sum over the edges.
//! * **net**: the same test on client minus server time, Stouffer over edges per caller, then over callers, one-sided.
//! * **error**: spans with error status given the operation; absent until the stream has seen an error.
//!
//! Each statistic becomes p by its rank in the stream's own history. Windows at `p ≤ quarantine_p` are not learnt until
//! `adopt_after` of them came in a row.

mod channels;
mod level;
mod past;
mod window;

use serde::{Deserialize, Serialize};

use crate::calibrate::History;
use crate::evidence::Evidence;
use crate::{
    count, Batch, Channel, ChannelKind, Detector, Item, Params, RecordError, SpanRecord, StreamState, Verdict, Window,
};
use channels::{Scores, Statistic};
use past::{edge_limit, Past, FAILED, FINE};
use window::OpenWindow;

/// Windows after a change of instance without a verdict on durations and net, and on counts and new edges.
const GRACE_LEVELS: u32 = 3;
const GRACE_COUNTS: u32 = 1;
/// A quarantined score enters the history at most so many bits above the tail's threshold.
const QUARANTINE_MARGIN: f64 = 6.0;
/// Items of a verdict.
const MAX_ITEMS: usize = 16;

/// Past statistics, by channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Histories {
    edges: History,
    counts: History,
    durations: History,
    net: History,
    errors: History,
}

/// What the limits of a stream turned away since its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceEvictions {
    /// Of the counts of operations given their parent, and of errors.
    pub counts: count::Evictions,
    pub errors: count::Evictions,
    /// Edges whose durations or differences were forgotten.
    pub durations: u64,
    pub net: u64,
}

/// One service's spans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceStream {
    params: Params,
    open: OpenWindow,
    past: Past,
    histories: Histories,
    /// Windows left without a verdict on levels, and on counts.
    grace_levels: u32,
    grace_counts: u32,
    /// Quarantined windows in a row.
    run: u32,
    #[serde(skip)]
    evidence: Option<Evidence>,
}

impl TraceStream {
    pub fn new(params: Params) -> Self {
        TraceStream {
            open: OpenWindow::new(edge_limit(params.max_symbols)),
            past: Past::new(params.max_symbols),
            histories: Histories {
                edges: History::of_windows(),
                counts: History::of_windows(),
                durations: History::of_windows(),
                net: History::of_windows(),
                errors: History::of_windows(),
            },
            grace_levels: 0,
            grace_counts: 0,
            run: 0,
            evidence: None,
            params,
        }
    }

    /// What the limits turned away.
    pub fn evictions(&self) -> TraceEvictions {
        TraceEvictions {
            counts: self.past.edges.evictions(),
            errors: self.past.errors.evictions(),
            durations: self.past.durations.evicted,
            net: self.past.net.evicted,
        }
    }

    /// The window's counts: operations given the parent, and outcomes given the operation.
    fn counts(&self) -> (count::Window, count::Window) {
        let (mut edges, mut errors) = (count::Window::default(), count::Window::default());
        for e in self.open.edges() {
            edges.add(e.id.parent, e.id.operation, e.spans);
            errors.add(e.id.operation, FINE, e.spans - e.errors);
            errors.add(e.id.operation, FAILED, e.errors);
        }
        edges.finish();
        errors.finish();
        (edges, errors)
    }

    /// p of each channel present; channels in grace are present and normal.
    fn calibrate(&self, scores: &Scores) -> Vec<Channel> {
        let mut out = Vec::with_capacity(5);
        let mut push = |kind, statistic: f64, p: f64, p_floor: f64| out.push(Channel { kind, statistic, p, p_floor });
        let counts_silent = self.grace_counts > 0;
        let levels_silent = self.grace_levels > 0;
        if self.past.windows > 0 {
            let floor = 1.0 / (self.past.windows + 1) as f64;
            let own = |s: &Statistic| crate::math::exp2(-s.bits).min(1.0);
            let operations = scores.operations.as_ref().map_or(1.0, own);
            let edges = match &scores.edges {
                Some(s) if !counts_silent => self.histories.edges.p(s.bits).max(own(s)),
                _ => 1.0,
            };
            let bits = |s: &Option<Statistic>| s.as_ref().map_or(0.0, |s| s.bits);
            // Two ways to be new, one channel: Bonferroni where both apply.
            let both = if operations < 1.0 && edges < 1.0 { 2.0 } else { 1.0 };
            push(
                ChannelKind::TraceNew,
                bits(&scores.operations) + bits(&scores.edges),
                (both * operations.min(edges)).min(1.0),
                floor,
            );
        }
        for (statistic, history, silent) in [
            (&scores.counts, &self.histories.counts, counts_silent),
            (&scores.durations, &self.histories.durations, levels_silent),
            (&scores.net, &self.histories.net, levels_silent),
            (&scores.errors, &self.histories.errors, false),
        ] {
            if let Some(s) = statistic {
                push(s.kind, s.bits, if silent { 1.0 } else { history.p(s.bits) }, history.floor());
            }
        }
        out
    }

    /// Adds the window's statistics to the histories; quarantined ones are clipped, silenced ones left out.
    fn remember(&mut self, scores: &Scores, quarantined: bool) {
        let (counts, levels) = (self.grace_counts == 0, self.grace_levels == 0);
        let h = &mut self.histories;
        for (statistic, history, heard) in [
            (&scores.edges, &mut h.edges, counts),
            (&scores.counts, &mut h.counts, counts),
            (&scores.durations, &mut h.durations, levels),
            (&scores.net, &mut h.net, levels),
            (&scores.errors, &mut h.errors, true),
        ] {
            let bits = match statistic {
                Some(s) => s.bits,
                // A window without new edges says how rare they are.
                None if std::ptr::eq(statistic, &scores.edges) => 0.0,
                None => continue,
            };
            if !heard {
                continue;
            }
            if quarantined {
                history.add_clipped(bits, QUARANTINE_MARGIN);
            } else {
                history.add(bits);
            }
        }
    }

    fn state(&self) -> StreamState {
        let needed = self.params.warmup_windows;
        let seen = u32::try_from(self.past.windows).unwrap_or(u32::MAX);
        if seen >= needed {
            StreamState::Ready
        } else {
            StreamState::Warming { seen, needed }
        }
    }
}

impl Detector for TraceStream {
    fn observe(&mut self, batch: &Batch<'_>) -> Result<(), RecordError> {
        for i in 0..batch.len() {
            SpanRecord::read(batch, i)?;
        }
        for i in 0..batch.len() {
            self.open.add(&SpanRecord::read(batch, i)?, &self.past);
        }
        Ok(())
    }

    fn close(&mut self, window: &Window) -> Verdict {
        self.evidence = None;
        if window.instance_changed {
            self.past.instance_changed();
            self.grace_levels = GRACE_LEVELS;
            self.grace_counts = GRACE_COUNTS;
        }
        let mut verdict = Verdict {
            window_start_ns: window.start_ns,
            window_end_ns: window.end_ns,
            state: self.state(),
            records: self.open.records,
            records_over_cap: self.open.over_cap,
            records_unusable: 0,
            bits: 0.0,
            p: 1.0,
            p_floor: 1.0 / (self.past.windows + 1) as f64,
            channels: Vec::new(),
            items: Vec::new(),
            learnt: false,
            quarantined: false,
            adopted: false,
            points: Vec::new(),
            requests: Vec::new(),
        };
        if !self.open.edges().is_empty() {
            self.judge(window, &mut verdict);
            self.grace_levels = self.grace_levels.saturating_sub(1);
            self.grace_counts = self.grace_counts.saturating_sub(1);
        }
        self.open.clear();
        verdict
    }

    fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    fn memory(&self) -> usize {
        let h = &self.histories;
        let histories =
            [&h.edges, &h.counts, &h.durations, &h.net, &h.errors].iter().map(|h| h.memory()).sum::<usize>();
        size_of::<Self>() + self.open.memory() + self.past.memory() + histories
    }
}

impl TraceStream {
    fn judge(&mut self, window: &Window, verdict: &mut Verdict) {
        self.open.sort();
        let (edges, errors) = self.counts();
        let mut scores = channels::score(&self.open, &edges, &errors, &self.past);
        if window.incomplete {
            // Shares of a sample are not shares of the whole when whole batches are missing.
            scores.counts = None;
        }
        verdict.channels = self.calibrate(&scores);
        let least = verdict.channels.iter().map(|c| c.p).fold(1.0, f64::min);
        // Without a channel (the first window) nothing is said against it: p is 1, not 0.
        verdict.p = (least * verdict.channels.len().max(1) as f64).min(1.0);
        verdict.bits = verdict.channels.iter().map(|c| c.statistic).sum();
        verdict.items = costliest(&mut scores);
        verdict.quarantined = verdict.p <= self.params.quarantine_p;
        self.run = if verdict.quarantined { self.run.saturating_add(1) } else { 0 };
        if window.incomplete {
            return;
        }
        verdict.adopted = verdict.quarantined && self.run == self.params.adopt_after;
        verdict.learnt = !verdict.quarantined || self.run >= self.params.adopt_after;
        self.remember(&scores, verdict.quarantined);
        if verdict.learnt {
            self.past.learn(&self.open, &edges, &errors, scores.common);
        }
    }
}

/// The costliest items of all channels.
fn costliest(scores: &mut Scores) -> Vec<Item> {
    let all = [
        &mut scores.operations,
        &mut scores.edges,
        &mut scores.counts,
        &mut scores.durations,
        &mut scores.net,
        &mut scores.errors,
    ];
    let mut items: Vec<Item> = all.into_iter().flatten().flat_map(|s| std::mem::take(&mut s.items)).collect();
    items.sort_by(|a, b| {
        b.bits.total_cmp(&a.bits).then((a.channel, a.context, a.id).cmp(&(b.channel, b.context, b.id)))
    });
    items.retain(|i| i.bits > 0.0);
    items.truncate(MAX_ITEMS);
    items
}
