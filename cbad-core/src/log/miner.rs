//! Templates: which identities are one symbol, and what text stands for it.
//!
//! It does not count: what is frequent, new or odd is for the count model.
//!
//! # Algorithm
//!
//! An identity seen before is found in a hash index (the fast path, one probe, on every record). An unknown one waits
//! until its window closes, so that the order of arrival cannot choose; then, oldest first, it joins the *node* with
//! the same first literal whose tokens are most alike (Jaccard index of at least [`LIKENESS`]), or founds one.
//! The first [`MAX_VARIANTS`] identities of a node are symbols of their own ("login ok", "login failed"). What has more
//! varies in a word that the masker took for a literal: from then on only the tokens that at least [`COMMON`] of those first
//! ones had tell identities apart ("GET" and "POST", but no longer the paths), and those alike in them share a symbol.
//! Existing symbols never change then: collapsing them would look like 16 losses and one flood to the count model.
//!
//! A symbol is the hash of the identity that founded it, so it means the same after an eviction or a restart.
//!
//! # Bounds
//!
//! Identities: twice `max_symbols`; waiting identities: [`MAX_WAITING`], the smallest hashes (a choice without regard
//! to order), the others are one symbol [`OVERFLOW`] for that window; texts: [`MAX_TEMPLATE`] and [`MAX_SAMPLE`] bytes.
//! Over the limit the coldest identities leave: longest unseen, then smallest hash. All are counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::index::Index;
use super::mask::{render, shown, Identity};

/// Least Jaccard index at which an identity joins a node.
pub const LIKENESS: f64 = 0.6;
/// Identities of a node with a symbol of their own.
pub const MAX_VARIANTS: u32 = 16;
/// Of [`MAX_VARIANTS`] identities so many have a token that tells later ones apart.
pub const COMMON: u32 = 3;
/// Unknown identities of one window that are mined.
pub const MAX_WAITING: usize = 1024;
/// Bytes of a template's text.
pub const MAX_TEMPLATE: usize = 512;
/// Bytes of a template's sample record.
pub const MAX_SAMPLE: usize = 256;
/// Nodes with the same first literal that an identity is compared with, newest first.
const MAX_COMPARED: usize = 64;

/// The symbol of records whose template found no place in the window.
pub const OVERFLOW: u64 = 2;
/// Slots from here up are of waiting identities.
const WAITING: u32 = 1 << 31;
/// The slot of a record without a place.
const NO_SLOT: u32 = u32::MAX;

/// One known identity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    hash: u64,
    symbol: u64,
    node: u64,
    /// The window it was last seen in.
    last: u64,
    template: String,
    sample: String,
}

/// Alike identities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Node {
    first_literal: u32,
    /// Sorted.
    tokens: Vec<u32>,
    /// Identities that ever joined.
    variants: u32,
    /// Seeds the symbols of those past [`MAX_VARIANTS`].
    shared: u64,
    /// How many of the first variants had each token, by token; past [`MAX_VARIANTS`] only the common tokens are left.
    had: Vec<(u32, u32)>,
    /// Identities known now.
    known: u32,
}

/// An identity first seen in the open window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Waiting {
    slot: u32,
    first_literal: u32,
    tokens: Vec<u32>,
    /// The record that stands for it: the earliest, then the smallest.
    time_ns: u64,
    text: Vec<u8>,
}

/// What the limits turned out, since the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turned {
    /// Identities evicted as the coldest.
    pub evicted: u64,
    /// Identities without a place in their window.
    pub overflowed: u64,
}

/// The templates of one stream.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Miner {
    max_identities: usize,
    entries: Vec<Entry>,
    index: Index,
    nodes: BTreeMap<u64, Node>,
    next_node: u64,
    /// First literal → nodes, oldest first.
    groups: BTreeMap<u32, Vec<u64>>,
    waiting: BTreeMap<u64, Waiting>,
    /// Hash of each waiting slot handed out in this window.
    waiting_slots: Vec<u64>,
    /// Symbols of the waiting slots, once mined.
    mined: Vec<u64>,
    window: u64,
    turned: Turned,
}

impl Miner {
    pub fn new(max_symbols: u32) -> Self {
        Miner {
            max_identities: (max_symbols as usize).saturating_mul(2).min(WAITING as usize - 1),
            entries: Vec::new(),
            index: Index::default(),
            nodes: BTreeMap::new(),
            next_node: 0,
            groups: BTreeMap::new(),
            waiting: BTreeMap::new(),
            waiting_slots: Vec::new(),
            mined: Vec::new(),
            window: 0,
            turned: Turned::default(),
        }
    }

