//! A service's series by family and instance, within a limit.
//!
//! A new instance starts from a copy of its newest sibling's state: pods come and go, what they measure goes on.
//! At the limit the newcomer replaces series on probation (fewer than 50 points of their own), longest unseen first,
//! so that a flood of one-off series does not push mature ones out; a mature series gives way only when unseen for an
//! hour of windows. Nothing seen in the open window is evicted: past that the newcomer is turned away.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::series::Series;

/// Points of its own after which a series is mature.
const MATURE: u32 = 50;
/// Windows after which an unseen mature series may be replaced.
const MATURE_ABSENCE: u64 = 60;
/// Evictions go in batches of this share of the limit, so that a flood does not scan the table for each newcomer.
const BATCH: usize = 16;
/// Most recent points kept per series for evidence.
const MAX_RECENT: usize = 256;
/// Bytes of a kept point.
const RECENT_BYTES: usize = 16;

/// Family, then instance.
pub type Key = (u64, u64);

/// One series and what evidence needs of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Entry {
    pub series: Box<Series>,
    /// Recent (time, value) of windows that were not quarantined, newest last.
    pub recent: VecDeque<(u64, f64)>,
    /// That of its points.
    pub metric: u64,
    created: u64,
    last_window: u64,
    /// Points of its own, those of the sibling it was copied from not included.
    pub points: u32,
}

/// The series of one service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    entries: BTreeMap<Key, Entry>,
    limit: usize,
    /// Bytes of recent points over all series.
    sample_bytes: usize,
    evicted: u64,
    /// Index of the last window in which no place could be made.
    full_at: u64,
}

impl Table {
    /// A table of at most `limit` series that keeps `sample_bytes` of recent points in all.
    pub fn new(limit: usize, sample_bytes: usize) -> Self {
        Table { entries: BTreeMap::new(), limit: limit.max(1), sample_bytes, evicted: 0, full_at: 0 }
    }

    /// Makes sure that the keys, rising, have a series in this window (windows count from 1), then marks them seen.
    ///
    /// All newcomers are created before any series learns the window, so that their order does not matter.
    pub fn admit(&mut self, keys: impl Iterator<Item = Key> + Clone, window: u64) {
        let mut new = Vec::new();
        for key in keys {
            match self.entries.get_mut(&key) {
                Some(entry) => entry.last_window = window,
                None => new.push(key),
            }
        }
        let mut sibling: Option<(u64, Option<Entry>)> = None;
        for key in new {
            if self.entries.len() >= self.limit && !self.make_room(window) {
                return;
            }
            if sibling.as_ref().is_none_or(|(family, _)| *family != key.0) {
                sibling = Some((key.0, self.newest(key.0, window).cloned()));
            }
            let mut entry = sibling.as_ref().and_then(|(_, e)| e.clone()).unwrap_or_default();
            entry.created = window;
            entry.last_window = window;
            entry.points = 0;
            entry.series.settle();
            self.entries.insert(key, entry);
        }
    }

    /// The series of an admitted key; none where it was turned away.
    pub fn get_mut(&mut self, key: &Key) -> Option<&mut Entry> {
        self.entries.get_mut(key)
    }

    /// The series of a key.
    pub fn get(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Keeps a point as one of the series' recent ones.
    pub fn remember(&mut self, key: &Key, time_ns: u64, value: f64) {
        let room = (self.sample_bytes / RECENT_BYTES / self.entries.len().max(1)).min(MAX_RECENT);
        if let Some(entry) = self.entries.get_mut(key) {
            while entry.recent.len() >= room.max(1) {
                entry.recent.pop_front();
            }
            if room > 0 {
                entry.recent.push_back((time_ns, value));
            }
        }
    }

    /// Metrics of which a series has too little past of its own, each as often as that is so.
    pub fn young(&self) -> impl Iterator<Item = u64> + '_ {
        self.entries.values().filter(|e| !e.series.speaks()).map(|e| e.metric)
    }

