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

/// Quarter-octave of a positive number: its exponent and the top two bits of its fraction.
#[inline]
fn quarter_octave(y: f64) -> i32 {
    (y.to_bits() >> 50) as i32 - 4 * 1023
}

/// Natural logarithm of a quarter-octave's lower edge.
#[inline]
fn ln_edge(q: i32) -> f64 {
    /// `ln(1 + m/4)`.
    const LN_QUARTER: [f64; 4] = [0.0, 0.223_143_551_314_209_76, 0.405_465_108_108_164_4, 0.559_615_787_935_422_7];
    f64::from(q.div_euclid(4)) * std::f64::consts::LN_2 + LN_QUARTER[q.rem_euclid(4) as usize]
}

#[inline]
fn ln_mid(q: i32) -> f64 {
    0.5 * (ln_edge(q) + ln_edge(q + 1))
}

/// Lower edge of a quarter-octave.
fn edge(q: i32) -> f64 {
    math::exp2(f64::from(q.div_euclid(4))) * (1.0 + 0.25 * f64::from(q.rem_euclid(4)))
}

#[inline]
fn units(count: u32) -> f64 {
    f64::from(count) / f64::from(UNIT)
}

#[inline]
fn sum(counts: &[u16]) -> u32 {
    counts.iter().map(|&c| u32::from(c)).sum()
}

impl Tail {
    /// Decades `−log10(2p)` of `u`'s two-sided tail against the past (0 while warming up), then learns `u`.
    ///
    /// `p` is that of the side `u` lies on, hence the factor two; a value at the centre scores about 0.
    ///
    /// Deviations up to `resolution` count as none: they are rounding, not data.
    pub fn step(&mut self, u: f64, resolution: f64) -> f64 {
        if self.n == 0 {
            self.centre = u;
        }
        let (side, y) = self.deviation(u);
        let bin = if y <= resolution { 0 } else { self.place(y) };
        let score = if self.n >= WARMUP { -math::log10(self.p(side, bin, y)) - std::f64::consts::LOG10_2 } else { 0.0 };
        self.learn(side, bin);
        self.n = self.n.saturating_add(1);
        self.centre += (1.0 / f64::from(self.n)).max(1.0 / f64::from(HORIZON)) * (u - self.centre);
        score
    }

    /// Share of the past below `u`, in (0, 1); ½ before the first observation.
    pub fn rank(&self, u: f64, resolution: f64) -> f64 {
        if self.total == 0 {
            return 0.5;
        }
        let (side, y) = self.deviation(u);
        let bin = match self.base {
            Some(base) if y > resolution => (quarter_octave(y) - i32::from(base)).clamp(0, BINS as i32 - 1) as usize,
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
                edge(i32::from(base) + bin as i32)
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
        let q = quarter_octave(y);
        let base = i32::from(*self.base.get_or_insert((q - BINS as i32 + HEADROOM) as i16));
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

    #[inline]
    fn p(&self, side: usize, bin: usize, y: f64) -> f64 {
        let n = units(self.total);
        let Edge { first, count } = self.edges[side];
        if bin < usize::from(first) {
            let beyond = units(self.above(side, bin)) + 0.5 * units(u32::from(self.counts[side][bin]));
            return (beyond + 0.5) / (n + 1.0);
        }
        let base = i32::from(self.base.unwrap_or(0));
        let ln_first = ln_edge(base + i32::from(first));
        let mut excess = 0.0;
        for (j, &c) in self.counts[side].iter().enumerate().skip(usize::from(first)) {
            if c > 0 {
                excess += units(u32::from(c)) * (ln_mid(base + j as i32) - ln_first);
            }
        }
        let in_tail = units(count);
        let xi = (excess + PRIOR_WEIGHT * PRIOR_XI) / (in_tail + PRIOR_WEIGHT);
        let beyond = (math::ln(y) - ln_first).max(0.0);
        ((in_tail + 0.5) / (n + 1.0) * math::exp(-beyond / xi)).max(1e-300)
    }

    fn learn(&mut self, side: usize, bin: usize) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same tail with every count and edge sought from scratch, as the formula is written.
    fn naive_score(t: &Tail, u: f64) -> f64 {
        if t.n < WARMUP {
            return 0.0;
        }
        let (side, y) = t.deviation(u);
        let base = i32::from(t.base.unwrap_or(0));
        let bin = if y <= 0.0 { 0 } else { (quarter_octave(y) - base).max(0) as usize };
        let h = &t.counts[side];
        let n = f64::from(t.total) / 8.0;
        let need = ((0.005 * n).max(8.0) * 8.0) as u32;
        let (mut k, mut c) = (BINS - 1, 0);
        while k > 0 && c < need {
            c += u32::from(h[k]);
            k -= 1;
        }
        let p = if bin <= k {
            let above: u32 = h[bin + 1..].iter().map(|&v| u32::from(v)).sum();
            (f64::from(above) / 8.0 + f64::from(h[bin]) / 16.0 + 0.5) / (n + 1.0)
        } else {
            let e = ln_edge(base + k as i32 + 1);
            let s: f64 = (k + 1..BINS).map(|j| f64::from(h[j]) / 8.0 * (ln_mid(base + j as i32) - e)).sum();
            let cf = f64::from(c) / 8.0;
            (cf + 0.5) / (n + 1.0) * (-(y.ln() - e).max(0.0) / ((s + 3.0) / (cf + 10.0))).exp()
        };
        -p.log10() - 2f64.log10()
    }

    fn gaussian(state: &mut u64) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            sum += (*state >> 11) as f64 / (1u64 << 53) as f64;
        }
        sum
    }

