//! What the series of a metric have in common, for those that have too little past of their own.
//!
//! A stream notes, by metric, the places that its series' values take (`youth`, `shape`). Its owner collects these notes
//! from all streams ([`Prior::share`]), adds them to a *pool* ([`add`]) and gives the pool back to all ([`Prior::give`]).
//! A stream keeps the shapes of metrics of which it has young series.
//!
//! A pool, and notes, are entries in rising order of the metric's id, each `metric u64 | age u32 | shape`, little endian.

mod shape;
mod youth;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use shape::{Place, Shape, LENT};
pub use youth::Youth;

/// Bytes of an entry.
pub const ENTRY: usize = 8 + 4 + Shape::BYTES;

/// One stream's part.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Prior {
    /// Since they were collected last.
    notes: BTreeMap<u64, Shape>,
    /// Of all streams.
    lent: BTreeMap<u64, Shape>,
    /// Metrics without a place among the notes.
    turned_away: u64,
}

impl Prior {
    /// What others lend to a metric, and where its places are noted; of at most `limit` metrics.
    pub fn of(&mut self, metric: u64, limit: usize) -> (Option<&Shape>, Option<&mut Shape>) {
        let full = self.notes.len() >= limit;
        let notes = match full {
            true => self.notes.get_mut(&metric),
            false => Some(self.notes.entry(metric).or_default()),
        };
        self.turned_away += u64::from(notes.is_none());
        (self.lent.get(&metric), notes)
    }

    /// The notes, which begin anew.
    pub fn share(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for (metric, shape) in std::mem::take(&mut self.notes) {
            write(&mut out, metric, 0, &shape);
        }
        out
    }

    /// Takes from the pool what these metrics are lent.
    pub fn give(&mut self, pool: &Pool<'_>, metrics: impl Iterator<Item = u64>) {
        self.lent = metrics.filter_map(|metric| Some((metric, pool.find(metric)?))).collect();
    }

    /// Metrics that were turned away.
    pub fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        (self.notes.len() + self.lent.len()) * std::mem::size_of::<(u64, Shape)>()
    }
}

/// Entries whose order was checked.
#[derive(Clone, Debug)]
pub struct Pool<'a>(Vec<&'a [u8]>);

impl<'a> Pool<'a> {
    /// Refuses what is no row of entries in rising order.
    pub fn new(bytes: &'a [u8]) -> Result<Self, String> {
        let entries = entries(bytes)?;
        match entries.windows(2).position(|w| metric_of(w[1]) <= metric_of(w[0])) {
            Some(i) => Err(format!("entry {} of the pool is not above the one before", i + 1)),
            None => Ok(Pool(entries)),
        }
    }

    fn find(&self, metric: u64) -> Option<Shape> {
        let at = self.0.binary_search_by_key(&metric, |e| metric_of(e)).ok()?;
        Some(shape_of(self.0[at]))
    }
}

/// The pool with the notes of several streams, one after the other, added. Of more than `limit` metrics those to which
/// nothing was added for longest are left out, and their number comes second.
pub fn add(pool: &Pool<'_>, notes: &[u8], limit: usize) -> Result<(Vec<u8>, usize), String> {
    let mut all: BTreeMap<u64, (u32, Shape)> =
        pool.0.iter().map(|e| (metric_of(e), (age_of(e).saturating_add(1), shape_of(e)))).collect();
    for e in entries(notes)? {
        let (age, shape) = all.entry(metric_of(e)).or_default();
        *age = 0;
        shape.add(&shape_of(e));
    }
    let excess = all.len().saturating_sub(limit);
    if excess > 0 {
        let mut by_age: Vec<(u32, u64)> = all.iter().map(|(&metric, (age, _))| (*age, metric)).collect();
        by_age.sort_unstable_by(|a, b| b.cmp(a));
        for (_, metric) in &by_age[..excess] {
            all.remove(metric);
        }
    }
    let mut out = Vec::with_capacity(all.len() * ENTRY);
    for (metric, (age, shape)) in &all {
        write(&mut out, *metric, *age, shape);
    }
    Ok((out, excess))
}

