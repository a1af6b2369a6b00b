//! The stream as its caller sees it.

use proptest::prelude::*;

use super::MetricStream;
use crate::{Batch, ChannelKind, Detector, Params, Point, StreamState, Verdict, Window};

const MINUTE: u64 = 60_000_000_000;

fn encode(points: &[Point]) -> (Vec<u8>, Vec<u32>) {
    let (mut bytes, mut offsets) = (Vec::new(), vec![0]);
    for p in points {
        for v in [p.time_ns, p.family, p.instance, p.value.to_bits(), p.tag, p.kin, p.metric] {
            bytes.extend_from_slice(&v.to_le_bytes());
        }
        offsets.push(bytes.len() as u32);
    }
    (bytes, offsets)
}

pub(super) fn observe(stream: &mut MetricStream, points: &[Point]) {
    let (bytes, offsets) = encode(points);
    stream.observe(&Batch::new(&bytes, &offsets).unwrap()).unwrap();
}

pub(super) fn window(i: u64) -> Window {
    Window { start_ns: i * MINUTE, end_ns: (i + 1) * MINUTE, ..Window::default() }
}

pub(super) fn point(i: u64, family: u64, value: f64) -> Point {
    Point { time_ns: i * MINUTE, family, instance: 1, value, tag: family, kin: family, metric: family }
}

pub(super) fn noise(state: &mut u64) -> f64 {
    let mut sum = -6.0;
    for _ in 0..12 {
        *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        sum += (*state >> 11) as f64 / (1u64 << 53) as f64;
    }
    sum
}

/// Closes `windows` of `families` noisy series.
fn run(stream: &mut MetricStream, windows: std::ops::Range<u64>, families: u64, state: &mut u64) -> Vec<Verdict> {
    windows
        .map(|i| {
            let points: Vec<Point> = (1..=families).map(|f| point(i, f, 10.0 * f as f64 + noise(state))).collect();
            observe(stream, &points);
            stream.close(&window(i))
        })
        .collect()
}

#[test]
fn an_odd_series_is_named_and_its_bits_add_up() {
    let (mut stream, mut state) = (MetricStream::new(Params::default()), 1);
    run(&mut stream, 0..3000, 6, &mut state);
    let mut points: Vec<Point> = (1..=6).map(|f| point(3000, f, 10.0 * f as f64)).collect();
    points[3].value += 60.0;
    points[1].value -= 25.0;
    observe(&mut stream, &points);
    let v = stream.close(&window(3000));
    assert!(v.p < 1e-4 && v.quarantined, "{v:?}");
    assert_eq!(v.state, StreamState::Ready);
    let item = &v.items[0];
    assert_eq!((item.id, item.context, item.observed), (4, 1, 100.0));
    let (low, high) = item.band.unwrap();
    assert!((39.0..41.0).contains(&item.expected) && low > 34.0 && high < 46.0, "{item:?}");
    assert_eq!(v.items[1].id, 2);
    let sum: f64 = v.items.iter().map(|i| i.bits).sum();
    assert!((sum - v.bits).abs() < 1e-9 && (v.bits - v.channels[0].statistic * 10f64.log2()).abs() < 1e-9);
    assert_eq!(v.points.len(), 6);
    assert!(v.points.iter().all(|p| p.tag == p.family && matches!(p.family, 2 | 4) == (p.p < 1e-3)), "{:?}", v.points);
}