    /// Number of series.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Series evicted so far.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        let of = |e: &Entry| e.series.memory() + e.recent.capacity() * RECENT_BYTES;
        self.entries.values().map(|e| of(e) + std::mem::size_of::<(Key, Entry)>()).sum()
    }

    /// The family's instance seen last, of those that were there before this window.
    fn newest(&self, family: u64, window: u64) -> Option<&Entry> {
        self.entries
            .range((family, 0)..=(family, u64::MAX))
            .filter(|(_, e)| e.created < window)
            .max_by_key(|(key, e)| (e.last_window, e.created, **key))
            .map(|(_, e)| e)
    }

    fn make_room(&mut self, window: u64) -> bool {
        if self.full_at == window {
            return false;
        }
        let candidates = |mature: bool, absence: u64| -> Vec<(u64, Key)> {
            self.entries
                .iter()
                .filter(|(_, e)| (e.points >= MATURE) == mature && e.last_window.saturating_add(absence) <= window)
                .map(|(key, e)| (e.last_window, *key))
                .collect()
        };
        let mut victims = candidates(false, 1);
        if victims.is_empty() {
            victims = candidates(true, MATURE_ABSENCE);
        }
        victims.sort_unstable();
        victims.truncate(self.limit.div_ceil(BATCH));
        for (_, key) in &victims {
            self.entries.remove(key);
        }
        self.evicted += victims.len() as u64;
        if victims.is_empty() {
            self.full_at = window;
        }
        !victims.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(table: &mut Table, window: u64, keys: &[Key]) {
        table.admit(keys.iter().copied(), window);
        for key in keys {
            if let Some(e) = table.get_mut(key) {
                e.series.step(window, key.1 as f64, 9.0, None);
                e.points += 1;
            }
        }
    }

    #[test]
    fn a_new_instance_inherits_its_newest_sibling() {
        let mut table = Table::new(100, 4096);
        for w in 1..=20 {
            step(&mut table, w, &[(1, 10), (1, 11), (2, 5)]);
        }
        step(&mut table, 21, &[(1, 10)]);
        let heir = table.get(&(1, 10)).unwrap().series.clone();
        table.admit([(1, 7), (1, 99), (3, 1)].into_iter(), 22);
        assert_eq!(table.get(&(1, 7)).unwrap().series, heir);
        assert_eq!(table.get(&(1, 99)).unwrap().series, heir);
        assert_eq!(table.get(&(1, 99)).unwrap().points, 0);
        assert!(table.get(&(3, 1)).unwrap().series.is_empty());
    }

    #[test]
    fn a_flood_evicts_itself_and_mature_series_stay() {
        let mut table = Table::new(64, 4096);
        let mature: Vec<Key> = (0..16).map(|i| (i, 0)).collect();
        for w in 1..=60 {
            step(&mut table, w, &mature);
        }
        for w in 61..=100 {
            let flood: Vec<Key> = (0..30).map(|i| (1000 + w * 100 + i, 0)).collect();
            step(&mut table, w, &flood);
            assert!(table.len() <= 64);
        }
        assert!(mature.iter().all(|k| table.get(k).is_some_and(|e| e.points == 60)));
        assert!(table.evicted() >= 40 * 30 - 64, "{}", table.evicted());
        // One window of more than fits: the rest is turned away, nothing seen now is lost.
        let flood: Vec<Key> = (0..500).map(|i| (9_000_000 + i, 0)).collect();
        step(&mut table, 101, &flood);
        assert_eq!(table.len(), 64);
        assert_eq!(flood.iter().filter(|k| table.get(k).is_some()).count(), 48);
    }

    #[test]
    fn a_mature_series_gives_way_once_it_was_away_for_long() {
        let mut table = Table::new(16, 4096);
        let old: Vec<Key> = (0..16).map(|i| (i, 0)).collect();
        for w in 1..=60 {
            step(&mut table, w, &old);
        }
        step(&mut table, 119, &[(77, 0)]);
        assert!(table.get(&(77, 0)).is_none());
        step(&mut table, 120, &[(77, 0)]);
        assert!(table.get(&(77, 0)).is_some() && table.get(&(0, 0)).is_none());
        assert_eq!(table.evicted(), 1);
    }

    #[test]
    fn recent_points_share_their_bytes() {
        let mut table = Table::new(100, 64 * RECENT_BYTES);
        step(&mut table, 1, &[(1, 1)]);
        for t in 0..500 {
            table.remember(&(1, 1), t, t as f64);
        }
        assert_eq!(table.get(&(1, 1)).unwrap().recent.len(), 64);
        step(&mut table, 2, &[(1, 1), (2, 2), (3, 3), (4, 4)]);
        table.remember(&(1, 1), 500, 500.0);
        let recent = &table.get(&(1, 1)).unwrap().recent;
        assert_eq!((recent.len(), recent.back()), (16, Some(&(500, 500.0))));
        table.remember(&(9, 9), 1, 1.0);
        assert_eq!(table.len(), 4);
    }
}