fn write(to: &mut Vec<u8>, metric: u64, age: u32, shape: &Shape) {
    to.extend(metric.to_le_bytes());
    to.extend(age.to_le_bytes());
    shape.write(to);
}

fn entries(bytes: &[u8]) -> Result<Vec<&[u8]>, String> {
    let entries = bytes.chunks_exact(ENTRY);
    match entries.remainder().len() {
        0 => Ok(entries.collect()),
        rest => Err(format!("entries have {ENTRY} bytes, the last one has {rest}")),
    }
}

fn metric_of(entry: &[u8]) -> u64 {
    u64::from_le_bytes(array(&entry[..8]))
}

fn age_of(entry: &[u8]) -> u32 {
    u32::from_le_bytes(array(&entry[8..12]))
}

fn shape_of(entry: &[u8]) -> Shape {
    Shape::read(&array(&entry[12..]))
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The notes of a stream whose metrics took a place so many times.
    fn notes(metrics: &[(u64, usize)]) -> Vec<u8> {
        let mut prior = Prior::default();
        for &(metric, times) in metrics {
            for i in 0..times {
                prior.of(metric, 100).1.unwrap().learn(Place { side: 0, bin: 5, first: i % 100 == 0 });
            }
        }
        prior.share()
    }

    fn pooled(pool: &[u8], notes: &[u8], limit: usize) -> (Vec<u8>, usize) {
        add(&Pool::new(pool).unwrap(), notes, limit).unwrap()
    }

    #[test]
    fn streams_share_and_are_lent_what_they_need() {
        let all = [notes(&[(3, 200), (7, 300)]), notes(&[(3, 400)])].concat();
        let (pool, left_out) = pooled(&[], &all, 10);
        assert_eq!((pool.len(), left_out), (2 * ENTRY, 0));
        let mut prior = Prior::default();
        prior.give(&Pool::new(&pool).unwrap(), [3, 5].into_iter());
        let place = Place { side: 0, bin: 40, first: false };
        assert!(prior.of(3, 10).0.unwrap().decades(place).unwrap() > 2.7);
        assert!(prior.of(5, 10).0.is_none() && prior.of(7, 10).0.is_none());
        assert_eq!(prior.lent.len(), 1);
    }

    #[test]
    fn notes_begin_anew_and_are_bounded() {
        let mut prior = Prior::default();
        for metric in 0..5 {
            if let Some(notes) = prior.of(metric, 3).1 {
                notes.learn(Place { side: 0, bin: 1, first: true });
            }
        }
        assert_eq!((prior.share().len(), prior.turned_away()), (3 * ENTRY, 2));
        assert!(prior.share().is_empty());
    }

    #[test]
    fn the_pool_forgets_what_nobody_adds_to() {
        let (pool, _) = pooled(&[], &notes(&[(1, 9), (2, 9), (3, 9)]), 3);
        let (pool, _) = pooled(&pool, &notes(&[(1, 1), (3, 1)]), 3);
        let (pool, left_out) = pooled(&pool, &notes(&[(4, 1)]), 3);
        let kept: Vec<u64> = Pool::new(&pool).unwrap().0.iter().map(|e| metric_of(e)).collect();
        assert_eq!((kept, left_out), (vec![1, 3, 4], 1));
    }

    #[test]
    fn what_is_no_pool_is_refused() {
        let (pool, _) = pooled(&[], &notes(&[(1, 9), (2, 9)]), 3);
        assert!(Pool::new(&pool[1..]).unwrap_err().contains("bytes"));
        let twice = [&pool[ENTRY..], &pool[..ENTRY]].concat();
        assert!(Pool::new(&twice).unwrap_err().contains("entry 1"));
        assert!(add(&Pool::new(&[]).unwrap(), &pool[..7], 3).is_err());
    }
}
