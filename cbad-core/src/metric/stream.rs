//! A service's metrics: its series' surprises of one window joined into one p.
//!
//! `T = Σ max(0, L − 1)` over the series that have points in the window, with `L` the largest decades among the
//! series' points, less log10 of their number; affine copies of another family are left out. p is the rank of `T` among the service's own past
//! (one series' oddity among hundreds is ordinary, and how ordinary only the service itself can say), and 1 while
//! there is too little past and in the windows after an instance changed. Models learn every point, also odd ones:
//! they forget by themselves.

use serde::{Deserialize, Serialize};

use super::series::Step;
use super::table::{Key, Table};
use super::twins::Twins;
use crate::calibrate::History;
use crate::evidence::Evidence;
use crate::math;
use crate::quarantine::Quarantine;
use crate::record::{Point, RecordError};
use crate::verdict::{Channel, ChannelKind, Item, PointVerdict};
use crate::volume::{Judged as Volumes, Volume};
use crate::{Batch, Detector, Params, StreamState, Verdict, Window};

/// No verdict on the service before so many windows in which some series could speak: the rank among fewer says
/// nothing, and the tail beyond it is all prior.
const MIN_WINDOWS: u32 = 50;
/// Windows without a verdict from one in which an instance changed: starting up looks like a fault.
const GRACE_WINDOWS: u32 = 30;
/// Decades of a series that are ordinary and count nothing.
const FREE_DECADES: f64 = 1.0;

/// A point of the open window.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Pending {
    key: Key,
    time_ns: u64,
    value: f64,
    tag: u64,
}

/// A series' points of the window: a range of the sorted order, and the oddest of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub key: Key,
    pub first: usize,
    pub end: usize,
    /// Decades of the oddest point.
    pub decades: f64,
    pub value: f64,
    pub step: Step,
}

/// The metrics of one service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MetricStream {
    params: Params,
    table: Table,
    twins: Twins,
    history: History,
    pending: Vec<Pending>,
    over_cap: u64,
    /// Windows closed, and windows of grace left.
    window: u64,
    grace: u32,
    quarantine: Quarantine,
    volume: Volume,
    #[serde(skip)]
    order: Vec<u32>,
    #[serde(skip)]
    judged: Vec<Judged>,
    #[serde(skip)]
    evidence: Option<Evidence>,
}

impl MetricStream {
    pub fn new(params: Params) -> Self {
        MetricStream {
            table: Table::new(params.max_symbols as usize, params.max_sample_bytes as usize),
            params,
            twins: Twins::default(),
            history: History::of_services(),
            pending: Vec::new(),
            over_cap: 0,
            window: 0,
            grace: 0,
            quarantine: Quarantine::default(),
            volume: Volume::default(),
            order: Vec::new(),
            judged: Vec::new(),
            evidence: None,
        }
    }

    /// Series held.
    pub fn series(&self) -> usize {
        self.table.len()
    }

    pub(super) fn seed(&self) -> u64 {
        self.params.seed ^ self.window
    }

    pub(super) fn recent_scores(&self, n: usize) -> Vec<f64> {
        self.history.recent(n)
    }

    /// Kept points of a series, those of the open window not among them.
    pub(super) fn recent_points(&self, key: &Key) -> Vec<(u64, f64)> {
        self.table.get(key).map(|e| e.recent.iter().copied().collect()).unwrap_or_default()
    }

    /// The open window's points of a series, by time.
    pub(super) fn window_points(&self, j: &Judged) -> Vec<(u64, f64)> {
        let point = |&i: &u32| self.pending.get(i as usize).map(|p| (p.time_ns, p.value));
        self.order[j.first..j.end].iter().filter_map(point).collect()
    }

    /// Orders the usable points by series, then by time. Arrival decides nothing: ties go by value and tag.
    fn sort(&mut self) {
        let pending = &self.pending;
        self.order.clear();
        self.order.extend((0..pending.len() as u32).filter(|&i| pending[i as usize].value.is_finite()));
        self.order.sort_unstable_by(|&a, &b| {
            let (a, b) = (&pending[a as usize], &pending[b as usize]);
            (a.key, a.time_ns).cmp(&(b.key, b.time_ns)).then(a.value.total_cmp(&b.value)).then(a.tag.cmp(&b.tag))
        });
    }

