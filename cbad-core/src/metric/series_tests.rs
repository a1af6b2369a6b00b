//! The detector of one series: what stands out, how often by chance, what it costs.

use proptest::prelude::*;

use super::Series;

const MINUTE: u64 = 60_000_000_000;

fn gaussian(state: &mut u64) -> f64 {
    let mut sum = -6.0;
    for _ in 0..12 {
        *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        sum += (*state >> 11) as f64 / (1u64 << 53) as f64;
    }
    sum
}

#[test]
fn a_spike_a_shift_and_a_lost_rhythm_stand_out() {
    let run = |change: fn(u64, f64) -> f64| {
        let (mut series, mut state) = (Series::default(), 9);
        let mut before = 0.0f64;
        for i in 0..6000u64 {
            let x = 50.0 + gaussian(&mut state) + 10.0 * f64::from(u8::from(i % 8 < 4));
            let s = series.step(i * MINUTE, x, f64::INFINITY, None).severity;
            if i > 500 {
                before = before.max(s);
            }
        }
        let mut after = 0.0f64;
        for i in 6000..6040u64 {
            let x = 50.0 + gaussian(&mut state) + 10.0 * f64::from(u8::from(i % 8 < 4));
            after = after.max(series.step(i * MINUTE, change(i, x), f64::INFINITY, None).severity);
        }
        (before, after)
    };
    let (before, after) = run(|i, x| if i == 6010 { x + 40.0 } else { x });
    assert!(after > before && after > 4.5, "spike {after}, before {before}");
    let (before, after) = run(|_, x| x + 30.0);
    assert!(after > before && after > 4.5, "shift {after}, before {before}");
    let (_, after) = run(|_, _| 55.0);
    assert!(after > 3.0, "lost rhythm {after}");
    let (_, after) = run(|_, x| x);
    assert!(after < 4.5, "nothing happened {after}");
}

#[test]
fn p_is_calibrated_on_noise() {
    let mut hits = [0u32; 2];
    let mut n = 0;
    for seed in 0..10 {
        let (mut series, mut state) = (Series::default(), seed);
        for i in 0..20_000 {
            let step = series.step(i * MINUTE, gaussian(&mut state), f64::INFINITY, None);
            hits[0] += u32::from(step.p <= 1e-2);
            hits[1] += u32::from(step.p <= 1e-3);
            n += 1;
        }
    }
    let rate = hits.map(|h| f64::from(h) / f64::from(n));
    assert!((0.006..0.015).contains(&rate[0]), "{rate:?}");
    assert!((0.0003..0.002).contains(&rate[1]), "{rate:?}");
}

proptest! {
    #[test]
    fn any_finite_values_give_finite_steps(values in prop::collection::vec(any::<f64>(), 1..300), start in any::<u64>()) {
        let mut series = Series::default();
        for (i, v) in values.iter().filter(|v| v.is_finite()).enumerate() {
            let step = series.step(start.wrapping_add(i as u64 * MINUTE), *v, 3.3, None);
            prop_assert!(step.severity.is_finite() && step.p > 0.0 && step.p <= 1.0, "{:?}", step);
            let e = series.expectation(&step);
            prop_assert!(e.expected.is_finite() && e.band.0 <= e.band.1);
        }
    }

    /// Units do not matter: a value in another unit (a power of two keeps rounding out) says the same.
    #[test]
    fn scale_does_not_matter(seed in any::<u64>(), exponent in -60i32..60) {
        let scale = 2f64.powi(exponent);
        let (mut a, mut b, mut state) = (Series::default(), Series::default(), seed);
        for i in 0..400 {
            let x = gaussian(&mut state);
            let (a, b) = (a.step(i * MINUTE, x, 3.3, None), b.step(i * MINUTE, x * scale, 3.3, None));
            prop_assert!((a.severity - b.severity).abs() < 1e-6, "{} {} at {}", a.severity, b.severity, i);
        }
    }
}

#[test]
fn a_save_changes_nothing() {
    let (mut series, mut state) = (Series::default(), 4);
    for i in 0..1000 {
        series.step(i * MINUTE, gaussian(&mut state), 3.0, None);
    }
    let bytes = postcard::to_allocvec(&series).unwrap();
    let mut back: Series = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(back, series);
    for i in 1000..1500 {
        let x = gaussian(&mut state);
        assert_eq!(back.step(i * MINUTE, x, 3.0, None), series.step(i * MINUTE, x, 3.0, None));
    }
}

/// In memory with points that wait, and as it is saved.
#[test]
fn a_series_fits_its_budget() {
    let (mut series, mut state) = (Series::default(), 4);
    for i in 0..20_000 {
        series.step(i * MINUTE, 1e9 * gaussian(&mut state), 3.0, None);
        series.close_window(5);
    }
    let idle = series.memory();
    for i in 20_000..20_300 {
        series.step(i * MINUTE, 1e12 * i as f64, 3.0, None);
    }
    assert!(series.memory() > idle && series.memory() <= 8 * 1024, "{} bytes, idle {idle}", series.memory());
    let saved = postcard::to_allocvec(&series).unwrap().len();
    assert!(saved <= 8 * 1024, "{saved} bytes saved");
}