#[test]
fn a_flagged_window_has_evidence_and_others_have_none() {
    let (mut stream, mut state) = (MetricStream::new(Params::default()), 8);
    let verdicts = run(&mut stream, 0..1500, 3, &mut state);
    assert_eq!(stream.evidence().is_some(), verdicts[1499].p <= 1e-2);
    let odd: Vec<Point> =
        (0..20).map(|s| Point { time_ns: 1500 * MINUTE + s, ..point(0, 2, 70.0 + s as f64) }).collect();
    observe(&mut stream, &odd);
    let v = stream.close(&window(1500));
    let e = stream.evidence().expect("flagged").clone();
    assert!(v.p < 1e-3 && e.items == v.items);
    assert_eq!(e.compression[0].codec, "zstd");
    assert_eq!(e.compression.len(), if cfg!(feature = "openzl") { 2 } else { 1 });
    assert!(e.compression.iter().all(|c| c.combined > 0 && c.window_raw > 0 && c.ncd > 0.0), "{e:?}");
    assert_eq!((e.permutations, e.permutation_p), (99, 0.01));
    assert!(e.entropy_baseline > 1.0 && e.entropy_window > 1.0);
    assert_eq!((e.baseline_sample.len(), e.window_sample.len(), e.score_history.len()), (16, 16, 64));
    assert_eq!(e.window_sample[15].text, format!("{}.000 89", 1500 * 60));
    let c = &e.courses[0];
    assert_eq!((c.id, c.bits, c.window as usize + 20), (v.items[0].id, v.items[0].bits, c.points.len()));
    assert!(c.points.windows(2).all(|p| p[0].0 <= p[1].0) && c.points[0].0 == 0.0, "{c:?}");
    assert_eq!(c.points.last().unwrap().1, 89.0);
    let &(_, expected, low, high) = c.expected.last().unwrap();
    assert!(low <= expected && expected <= high && high < 70.0, "{c:?}");
    assert!(c.points[..c.window as usize].iter().all(|p| p.1 < 70.0));
    assert_eq!((e.nulls.len(), e.nulls[0].observed), (1, v.channels[0].statistic));
    assert!(e.nulls[0].counts.iter().sum::<u64>() > 1000);
    // The quarantined window stays out of the sample that the next is compared with.
    observe(&mut stream, &[point(1501, 2, 500.0)]);
    stream.close(&window(1501));
    let next = stream.evidence().expect("flagged").clone();
    assert_eq!(next.baseline_sample, e.baseline_sample);
    stream.close(&window(1502));
    assert!(stream.evidence().is_none());
}

#[test]
fn service_p_is_calibrated() {
    let (mut hits, mut n) = ([0u32; 2], 0u32);
    for seed in 0..6 {
        let (mut stream, mut state) = (MetricStream::new(Params::default()), seed);
        for v in run(&mut stream, 0..8000, 5, &mut state) {
            hits[0] += u32::from(v.p <= 1e-2);
            hits[1] += u32::from(v.p <= 1e-3);
            n += 1;
        }
    }
    let rate = hits.map(|h| f64::from(h) / f64::from(n));
    assert!((0.005..0.015).contains(&rate[0]), "{rate:?}");
    assert!((0.0002..0.002).contains(&rate[1]), "{rate:?}");
}

#[test]
fn young_streams_and_changed_instances_accuse_nobody() {
    let (mut stream, mut state) = (MetricStream::new(Params::default()), 2);
    let verdicts = run(&mut stream, 0..149, 3, &mut state);
    assert!(verdicts.iter().all(|v| v.p == 1.0));
    // Series need 100 points before they can speak; the service ranks among the windows since.
    assert_eq!(verdicts[99].state, StreamState::Warming { seen: 0, needed: 50 });
    assert_eq!(verdicts[148].state, StreamState::Warming { seen: 49, needed: 50 });
    let next = run(&mut stream, 149..2000, 3, &mut state);
    assert_eq!(next[1].state, StreamState::Ready);
    for i in 2000..2040u64 {
        let shift = if i % 10 == 9 { 1e3 } else { 0.0 };
        observe(&mut stream, &[point(i, 1, 10.0 + shift), point(i, 2, 20.0), point(i, 3, 30.0)]);
        let v = stream.close(&Window { instance_changed: i == 2000, ..window(i) });
        assert!(i >= 2030 || v.p == 1.0, "window {i}: {}", v.p);
        assert!(shift == 0.0 || v.channels[0].statistic > 1.0, "learning goes on");
    }
}

#[test]
fn a_copy_of_a_series_counts_once() {
    let statistic = |copies: u64| {
        let (mut stream, mut state) = (MetricStream::new(Params::default()), 3);
        let mut last = None;
        for i in 0..1000u64 {
            let x = noise(&mut state) + if i == 999 { 50.0 } else { 0.0 };
            let points: Vec<Point> = (1..=1 + copies).map(|f| point(i, f, 7.0 + f as f64 * x)).collect();
            observe(&mut stream, &points);
            last = Some(stream.close(&window(i)));
        }
        last.unwrap().channels[0].statistic
    };
    let (one, five) = (statistic(0), statistic(4));
    assert!(one > 5.0 && five >= one && five < one + 1.5, "the oddest of five equals counts: {one} and {five}");
}