    /// Splits the order into series.
    fn group(&mut self) {
        self.judged.clear();
        for (at, &i) in self.order.iter().enumerate() {
            let p = &self.pending[i as usize];
            match self.judged.last_mut() {
                Some(j) if j.key == p.key => j.end = at + 1,
                _ => self.judged.push(Judged {
                    key: p.key,
                    first: at,
                    end: at + 1,
                    decades: 0.0,
                    value: p.value,
                    step: Step { severity: 0.0, p: 1.0, decades: 0.0, alert: false, seasonal: None },
                }),
            }
        }
    }

    /// Steps every series through its points in order of time. Returns how many points had no series.
    fn step_all(&mut self, points: &mut [PointVerdict]) -> u64 {
        let mut homeless = 0;
        for j in &mut self.judged {
            let Some(entry) = self.table.get_mut(&j.key) else {
                homeless += (j.end - j.first) as u64;
                continue;
            };
            for &i in &self.order[j.first..j.end] {
                let p = &self.pending[i as usize];
                let step = entry.series.step(p.time_ns, p.value, self.params.metric_level);
                entry.points = entry.points.saturating_add(1);
                let verdict = &mut points[i as usize];
                (verdict.severity, verdict.p, verdict.alert) = (step.severity, step.p, step.alert);
                if step.decades > j.decades || (step.decades == j.decades && step.severity > j.step.severity) {
                    (j.decades, j.value, j.step) = (step.decades, p.value, step);
                }
            }
            // The oddest of m points is m times as likely to be that odd.
            j.decades = (j.decades - math::log10((j.end - j.first) as f64)).max(0.0);
        }
        homeless
    }

    /// Tells the comparison of families this window's mean of each.
    fn compare_families(&mut self) {
        let (judged, order, pending) = (&self.judged, &self.order, &self.pending);
        let mut at = 0;
        let means = std::iter::from_fn(|| {
            let family = judged.get(at)?.key.0;
            let (mut sum, mut n) = (0.0, 0.0);
            while let Some(j) = judged.get(at).filter(|j| j.key.0 == family) {
                for &i in &order[j.first..j.end] {
                    sum += pending[i as usize].value;
                    n += 1.0;
                }
                at += 1;
            }
            Some((family, sum / n))
        });
        self.twins.window(self.window, means);
    }

    /// `T`, with the series that add to it moved to the front, costliest first.
    fn join(&mut self) -> (f64, usize) {
        let twins = &self.twins;
        let mut total = 0.0;
        let mut contributors = 0;
        for at in 0..self.judged.len() {
            let j = self.judged[at];
            if j.decades > FREE_DECADES && !twins.is_copy(j.key.0) {
                total += j.decades - FREE_DECADES;
                self.judged.swap(at, contributors);
                contributors += 1;
            }
        }
        // Decades stop at what a series' past supports; severity tells apart those that stopped there.
        self.judged[..contributors].sort_unstable_by(|a, b| {
            let by_decades = b.decades.total_cmp(&a.decades);
            by_decades.then(b.step.severity.total_cmp(&a.step.severity)).then(a.key.cmp(&b.key))
        });
        (total, contributors)
    }

    fn items(&self, contributors: usize) -> Vec<Item> {
        let item = |j: &Judged| {
            let (expected, band) = self.table.get(&j.key)?.series.expectation(&j.step);
            let bits = (j.decades - FREE_DECADES) * std::f64::consts::LOG2_10;
            Some(Item {
                context: j.key.1,
                band: Some(band),
                ..Item::new(ChannelKind::Metric, j.key.0, bits, j.value, expected)
            })
        };
        self.judged[..contributors.min(Verdict::MAX_ITEMS)].iter().filter_map(item).collect()
    }