fn noisy(n: u64, state: &mut u64) -> Series {
    let mut series = Series::default();
    for i in 0..n {
        series.step(i * MINUTE, 100.0 + 5.0 * gaussian(state), f64::INFINITY, None);
        series.close_window(5);
    }
    series
}

#[test]
fn ten_times_its_value_stays_odd_until_it_is_the_new_normal() {
    let mut state = 21;
    let mut series = noisy(3000, &mut state);
    let mut at = |series: &mut Series, i: u64, x: f64| {
        let step = series.step(i * MINUTE, x + 5.0 * gaussian(&mut state), f64::INFINITY, None);
        series.close_window(5);
        step.decades
    };
    for i in 3000..3005 {
        let decades = at(&mut series, i, 1000.0);
        assert!(decades > 5.0, "{decades} in window {i}");
    }
    for i in 3005..3030 {
        at(&mut series, i, 1000.0);
    }
    let later = at(&mut series, 3030, 1000.0);
    assert!(later < 2.5, "adopted, yet {later}");
}

#[test]
fn an_excursion_that_ended_does_not_hide_the_next() {
    let mut state = 22;
    let mut series = noisy(3000, &mut state);
    for i in 3000..3003 {
        series.step(i * MINUTE, 1000.0, f64::INFINITY, None);
        series.close_window(5);
    }
    for i in 3003..4000 {
        series.step(i * MINUTE, 100.0 + 5.0 * gaussian(&mut state), f64::INFINITY, None);
        series.close_window(5);
    }
    let again = series.step(4000 * MINUTE, 1000.0, f64::INFINITY, None);
    assert!(again.decades > 2.5, "{again:?}");
    let e = series.expectation(&again);
    assert!(e.band.1 < 300.0, "what was rare does not widen the band: {e:?}");
}

/// A shift of less than one standard deviation is within the noise of every point, and stands out as a level.
#[test]
fn a_slow_drift_is_seen_where_no_point_is_odd() {
    let run = |per_point: f64| {
        let mut state = 23;
        let mut series = noisy(6000, &mut state);
        let (mut points, mut drift) = (0.0f64, 0.0f64);
        for i in 6000..6400u64 {
            let x = 100.0 + per_point * (i - 6000) as f64 + 5.0 * gaussian(&mut state);
            let step = series.step(i * MINUTE, x, f64::INFINITY, None);
            series.close_window(5);
            points = points.max(step.decades);
            drift = drift.max(step.drift);
        }
        (points, drift, series)
    };
    let (points, drift, series) = run(0.02);
    assert!(drift > 3.0 && drift > points, "drift {drift}, points {points}");
    let (observed, e) = series.drift_expectation();
    assert!(observed > 107.0 && e.expected < 104.0, "the reference stays behind: {observed} {e:?}");
    let (_, drift, _) = run(0.0);
    assert!(drift < 3.0, "no drift, yet {drift}");
}

#[test]
fn drift_is_calibrated_by_the_past_excursions_of_the_series() {
    let (mut hits, mut n) = (0u32, 0u32);
    for seed in 0..12 {
        let (mut series, mut state, mut x) = (Series::default(), seed, 0.0);
        for i in 0..12_000 {
            x += gaussian(&mut state);
            let drift = series.step(i * MINUTE, x, f64::INFINITY, None).drift;
            series.close_window(5);
            if i >= 4000 {
                hits += u32::from(drift >= 2.0);
                n += 1;
            }
        }
    }
    let rate = f64::from(hits) / f64::from(n);
    assert!(rate < 0.03, "a walk drifts all the time: {rate}");
}

#[test]
fn what_was_never_negative_is_not_expected_to_be() {
    let (mut series, mut state) = (Series::default(), 7);
    let mut last = None;
    for i in 0..2000 {
        last = Some(series.step(i * MINUTE, gaussian(&mut state).exp().powi(3), f64::INFINITY, None));
    }
    let e = series.expectation(&last.unwrap());
    assert!(e.band.0 >= 0.0 && e.band.1 > e.expected, "{e:?}");
    let (_, e) = series.drift_expectation();
    assert!(e.band.0 >= 0.0, "{e:?}");
}

/// One move of a series that rests is as rare as its past is long, whatever a fitted tail would say.
#[test]
fn a_resting_series_proves_no_more_than_its_length() {
    let mut series = Series::default();
    for i in 0..1000 {
        series.step(i * MINUTE, 0.0, f64::INFINITY, None);
    }
    let step = series.step(1000 * MINUTE, 1.0, f64::INFINITY, None);
    assert!(step.p > 1.0 / 4000.0 && step.p < 2e-3, "{step:?}");
    assert!(step.decades < 3.6, "{step:?}");
}
