use proptest::prelude::*;

use super::gaps::Gaps;
use super::*;
use crate::StreamState;

const MINUTE: u64 = 60_000_000_000;
const DAY: u64 = 1440;

fn at(i: u64) -> Window {
    Window { start_ns: i * MINUTE, end_ns: (i + 1) * MINUTE, ..Window::default() }
}

fn params() -> Params {
    Params { adopt_after: 5, ..Params::default() }
}

fn close_with(volume: &mut Volume, window: &Window, records: u64) -> Verdict {
    let mut verdict = Verdict::new(window, StreamState::Ready, records);
    volume.close(window, ChannelKind::LogVolume, Judged::Fewer, &params(), &mut verdict);
    verdict
}

fn close(volume: &mut Volume, i: u64, records: u64) -> Verdict {
    close_with(volume, &at(i), records)
}

/// p of the channel, 1 where there is none.
fn p(v: &Verdict) -> f64 {
    v.channels.first().map_or(1.0, |c| c.p)
}

struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// A Poisson count: arrivals with exponential gaps.
    fn poisson(&mut self, mean: f64) -> u64 {
        let (mut t, mut n) = (0.0, 0);
        loop {
            t -= self.unit().ln();
            if t > mean {
                return n;
            }
            n += 1;
        }
    }
}

/// A stream of so many windows, each one's records by its number.
fn grown(windows: u64, mut records: impl FnMut(u64) -> u64) -> Volume {
    let mut volume = Volume::default();
    for i in 0..windows {
        close(&mut volume, i, records(i));
    }
    volume
}

#[test]
fn silence_is_odd_in_its_second_window_and_adopted_after_five() {
    let mut dice = Dice(1);
    let mut volume = grown(120, |_| dice.poisson(100.0));
    assert_eq!(p(&close(&mut volume, 120, 0)), 1.0, "a pause");
    for i in 121..126 {
        let v = close(&mut volume, i, 0);
        assert!(p(&v) < 2e-5, "window {i}: {}", p(&v));
        assert_eq!(v.adopted, i == 125);
        assert_eq!((v.items[0].observed, v.items[0].context), (0.0, i - 119));
        assert!((90.0..110.0).contains(&v.items[0].expected));
    }
    for i in 126..200 {
        assert_eq!(p(&close(&mut volume, i, 0)), 1.0, "said once");
    }
    // It comes back, and stops again: the first outage is not the stream's habit.
    for i in 200..260 {
        assert_eq!(p(&close(&mut volume, i, dice.poisson(100.0))), 1.0);
    }
    close(&mut volume, 260, 0);
    assert!(p(&close(&mut volume, 261, 0)) < 2e-5);
}

#[test]
fn missed_windows_count_like_empty_ones() {
    let mut dice = Dice(2);
    let mut a = grown(200, |_| dice.poisson(50.0));
    let mut b = a.clone();
    for i in 200..203 {
        close(&mut a, i, 0);
    }
    let (a, b) = (close(&mut a, 203, 0), close(&mut b, 203, 0));
    assert_eq!(p(&a), p(&b));
    assert_eq!(a.items[0].context, 4);
}

#[test]
fn a_fall_by_four_fifths_is_found_also_of_a_slow_stream() {
    for (mean, within) in [(1000.0, 2), (100.0, 2), (20.0, 3)] {
        let mut dice = Dice(3);
        let mut volume = grown(120, |_| dice.poisson(mean));
        let least =
            (120..120 + within).map(|i| p(&close(&mut volume, i, dice.poisson(mean / 5.0)))).fold(1.0, f64::min);
        assert!(least < 3e-5, "{mean} a window: {least}");
    }
}

