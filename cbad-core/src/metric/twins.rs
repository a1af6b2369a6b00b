//! Finds families of series that go along with each other (usage and usage rate, the quantiles of one latency), so that
//! one event is not counted once for each of them.
//!
//! Each window gives a family one value, the mean over its points. Its change since the last window is divided by its
//! running size and clipped to ±3, so that one restart, which moves everything at once, cannot make strangers look
//! alike. Two families go along when the running correlation of these changes reaches ½ in size. Steps at which
//! neither moves say nothing and are left out. Each family belongs to the first seen of those it goes along with that
//! belong to no other.
//!
//! At most [`MAX_FAMILIES`] families are compared, so the pairs are bounded too; the others stand alone, and are counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Families compared with each other.
pub const MAX_FAMILIES: usize = 48;
/// Correlation, in size, from which two families go along: a quarter of the variance in common. What is more alike than
/// that proves little on its own; of ten strangers' pairs none reaches it (30 changes: σ .18, later .05).
const ALIKE: f64 = 0.5;
/// Common changes needed before a pair is judged.
const MIN_CHANGES: u32 = 30;
/// Slowest rate of the running moments.
const RATE: f64 = 1.0 / 200.0;
const CLIP: f64 = 3.0;
/// A family unseen for so many windows gives up its place.
const STALE: u64 = 1440;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Family {
    id: u64,
    last_window: u64,
    value: f64,
    /// Running mean square of the changes.
    power: f64,
    changes: u32,
    /// The place of the family that this one goes along with, plus one; 0: none.
    of: u16,
}

/// Running products of the clipped changes of two families.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Pair {
    cross: f64,
    left: f64,
    right: f64,
    n: u32,
}

/// The comparison of a service's families.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Twins {
    places: BTreeMap<u64, u16>,
    families: Vec<Family>,
    /// Lower triangle: the pair of places `i > j` is at `i(i − 1)/2 + j`.
    pairs: Vec<Pair>,
    /// Windows in which some family found no place.
    turned_away: u64,
    #[serde(skip)]
    moves: Vec<(usize, f64)>,
}

impl Twins {
    /// Takes one window's family means, in rising order of id.
    pub fn window(&mut self, window: u64, means: impl Iterator<Item = (u64, f64)>) {
        self.moves.clear();
        let mut full = false;
        for (id, value) in means {
            let Some(place) = self.place(id, window) else {
                full = true;
                continue;
            };
            if let Some(z) = self.families.get_mut(place).and_then(|f| f.change(value, window)) {
                self.moves.push((place, z));
            }
        }
        self.turned_away += u64::from(full);
        self.compare();
    }

    /// The family that this one goes along with, itself where there is none.
    pub fn original(&self, id: u64) -> u64 {
        let family = self.places.get(&id).and_then(|&p| self.families.get(usize::from(p)));
        let of = family.and_then(|f| self.families.get(usize::from(f.of).checked_sub(1)?));
        of.map_or(id, |f| f.id)
    }

    /// Windows in which some family found no place.
    pub fn turned_away(&self) -> u64 {
        self.turned_away
    }

    /// Heap bytes held.
    pub fn memory(&self) -> usize {
        self.families.capacity() * std::mem::size_of::<Family>()
            + self.pairs.capacity() * std::mem::size_of::<Pair>()
            + self.places.len() * 24
    }

    /// The place of a family: its own, a free one, or that of a stale family.
    fn place(&mut self, id: u64, window: u64) -> Option<usize> {
        if let Some(&p) = self.places.get(&id) {
            return Some(usize::from(p));
        }
        let fresh = Family { id, last_window: window, value: f64::NAN, ..Family::default() };
        if self.families.len() < MAX_FAMILIES {
            let i = self.families.len();
            self.families.push(fresh);
            self.pairs.resize(i * (i + 1) / 2, Pair::default());
            self.places.insert(id, i as u16);
            return Some(i);
        }
        let (i, oldest) = self.families.iter().enumerate().min_by_key(|(_, f)| f.last_window)?;
        if window.saturating_sub(oldest.last_window) < STALE {
            return None;
        }
        self.places.remove(&oldest.id);
        self.families[i] = fresh;
        for j in 0..MAX_FAMILIES {
            if let Some(pair) = self.pairs.get_mut(triangle(i, j)).filter(|_| i != j) {
                *pair = Pair::default();
            }
        }
        self.places.insert(id, i as u16);
        Some(i)
    }

    fn compare(&mut self) {
        for at in 0..self.moves.len() {
            let (i, zi) = self.moves[at];
            for &(j, zj) in &self.moves[..at] {
                if zi == 0.0 && zj == 0.0 {
                    continue;
                }
                if let Some(pair) = self.pairs.get_mut(triangle(i, j)) {
                    pair.step(zi, zj);
                }
            }
        }
        for at in 0..self.moves.len() {
            let (i, _) = self.moves[at];
            let original = (0..i).find(|&j| {
                self.families.get(j).is_some_and(|f| f.of == 0)
                    && self.pairs.get(triangle(i, j)).is_some_and(Pair::alike)
            });
            if let Some(f) = self.families.get_mut(i) {
                f.of = original.map_or(0, |j| j as u16 + 1);
            }
        }
    }
}