    /// The slot of an identity, good until [`Miner::finish`].
    #[inline]
    pub fn slot(&mut self, identity: &Identity, time_ns: u64, text: &[u8]) -> u32 {
        match self.index.get(identity.hash()) {
            Some(slot) => slot,
            None => self.wait(identity, time_ns, text),
        }
    }

    #[inline(never)]
    fn wait(&mut self, identity: &Identity, time_ns: u64, text: &[u8]) -> u32 {
        let hash = identity.hash();
        let text = &text[..text.len().min(super::sample::MAX_RECORD)];
        if let Some(w) = self.waiting.get_mut(&hash) {
            if (time_ns, text) < (w.time_ns, &w.text[..]) {
                w.time_ns = time_ns;
                w.text.clear();
                w.text.extend_from_slice(text);
            }
            return w.slot;
        }
        if self.waiting.len() >= MAX_WAITING {
            match self.waiting.last_key_value() {
                Some((&largest, _)) if hash < largest => self.waiting.remove(&largest),
                _ => return NO_SLOT,
            };
        }
        if self.waiting_slots.len() >= (NO_SLOT - WAITING) as usize {
            return NO_SLOT;
        }
        let slot = WAITING + self.waiting_slots.len() as u32;
        self.waiting_slots.push(hash);
        let mut tokens = identity.tokens().to_vec();
        tokens.sort_unstable();
        tokens.dedup();
        let first_literal = identity.first_literal();
        self.waiting.insert(hash, Waiting { slot, first_literal, tokens, time_ns, text: text.to_vec() });
        slot
    }

    /// Gives the waiting identities their symbols. Slots stay good.
    pub fn mine(&mut self) {
        self.window += 1;
        self.mined.clear();
        self.mined.resize(self.waiting_slots.len(), OVERFLOW);
        self.turned.overflowed += (self.waiting_slots.len() - self.waiting.len()) as u64;
        let mut waiting: Vec<(u64, Waiting)> = std::mem::take(&mut self.waiting).into_iter().collect();
        waiting.sort_by_key(|(hash, w)| (w.time_ns, *hash));
        for (hash, w) in waiting {
            let slot = (w.slot - WAITING) as usize;
            self.mined[slot] = self.join(hash, w);
        }
    }

    /// The symbol of a slot, after [`Miner::mine`]; marks the identity as seen.
    #[inline]
    pub fn symbol(&mut self, slot: u32) -> u64 {
        if slot >= WAITING {
            return self.mined.get((slot - WAITING) as usize).copied().unwrap_or(OVERFLOW);
        }
        match self.entries.get_mut(slot as usize) {
            Some(entry) => {
                entry.last = self.window;
                entry.symbol
            }
            None => OVERFLOW,
        }
    }

    /// Ends the window: slots are void, limits are enforced.
    pub fn finish(&mut self) {
        self.waiting_slots.clear();
        self.mined.clear();
        if self.entries.len() > self.max_identities {
            self.evict();
        }
    }

    fn join(&mut self, hash: u64, w: Waiting) -> u64 {
        let group = self.groups.entry(w.first_literal).or_default();
        let mut best = (0.0, None);
        for &id in group.iter().rev().take(MAX_COMPARED) {
            if let Some(node) = self.nodes.get(&id) {
                let likeness = jaccard(&node.tokens, &w.tokens);
                if likeness > best.0 {
                    best = (likeness, Some(id));
                }
            }
        }
        let id = match best {
            (likeness, Some(id)) if likeness >= LIKENESS => id,
            _ => {
                let id = self.next_node;
                self.next_node += 1;
                group.push(id);
                let shared = (hash ^ 0xA5A5_5A5A_C3C3_3C3C) | 1;
                let first_literal = w.first_literal;
                self.nodes.insert(
                    id,
                    Node { first_literal, tokens: w.tokens.clone(), variants: 0, shared, had: Vec::new(), known: 0 },
                );
                id
            }
        };
        let mut symbol = hash;
        if let Some(node) = self.nodes.get_mut(&id) {
            node.known += 1;
            if let Some(shared) = node.vary(&w.tokens) {
                symbol = shared;
            }
        }
        self.index.insert(hash, self.entries.len() as u32);
        self.entries.push(Entry {
            hash,
            symbol,
            node: id,
            last: self.window,
            template: render(&w.text, MAX_TEMPLATE),
            sample: shown(&w.text, MAX_SAMPLE),
        });
        symbol
    }

