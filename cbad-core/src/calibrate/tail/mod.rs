//! Two-sided tail probability of a statistic against its own past, whatever its scale and shape.
//!
//! The deviation `y = |u − c|` from a slow mean `c` is kept per side in a histogram of 96 bins, four per octave:
//! the bin is the top of the number's own bits, so no logarithm is taken to find it. Inside the histogram p is a
//! rank. Beyond the edge `e` where the largest half per cent begins (`c_k` of them), the tail is taken to fall as a
//! power, `p = (c_k + ½)/(n + 1) · (y/e)^(−1/ξ)`, with Hill's estimate (Hill 1975)
//! `ξ = (Σ count · ln(mid/e) + w·ξ₀) / (c_k + w)` shrunk to a prior `ξ₀`: a light tail by default, a heavy one where
//! the data show it.
//!
//! Where the tail begins moves by a bin now and then, so it is kept and adjusted as counts come in rather than
//! sought from the top each time.

use serde::{Deserialize, Serialize};

pub mod quarter;
#[cfg(test)]
mod tests;

use super::counts::Counts;
use crate::math;

const BINS: usize = 96;
/// Fixed-point unit of one observation: halving then keeps fractions.
const UNIT: u32 = 8;
/// Counts are halved past so many observations, and the centre's rate is one over it.
const HORIZON: u32 = 8000;
/// No score before so many observations.
const WARMUP: u32 = 50;
const TAIL_SHARE: f64 = 0.005;
const TAIL_MIN: f64 = 8.0;
const PRIOR_XI: f64 = 0.3;
const PRIOR_WEIGHT: f64 = 10.0;
/// The first deviation lands so far below the top bin: two octaves of room before anything shifts.
const HEADROOM: i32 = 9;
/// Quarter-octaves past the tail's beginning at which what is learnt as rare is clipped.
const CLIP: i32 = 4;

/// Histogram of the deviations of one statistic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Tail {
    /// Deviations above and below the centre.
    counts: [Counts<BINS>; 2],
    edges: [Edge; 2],
    /// Quarter-octave of bin 0, once a deviation was seen.
    base: Option<i16>,
    total: u32,
    n: u32,
    centre: f64,
}

/// Where one side's tail begins: the highest bin such that it and those above hold the tail's share.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Edge {
    first: u8,
    count: u32,
}

/// The interval that held the given share of the past.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailBand {
    pub centre: f64,
    pub low: f64,
    pub high: f64,
}

impl Default for Tail {
    fn default() -> Self {
        Tail {
            counts: [Counts::default(); 2],
            edges: [Edge { first: 1, count: 0 }; 2],
            base: None,
            total: 0,
            n: 0,
            centre: 0.0,
        }
    }
}

#[inline]
fn units(count: u32) -> f64 {
    f64::from(count) / f64::from(UNIT)
}

#[inline]
fn sum(counts: &[u16]) -> u32 {
    counts.iter().map(|&c| u32::from(c)).sum()
}

/// Quarter-octave of bin 0 when `q` is the first deviation.
#[inline]
fn fresh_base(q: i32) -> i32 {
    q - BINS as i32 + HEADROOM
}

impl Tail {
    /// Decades `−log10(2p)` of `u`'s two-sided tail against the past; 0 while warming up.
    ///
    /// `p` is that of the side `u` lies on, hence the factor two; a value at the centre scores about 0.
    ///
    /// Deviations up to `resolution` count as none: they are rounding, not data.
    pub fn score(&self, u: f64, resolution: f64) -> f64 {
        if self.n < WARMUP {
            return 0.0;
        }
        let (side, y) = self.deviation(u);
        let p = if y <= resolution {
            self.rank_p(side, 0)
        } else {
            let q = quarter::of(y);
            let base = self.base.map_or(fresh_base(q), i32::from);
            let bin = (q - base).clamp(0, BINS as i32 - 1) as usize;
            if bin < usize::from(self.edges[side].first) {
                self.rank_p(side, bin)
            } else {
                self.tail_p(side, base, y)
            }
        };
        -math::log10(p) - std::f64::consts::LOG10_2
    }

