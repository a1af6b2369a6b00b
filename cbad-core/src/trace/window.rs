//! The open window: one row of sums per edge, whatever the number of spans.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::level::{code, Sums};
use super::past::Past;
use super::sample::Sample;
use crate::SpanRecord;

/// The finaliser of MurmurHash3 (Appleby 2008).
pub(super) fn mix(mut h: u64) -> u64 {
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

/// What identifies an edge: the parent's service and operation, and the operation called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct EdgeId {
    pub parent: u64,
    pub operation: u64,
}

impl EdgeId {
    /// Fixed, so that every machine samples alike.
    pub fn hash(&self) -> u64 {
        mix(self.parent.rotate_left(29) ^ self.operation.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// A trace id as people write it.
pub(super) fn hex(trace: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*trace))
}

fn trace_bit(trace: &[u8; 16]) -> u64 {
    let id = u128::from_le_bytes(*trace);
    1 << (mix((id >> 64) as u64 ^ id as u64) & 63)
}

/// The three largest values with their trace ids; ties by trace id, so that the order of arrival leaves no trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Largest {
    n: u8,
    top: [(u64, [u8; 16]); 3],
}

impl Largest {
    #[inline]
    pub fn offer(&mut self, value: u64, trace: &[u8; 16]) {
        let n = usize::from(self.n);
        if n >= 3 && value < self.top[2].0 {
            return;
        }
        self.insert(value, trace);
    }

    fn insert(&mut self, value: u64, trace: &[u8; 16]) {
        // At most 3, also where a damaged snapshot says otherwise.
        let mut n = usize::from(self.n).min(3);
        if let Some(at) = self.top[..n].iter().position(|(_, t)| t == trace) {
            // A trace is named once, with its largest value.
            self.top[at].0 = self.top[at].0.max(value);
        } else if n < 3 {
            self.top[n] = (value, *trace);
            n += 1;
        } else if (value, trace) > (self.top[2].0, &self.top[2].1) {
            self.top[2] = (value, *trace);
        }
        self.n = n as u8;
        self.top[..n].sort_unstable_by(|a, b| b.cmp(a));
    }

    /// Trace ids in hex, the largest value first; none for spans without one.
    pub fn trace_ids(&self) -> Vec<String> {
        let named = self.top[..usize::from(self.n).min(3)].iter().filter(|(_, t)| *t != [0; 16]);
        named.map(|(_, t)| hex(t)).collect()
    }
}

/// One edge in the open window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Edge {
    pub id: EdgeId,
    pub spans: u64,
    pub errors: u64,
    /// A bit for each sixty-fourth of the traces' hashes: its ones are at most the number of distinct traces.
    pub traces: u64,
    /// The calling service, 0 where it is the same one.
    pub caller: u64,
    /// Of spans without and with a child in another service: what is missing of the other service is no longer taken off
    /// the exclusive time, so the two do not compare.
    pub durations: [Sums; 2],
    pub net: Sums,
    pub slowest: Largest,
    pub farthest: Largest,
    pub failed: Largest,
}

const EMPTY: u32 = u32::MAX;

/// All edges of the open window, indexed by open addressing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(super) struct OpenWindow {
    edges: Vec<Edge>,
    index: Vec<u32>,
    limit: usize,
    /// Only edges whose hash is below are kept; halved when the limit is reached. What remains depends on the set of
    /// edges, not on their order.
    threshold: u64,
    pub records: u64,
    pub over_cap: u64,
    pub sample: Sample,
}

/// The index is not saved; it follows from the edges.
#[derive(Serialize, Deserialize)]
struct Saved {
    edges: Vec<Edge>,
    limit: usize,
    threshold: u64,
    records: u64,
    over_cap: u64,
    sample: Sample,
}

impl From<OpenWindow> for Saved {
    fn from(w: OpenWindow) -> Self {
        Saved {
            edges: w.edges,
            limit: w.limit,
            threshold: w.threshold,
            records: w.records,
            over_cap: w.over_cap,
            sample: w.sample,
        }
    }
}

impl From<Saved> for OpenWindow {
    fn from(s: Saved) -> Self {
        let index = vec![EMPTY; (2 * s.edges.len() + 2).next_power_of_two().max(64)];
        let mut w = OpenWindow {
            edges: s.edges,
            index,
            limit: s.limit.max(1),
            threshold: s.threshold,
            records: s.records,
            over_cap: s.over_cap,
            sample: s.sample,
        };
        w.reindex();
        w
    }
}