#[test]
fn a_lasting_fall_is_adopted_once() {
    let mut dice = Dice(4);
    let mut volume = grown(300, |_| dice.poisson(100.0));
    let odd: Vec<u64> = (300..400).filter(|&i| p(&close(&mut volume, i, dice.poisson(15.0))) <= 1e-2).collect();
    assert_eq!(odd[..5], [301, 302, 303, 304, 305]);
    assert!(odd.len() <= 7, "said once: {odd:?}");
    assert!(p(&close(&mut volume, 400, 0)) == 1.0 && p(&close(&mut volume, 401, 0)) < 1e-3, "judged at its new volume");
}

/// Windows at or below 1e-3 among those of a stream to which nothing happens.
fn false_alarms(windows: u64, seed: u64, records: impl Fn(u64, &mut Dice) -> u64) -> usize {
    let mut dice = Dice(seed);
    let mut volume = Volume::default();
    (0..windows).filter(|&i| p(&close(&mut volume, i, records(i, &mut dice))) <= 1e-3).count()
}

/// About one window in a thousand may be as odd as one in a thousand, and far fewer are where falls by half never happen.
#[test]
fn harmless_streams_raise_no_alarm() {
    let wave = |i: u64| 1.0 + 0.6 * (i as f64 / DAY as f64 * std::f64::consts::TAU).sin();
    for seed in 0..4 {
        for (mean, most) in [(0.3, 12), (3.0, 12), (30.0, 4), (300.0, 0)] {
            let n = false_alarms(4 * DAY, seed, |_, d| d.poisson(mean));
            assert!(n <= most, "steady {mean}: {n}");
            let n = false_alarms(4 * DAY, seed, |i, d| d.poisson(mean * wave(i)));
            assert!(n <= most, "daily wave around {mean}: {n}");
        }
        let n = false_alarms(4 * DAY, seed, |_, d| if d.unit() < 0.1 { d.poisson(400.0) } else { d.poisson(4.0) });
        assert!(n <= 12, "bursts: {n}");
        let n = false_alarms(4 * DAY, seed, |i, d| if i % 10 == 0 { 20 + d.poisson(5.0) } else { 0 });
        assert!(n == 0, "every ten minutes: {n}");
        let n = false_alarms(4 * DAY, seed, |i, d| if i % 97 < 20 { d.poisson(40.0) } else { 0 });
        assert!(n <= 2, "recordings that start and stop: {n}");
        // Nights begin at half past: odd on the first, foreseen from then on.
        let n = false_alarms(6 * DAY, seed, |i, d| d.poisson(if (i + 30) % DAY < 480 { 5.0 } else { 100.0 }));
        assert!(n <= 6, "nights: {n}");
        let n = false_alarms(2 * DAY, seed, |i, d| d.poisson(if (i + 150) % 300 < 30 { 300.0 } else { 100.0 }));
        assert!(n == 0, "half an hour of more load now and then: {n}");
    }
}

#[test]
fn not_judged_and_not_learnt() {
    let mut dice = Dice(5);
    let ready = grown(200, |_| dice.poisson(100.0));
    let low = |change: fn(&mut Window)| {
        let mut volume = ready.clone();
        let mut window = at(200);
        change(&mut window);
        close_with(&mut volume, &window, 5);
        let learnt = volume.level != ready.level;
        (p(&close(&mut volume, 201, 5)), volume, learnt)
    };
    assert!(low(|_| ()).0 < 1e-3);
    for change in [
        |w: &mut Window| w.partial = true,
        |w: &mut Window| w.incomplete = true,
        |w: &mut Window| w.instance_changed = true,
    ] {
        let (p, mut volume, learnt) = low(change);
        assert_eq!((p, learnt), (1.0, false));
        assert!((202..206).any(|i| super::tests::p(&close(&mut volume, i, 0)) < 1e-4), "silence has no grace");
    }
    let mut volume = ready.clone();
    close(&mut volume, 200, 0);
    assert_eq!(p(&close(&mut volume, 201, 5)), 1.0, "the first after a pause");
    let mut fresh = grown(20, |_| 100);
    assert_eq!(p(&close(&mut fresh, 20, 1)), 1.0, "warming up");
}

