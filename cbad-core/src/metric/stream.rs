//! A service's metrics: its series' surprises of one window joined into one p.
//!
//! `T = Σ max(0, L − 1)` over the series that have points in the window; of families that go along with each other
//! (`twins`), of those that tell of the same values (`kin`: a histogram's mean and quantiles), and of those that mostly
//! repeat their value, the oddest alone counts.
//! `L` is what a series' `m` points prove together, Simes' `max_k (L_(k) − log10(m/k))` with `L_(k)` the `k`-th
//! largest of their decades (Simes 1986): one odd point of many is worth less than one alone, and all of them as much.
//! So `T` is of the same size whether a window is full or has just begun. Where the series drifts, `L` is that if more.
//!
//! p is the rank of `T` among the service's own [`past`](super::past), and 1 while there is too little of it and in the windows
//! after an instance changed.

use serde::{Deserialize, Serialize};

use super::past::{Past, Sums};
use super::prior::{Pool, Prior, LENT};
use super::series::{Series, Voice};
use super::table::{Key, Table};
use super::twins::Twins;
use super::window::{Judged, OpenWindow, Pending};
use crate::calibrate::History;
use crate::evidence::{Basis, Evidence, Way};
use crate::math;
use crate::quarantine::Quarantine;
use crate::record::{Point, RecordError};
use crate::verdict::{Channel, ChannelKind, Item, PointVerdict};
use crate::volume::{Judged as Volumes, Volume};
use crate::{Batch, Detector, Params, StreamState, Verdict, Window};

/// Windows without a verdict from one in which an instance changed: starting up looks like a fault.
const GRACE_WINDOWS: u32 = 30;
/// Decades of a series that are ordinary and count nothing.
const FREE_DECADES: f64 = 1.0;
/// Windows after which a series that went no further out has settled, sooner where everything is adopted sooner. Series
/// wander more than services do, and a level that is learnt late alarms all the while.
const SETTLED: u32 = 5;
/// What all series that rest prove together, in the place of a series' key.
const RESTING: Key = (u64::MAX, u64::MAX);

/// The metrics of one service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MetricStream {
    params: Params,
    table: Table,
    twins: Twins,
    prior: Prior,
    past: Past,
    open: OpenWindow,
    /// Windows closed, and windows of grace left.
    window: u64,
    grace: u32,
    quarantine: Quarantine,
    volume: Volume,
    #[serde(skip)]
    scratch: Vec<f64>,
    #[serde(skip)]
    spoken: Vec<Key>,
    #[serde(skip)]
    evidence: Option<Evidence>,
}

impl MetricStream {
    pub fn new(params: Params) -> Self {
        MetricStream {
            table: Table::new(params.max_symbols as usize, params.max_sample_bytes as usize),
            params,
            twins: Twins::default(),
            prior: Prior::default(),
            past: Past::default(),
            open: OpenWindow::default(),
            window: 0,
            grace: 0,
            quarantine: Quarantine::default(),
            volume: Volume::default(),
            scratch: Vec::new(),
            spoken: Vec::new(),
            evidence: None,
        }
    }

    /// Series held.
    pub fn series(&self) -> usize {
        self.table.len()
    }

    /// What its series showed since it was asked last, for [`super::prior::add`].
    pub fn share(&mut self) -> Vec<u8> {
        self.prior.share()
    }

    /// Takes what the pool lends to series without enough past of their own.
    pub fn lend(&mut self, pool: &Pool<'_>) {
        self.prior.give(pool, self.table.young());
    }

    pub(super) fn seed(&self) -> u64 {
        self.params.seed ^ self.window
    }

    pub(super) fn recent_scores(&self, n: usize) -> Vec<f64> {
        self.history().recent(n)
    }

    /// What a window's sum is ranked among.
    pub(super) fn history(&self) -> &History {
        self.past.history()
    }

    pub(super) fn series_of(&self, key: &Key) -> Option<&Series> {
        self.table.get(key).map(|e| &*e.series)
    }

    /// Kept points of a series, those of the open window not among them.
    pub(super) fn recent_points(&self, key: &Key) -> Vec<(u64, f64)> {
        self.table.get(key).map(|e| e.recent.iter().copied().collect()).unwrap_or_default()
    }

    /// The open window's points of a series, by time.
    pub(super) fn window_points(&self, j: &Judged) -> Vec<(u64, f64)> {
        self.open.points_of(j).collect()
    }

