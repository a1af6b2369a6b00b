//! The tail against the formula read aloud, its calibration, and what a damaged one does.

use super::*;

/// Scores, then learns.
fn step(tail: &mut Tail, u: f64) -> f64 {
    let score = tail.score(u, 0.0);
    tail.learn(u, 0.0);
    score
}
use proptest::prelude::*;

/// The same tail with every count and edge sought from scratch, as the formula is written.
fn naive_score(t: &Tail, u: f64) -> f64 {
    if t.n < WARMUP {
        return 0.0;
    }
    let (side, y) = t.deviation(u);
    let base = i32::from(t.base.unwrap_or(0));
    let bin = if y <= 0.0 { 0 } else { (quarter::of(y) - base).max(0) as usize };
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
        let e = quarter::ln_edge(base + k as i32 + 1);
        let s: f64 = (k + 1..BINS).map(|j| f64::from(h[j]) / 8.0 * (quarter::ln_mid(base + j as i32) - e)).sum();
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
            let fits = tail.base.is_some_and(|b| quarter::of((u - tail.centre).abs()) < i32::from(b) + BINS as i32);
            let want = naive_score(&tail, u);
            let got = step(&mut tail, u);
            prop_assert!(!fits || (got - want).abs() < 1e-9, "{} against {} at {}", got, want, i);
        }
    }

    #[test]
    fn never_panics(values in prop::collection::vec(-1e100f64..1e100, 1..200), exps in prop::collection::vec(-300i32..100, 200)) {
        let mut tail = Tail::default();
        for (v, e) in values.iter().zip(&exps) {
            let u = v / 1e100 * 10f64.powi(*e);
            let s = step(&mut tail, u);
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
        let s = step(&mut tail, gaussian(&mut state));
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
        step(&mut tail, 100.0 + gaussian(&mut state));
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
        assert!(step(&mut tail, 3.0) <= 0.0);
    }
    assert_eq!(tail.band(0.01), TailBand { centre: 3.0, low: 3.0, high: 3.0 });
    assert!(step(&mut tail, 4.0) > 2.0);
}

#[test]
fn survives_a_save_and_a_damaged_one() {
    let mut state = 1;
    let mut tail = Tail::default();
    for _ in 0..9000 {
        step(&mut tail, gaussian(&mut state));
    }
    let bytes = postcard::to_allocvec(&tail).unwrap();
    let mut back: Tail = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(back, tail);
    assert_eq!(step(&mut back, 2.5).to_bits(), step(&mut tail, 2.5).to_bits());
    for at in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[at] ^= 0x5a;
        if let Ok(mut t) = postcard::from_bytes::<Tail>(&bad) {
            assert!(!step(&mut t, 1e30).is_nan());
            t.band(0.01);
        }
    }
}