impl OpenWindow {
    pub fn new(limit: usize, sample: usize) -> Self {
        OpenWindow {
            edges: Vec::new(),
            index: vec![EMPTY; 64],
            limit: limit.max(1),
            threshold: u64::MAX,
            records: 0,
            over_cap: 0,
            sample: Sample::new(sample),
        }
    }

    pub fn clear(&mut self) {
        self.edges.clear();
        self.index.fill(EMPTY);
        self.threshold = u64::MAX;
        self.records = 0;
        self.over_cap = 0;
        self.sample.clear();
    }

    /// The edges so far, in no order that means anything.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Brings the edges into the order of their ids.
    pub fn sort(&mut self) {
        self.edges.sort_unstable_by_key(|e| e.id);
        self.reindex();
    }

    pub fn find(&self, id: &EdgeId) -> Option<&Edge> {
        let i = self.index[self.slot(id, id.hash())];
        (i != EMPTY).then(|| &self.edges[i as usize])
    }

    /// Operations and how many distinct traces they came in, at most 64 each.
    pub fn traces(&self) -> BTreeMap<u64, u32> {
        let mut bits: BTreeMap<u64, u64> = BTreeMap::new();
        for e in &self.edges {
            *bits.entry(e.id.operation).or_default() |= e.traces;
        }
        bits.into_iter().map(|(operation, bits)| (operation, bits.count_ones())).collect()
    }

    fn slot(&self, id: &EdgeId, hash: u64) -> usize {
        let mask = self.index.len() - 1;
        let mut at = hash as usize & mask;
        while self.index[at] != EMPTY && self.edges[self.index[at] as usize].id != *id {
            at = (at + 1) & mask;
        }
        at
    }

    #[inline]
    pub fn add(&mut self, s: &SpanRecord, past: &Past) {
        self.records += 1;
        let id = EdgeId { parent: s.parent, operation: s.operation };
        let hash = id.hash();
        self.sample.offer(hash, s);
        let at = self.slot(&id, hash);
        let i = match self.index[at] {
            EMPTY => match self.open(id, hash, past) {
                Some(i) => i,
                None => {
                    self.over_cap += 1;
                    return;
                }
            },
            i => i as usize,
        };
        let e = &mut self.edges[i];
        e.spans += 1;
        e.traces |= trace_bit(&s.trace_id);
        // The largest, so that a mixture (it takes colliding hashes) does not depend on the order.
        e.caller = e.caller.max(s.caller);
        e.durations[usize::from(s.flags & SpanRecord::REMOTE_CHILD != 0)].add(code(s.exclusive_ns));
        e.slowest.offer(s.exclusive_ns, &s.trace_id);
        if s.net_ns != SpanRecord::NO_NET {
            let net = s.net_ns.max(0) as u64;
            e.net.add(code(net));
            e.farthest.offer(net, &s.trace_id);
        }
        if s.is_error() {
            e.errors += 1;
            e.failed.offer(s.duration_ns, &s.trace_id);
        }
    }

    fn open(&mut self, id: EdgeId, hash: u64, past: &Past) -> Option<usize> {
        while hash < self.threshold && self.edges.len() == self.limit {
            self.threshold /= 2;
            let (threshold, mut lost) = (self.threshold, 0);
            self.edges.retain(|e| {
                let keep = e.id.hash() < threshold;
                lost += if keep { 0 } else { e.spans };
                keep
            });
            self.over_cap += lost;
            self.reindex();
        }
        if hash >= self.threshold {
            return None;
        }
        if 2 * (self.edges.len() + 1) > self.index.len() {
            self.index = vec![EMPTY; 2 * self.index.len()];
            self.reindex();
        }
        let at = self.slot(&id, hash);
        self.index[at] = self.edges.len() as u32;
        self.edges.push(Edge {
            id,
            spans: 0,
            traces: 0,
            errors: 0,
            caller: 0,
            durations: [0, 1].map(|calling| Sums::new(past.durations[calling].get(&id))),
            net: Sums::new(past.net.get(&id)),
            slowest: Largest::default(),
            farthest: Largest::default(),
            failed: Largest::default(),
        });
        Some(self.edges.len() - 1)
    }

    fn reindex(&mut self) {
        self.index.fill(EMPTY);
        for i in 0..self.edges.len() {
            let id = self.edges[i].id;
            let at = self.slot(&id, id.hash());
            self.index[at] = i as u32;
        }
    }

    pub fn memory(&self) -> usize {
        self.edges.capacity() * size_of::<Edge>() + self.index.capacity() * 4 + self.sample.memory()
    }
}