    /// Steps every series through its points in order of time. Returns how many points had no series.
    fn step_all(&mut self, adopt_after: u32, verdicts: &mut [PointVerdict]) -> u64 {
        let OpenWindow { points, order, judged, .. } = &mut self.open;
        let mut homeless = 0;
        for j in judged {
            let Some(entry) = self.table.get_mut(&j.key) else {
                homeless += (j.end - j.first) as u64;
                continue;
            };
            entry.metric = j.metric;
            let (lent, mut notes) = self.prior.of(j.metric, self.params.max_symbols as usize);
            self.scratch.clear();
            let (mut oddest, mut voice) = (-1.0, Voice::Silent);
            for &i in &order[j.first..j.end] {
                let p = &points[i as usize];
                let step = entry.series.step(p.time_ns, p.value, self.params.metric_level, lent);
                voice = voice.max(step.voice);
                if let (Some(notes), Some(place)) = (notes.as_deref_mut(), step.place) {
                    notes.learn(place);
                }
                entry.points = entry.points.saturating_add(1);
                let verdict = &mut verdicts[i as usize];
                (verdict.severity, verdict.p, verdict.alert) = (step.severity, step.p, step.alert);
                self.scratch.push(step.decades);
                if step.decades > oddest || (step.decades == oddest && step.severity > j.step.severity) {
                    (oddest, j.value) = (step.decades, p.value);
                    j.step = step;
                }
                j.drift = step.drift;
            }
            j.step.voice = voice;
            j.decades = simes(&mut self.scratch);
            if entry.series.waits() && j.strength() > FREE_DECADES {
                j.expectation = Some(entry.series.expectation(&j.step));
            }
            entry.series.close_window(adopt_after);
        }
        homeless
    }

    /// `T`, the same of what is capped, and how many series add to it, which are moved to the front, costliest first.
    fn join(&mut self) -> (f64, f64, usize) {
        let judged = &mut self.open.judged;
        let mut odd = 0;
        for at in 0..judged.len() {
            if judged[at].strength() > FREE_DECADES {
                judged.swap(at, odd);
                odd += 1;
            }
        }
        // Decades stop at what a series' past supports; severity tells apart those that stopped there.
        judged[..odd].sort_unstable_by(|a, b| {
            let by_decades = b.strength().total_cmp(&a.strength());
            by_decades.then(b.step.severity.total_cmp(&a.step.severity)).then(a.key.cmp(&b.key))
        });
        // Of those that go along with each other the first is the proof, and the others are none of their own. So it
        // is with those that rest: one failed request moves every counter that tells of it.
        let (mut total, mut early, mut contributors) = (0.0, 0.0, 0);
        self.spoken.clear();
        for at in 0..odd {
            let (kin, instance) = (judged[at].kin, judged[at].key.1);
            let proof = if judged[at].step.rests { RESTING } else { (self.twins.original(kin), instance) };
            if !self.spoken.contains(&proof) {
                self.spoken.push(proof);
                total += judged[at].strength() - FREE_DECADES;
                early += judged[at].strength().min(LENT) - FREE_DECADES;
                judged[contributors..=at].rotate_right(1);
                contributors += 1;
            }
        }
        (total, early, contributors)
    }

    fn items(&self, contributors: usize) -> Vec<Item> {
        let item = |j: &Judged| {
            let series = &self.table.get(&j.key)?.series;
            let (observed, e) = match j.drift > j.decades {
                true => series.drift_expectation(),
                false => (j.value, j.expectation.unwrap_or_else(|| series.expectation(&j.step))),
            };
            let bits = (j.strength() - FREE_DECADES) * std::f64::consts::LOG2_10;
            Some(Item {
                context: j.key.1,
                band: Some(e.band),
                ..Item::new(ChannelKind::Metric, j.key.0, bits, observed, e.expected)
            })
        };
        self.open.judged[..contributors.min(Verdict::MAX_ITEMS)].iter().filter_map(item).collect()
    }

    fn state(&self) -> StreamState {
        let needed = self.needed();
        let seen = self.history().len() as u32;
        if seen < needed {
            StreamState::Warming { seen, needed }
        } else {
            StreamState::Ready
        }
    }

