//! One service's log stream: the detector that ties masker, miner, counts, judge and requests together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::explain::{self, Sources};
use super::judge::{self, Admitted, Judge};
use super::mask::Identity;
use super::miner::{self, Miner};
use super::sample::{Baseline, WindowSample};
use super::window::{halves, Tables, Tuple};
use crate::count::{self, Kind, Limits, Model, Scored};
use crate::evidence::Evidence;
use crate::quarantine::Quarantine;
use crate::request::{self, Requests};
use crate::volume::{Had, Judged, PerSpan, Volume};
use crate::{
    Batch, Channel, ChannelKind, Detector, LogRecord, Params, RecordError, RequestVerdict, StreamState, Verdict, Window,
};

/// OpenTelemetry's first severity number of ERROR.
const ERROR: u8 = 17;

/// The log stream of one service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogStream {
    params: Params,
    miner: Miner,
    model: Model,
    judge: Judge,
    quarantine: Quarantine,
    requests: Requests,
    baseline: Baseline,
    volume: Volume,
    per_span: PerSpan,
    learnt: u32,
    /// What followed what for the first time in the quarantined windows since the last learnt one.
    pending: BTreeSet<(u64, u64)>,
    /// The last symbol without a trace id.
    previous: u64,
    open: Open,
    /// Said of the last close, so no part of a snapshot.
    #[serde(skip)]
    evidence: Option<Evidence>,
    #[serde(skip)]
    identity: Identity,
    #[serde(skip)]
    tables: Tables,
}

/// The open window.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open {
    tuples: Vec<Tuple>,
    records: u64,
    over_cap: u64,
    sample: WindowSample,
}

/// What the stream's limits turned away, since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turned {
    pub templates: miner::Turned,
    pub counts: count::Evictions,
    pub requests: request::Turned,
}

impl LogStream {
    pub fn new(params: Params) -> Self {
        let sample_bytes = params.max_sample_bytes as usize;
        LogStream {
            miner: Miner::new(params.max_symbols),
            model: Model::new(Limits::symbols(params.max_symbols)),
            judge: Judge::default(),
            quarantine: Quarantine::default(),
            requests: Requests::new(&params),
            baseline: Baseline::new(sample_bytes),
            volume: Volume::default(),
            per_span: PerSpan::default(),
            learnt: 0,
            pending: BTreeSet::new(),
            previous: 0,
            open: Open { tuples: Vec::new(), records: 0, over_cap: 0, sample: WindowSample::new(sample_bytes / 4) },
            evidence: None,
            identity: Identity::default(),
            tables: Tables::default(),
            params,
        }
    }

    /// What the limits turned away.
    pub fn turned(&self) -> Turned {
        Turned { templates: self.miner.turned(), counts: self.model.evictions(), requests: self.requests.turned() }
    }

    /// Judges how many records a closed window had beside the spans of the service in it: a verdict of its own, with one channel
    /// where there were fewer than usual and none otherwise. Windows come in order, each once; what is open does not matter.
    pub fn per_span(&mut self, window: &Window, had: &Had) -> Verdict {
        self.per_span.close(window, had, &self.params)
    }

    fn state(&self) -> StreamState {
        let needed = self.params.warmup_windows;
        if self.learnt < needed {
            StreamState::Warming { seen: self.learnt, needed }
        } else {
            StreamState::Ready
        }
    }

    #[inline]
    fn observe_record(&mut self, record: &LogRecord<'_>) {
        self.open.records += 1;
        if self.open.tuples.len() >= self.params.max_records as usize {
            self.open.over_cap += 1;
            return;
        }
        self.identity.read(record.text);
        let slot = self.miner.slot(&self.identity, record.time_ns, record.text);
        let trace = halves(&record.trace_id);
        self.open.tuples.push(Tuple { trace, time_ns: record.time_ns, slot, severity: record.severity });
        let hash = self.identity.hash();
        let priority = priority(self.params.seed, record.time_ns, trace, hash);
        self.open.sample.offer(priority, record.time_ns, &record.trace_id, hash, record.text);
    }