    /// Down to seven eighths of the limit, so that a flood pays a sort per eighth of the table.
    fn evict(&mut self) {
        let keep = self.max_identities - self.max_identities / 8;
        let mut order: Vec<(u64, u64)> = self.entries.iter().map(|e| (e.last, e.hash)).collect();
        order.sort_unstable();
        let out = order.len() - keep;
        let bound = order[out];
        self.turned.evicted += out as u64;
        let nodes = &mut self.nodes;
        let groups = &mut self.groups;
        self.entries.retain(|e| {
            let stays = (e.last, e.hash) >= bound;
            if !stays {
                release(nodes, groups, e.node);
            }
            stays
        });
        self.index.clear();
        for (slot, e) in self.entries.iter().enumerate() {
            self.index.insert(e.hash, slot as u32);
        }
    }

    /// Template and sample text of a symbol; none when it was evicted, has no text, or never was.
    pub fn text(&self, symbol: u64) -> Option<(&str, &str)> {
        let entry = match self.index.get(symbol) {
            Some(slot) => self.entries.get(slot as usize),
            // A shared symbol is no identity's hash: its newest member speaks for it.
            None => self.entries.iter().rev().find(|e| e.symbol == symbol),
        };
        entry.map(|e| (e.template.as_str(), e.sample.as_str()))
    }

    /// The node of a known identity.
    #[cfg(test)]
    pub(super) fn node(&self, hash: u64) -> u64 {
        self.index.get(hash).map_or(u64::MAX, |slot| self.entries[slot as usize].node)
    }

    /// Identities and nodes known.
    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.entries.len(), self.nodes.len())
    }

    /// What the limits turned out.
    pub fn turned(&self) -> Turned {
        self.turned
    }

    pub fn memory(&self) -> usize {
        let texts: usize = self.entries.iter().map(|e| e.template.capacity() + e.sample.capacity()).sum();
        let nodes: usize =
            self.nodes.values().map(|n| n.tokens.capacity() * 4 + n.had.capacity() * 8 + size_of::<Node>() + 16).sum();
        let waiting: usize = self.waiting.values().map(|w| w.text.capacity() + w.tokens.capacity() * 4 + 80).sum();
        texts + nodes + waiting + self.entries.capacity() * size_of::<Entry>() + self.index.memory()
    }

    #[cfg(test)]
    pub(super) fn check(&self) {
        let mut known: BTreeMap<u64, u32> = BTreeMap::new();
        for (slot, e) in self.entries.iter().enumerate() {
            assert_eq!(self.index.get(e.hash), Some(slot as u32));
            *known.entry(e.node).or_default() += 1;
        }
        let nodes: BTreeMap<u64, u32> = self.nodes.iter().map(|(&id, n)| (id, n.known)).collect();
        assert_eq!(known, nodes, "every node is known by its identities");
        let grouped: usize = self.groups.values().map(Vec::len).sum();
        assert_eq!(grouped, self.nodes.len());
        assert!(self.entries.len() <= self.max_identities);
    }
}

impl Node {
    /// Takes in the tokens of one more identity; its symbol, where it has none of its own.
    fn vary(&mut self, tokens: &[u32]) -> Option<u64> {
        self.variants = self.variants.saturating_add(1);
        if self.variants <= MAX_VARIANTS {
            for &token in tokens {
                match self.had.binary_search_by_key(&token, |h| h.0) {
                    Ok(at) => self.had[at].1 += 1,
                    Err(at) => self.had.insert(at, (token, 1)),
                }
            }
            return None;
        }
        if self.variants == MAX_VARIANTS + 1 {
            self.had.retain(|h| h.1 >= COMMON);
            self.had.shrink_to_fit();
        }
        let common = tokens.iter().filter(|t| self.had.binary_search_by_key(*t, |h| h.0).is_ok());
        let mixed =
            common.fold(self.shared, |h, &t| (h.rotate_left(21) ^ u64::from(t)).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Some((mixed ^ (mixed >> 31)) | 1)
    }
}

/// A node without identities leaves with its last one.
fn release(nodes: &mut BTreeMap<u64, Node>, groups: &mut BTreeMap<u32, Vec<u64>>, id: u64) {
    let Some(node) = nodes.get_mut(&id) else { return };
    node.known = node.known.saturating_sub(1);
    if node.known > 0 {
        return;
    }
    let first_literal = node.first_literal;
    nodes.remove(&id);
    if let Some(group) = groups.get_mut(&first_literal) {
        group.retain(|&n| n != id);
        if group.is_empty() {
            groups.remove(&first_literal);
        }
    }
}

/// `|a ∩ b| / |a ∪ b|` of sorted sets; 1 for two empty ones.
pub(super) fn jaccard(a: &[u32], b: &[u32]) -> f64 {
    let (mut i, mut j, mut both) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                both += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let any = a.len() + b.len() - both;
    if any == 0 {
        1.0
    } else {
        both as f64 / any as f64
    }
}
