//! Requests whose end has not been seen yet.
//!
//! It does not judge. Past its limit it keeps the requests whose trace ids hash lowest, a choice that neither order
//! of arrival nor age decides, and that is the same in every window.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Events of a request that are kept; later ones are counted.
pub const MAX_EVENTS: usize = 1024;

/// What the limits turned away, since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turned {
    /// Requests that found no place.
    pub requests: u64,
    /// Requests whose records were partly lost, so that they could not be judged.
    pub tainted: u64,
    /// Events past [`MAX_EVENTS`].
    pub events: u64,
}

/// A request, open or complete.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub trace_id: [u8; 16],
    pub start_ns: u64,
    pub end_ns: u64,
    /// Records seen, kept or not.
    pub events: u32,
    pub symbols: Vec<u64>,
    tainted: bool,
}

/// Open requests by the hash of their trace id, then the id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    limit: usize,
    requests: BTreeMap<(u64, [u8; 16]), Request>,
    turned: Turned,
}

impl Table {
    pub fn new(limit: u32) -> Self {
        Table { limit: limit as usize, requests: BTreeMap::new(), turned: Turned::default() }
    }

    pub fn extend(&mut self, trace_id: [u8; 16], events: impl Iterator<Item = (u64, u64)>) {
        let key = (spread(&trace_id), trace_id);
        let fresh = !self.requests.contains_key(&key);
        if fresh && self.requests.len() >= self.limit {
            self.turned.requests += 1;
            match self.requests.last_key_value() {
                Some((&largest, _)) if key < largest => self.requests.remove(&largest),
                _ => return,
            };
        }
        let request = self.requests.entry(key).or_default();
        for (time_ns, symbol) in events {
            if request.events == 0 {
                (request.trace_id, request.start_ns, request.end_ns) = (trace_id, time_ns, time_ns);
            }
            request.start_ns = request.start_ns.min(time_ns);
            request.end_ns = request.end_ns.max(time_ns);
            request.events = request.events.saturating_add(1);
            if request.symbols.len() < MAX_EVENTS {
                request.symbols.push(symbol);
            } else {
                self.turned.events += 1;
            }
        }
    }

    /// Marks what is open as not to be judged.
    pub fn taint(&mut self) {
        for request in self.requests.values_mut() {
            request.tainted = true;
        }
    }

    /// Takes out the requests that ended before `bound`, in order of (end, trace id).
    pub fn complete(&mut self, bound: u64) -> Vec<Request> {
        let mut done = Vec::new();
        let turned = &mut self.turned;
        self.requests.retain(|_, request| {
            let open = request.end_ns >= bound && bound != u64::MAX;
            if !open {
                if request.tainted {
                    turned.tainted += 1;
                } else {
                    done.push(std::mem::take(request));
                }
            }
            open
        });
        done.sort_by_key(|r| (r.end_ns, r.trace_id));
        done
    }

    pub fn turned(&self) -> Turned {
        self.turned
    }

    pub fn len(&self) -> usize {
        self.requests.len()
    }

    pub fn memory(&self) -> usize {
        self.requests.values().map(|r| r.symbols.capacity() * 8 + size_of::<Request>() + 32).sum()
    }
}

/// Mixes a trace id: some tracers fill only a part of it with random bits.
fn spread(id: &[u8; 16]) -> u64 {
    let [a, b] = [&id[..8], &id[8..]].map(|h| h.iter().fold(0u64, |v, &b| v << 8 | u64::from(b)));
    let mut h = (a ^ b.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    h = (h ^ (h >> 29) ^ b).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    h ^ (h >> 32)
}