    fn state(&self) -> StreamState {
        let needed = self.params.warmup_windows.max(MIN_WINDOWS);
        let seen = self.history.len() as u32;
        if seen < needed {
            StreamState::Warming { seen, needed }
        } else {
            StreamState::Ready
        }
    }

    /// Judges the window's points, which there are.
    fn judge(&mut self, window: &Window, verdict: &mut Verdict) {
        self.sort();
        self.group();
        self.table.admit(self.judged.iter().map(|j| j.key), self.window);
        verdict.records_over_cap += self.step_all(&mut verdict.points);
        self.compare_families();
        let speaks = self.judged.iter().any(|j| self.table.get(&j.key).is_some_and(|e| e.series.speaks()));
        let (total, contributors) = self.join();

        // Of a window that ended early T is another: with one point instead of four a series is the oddest of one.
        let quiet = self.grace > 0 || window.partial || self.state() != StreamState::Ready;
        let p = if quiet { 1.0 } else { self.history.p(total) };
        let p_floor = self.history.floor();
        verdict.bits = total * std::f64::consts::LOG2_10;
        (verdict.p, verdict.p_floor) = (p, p_floor);
        verdict.channels.push(Channel { kind: ChannelKind::Metric, statistic: total, p, p_floor });
        verdict.items = self.items(contributors);
        self.rule(window, verdict);
        if p <= self.params.evidence_p {
            self.evidence = Some(self.collect_evidence(&self.judged[..contributors], &verdict.items));
        }

        // A window in which no series could speak yet says nothing on how large T is.
        if !window.incomplete && !window.partial && speaks {
            self.history.add(total);
        }
        if !verdict.quarantined || verdict.adopted {
            for j in &self.judged {
                for &i in &self.order[j.first..j.end] {
                    let p = &self.pending[i as usize];
                    self.table.remember(&j.key, p.time_ns, p.value);
                }
            }
        }
        self.grace = self.grace.saturating_sub(1);
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
        let room = (self.params.max_records as usize).saturating_sub(self.pending.len()).min(batch.len());
        for i in 0..room {
            let p = Point::read(batch, i)?;
            self.pending.push(Pending { key: (p.family, p.instance), time_ns: p.time_ns, value: p.value, tag: p.tag });
        }
        self.over_cap += (batch.len() - room) as u64;
        Ok(())
    }

    fn close(&mut self, window: &Window) -> Verdict {
        self.evidence = None;
        self.window += 1;
        if window.instance_changed {
            self.grace = GRACE_WINDOWS;
        }
        let over_cap = std::mem::take(&mut self.over_cap);
        let points: Vec<PointVerdict> = self.pending.iter().map(unjudged).collect();
        let unusable = self.pending.iter().filter(|p| !p.value.is_finite()).count();
        let mut verdict = Verdict {
            records_over_cap: over_cap,
            records_unusable: unusable as u64,
            p_floor: self.history.floor(),
            points,
            ..Verdict::new(window, self.state(), self.pending.len() as u64 + over_cap)
        };
        if unusable < self.pending.len() {
            self.judge(window, &mut verdict);
        }
        self.volume.close(window, ChannelKind::MetricVolume, Volumes::None, &self.params, &mut verdict);
        self.pending.clear();
        verdict
    }

    fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    fn tune(&mut self, params: &Params) {
        self.params = params.clone();
    }

    fn evicted(&self) -> u64 {
        self.table.evicted()
    }

    fn memory(&self) -> usize {
        std::mem::size_of::<Self>()
            + self.table.memory()
            + self.twins.memory()
            + self.history.memory()
            + self.volume.memory()
            + self.pending.capacity() * std::mem::size_of::<Pending>()
            + self.order.capacity() * std::mem::size_of::<u32>()
            + self.judged.capacity() * std::mem::size_of::<Judged>()
    }
}

fn unjudged(p: &Pending) -> PointVerdict {
    PointVerdict {
        tag: p.tag,
        time_ns: p.time_ns,
        family: p.key.0,
        instance: p.key.1,
        value: p.value,
        severity: 0.0,
        p: 1.0,
        alert: false,
    }
}