    /// Judges the window's points, which there are.
    fn judge(&mut self, window: &Window, verdict: &mut Verdict) {
        self.open.sort();
        self.table.admit(self.open.judged.iter().map(|j| j.key), self.window);
        verdict.records_over_cap +=
            self.step_all(window.adopt_after(self.params.adopt_after).min(SETTLED), &mut verdict.points);
        self.twins.window(self.window, self.open.family_means());
        let voice = self.open.judged.iter().map(|j| j.step.voice).max().unwrap_or(Voice::Silent);
        let (total, early, contributors) = self.join();
        let ranked = if self.past.is_early() { early } else { total };
        if self.past.is_early() {
            self.open.judged[..contributors].iter_mut().for_each(Judged::cap);
        }

        // Of a window that ended early T is another: with one point instead of four a series is the oddest of one.
        let quiet = self.grace > 0 || window.partial || self.state() != StreamState::Ready;
        let way = Way::ranked(ranked, self.history().rank(ranked));
        let basis = Basis::of(way, self.history().len() as u64).silent(quiet);
        let channel = Channel::new(ChannelKind::Metric, basis);
        let p = channel.p;
        (verdict.bits, verdict.p, verdict.p_floor) = (channel.bits(), p, channel.p_floor);
        verdict.channels.push(channel);
        verdict.items = self.items(contributors);
        self.rule(window, verdict);
        if p <= self.params.evidence_p {
            self.evidence = Some(self.collect_evidence(&self.open.judged[..contributors], verdict));
        }

        // A window in which no series could speak yet says nothing on how large T is.
        if !window.incomplete && !window.partial && voice > Voice::Silent {
            let sums = Sums { all: (voice == Voice::Own).then_some(total), early };
            self.past.learn(sums, verdict.quarantined, self.needed());
        }
        if !verdict.quarantined || verdict.adopted {
            for j in &self.open.judged {
                for (time_ns, value) in self.open.points_of(j) {
                    self.table.remember(&j.key, time_ns, value);
                }
            }
        }
        self.grace = self.grace.saturating_sub(1);
    }

    /// Windows to be ranked among before anything is said.
    fn needed(&self) -> u32 {
        Past::needed(self.params.warmup_windows)
    }

    /// Quarantine keeps odd windows out of the sample that evidence compares with; the models learn regardless.
    fn rule(&mut self, window: &Window, verdict: &mut Verdict) {
        let odd = verdict.p <= self.params.quarantine_p;
        let ruling = self.quarantine.rule(odd, window.adopt_after(self.params.adopt_after));
        (verdict.quarantined, verdict.adopted) = (!ruling.learn, ruling.adopted);
        verdict.learnt = !window.incomplete;
    }
}

impl Detector for MetricStream {
    fn observe(&mut self, batch: &Batch<'_>) -> Result<(), RecordError> {
        for i in 0..batch.len() {
            Point::read(batch, i)?;
        }
        let room = (self.params.max_records as usize).saturating_sub(self.open.points.len()).min(batch.len());
        for i in 0..room {
            let p = Point::read(batch, i)?;
            self.open.points.push(Pending {
                key: (p.family, p.instance),
                time_ns: p.time_ns,
                value: p.value,
                tag: p.tag,
                kin: p.kin,
                metric: p.metric,
            });
        }
        self.open.over_cap += (batch.len() - room) as u64;
        Ok(())
    }

    fn close(&mut self, window: &Window) -> Verdict {
        self.evidence = None;
        self.window += 1;
        if window.instance_changed {
            self.grace = GRACE_WINDOWS;
        }
        let over_cap = self.open.over_cap;
        let points: Vec<PointVerdict> = self.open.points.iter().map(Pending::unjudged).collect();
        let (records, unusable) = (points.len() as u64 + over_cap, self.open.unusable());
        let mut verdict = Verdict {
            records_over_cap: over_cap,
            records_unusable: unusable as u64,
            p_floor: self.history().floor(),
            points,
            ..Verdict::new(window, self.state(), records)
        };
        if unusable < self.open.points.len() {
            self.judge(window, &mut verdict);
        }
        self.volume.close(window, ChannelKind::MetricVolume, Volumes::None, &self.params, &mut verdict);
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
        self.table.evicted() + self.twins.turned_away() + self.prior.turned_away()
    }

    fn memory(&self) -> usize {
        std::mem::size_of::<Self>()
            + self.table.memory()
            + self.twins.memory()
            + self.prior.memory()
            + self.past.memory()
            + self.volume.memory()
            + self.open.memory()
    }
}

/// What the decades of several points of a series prove together; sorts them.
pub(super) fn simes(decades: &mut [f64]) -> f64 {
    if let [one] = decades {
        return *one;
    }
    decades.sort_unstable_by(|a, b| b.total_cmp(a));
    let m = decades.len() as f64;
    let of = |(k, &d): (usize, &f64)| d - math::log10(m / (k + 1) as f64);
    decades.iter().enumerate().map(of).fold(0.0, f64::max)
}