    proptest! {
        #[test]
        fn matches_the_naive_search(seed in any::<u64>(), scale in -200i32..200, heavy in any::<bool>()) {
            let mut tail = Tail::default();
            let mut state = seed;
            let scale = 2f64.powi(scale);
            for i in 0..3000 {
                let g = gaussian(&mut state);
                let u = scale * if heavy { g * g * g } else { g } * if i % 977 == 976 { 1e4 } else { 1.0 };
                // Values above the histogram's top are placed after it moved, which the naive form does not do.
                let fits = tail.base.is_some_and(|b| quarter_octave((u - tail.centre).abs()) < i32::from(b) + BINS as i32);
                let want = naive_score(&tail, u);
                let got = tail.step(u, 0.0);
                prop_assert!(!fits || (got - want).abs() < 1e-9, "{} against {} at {}", got, want, i);
            }
        }

        #[test]
        fn never_panics(values in prop::collection::vec(-1e100f64..1e100, 1..200), exps in prop::collection::vec(-300i32..100, 200)) {
            let mut tail = Tail::default();
            for (v, e) in values.iter().zip(&exps) {
                let u = v / 1e100 * 10f64.powi(*e);
                let s = tail.step(u, 0.0);
                prop_assert!(s.is_finite());
                let r = tail.rank(u, 0.0);
                prop_assert!(r > 0.0 && r < 1.0);
            }
        }
    }

    /// A light tail falls faster than the prior power, so beyond the rank the score errs on the quiet side.
    #[test]
    fn light_tails_score_at_most_what_they_should() {
        let mut state = 5;
        let mut tail = Tail::default();
        let (mut at2, mut at3) = (0, 0);
        let n = 200_000;
        for _ in 0..n {
            let s = tail.step(gaussian(&mut state), 0.0);
            at2 += u32::from(s >= 2.0);
            at3 += u32::from(s >= 3.0);
        }
        let (r2, r3) = (f64::from(at2) / f64::from(n), f64::from(at3) / f64::from(n));
        assert!((0.006..0.013).contains(&r2), "{r2}");
        assert!((0.00005..0.0011).contains(&r3), "{r3}");
    }

    #[test]
    fn the_band_holds_its_share() {
        let mut state = 11;
        let mut tail = Tail::default();
        for _ in 0..8000 {
            tail.step(100.0 + gaussian(&mut state), 0.0);
        }
        let band = tail.band(0.01);
        assert!((99.8..100.2).contains(&band.centre), "{band:?}");
        assert!((102.0..103.6).contains(&band.high), "{band:?}");
        assert!((96.4..98.0).contains(&band.low), "{band:?}");
    }

    #[test]
    fn a_constant_past_ranks_and_a_jump_scores() {
        let mut tail = Tail::default();
        for _ in 0..500 {
            assert!(tail.step(3.0, 0.0) <= 0.0);
        }
        assert_eq!(tail.band(0.01), TailBand { centre: 3.0, low: 3.0, high: 3.0 });
        assert!(tail.step(4.0, 0.0) > 2.0);
    }

    #[test]
    fn survives_a_save_and_a_damaged_one() {
        let mut state = 1;
        let mut tail = Tail::default();
        for _ in 0..9000 {
            tail.step(gaussian(&mut state), 0.0);
        }
        let bytes = postcard::to_allocvec(&tail).unwrap();
        let mut back: Tail = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(back, tail);
        assert_eq!(back.step(2.5, 0.0).to_bits(), tail.step(2.5, 0.0).to_bits());
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x5a;
            if let Ok(mut t) = postcard::from_bytes::<Tail>(&bad) {
                assert!(!t.step(1e30, 0.0).is_nan());
                t.band(0.01);
            }
        }
    }
}