    /// Scores the counted window: the items are weighted, the channels judged. Also the new symbols, true for ERROR and worse.
    fn judge_window(&self, window: &Window) -> (judge::Judged, BTreeMap<u64, bool>) {
        let mut scored: Vec<Scored> = Vec::new();
        self.model.score(&self.tables.counts, &mut scored);
        let is_new = |s: &&Scored| s.kind == Kind::New;
        let mut new: BTreeMap<u64, bool> = scored.iter().filter(is_new).map(|s| (s.symbol, false)).collect();
        if !new.is_empty() {
            for p in self.tables.traces().flatten().filter(|p| p.tuple.severity >= ERROR) {
                if let Some(severe) = new.get_mut(&p.symbol) {
                    *severe = true;
                }
            }
        }
        // Records that are missing look like records that stopped; a restart brings other lines in other
        // proportions. New lines are new all the same.
        let whole = !window.incomplete && !window.instance_changed;
        let admitted = Admitted { transitions: whole, counts: whole };
        (self.judge.judge(scored, &new, admitted), new)
    }

    /// Hands each trace's records to the requests and judges those that are complete.
    fn judge_requests(&mut self, window: &Window, out: &mut Vec<RequestVerdict>) -> Option<request::Excess> {
        for group in self.tables.traces() {
            if group[0].tuple.traced() {
                let events = group.iter().map(|p| (p.tuple.time_ns, p.symbol));
                self.requests.extend(group[0].tuple.trace_id(), events);
            }
        }
        if window.incomplete || self.open.over_cap > 0 {
            self.requests.taint();
        }
        self.requests.close(window, out)
    }
}

impl Detector for LogStream {
    fn observe(&mut self, batch: &Batch<'_>) -> Result<(), RecordError> {
        for i in 0..batch.len() {
            LogRecord::read(batch, i)?;
        }
        for i in 0..batch.len() {
            self.observe_record(&LogRecord::read(batch, i)?);
        }
        Ok(())
    }

    fn close(&mut self, window: &Window) -> Verdict {
        let state = self.state();
        self.evidence = None;
        self.miner.mine();
        let mut tuples = std::mem::take(&mut self.open.tuples);
        let last = self.tables.build(&mut tuples, &mut self.miner, self.previous);

        let mut requests = Vec::new();
        let excess = self.judge_requests(window, &mut requests);
        let mut verdict = Verdict {
            records_over_cap: self.open.over_cap,
            requests,
            ..Verdict::new(window, state, self.open.records)
        };
        let (mut judged, mut new) = (judge::Judged::default(), BTreeMap::new());
        if !tuples.is_empty() {
            (judged, new) = self.judge_window(window);
            verdict.channels = std::mem::take(&mut judged.channels);
        }
        if let Some(e) = &excess {
            verdict.channels.push(Channel::new(ChannelKind::Request, e.basis));
        }
        verdict.summarise();

        let sources =
            Sources { miner: &self.miner, tables: &self.tables, sample: &self.open.sample, previous: self.previous };
        let flagged = verdict.p <= self.params.evidence_p;
        let counts = &self.tables.counts;
        let terms = flagged.then(|| super::evidence::terms(&judged, &new, &self.judge, &self.model, counts));
        verdict.items = explain::items(judged.items, &sources);
        if let Some(item) = excess
            .as_ref()
            .and_then(|e| explain::excess_item(e, &verdict.requests, self.requests.oddest(), &self.miner))
        {
            verdict.items.push(item);
            verdict.items.sort_by(|a, b| b.bits.total_cmp(&a.bits));
            verdict.items.truncate(Verdict::MAX_ITEMS);
        }

        if let Some(terms) = terms {
            let records = super::evidence::Sources {
                baseline: &self.baseline,
                window: &self.open.sample,
                tables: &self.tables,
                judge: &self.judge,
            };
            let evidence = super::evidence::collect(&verdict, &records, self.params.seed);
            self.evidence = Some(Evidence { terms, ..evidence });
        }
        self.learn(window, &mut verdict, &new, !tuples.is_empty());
        if let Some(e) = &excess {
            self.requests.learn(e, verdict.quarantined);
        }
        self.volume.close(window, ChannelKind::LogVolume, Judged::Fewer, &self.params, &mut verdict);
        self.previous = last;
        self.miner.finish();
        tuples.clear();
        self.open.tuples = tuples;
        self.open.records = 0;
        self.open.over_cap = 0;
        self.open.sample.clear();
        verdict
    }

    fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    fn tune(&mut self, params: &Params) {
        self.params = params.clone();
    }

    fn evicted(&self) -> u64 {
        let Turned { templates, counts, .. } = self.turned();
        templates.evicted + templates.overflowed + counts.total() + self.requests.evicted()
    }

    fn memory(&self) -> usize {
        self.miner.memory()
            + self.model.memory()
            + self.judge.memory()
            + self.requests.memory()
            + self.baseline.memory()
            + self.pending.len() * 16
            + self.volume.memory()
            + self.per_span.memory()
            + self.open.tuples.capacity() * size_of::<Tuple>()
            + self.open.sample.memory()
            + self.tables.memory()
            + size_of::<Self>()
    }
}

impl LogStream {
    fn learn(&mut self, window: &Window, verdict: &mut Verdict, new: &BTreeMap<u64, bool>, any: bool) {
        if !any || window.incomplete {
            return;
        }
        let warming = self.learnt < self.params.warmup_windows;
        let odd = templates_p(&verdict.channels) <= self.params.quarantine_p && !warming;
        let ruling = self.quarantine.rule(odd, window.adopt_after(self.params.adopt_after));
        verdict.learnt = ruling.learn;
        verdict.quarantined = !ruling.learn;
        verdict.adopted = ruling.adopted;
        self.judge.learn(&verdict.channels, !ruling.learn);
        self.judge.learn_symbols(self.tables.counts.rows().iter().map(|r| r.symbol), new, !ruling.learn);
        if ruling.learn {
            self.model.know(std::mem::take(&mut self.pending));
            self.model.learn(&self.tables.counts);
            self.baseline.learn(&self.open.sample);
            self.learnt = self.learnt.saturating_add(1);
        } else {
            let room = (self.params.max_symbols as usize).saturating_sub(self.pending.len());
            self.pending.extend(self.model.unknown(&self.tables.counts).take(room));
        }
    }
}

impl Verdict {
    /// Bits, p and its floor from the channels: the smallest p with a Bonferroni factor.
    fn summarise(&mut self) {
        let n = self.channels.len() as f64;
        let least = |f: fn(&Channel) -> f64| self.channels.iter().map(f).fold(1.0, f64::min);
        let (p, floor) = (least(|c| c.p), least(|c| c.p_floor));
        self.bits = self.channels.iter().map(Channel::bits).sum();
        self.p = (n * p).clamp(p, 1.0);
        self.p_floor = (n * floor).clamp(floor, 1.0);
    }
}

/// The stream's p without its requests: those decide one by one what is learnt of them.
fn templates_p(channels: &[Channel]) -> f64 {
    let ps = || channels.iter().filter(|c| c.kind != ChannelKind::Request).map(|c| c.p);
    (ps().count() as f64 * ps().fold(1.0, f64::min)).min(1.0)
}

/// Decides which records the samples keep: as good as random, the same in every order of arrival.
#[inline]
fn priority(seed: u64, time_ns: u64, trace: (u64, u64), template: u64) -> u64 {
    let mut h = (seed ^ time_ns).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    h = (h ^ (h >> 32) ^ trace.0 ^ trace.1.rotate_left(32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    h = (h ^ (h >> 29) ^ template).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    h ^ (h >> 32)
}
