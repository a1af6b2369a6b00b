//! The places that the values of a metric took in the youths of its series: a histogram, and how rare a place is in it.
//!
//! A new series' value is as rare as its place is among those of the others, if series of one metric are exchangeable:
//! p is a rank (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005), with nothing fitted beyond it.

use serde::{Deserialize, Serialize};

use crate::calibrate::Counts;
use crate::math::log10;

/// Bins of one side: no deviation, 46 quarter-octaves from a quarter of the mean deviation on, and the move of what never
/// moved.
const BINS: usize = 48;
/// The bin of a move of what never moved.
pub const TOP: usize = BINS - 1;
/// Places before a shape says anything, and youths that they must come from.
const PLACES: u32 = 300;
const YOUTHS: u32 = 5;
/// All is halved past so many places, so that old ones fade; two times as many fit a counter.
const HORIZON: u32 = 20_000;
/// The most decades that others' past lends to a value.
pub const LENT: f64 = 3.0;

/// Where a value lies among the few before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// 0 above, 1 below.
    pub side: usize,
    pub bin: usize,
    /// Whether it is the first of a youth.
    pub first: bool,
}

/// What youth looks like in one metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    youths: u32,
    /// Sum of the counts.
    places: u32,
    counts: [Counts<BINS>; 2],
}

impl Shape {
    /// Bytes of a shape that is passed on.
    pub const BYTES: usize = 4 + 2 * 2 * BINS;

    /// Takes a place in.
    pub fn learn(&mut self, place: Place) {
        self.youths = self.youths.saturating_add(u32::from(place.first));
        self.places += 1;
        self.counts[place.side][place.bin] += 1;
        self.fade();
    }

    /// Takes in what another has seen.
    pub fn add(&mut self, other: &Shape) {
        self.youths = self.youths.saturating_add(other.youths);
        self.places += other.places;
        for (side, others) in self.counts.iter_mut().zip(&other.counts) {
            for (count, &more) in side.iter_mut().zip(others.iter()) {
                *count += more;
            }
        }
        self.fade();
    }

    /// Decades of a place's rarity, both sides counted; none where too little was seen to say.
    pub fn decades(&self, place: Place) -> Option<f64> {
        let n = self.places;
        if n < PLACES || self.youths < YOUTHS {
            return None;
        }
        let side = &self.counts[place.side];
        let beyond: u32 = side[place.bin + 1..].iter().map(|&c| u32::from(c)).sum();
        let p = (f64::from(beyond) + 0.5 * f64::from(side[place.bin]) + 0.5) / (f64::from(n) + 1.0);
        Some((-log10(p) - std::f64::consts::LOG10_2).clamp(0.0, LENT))
    }

    fn fade(&mut self) {
        while self.places > HORIZON {
            self.youths /= 2;
            self.counts.iter_mut().flat_map(|side| side.iter_mut()).for_each(|c| *c /= 2);
            self.places = self.sum();
        }
    }

    fn sum(&self) -> u32 {
        self.counts.iter().flat_map(|side| side.iter()).map(|&c| u32::from(c)).sum()
    }

    /// Appends youths u32 and both sides' counts u16, little endian.
    pub fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.youths.to_le_bytes());
        to.extend(self.counts.iter().flat_map(|side| side.iter()).flat_map(|c| c.to_le_bytes()));
    }

    /// Reads [`Shape::BYTES`] bytes; any are a shape.
    pub fn read(bytes: &[u8; Self::BYTES]) -> Self {
        let mut shape =
            Shape { youths: u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]), ..Shape::default() };
        let counts = shape.counts.iter_mut().flat_map(|side| side.iter_mut());
        counts.zip(bytes[4..].chunks_exact(2)).for_each(|(c, b)| *c = u16::from_le_bytes([b[0], b[1]]));
        shape.places = shape.sum();
        shape.fade();
        shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(side: usize, bin: usize) -> Place {
        Place { side, bin, first: false }
    }

    fn filled() -> Shape {
        let mut shape = Shape::default();
        for i in 0..1000 {
            shape.learn(Place { side: i % 2, bin: if i % 100 == 0 { 30 } else { 8 + i % 5 }, first: i % 140 == 0 });
        }
        shape
    }

    #[test]
    fn rare_is_what_others_rarely_did() {
        let shape = filled();
        let decades = |side, bin| shape.decades(place(side, bin)).unwrap();
        assert!(decades(0, 0) < 0.01);
        assert!(decades(0, 12) < 1.1);
        // 10 of 1000 went up so far: half of them and a half are beyond, both sides are counted.
        assert!((decades(0, 30) - (1001.0f64 / 5.5 / 2.0).log10()).abs() < 1e-12);
        assert!(decades(0, 31) > decades(0, 30));
        assert_eq!((decades(1, 30), decades(1, TOP)), (LENT, LENT), "nobody fell so far, and no more is lent");
    }

    #[test]
    fn too_little_says_nothing() {
        let mut shape = Shape::default();
        for i in 0..5000 {
            shape.learn(Place { side: 0, bin: i % 9, first: i < 4 });
        }
        assert_eq!(shape.decades(place(0, 40)), None, "four youths");
        shape.learn(Place { side: 0, bin: 1, first: true });
        assert!(shape.decades(place(0, 40)).is_some());
        let mut shape = Shape::default();
        for i in 0..299 {
            shape.learn(Place { side: 0, bin: 1, first: i < 9 });
        }
        assert_eq!(shape.decades(place(0, 40)), None, "299 places");
    }

    #[test]
    fn it_is_passed_on_whole_and_fades() {
        let mut shape = filled();
        let mut bytes = Vec::new();
        shape.write(&mut bytes);
        assert_eq!(Shape::read(bytes[..].try_into().unwrap()), shape);
        let one = shape.clone();
        shape.add(&one);
        assert_eq!((shape.places, shape.youths), (2000, 16));
        for _ in 0..100 {
            shape.add(&one);
        }
        assert!(shape.places <= HORIZON && shape.places > HORIZON / 4);
        assert!(Shape::read(&[0xff; Shape::BYTES]).places <= HORIZON);
    }
}
