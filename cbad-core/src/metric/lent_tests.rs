//! Streams without a past of their own, among others that have one.

use super::prior::{add, Pool};
use super::tests::{noise, observe, point, window};
use super::MetricStream;
use crate::{Detector, Params, Point, StreamState, Verdict};

const SERIES: u64 = 4;
/// Windows between two rounds of sharing.
const ROUND: u64 = 10;

/// The same metric in series of any size, whose noise now and then is three times as large.
fn points(i: u64, state: &mut u64) -> Vec<Point> {
    let mut value = |f: u64| {
        let wild = if noise(state) > 1.5 { 3.0 } else { 1.0 };
        10f64.powi(f as i32) * (20.0 + wild * noise(state))
    };
    (1..=SERIES).map(|f| Point { metric: 77, ..point(i, f, value(f)) }).collect()
}

/// What eight streams showed in 300 windows.
fn pool() -> Vec<u8> {
    let mut pool = Vec::new();
    for seed in 0..8 {
        let (mut stream, mut state) = (MetricStream::new(Params::default()), seed);
        for i in 0..300 {
            observe(&mut stream, &points(i, &mut state));
            stream.close(&window(i));
        }
        pool = add(&Pool::new(&pool).unwrap(), &stream.share(), 10).unwrap().0;
    }
    pool
}

/// A new stream's verdicts, with what the pool lends it.
fn young(pool: &[u8], seed: u64, windows: u64, change: impl Fn(u64, &mut Vec<Point>)) -> Vec<Verdict> {
    let (mut stream, mut state) = (MetricStream::new(Params::default()), seed);
    (0..windows)
        .map(|i| {
            let mut points = points(i, &mut state);
            change(i, &mut points);
            observe(&mut stream, &points);
            let v = stream.close(&window(i));
            if i % ROUND == ROUND - 1 {
                stream.share();
                stream.lend(&Pool::new(pool).unwrap());
            }
            v
        })
        .collect()
}

#[test]
fn a_new_stream_speaks_early() {
    let jump = |i: u64, points: &mut Vec<Point>| {
        if i == 100 {
            points.iter_mut().for_each(|p| p.value *= 2.0);
        }
    };
    let (pool, none) = (pool(), Vec::new());
    let alone = young(&none, 100, 101, jump);
    assert!(alone.iter().all(|v| v.p == 1.0), "without a past of its own or of others");
    let lent = young(&pool, 100, 101, jump);
    assert_eq!(lent[40].state, StreamState::Warming { seen: 30, needed: 50 });
    assert_eq!(lent[100].state, StreamState::Ready);
    assert!(lent[100].p < 1e-4, "{}", lent[100].p);
    assert_eq!(lent[100].items.len(), SERIES as usize);
    let sum: f64 = lent[100].items.iter().map(|i| i.bits).sum();
    assert!((sum - lent[100].bits).abs() < 1e-9 && sum <= 2.0 * SERIES as f64 * std::f64::consts::LOG2_10, "{sum}");
}

#[test]
fn what_is_said_early_is_calibrated() {
    let pool = pool();
    let (mut hits, mut n) = ([0u32; 2], 0);
    for seed in 200..300 {
        for v in &young(&pool, seed, 150, |_, _| {})[60..] {
            hits[0] += u32::from(v.p <= 0.1);
            hits[1] += u32::from(v.p <= 0.01);
            n += 1;
        }
    }
    let rate = hits.map(|h| f64::from(h) / f64::from(n));
    assert!((0.05..0.15).contains(&rate[0]) && (0.004..0.016).contains(&rate[1]), "{rate:?}");
}

#[test]
fn with_a_past_of_its_own_a_stream_is_what_it_is_without_others() {
    let pool = pool();
    let (with, without) = (young(&pool, 7, 400, |_, _| {}), young(&[], 7, 400, |_, _| {}));
    for i in 150..400 {
        assert_eq!(
            (with[i].p.to_bits(), &with[i].channels),
            (without[i].p.to_bits(), &without[i].channels),
            "window {i}"
        );
    }
}

#[test]
fn a_new_series_of_an_old_stream_speaks_early() {
    let new = |i: u64, points: &mut Vec<Point>| {
        if i >= 600 {
            let value = if i == 640 { 90.0 } else { 30.0 + (i % 7) as f64 };
            points.push(Point { metric: 77, ..point(i, 9, value) });
        }
    };
    let item = |pool: &[u8]| young(pool, 3, 641, new)[640].items.iter().any(|i| i.id == 9);
    assert_eq!((item(&pool()), item(&[])), (true, false));
}