#[test]
fn a_stream_that_only_counts_silence() {
    let mut volume = Volume::default();
    let mut say = |i, records| {
        let mut verdict = Verdict::new(&at(i), StreamState::Ready, records);
        volume.close(&at(i), ChannelKind::MetricVolume, Judged::None, &params(), &mut verdict);
        p(&verdict)
    };
    assert!((0..100).all(|i| say(i, 40) == 1.0));
    assert_eq!(say(100, 4), 1.0);
    assert_eq!(say(101, 0), 1.0);
    assert!(say(102, 0) < 1e-4);
}

/// The formula read aloud over a list of past gaps, without decay.
fn naive_p(windows: f64, gaps: &[u64], run: u64) -> f64 {
    let begun = gaps.len() as f64;
    let r = (begun + 1.0 / 3.0) / (windows + 2.0 / 3.0);
    let continued: f64 = gaps.iter().map(|&l| l as f64 - 1.0).sum();
    (1..run).fold(r.min(1.0), |p, i| p * (continued + r + i as f64 - 1.0) / (continued + begun + i as f64))
}

proptest! {
    #[test]
    fn gaps_match_the_naive_form(lengths in prop::collection::vec(1u64..40, 0..20), run in 1u64..50) {
        let mut gaps = Gaps::default();
        for &l in &lengths {
            gaps.present();
            gaps.ended(l, false);
        }
        // Few windows: decay changes little.
        let (got, want) = (gaps.p(run), naive_p(lengths.len() as f64, &lengths, run).min(1.0));
        prop_assert!((got.ln() - want.ln()).abs() < 0.05 * (run as f64), "{} against {}", got, want);
        prop_assert!((1..60).all(|k| gaps.p(k + 1) <= gaps.p(k)));
    }

    #[test]
    fn more_records_are_never_odder(mean in 1u64..500, more in 0u64..100) {
        let mut dice = Dice(mean);
        let volume = grown(150, |_| dice.poisson(mean as f64));
        let p_of = |x| p(&close(&mut volume.clone(), 150, x));
        prop_assert!(p_of(1 + more) >= p_of(1));
        prop_assert_eq!(p_of(mean.max(1) * 2), 1.0);
    }

    #[test]
    fn anything_may_come(records in prop::collection::vec((0u64..5, any::<u64>(), 0u8..8), 1..200)) {
        let mut volume = Volume::default();
        let mut i = 0;
        for (skip, n, flags) in records {
            i += 1 + skip;
            let flag = |bit: u8| flags & bit != 0;
            let window = Window { incomplete: flag(1), instance_changed: flag(2), partial: flag(4), ..at(i) };
            let v = close_with(&mut volume, &window, if skip == 4 { 0 } else { n });
            prop_assert!(p(&v) > 0.0 && p(&v) <= 1.0 && v.bits.is_finite());
        }
        let bytes = postcard::to_allocvec(&volume).unwrap();
        let mut back: Volume = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&back, &volume);
        prop_assert_eq!(p(&close(&mut back, i + 1, 3)).to_bits(), p(&close(&mut volume, i + 1, 3)).to_bits());
    }
}

#[test]
fn after_a_deploy_what_lasts_is_adopted_sooner() {
    let mut volume = grown(200, |_| 100);
    let adopted = |volume: &mut Volume, i, deployed| close_with(volume, &Window { deployed, ..at(i) }, 10).adopted;
    assert_eq!((200..210).find(|&i| adopted(&mut volume.clone(), i, true)), None, "one window proves nothing");
    assert_eq!((200..210).find(|&i| adopted(&mut volume, i, true)), Some(203), "half as late");
    let mut volume = grown(200, |_| 100);
    assert_eq!((200..210).find(|&i| adopted(&mut volume, i, false)), Some(205));
}
