//! Bounded samples of raw records: of one window, and of the baseline.
//!
//! Which records a window's sample holds depends on the records alone, not on their order of arrival.

use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};

/// Bytes of a record that are kept.
pub const MAX_RECORD: usize = 1024;

/// A kept record. Ordered by priority first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Kept {
    /// Hash of seed, time, trace and template: the lowest stay.
    pub priority: u64,
    pub time_ns: u64,
    pub trace_id: [u8; 16],
    pub template: u64,
    pub text: Vec<u8>,
}

/// The records of a window with the lowest priorities, as many as fit: a uniform sample without a random number.
///
/// Once a record was turned out, none with a higher priority comes in; so the sample is the longest prefix of
/// the records in order of priority that fits, whatever order they came in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WindowSample {
    budget: usize,
    bytes: usize,
    /// Records at or above are turned away.
    bound: u64,
    #[serde(with = "heap")]
    kept: BinaryHeap<Kept>,
}

impl WindowSample {
    pub fn new(budget: usize) -> Self {
        WindowSample { budget, bytes: 0, bound: u64::MAX, kept: BinaryHeap::new() }
    }

    /// Forgets the window.
    pub fn clear(&mut self) {
        self.bytes = 0;
        self.bound = u64::MAX;
        self.kept.clear();
    }

    /// Offers a record. Almost all are turned away by one comparison.
    #[inline]
    pub fn offer(&mut self, priority: u64, time_ns: u64, trace_id: &[u8; 16], template: u64, text: &[u8]) {
        if priority < self.bound {
            self.insert(priority, time_ns, trace_id, template, text);
        }
    }

    #[inline(never)]
    fn insert(&mut self, priority: u64, time_ns: u64, trace_id: &[u8; 16], template: u64, text: &[u8]) {
        let text = text[..text.len().min(MAX_RECORD)].to_vec();
        self.bytes += cost(&text);
        self.kept.push(Kept { priority, time_ns, trace_id: *trace_id, template, text });
        while self.bytes > self.budget {
            match self.kept.pop() {
                Some(out) => {
                    self.bytes -= cost(&out.text);
                    self.bound = self.bound.min(out.priority);
                    // Equal priorities leave together, or the order of arrival would choose among them.
                    while self.kept.peek().is_some_and(|k| k.priority >= self.bound) {
                        if let Some(tied) = self.kept.pop() {
                            self.bytes -= cost(&tied.text);
                        }
                    }
                }
                None => return,
            }
        }
    }

    /// The records, lowest priority first.
    pub fn sorted(&self) -> Vec<&Kept> {
        let mut all: Vec<&Kept> = self.kept.iter().collect();
        all.sort_unstable();
        all
    }

    /// A record of the given template.
    pub fn of_template(&self, template: u64) -> Option<&Kept> {
        self.kept.iter().filter(|k| k.template == template).min()
    }

    pub fn memory(&self) -> usize {
        self.bytes + self.kept.capacity() * size_of::<Kept>()
    }
}

/// The newest learnt windows' samples, at most a sixteenth of the budget from each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    budget: usize,
    bytes: usize,
    /// Oldest first.
    records: std::collections::VecDeque<Kept>,
}

impl Baseline {
    pub fn new(budget: usize) -> Self {
        Baseline { budget, bytes: 0, records: Default::default() }
    }

    /// Takes in a learnt window.
    pub fn learn(&mut self, window: &WindowSample) {
        let mut share = self.budget / 16;
        let mut taken: Vec<&Kept> = Vec::new();
        for kept in window.sorted() {
            match share.checked_sub(cost(&kept.text)) {
                Some(rest) => share = rest,
                None => break,
            }
            taken.push(kept);
        }
        taken.sort_by_key(|k| (k.time_ns, k.priority));
        for kept in taken {
            self.bytes += cost(&kept.text);
            self.records.push_back(kept.clone());
        }
        while self.bytes > self.budget {
            match self.records.pop_front() {
                Some(old) => self.bytes -= cost(&old.text),
                None => return,
            }
        }
    }

    /// The records, oldest first.
    pub fn records(&self) -> impl Iterator<Item = &Kept> {
        self.records.iter()
    }

    pub fn memory(&self) -> usize {
        self.bytes + self.records.capacity() * size_of::<Kept>()
    }
}

/// Bytes charged for a record, with its fixed part.
fn cost(text: &[u8]) -> usize {
    text.len() + 28
}

/// A heap's layout depends on its past; its sorted form does not.
mod heap {
    use super::Kept;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BinaryHeap;

    pub fn serialize<S: Serializer>(heap: &BinaryHeap<Kept>, s: S) -> Result<S::Ok, S::Error> {
        let mut all: Vec<&Kept> = heap.iter().collect();
        all.sort_unstable();
        all.serialize(s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<BinaryHeap<Kept>, D::Error> {
        Ok(Vec::<Kept>::deserialize(d)?.into())
    }
}
