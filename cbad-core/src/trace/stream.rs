//! One service's stream: observe, score, calibrate, quarantine, learn.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::channels::{self, Scores, Statistic};
use super::errors::Outcomes;
use super::opinion;
use super::past::{edge_limit, Past};
use super::sample::{spans_in, Baseline};
use super::standing::{Grace, Histories};
use super::window::OpenWindow;
use crate::calibrate::History;
use crate::evidence::{Basis, Evidence, Way};
use crate::quarantine::Quarantine;
use crate::volume::{Judged, Volume};
use crate::{
    count, Batch, Channel, ChannelKind, Detector, Item, Params, RecordError, SpanRecord, StreamState, Verdict, Window,
};

/// What the limits of a stream turned away since its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceEvictions {
    /// Of the counts of operations given their parent.
    pub counts: count::Evictions,
    /// Operations whose outcomes were forgotten.
    pub errors: u64,
    /// Edges whose durations were forgotten.
    pub durations: u64,
    /// Edges whose client-server differences were forgotten.
    pub net: u64,
    /// Operations no longer watched for coming again.
    pub newcomers: u64,
}

/// One service's spans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceStream {
    params: Params,
    open: OpenWindow,
    pub(super) past: Past,
    pub(super) histories: Histories,
    baseline: Baseline,
    grace: Grace,
    quarantine: Quarantine,
    volume: Volume,
    /// What called what for the first time in the quarantined windows since the last learnt one.
    pending: BTreeSet<(u64, u64)>,
    #[serde(skip)]
    evidence: Option<Evidence>,
}

impl TraceStream {
    /// A stream without a past.
    pub fn new(params: Params) -> Self {
        TraceStream {
            open: OpenWindow::new(edge_limit(params.max_symbols), spans_in(params.max_sample_bytes / 4)),
            past: Past::new(params.max_symbols),
            histories: Histories::new(),
            baseline: Baseline::new(spans_in(params.max_sample_bytes)),
            grace: Grace::default(),
            quarantine: Quarantine::default(),
            volume: Volume::default(),
            pending: BTreeSet::new(),
            evidence: None,
            params,
        }
    }

    /// What the limits turned away. Spans of edges past the window's limit are in each [`Verdict::records_over_cap`].
    pub fn evictions(&self) -> TraceEvictions {
        TraceEvictions {
            counts: self.past.edges.evictions(),
            errors: self.past.errors.evicted,
            durations: self.past.durations.iter().map(|l| l.evicted).sum(),
            net: self.past.net.evicted,
            newcomers: self.past.newcomers.evicted,
        }
    }

    /// The window's counts: operations given the parent, and outcomes given the operation.
    fn counts(&self) -> (count::Window, Vec<Outcomes>) {
        let mut edges = count::Window::default();
        let mut outcomes: Vec<Outcomes> = Vec::with_capacity(self.open.edges().len());
        for e in self.open.edges() {
            edges.add(e.id.parent, e.id.operation, e.spans);
            outcomes.push(Outcomes { operation: e.id.operation, spans: e.spans, errors: e.errors });
        }
        edges.finish();
        outcomes.sort_unstable_by_key(|o| o.operation);
        outcomes.dedup_by(|later, kept| {
            let same = later.operation == kept.operation;
            if same {
                kept.spans += later.spans;
                kept.errors += later.errors;
            }
            same
        });
        (edges, outcomes)
    }

    /// Takes their bits from channels in grace, and from counts where records are missing.
    fn silence(&self, scores: &mut Scores, window: &Window) {
        if self.grace.counts > 0 || window.incomplete {
            for s in [&mut scores.edges, &mut scores.counts].into_iter().flatten() {
                s.silence();
            }
        }
        if self.grace.levels > 0 {
            for s in [&mut scores.durations, &mut scores.net].into_iter().flatten() {
                s.silence();
            }
        }
    }

    /// p of each channel present.
    fn calibrate(&self, scores: &Scores) -> Vec<Channel> {
        let mut out = Vec::with_capacity(5);
        if self.past.windows > 0 {
            out.push(self.novelty(scores));
        }
        for s in scores.ranked() {
            let history = self.histories.of(s.kind);
            let mut basis = Basis::of(Way::ranked(s.bits, history.rank(s.bits)), history.len() as u64);
            basis.ways[1] = s.drift.map(Way::own);
            out.push(Channel::new(s.kind, basis.silent(s.silent)));
        }
        out
    }

    fn novelty(&self, scores: &Scores) -> Channel {
        // Two ways to be new, one channel.
        let of = |s: &Option<Statistic>, from_history: bool| {
            let s = s.as_ref().filter(|s| !s.silent)?;
            let rank = from_history.then(|| self.histories.edges.rank(s.bits));
            Some(Way { rank, ..Way::own(s.bits) })
        };
        let ways = [of(&scores.operations, false), of(&scores.edges, true)];
        Channel::new(ChannelKind::TraceNew, Basis { silent: false, past: self.past.windows, ways })
    }

