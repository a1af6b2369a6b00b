//! Bounded samples of spans as canonical text, for the second opinions and the excerpts of flagged windows.
//!
//! Which spans a window's sample holds depends on the spans alone, not on their order of arrival.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::window::{hex, mix};
use crate::evidence::Excerpt;
use crate::SpanRecord;

/// A span as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Kept {
    priority: u64,
    time_ns: u64,
    trace_id: [u8; 16],
    parent: u64,
    pub operation: u64,
    exclusive_ns: u64,
    net_ns: i64,
    flags: u64,
}

impl Kept {
    /// The edge and powers of two: what compressors should find alike is written alike.
    pub fn text(&self) -> String {
        let power = |ns: u64| 64 - ns.leading_zeros();
        let mut text = format!("{:016x}>{:016x} alone 2^{}", self.parent, self.operation, power(self.exclusive_ns));
        if self.net_ns != SpanRecord::NO_NET {
            text += &format!(" net 2^{}", power(self.net_ns.max(0) as u64));
        }
        if self.flags & SpanRecord::REMOTE_CHILD != 0 {
            text += " calls";
        }
        if self.flags & SpanRecord::ERROR != 0 {
            text += " error";
        }
        text
    }

    pub fn excerpt(&self) -> Excerpt {
        let trace_id = if self.trace_id == [0; 16] { String::new() } else { hex(&self.trace_id) };
        Excerpt::new(self.time_ns, trace_id, self.text())
    }
}

/// Bytes of a sample charged for a span: its text and its ids.
const BYTES: usize = 96;

/// Spans that fit into so many bytes.
pub(super) fn spans_in(bytes: u32) -> usize {
    (bytes as usize / BYTES).max(4)
}

/// The spans of a window whose priority, a hash of what they are, lies below a threshold; it is halved when the sample is
/// full. A uniform sample without a random number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sample {
    kept: Vec<Kept>,
    cap: usize,
    threshold: u64,
}

impl Sample {
    pub fn new(cap: usize) -> Self {
        Sample { kept: Vec::new(), cap, threshold: u64::MAX }
    }

    pub fn clear(&mut self) {
        self.kept.clear();
        self.threshold = u64::MAX;
    }

    /// Offers a span of the edge with the given hash. Most are turned away by one comparison.
    #[inline]
    pub fn offer(&mut self, edge: u64, s: &SpanRecord) {
        let trace = u128::from_le_bytes(s.trace_id);
        let priority = mix(edge ^ s.time_ns ^ (trace as u64) ^ ((trace >> 64) as u64).rotate_left(17));
        if priority < self.threshold {
            self.keep(priority, s);
        }
    }

    #[inline(never)]
    fn keep(&mut self, priority: u64, s: &SpanRecord) {
        self.kept.push(Kept {
            priority,
            time_ns: s.time_ns,
            trace_id: s.trace_id,
            parent: s.parent,
            operation: s.operation,
            exclusive_ns: s.exclusive_ns,
            net_ns: s.net_ns,
            flags: s.flags,
        });
        // The threshold is at most halved to 0, below which nothing lies.
        while self.kept.len() > self.cap {
            self.threshold /= 2;
            let threshold = self.threshold;
            self.kept.retain(|k| k.priority < threshold);
        }
    }

    /// The spans by priority.
    pub fn sorted(&self) -> Vec<Kept> {
        let mut all = self.kept.clone();
        all.sort_unstable();
        all
    }

    pub fn memory(&self) -> usize {
        self.kept.capacity() * size_of::<Kept>()
    }
}

/// The newest learnt windows' samples, at most a sixteenth of the room for each; the oldest leave first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Baseline {
    kept: VecDeque<Kept>,
    cap: usize,
}

impl Baseline {
    pub fn new(cap: usize) -> Self {
        Baseline { kept: VecDeque::new(), cap }
    }

    pub fn learn(&mut self, window: &Sample) {
        let mut new = window.sorted();
        new.truncate((self.cap / 16).max(1));
        new.sort_unstable_by_key(|k| (k.time_ns, k.priority));
        self.kept.extend(new);
        let over = self.kept.len().saturating_sub(self.cap);
        self.kept.drain(..over);
    }

    /// Oldest first.
    pub fn spans(&self) -> impl DoubleEndedIterator<Item = &Kept> {
        self.kept.iter()
    }

    pub fn memory(&self) -> usize {
        self.kept.capacity() * size_of::<Kept>()
    }
}