    /// Takes `u` into the past.
    pub fn learn(&mut self, u: f64, resolution: f64) {
        if self.n == 0 {
            self.centre = u;
        }
        let (side, y) = self.deviation(u);
        let bin = if y <= resolution { 0 } else { self.place(y) };
        self.count(side, bin);
        self.n = self.n.saturating_add(1);
        self.centre += (1.0 / f64::from(self.n)).max(1.0 / f64::from(HORIZON)) * (u - self.centre);
    }

    /// `u`, or where it lies far beyond what is known, the limit on its side: an octave past where the tail begins.
    ///
    /// What is learnt so clipped says that something lay outside, not how far.
    pub fn clip(&self, u: f64) -> f64 {
        let (side, y) = self.deviation(u);
        let Edge { first, count } = self.edges[side];
        let (Some(base), true) = (self.base, count > 0) else { return u };
        let limit = quarter::edge(i32::from(base) + i32::from(first) + CLIP);
        match (y > limit, side) {
            (false, _) => u,
            (true, 0) => self.centre + limit,
            (true, _) => self.centre - limit,
        }
    }

    /// Share of the past below `u`, in (0, 1); ½ before the first observation.
    pub fn rank(&self, u: f64, resolution: f64) -> f64 {
        if self.total == 0 {
            return 0.5;
        }
        let (side, y) = self.deviation(u);
        let bin = match self.base {
            Some(base) if y > resolution => (quarter::of(y) - i32::from(base)).clamp(0, BINS as i32 - 1) as usize,
            _ => 0,
        };
        let beyond = units(self.above(side, bin)) + 0.5 * units(u32::from(self.counts[side][bin]));
        let n = units(self.total);
        if side == 0 {
            (n - beyond + 0.5) / (n + 1.0)
        } else {
            (beyond + 0.5) / (n + 1.0)
        }
    }

    /// The interval outside of which about `share` of the past lay, half on each side; to the bin's edge.
    pub fn band(&self, share: f64) -> TailBand {
        let allowed = (0.5 * share * f64::from(self.total)) as u32;
        let reach = |side: usize| {
            let Some(base) = self.base else { return 0.0 };
            let mut above = 0;
            let mut bin = BINS;
            while bin > 0 {
                above += u32::from(self.counts[side][bin - 1]);
                if above > allowed {
                    break;
                }
                bin -= 1;
            }
            if bin <= 1 {
                0.0
            } else {
                quarter::edge(i32::from(base) + bin as i32)
            }
        };
        TailBand { centre: self.centre, low: self.centre - reach(1), high: self.centre + reach(0) }
    }

    /// Number of observations.
    pub fn n(&self) -> u32 {
        self.n
    }

    #[inline]
    fn deviation(&self, u: f64) -> (usize, f64) {
        let d = u - self.centre;
        (usize::from(d < 0.0), d.abs())
    }

    /// The bin of a deviation above the resolution; moves the histogram down when it is above the top.
    fn place(&mut self, y: f64) -> usize {
        let q = quarter::of(y);
        let base = i32::from(*self.base.get_or_insert(fresh_base(q) as i16));
        let top = base + BINS as i32 - 1;
        let base = if q > top {
            self.shift((q - top) as usize);
            base + q - top
        } else {
            base
        };
        self.base = Some(base as i16);
        (q - base).max(0) as usize
    }

    /// Moves all counts down by `by` bins; what falls out gathers in bin 0.
    fn shift(&mut self, by: usize) {
        for counts in &mut self.counts {
            let low = sum(&counts[..=by.min(BINS - 1)]);
            let kept = BINS.saturating_sub(by).max(1);
            if by < BINS {
                counts.copy_within(by.., 0);
            }
            counts[kept..].fill(0);
            counts[0] = low.min(u32::from(u16::MAX)) as u16;
        }
        self.seek_edges();
    }

    fn need(&self) -> u32 {
        ((TAIL_SHARE * units(self.total)).max(TAIL_MIN) * f64::from(UNIT)) as u32
    }

