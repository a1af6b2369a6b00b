//! A hash index from 64-bit hashes to slots: open addressing, linear probing, at most half full.
//!
//! It only grows; what evicts rebuilds it. Its layout never shows in an answer.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const EMPTY: u32 = u32::MAX;

/// Hash → slot. Hashes must be well mixed already.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// A power of two of (hash, slot) pairs, or none.
    cells: Vec<(u64, u32)>,
    used: usize,
}

impl Index {
    #[inline]
    pub fn get(&self, hash: u64) -> Option<u32> {
        let mask = self.cells.len().wrapping_sub(1);
        // The low bit of an identity is always set: skip it.
        let mut at = (hash >> 8) as usize;
        loop {
            let &(key, slot) = self.cells.get(at & mask)?;
            if slot == EMPTY {
                return None;
            }
            if key == hash {
                return Some(slot);
            }
            at = at.wrapping_add(1);
        }
    }

    /// Adds a hash that is not in it.
    pub fn insert(&mut self, hash: u64, slot: u32) {
        if (self.used + 1) * 2 > self.cells.len() {
            let old = std::mem::take(&mut self.cells);
            self.cells = vec![(0, EMPTY); (old.len() * 2).max(64)];
            for (key, slot) in old {
                if slot != EMPTY {
                    self.place(key, slot);
                }
            }
        }
        self.used += 1;
        self.place(hash, slot);
    }

    fn place(&mut self, hash: u64, slot: u32) {
        let mask = self.cells.len() - 1;
        let mut at = (hash >> 8) as usize & mask;
        while self.cells[at].1 != EMPTY {
            at = (at + 1) & mask;
        }
        self.cells[at] = (hash, slot);
    }

    pub fn clear(&mut self) {
        self.cells.fill((0, EMPTY));
        self.used = 0;
    }

    pub fn memory(&self) -> usize {
        self.cells.capacity() * 16
    }
}

/// Saved as sorted pairs, since the layout depends on the past.
impl Serialize for Index {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut pairs: Vec<(u64, u32)> = self.cells.iter().copied().filter(|c| c.1 != EMPTY).collect();
        pairs.sort_unstable();
        pairs.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Index {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut index = Index::default();
        for (hash, slot) in Vec::<(u64, u32)>::deserialize(d)? {
            if slot != EMPTY && index.get(hash).is_none() {
                index.insert(hash, slot);
            }
        }
        Ok(index)
    }
}