    /// Adds the window's statistics to the histories: quarantined ones clipped, silenced ones not.
    fn remember(&mut self, scores: &Scores, quarantined: bool) {
        let add = |history: &mut History, bits: f64| {
            if quarantined {
                history.add_clipped(bits);
            } else {
                history.add(bits);
            }
        };
        let h = &mut self.histories;
        if self.grace.counts == 0 {
            // A window without new edges says how rare they are.
            add(&mut h.edges, scores.edges.as_ref().map_or(0.0, |s| s.bits));
        }
        for (statistic, history) in [
            (&scores.counts, &mut h.counts),
            (&scores.durations, &mut h.durations),
            (&scores.net, &mut h.net),
            (&scores.errors, &mut h.errors),
        ] {
            if let Some(s) = statistic.as_ref().filter(|s| !s.silent) {
                add(history, s.bits);
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

    fn judge(&mut self, window: &Window, verdict: &mut Verdict) {
        self.open.sort();
        let (edges, errors) = self.counts();
        let mut scores =
            channels::score(&self.open, window.number(), &edges, &errors, &self.past, self.grace.faster > 0);
        self.silence(&mut scores, window);
        verdict.channels = self.calibrate(&scores);
        // Bonferroni; without a channel there is nothing to be odd.
        let joined = |least: f64| (least * verdict.channels.len().max(1) as f64).min(1.0);
        verdict.p = joined(verdict.channels.iter().map(|c| c.p).fold(1.0, f64::min));
        let sudden = joined(verdict.channels.iter().map(without_drift).fold(1.0, f64::min));
        verdict.bits = verdict.channels.iter().map(Channel::bits).sum();
        verdict.items = costliest(&mut scores);
        verdict.quarantined = sudden <= self.params.quarantine_p;
        if verdict.p <= self.params.evidence_p {
            self.evidence = Some(self.second_opinions(verdict));
        }
        if window.incomplete {
            return;
        }
        let ruling = self.quarantine.rule(verdict.quarantined, window.adopt_after(self.params.adopt_after));
        (verdict.learnt, verdict.adopted) = (ruling.learn, ruling.adopted);
        self.remember(&scores, verdict.quarantined);
        self.past.newcomers.meet(&self.open, &self.past.edges, window.number());
        if ruling.adopted {
            self.past.newcomers.adopt();
            self.past.settle();
        }
        if verdict.learnt {
            self.past.edges.know(std::mem::take(&mut self.pending));
            self.past.learn(&self.open, &edges, &errors, scores.common);
            self.baseline.learn(&self.open.sample);
        } else {
            let room = edge_limit(self.params.max_symbols).saturating_sub(self.pending.len());
            self.pending.extend(self.past.edges.unknown(&edges).take(room));
        }
    }

    fn second_opinions(&self, verdict: &Verdict) -> Evidence {
        let sources = opinion::Sources { past: &self.past, baseline: &self.baseline, histories: &self.histories };
        opinion::evidence(&self.open, &sources, verdict, self.params.seed)
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
            self.grace.restart();
        }
        let mut verdict = Verdict {
            records_over_cap: self.open.over_cap,
            p_floor: 1.0 / (self.past.windows + 1) as f64,
            ..Verdict::new(window, self.state(), self.open.records)
        };
        // An empty window teaches nothing about spans.
        if !self.open.edges().is_empty() {
            self.judge(window, &mut verdict);
            self.grace.pass();
        }
        self.volume.close(window, ChannelKind::TraceVolume, Judged::Fewer, &self.params, &mut verdict);
        self.open.clear();
        verdict
    }

    fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    fn tune(&mut self, params: &Params) {
        self.params = params.clone();
    }

    fn evicted(&self) -> u64 {
        let TraceEvictions { counts, errors, durations, net, newcomers } = self.evictions();
        counts.total() + errors + durations + net + newcomers
    }

    fn memory(&self) -> usize {
        size_of::<Self>()
            + self.open.memory()
            + self.past.memory()
            + self.histories.memory()
            + self.baseline.memory()
            + self.volume.memory()
            + self.pending.len() * size_of::<(u64, u64)>() * 3 / 2
    }
}

/// A channel's p had it no slow drift, which keeps no window from being learnt.
fn without_drift(c: &Channel) -> f64 {
    match c.kind {
        ChannelKind::TraceDuration | ChannelKind::TraceError => Basis { ways: [c.basis.ways[0], None], ..c.basis }.p(),
        _ => c.p,
    }
}

/// The costliest items of all channels.
fn costliest(scores: &mut Scores) -> Vec<Item> {
    let mut items: Vec<Item> = scores.all_mut().flat_map(|s| std::mem::take(&mut s.items)).collect();
    items.retain(|i| i.bits > 0.0);
    items.sort_by(|a, b| {
        b.bits.total_cmp(&a.bits).then((a.channel, a.context, a.id).cmp(&(b.channel, b.context, b.id)))
    });
    items.truncate(Verdict::MAX_ITEMS);
    items
}