fn triangle(i: usize, j: usize) -> usize {
    let (high, low) = if i > j { (i, j) } else { (j, i) };
    high * high.saturating_sub(1) / 2 + low
}

impl Family {
    /// The clipped change since the last window, none across a gap.
    fn change(&mut self, value: f64, window: u64) -> Option<f64> {
        let gap = window.saturating_sub(self.last_window) > 1 || !self.value.is_finite();
        let d = value - self.value;
        self.value = value;
        self.last_window = window;
        if gap || !d.is_finite() {
            return None;
        }
        self.changes = self.changes.saturating_add(1);
        let rate = (1.0 / f64::from(self.changes)).max(RATE);
        // Clipped before it is learnt: the size must not follow a single jump.
        let limit = if self.power > 0.0 { CLIP * self.power.sqrt() } else { f64::INFINITY };
        let d = d.clamp(-limit, limit);
        self.power += rate * (d * d - self.power);
        Some(if self.power > 0.0 { (d / self.power.sqrt()).clamp(-CLIP, CLIP) } else { 0.0 })
    }
}

impl Pair {
    fn step(&mut self, left: f64, right: f64) {
        self.n = self.n.saturating_add(1);
        let rate = (1.0 / f64::from(self.n)).max(RATE);
        self.cross += rate * (left * right - self.cross);
        self.left += rate * (left * left - self.left);
        self.right += rate * (right * right - self.right);
    }

    fn alike(&self) -> bool {
        self.n >= MIN_CHANGES && self.cross * self.cross >= ALIKE * ALIKE * self.left * self.right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_copy(twins: &Twins, id: u64) -> bool {
        twins.original(id) != id
    }

    fn noise(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (*state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    }

    /// A walk, its affine copies (one rounded, one falling), one that mostly follows it, and a stranger.
    fn feed(twins: &mut Twins, windows: std::ops::Range<u64>, state: &mut u64) {
        let mut walk = 100.0;
        for w in windows {
            walk += 10.0 * noise(state);
            let jump = if w >= 60 { 1e4 } else { 0.0 };
            let rounded = ((walk + jump) * 0.02 * 1000.0).round() / 1000.0;
            let near = walk + 2.0 * noise(state);
            let stranger = 5.0 * noise(state) + 7.0 * jump;
            let values =
                [(1, walk + jump), (2, rounded), (3, 50.0 - 2.0 * (walk + jump)), (4, near + jump), (5, stranger)];
            twins.window(w, values.into_iter());
        }
    }

    #[test]
    fn what_goes_along_is_found_and_strangers_that_jump_together_are_not() {
        let mut twins = Twins::default();
        let mut state = 3;
        feed(&mut twins, 0..29, &mut state);
        assert!((1..=5).all(|f| !is_copy(&twins, f)), "too early to say");
        feed(&mut twins, 29..100, &mut state);
        assert_eq!((1..=5).map(|f| is_copy(&twins, f)).collect::<Vec<_>>(), [false, true, true, true, false]);
        assert!(!is_copy(&twins, 99));
    }

    #[test]
    fn a_copy_that_goes_its_own_way_counts_again() {
        let mut twins = Twins::default();
        let mut state = 5;
        for w in 0..400 {
            let x = noise(&mut state);
            let y = if w < 100 { 3.0 * x } else { noise(&mut state) };
            twins.window(w, [(1, x), (2, y)].into_iter());
            if w == 99 {
                assert!(is_copy(&twins, 2));
            }
        }
        assert!(!is_copy(&twins, 2));
    }

    #[test]
    fn constants_and_non_finite_values_are_no_copies() {
        let mut twins = Twins::default();
        for w in 0..200 {
            twins.window(
                w,
                [(1, 1.0), (2, 2.0), (3, f64::NAN), (4, f64::MAX * f64::from(w as u8 % 3) - 1.0)].into_iter(),
            );
        }
        assert!((1..=4).all(|f| !is_copy(&twins, f)));
    }

    #[test]
    fn places_are_bounded_and_the_stale_give_way() {
        let mut twins = Twins::default();
        twins.window(0, (0..200).map(|f| (f, 1.0)));
        assert_eq!(twins.families.len(), MAX_FAMILIES);
        assert_eq!(twins.turned_away(), 1);
        let mut state = 1;
        for w in STALE..STALE + 60 {
            let x = noise(&mut state);
            twins.window(w, [(500, x), (501, -x)].into_iter());
        }
        assert_eq!(twins.families.len(), MAX_FAMILIES);
        // Places of stale families are taken in order, so the first newcomer is the original.
        assert!(is_copy(&twins, 501) && !is_copy(&twins, 500));
    }

    #[test]
    fn the_triangle_has_no_holes() {
        let mut seen: Vec<usize> = (0..10).flat_map(|i| (0..i).map(move |j| triangle(i, j))).collect();
        assert_eq!(seen.len(), 45);
        seen.dedup();
        assert_eq!(seen, (0..45).collect::<Vec<_>>());
        assert_eq!(triangle(3, 7), triangle(7, 3));
    }
}