#[test]
fn unusable_and_too_many_points_are_counted() {
    let params = Params { max_records: 16, max_symbols: 16, ..Params::default() };
    let mut stream = MetricStream::new(params);
    let mut points: Vec<Point> = (0..20).map(|f| point(0, f, 1.0)).collect();
    points[2].value = f64::NAN;
    points[5].value = f64::INFINITY;
    observe(&mut stream, &points);
    let v = stream.close(&window(0));
    assert_eq!((v.records, v.records_over_cap, v.records_unusable), (20, 4, 2));
    assert_eq!((v.points.len(), stream.series()), (16, 14));
    assert!(v.points[2].value.is_nan() && v.points[2].p == 1.0 && !v.points[2].alert);

    // Only unusable points: no channel, no verdict, nothing learnt.
    observe(&mut stream, &points[2..3]);
    let v = stream.close(&window(1));
    assert!(v.channels.is_empty() && !v.learnt && v.records_unusable == 1);
}

#[test]
fn more_series_than_the_limit_are_turned_away_not_lost() {
    let mut stream = MetricStream::new(Params { max_symbols: 16, ..Params::default() });
    let points: Vec<Point> = (0..1000).map(|f| point(0, f, 1.0)).collect();
    observe(&mut stream, &points);
    let v = stream.close(&window(0));
    assert_eq!((v.records, v.records_over_cap, v.points.len()), (1000, 984, 1000));
    assert_eq!(stream.series(), 16);
    observe(&mut stream, &(5000..5010).map(|f| point(1, f, 1.0)).collect::<Vec<_>>());
    stream.close(&window(1));
    // Ten gave way, and their metrics were not noted; in two windows there were more families than are compared.
    assert_eq!((stream.series(), stream.evicted()), (16, 22));
    assert!(stream.memory() < 1 << 20);
}

#[test]
fn windows_without_points_change_nothing_but_are_silence() {
    let make = |gap: bool| {
        let (mut stream, mut state) = (MetricStream::new(Params { adopt_after: 5, ..Params::default() }), 4);
        run(&mut stream, 0..500, 2, &mut state);
        if gap {
            for i in 500..600 {
                let v = stream.close(&window(i));
                let silent = v.channels.iter().any(|c| c.kind == ChannelKind::MetricVolume);
                assert_eq!((silent, v.channels.len() as u64), (v.p < 1.0, u64::from(silent)));
                assert_eq!(silent, (501..506).contains(&i), "said from the second on, adopted in the fifth");
            }
        }
        observe(&mut stream, &[point(700, 1, 30.0), point(700, 2, 20.0)]);
        stream.close(&window(700))
    };
    assert_eq!(make(false), make(true));
}

#[test]
fn incomplete_windows_do_not_move_the_service_history() {
    let (mut stream, mut state) = (MetricStream::new(Params::default()), 5);
    run(&mut stream, 0..300, 2, &mut state);
    observe(&mut stream, &[point(300, 1, 900.0)]);
    let v = stream.close(&Window { incomplete: true, ..window(300) });
    assert!(!v.learnt);
    let floor = v.p_floor;
    observe(&mut stream, &[point(301, 1, 10.0)]);
    assert_eq!(stream.close(&window(301)).p_floor, floor);
}

#[test]
fn alerts_are_latched_at_the_level() {
    let params = Params { metric_level: 4.0, ..Params::default() };
    let (mut stream, mut state) = (MetricStream::new(params), 6);
    run(&mut stream, 0..2000, 1, &mut state);
    let alerts: Vec<bool> = (2000..2010)
        .map(|i| {
            observe(&mut stream, &[point(i, 1, 200.0)]);
            stream.close(&window(i)).points[0].alert
        })
        .collect();
    assert!(alerts[0] && alerts[3..].iter().all(|a| !a), "{alerts:?}");
}

#[test]
fn one_point_of_many_proves_less_than_all_of_them() {
    use super::stream::simes;
    assert_eq!(simes(&mut [3.0]), 3.0);
    assert!((simes(&mut [0.0, 3.0, 0.1, 0.2]) - (3.0 - 4f64.log10())).abs() < 1e-12);
    assert_eq!(simes(&mut [3.0; 4]), 3.0);
    assert_eq!(simes(&mut []), 0.0);
}

