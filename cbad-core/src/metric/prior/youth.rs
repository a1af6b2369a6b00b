//! How far a value lies from the few that a series had before it.
//!
//! The deviation from their mean in units of their mean deviation is free of scale, so the young of one metric can be
//! compared across series (`shape`). From the tenth point on each has a place. After [`SPAN`] points a series begins anew
//! as if it were young, so that those that have been there for long go on to tell what youth looks like.

use serde::{Deserialize, Serialize};

use super::shape::{Place, TOP};
use crate::calibrate::quarter;

/// Points before the first that has a place.
const FEW: u16 = 10;
/// Points of a youth.
const SPAN: u16 = 150;
/// The rates of mean and mean deviation do not fall below one over it: who wanders is followed.
const MEMORY: u16 = 32;
/// Deviations learnt are clipped at so many mean ones: a fault shall not set the scale of what follows it.
const CLIP: f64 = 8.0;
/// Quarter-octave of the lowest bin above 0: a quarter of the mean deviation.
const LOWEST: i32 = -8;

/// Mean and mean deviation of the newest youth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Youth {
    n: u16,
    mean: f64,
    spread: f64,
}

impl Youth {
    /// Where a value lies; none among too few. Deviations up to `resolution` count as none.
    pub fn place(&self, x: f64, resolution: f64) -> Option<Place> {
        if self.n < FEW {
            return None;
        }
        let d = x - self.mean;
        let bin = match d.abs() {
            y if y <= resolution => 0,
            _ if self.spread <= resolution => TOP,
            y => (quarter::of(y / self.spread) - LOWEST + 1).clamp(0, TOP as i32 - 1) as usize,
        };
        Some(Place { side: usize::from(d < 0.0), bin, first: self.n == FEW })
    }

    /// Takes a value in.
    pub fn learn(&mut self, x: f64) {
        if self.n == SPAN {
            *self = Youth::default();
        }
        let limit = if self.n < FEW { f64::INFINITY } else { CLIP * self.spread };
        // What never moved has no scale by which to clip.
        let limit = if limit == 0.0 { f64::INFINITY } else { limit };
        let d = if self.n == 0 { x } else { (x - self.mean).clamp(-limit, limit) };
        if self.n > 0 {
            self.spread += (d.abs() - self.spread) / f64::from(self.n.min(MEMORY));
        }
        self.n += 1;
        self.mean += d / f64::from(self.n.min(MEMORY));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_has_a_place_and_the_scale_does_not_matter() {
        let values = [3.0, 5.0, 4.0, 4.5, 3.5, 6.0, 2.0, 4.0, 5.0, 3.0, 4.0, 9.0, -60.0, 1e6];
        let places = |scale: f64| {
            let mut youth = Youth::default();
            values.map(|x| {
                let place = youth.place(scale * x, 0.0);
                youth.learn(scale * x);
                place
            })
        };
        let ours = places(1.0);
        assert!(ours[..10].iter().all(Option::is_none));
        let found: Vec<_> = ours[10..].iter().flatten().collect();
        assert_eq!(
            found.iter().map(|p| (p.side, p.first)).collect::<Vec<_>>(),
            [(0, true), (0, false), (1, false), (0, false)]
        );
        assert!(found[0].bin < found[1].bin && found[1].bin < found[2].bin && found[3].bin == TOP - 1);
        assert_eq!(ours, places(1024.0));
        assert_eq!(ours, places(1.0 / 4096.0));
    }

    #[test]
    fn what_never_moved_has_a_place_of_its_own_for_the_first_move() {
        let mut youth = Youth::default();
        for _ in 0..20 {
            youth.learn(7.0);
        }
        assert_eq!(youth.place(7.0 + 1e-12, 1e-11).map(|p| p.bin), Some(0));
        assert_eq!(youth.place(7.5, 1e-11).map(|p| p.bin), Some(TOP));
        youth.learn(7.5);
        assert!(youth.place(7.5, 1e-11).is_some_and(|p| p.bin < TOP));
    }

    #[test]
    fn youth_comes_again() {
        let mut youth = Youth::default();
        let mut firsts = 0;
        for i in 0..1500 {
            firsts += usize::from(youth.place(f64::from(i % 7), 0.0).is_some_and(|p| p.first));
            youth.learn(f64::from(i % 7));
        }
        assert_eq!(firsts, 10);
    }
}