    /// Finds both edges from the top.
    fn seek_edges(&mut self) {
        self.edges = [Edge { first: BINS as u8, count: 0 }; 2];
        self.adjust_edges();
    }

    /// Restores each edge's meaning after counts were added or the total grew. Bin 0 is never part of the tail.
    #[inline]
    fn adjust_edges(&mut self) {
        let need = self.need();
        for (counts, edge) in self.counts.iter().zip(&mut self.edges) {
            while edge.count < need && edge.first > 1 {
                edge.first -= 1;
                edge.count += u32::from(counts[usize::from(edge.first)]);
            }
            while usize::from(edge.first) < BINS {
                let without = edge.count - u32::from(counts[usize::from(edge.first)]);
                if without < need {
                    break;
                }
                edge.count = without;
                edge.first += 1;
            }
        }
    }

    /// Count of the side's bins above `bin`.
    #[inline]
    fn above(&self, side: usize, bin: usize) -> u32 {
        let Edge { first, count } = self.edges[side];
        let first = usize::from(first);
        if bin < first {
            count + sum(&self.counts[side][bin + 1..first])
        } else {
            sum(&self.counts[side][bin + 1..])
        }
    }

    /// The rank of a bin below the tail.
    #[inline]
    fn rank_p(&self, side: usize, bin: usize) -> f64 {
        let beyond = units(self.above(side, bin)) + 0.5 * units(u32::from(self.counts[side][bin]));
        (beyond + 0.5) / (units(self.total) + 1.0)
    }

    /// The fitted tail at a deviation beyond its edge.
    #[inline]
    fn tail_p(&self, side: usize, base: i32, y: f64) -> f64 {
        let Edge { first, count } = self.edges[side];
        let ln_first = quarter::ln_edge(base + i32::from(first));
        let mut excess = 0.0;
        for (j, &c) in self.counts[side].iter().enumerate().skip(usize::from(first)) {
            if c > 0 {
                excess += units(u32::from(c)) * (quarter::ln_mid(base + j as i32) - ln_first);
            }
        }
        let in_tail = units(count);
        let xi = (excess + PRIOR_WEIGHT * PRIOR_XI) / (in_tail + PRIOR_WEIGHT);
        let beyond = (math::ln(y) - ln_first).max(0.0);
        ((in_tail + 0.5) / (units(self.total) + 1.0) * math::exp(-beyond / xi)).max(1e-300)
    }

    fn count(&mut self, side: usize, bin: usize) {
        let before = self.counts[side][bin];
        let after = before.saturating_add(UNIT as u16);
        self.counts[side][bin] = after;
        if bin >= usize::from(self.edges[side].first) {
            self.edges[side].count += u32::from(after - before);
        }
        self.total += UNIT;
        if self.total > HORIZON * UNIT {
            self.halve();
        } else {
            self.adjust_edges();
        }
    }

    fn halve(&mut self) {
        self.total = 0;
        for counts in &mut self.counts {
            for c in counts.iter_mut() {
                *c >>= 1;
                self.total += u32::from(*c);
            }
        }
        self.seek_edges();
    }
}

/// The edges are not saved; they follow from the counts.
#[derive(Serialize, Deserialize)]
struct Saved {
    counts: [Counts<BINS>; 2],
    base: Option<i16>,
    total: u32,
    n: u32,
    centre: f64,
}

impl From<Tail> for Saved {
    fn from(t: Tail) -> Self {
        Saved { counts: t.counts, base: t.base, total: t.total, n: t.n, centre: t.centre }
    }
}

impl From<Saved> for Tail {
    fn from(s: Saved) -> Self {
        let mut tail = Tail {
            counts: s.counts,
            // Quarter-octaves of finite numbers lie well within; a damaged one must not overflow.
            base: s.base.map(|b| b.clamp(-8192, 8192)),
            total: s.total.min(HORIZON * UNIT),
            n: s.n,
            centre: if s.centre.is_finite() { s.centre } else { 0.0 },
            ..Tail::default()
        };
        tail.seek_edges();
        tail
    }
}