/// A window that has just begun is not odder than a full one: of either, one in a hundred is at p ≤ 1e-2.
#[test]
fn a_window_with_few_points_is_judged_as_one_with_many() {
    let (mut hits, mut n) = (0, 0);
    for seed in 0..4 {
        let (mut stream, mut state) = (MetricStream::new(Params::default()), seed);
        for i in 0..4000u64 {
            let each = if i % 10 == 9 { 1 } else { 4 };
            let points: Vec<Point> = (0..5 * each)
                .map(|k| Point { time_ns: i * MINUTE + k, ..point(i, k % 5, 10.0 + noise(&mut state)) })
                .collect();
            observe(&mut stream, &points);
            let v = stream.close(&window(i));
            if each == 1 && i > 500 {
                hits += u32::from(v.p <= 1e-2);
                n += 1;
            }
        }
    }
    let rate = f64::from(hits) / f64::from(n);
    assert!(rate < 0.025, "{rate} of the windows with one point a series");
}

#[test]
fn an_incident_stays_odd_for_some_windows() {
    let (mut stream, mut state) = (MetricStream::new(Params::default()), 12);
    run(&mut stream, 0..2000, 6, &mut state);
    for i in 2000..2004u64 {
        let points: Vec<Point> = (1..=6)
            .map(|f| point(i, f, 10.0 * f as f64 * if f == 3 { 10.0 } else { 1.0 } + noise(&mut state)))
            .collect();
        observe(&mut stream, &points);
        let v = stream.close(&window(i));
        assert!(v.p < 1e-3 && v.items[0].id == 3, "window {i}: {}", v.p);
    }
}

#[test]
fn a_malformed_batch_is_refused_as_a_whole() {
    let mut stream = MetricStream::new(Params::default());
    let (mut bytes, mut offsets) = encode(&[point(0, 1, 1.0)]);
    bytes.push(0);
    offsets.push(bytes.len() as u32);
    assert!(stream.observe(&Batch::new(&bytes, &offsets).unwrap()).is_err());
    assert_eq!(stream.close(&window(0)).records, 0);
}

#[test]
fn what_tells_of_the_same_values_counts_once() {
    // Six series of three families: what each window says of the middle and of the slow end is drawn apart, so nothing
    // but their kin shows that they are two views of one thing.
    let odd = |kin: fn(u64) -> u64| {
        let (mut stream, mut state) = (MetricStream::new(Params::default()), 4);
        let mut points = |i: u64, more: f64| -> Vec<Point> {
            let of = |f| Point { kin: kin(f), ..point(i, f, 10.0 * f as f64 + noise(&mut state) + more) };
            (1..=6).map(of).collect()
        };
        for i in 0..1500 {
            observe(&mut stream, &points(i, 0.0));
            stream.close(&window(i));
        }
        observe(&mut stream, &points(1500, 12.0));
        stream.close(&window(1500))
    };
    let (alone, kin) = (odd(|f| f), odd(|f| (f - 1) / 2 * 2 + 1));
    assert_eq!((alone.items.len(), kin.items.len()), (6, 3), "{:?}", kin.items);
    assert!(kin.bits < 0.6 * alone.bits, "{} of {}", kin.bits, alone.bits);
    assert!(kin.p < 1e-3, "{}", kin.p);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn arrival_order_and_saves_change_nothing(
        values in prop::collection::vec((0u64..4, 0u64..3, 0u64..5, -3i32..3), 40..120), shuffle in any::<u64>())
    {
        let points: Vec<Point> = values.iter().enumerate().map(|(i, &(family, instance, second, v))| Point {
            time_ns: (i as u64 / 20) * MINUTE + second, family, instance, value: f64::from(v), tag: i as u64, kin: family / 2, metric: family / 2,
        }).collect();
        let (mut a, mut b) = (MetricStream::new(Params::default()), MetricStream::new(Params::default()));
        let mut state = shuffle;
        for (i, chunk) in points.chunks(20).enumerate() {
            observe(&mut a, chunk);
            let mut mixed = chunk.to_vec();
            mixed.sort_by_key(|p| { state = state.wrapping_mul(6364136223846793005).wrapping_add(p.tag); state >> 20 });
            for part in mixed.chunks(7) { observe(&mut b, part); }
            // A save in the middle of a window keeps what is open.
            b = postcard::from_bytes(&postcard::to_allocvec(&b).unwrap()).unwrap();
            let (mut va, mut vb) = (a.close(&window(i as u64)), b.close(&window(i as u64)));
            va.points.sort_by_key(|p| p.tag);
            vb.points.sort_by_key(|p| p.tag);
            prop_assert_eq!(va, vb);
        }
        prop_assert_eq!(postcard::to_allocvec(&a).unwrap(), postcard::to_allocvec(&b).unwrap());
    }
}
