//! What the stream says about spans made on purpose.

use super::made::*;
use super::{TraceEvictions, TraceStream};
use crate::{Batch, ChannelKind, Detector, Params, SpanRecord, StreamState, Window};

#[test]
fn usual_windows_stay_usual_and_warm_the_stream() {
    let (mut stream, mut random) = (TraceStream::new(Params::default()), Random(3));
    let mut low = 0;
    for w in 0..300 {
        let v = judge(&mut stream, &usual(&mut random, w, 30), w);
        let want = if w < 30 { StreamState::Warming { seen: w as u32, needed: 30 } } else { StreamState::Ready };
        assert_eq!(v.state, want);
        low += u32::from(v.p <= 1e-2);
        assert_eq!(v.quarantined, v.p <= 1e-2, "window {w}: {:?}", v.channels);
        assert_eq!(v.learnt, !v.quarantined);
    }
    assert!(low <= 6, "{low} of 300 windows at p ≤ 0.01");
}

#[test]
fn a_slow_query_is_found_named_and_told_with_its_traces() {
    let (mut stream, mut random) = ready(100);
    let mut spans = usual(&mut random, 100, 30);
    spans.iter_mut().filter(|s| s.operation == QUERY).for_each(|s| s.exclusive_ns *= 3);
    let slowest = spans.iter().filter(|s| s.operation == QUERY).max_by_key(|s| s.exclusive_ns).unwrap();
    let v = judge(&mut stream, &spans, 100);
    assert_eq!(odd(&v), [ChannelKind::TraceDuration]);
    let item = &v.items[0];
    assert_eq!((item.channel, item.id, item.context), (ChannelKind::TraceDuration, QUERY, 2000));
    assert!((2.2..3.5).contains(&(item.observed / item.expected)), "{item:?}");
    let (low, high) = item.band.unwrap();
    assert!(low < item.expected && item.expected < high && high < item.observed);
    assert_eq!(item.trace_ids.len(), 3);
    assert_eq!(item.trace_ids[0], super::window::hex(&slowest.trace_id));
    assert!(v.quarantined && !v.learnt);
}

#[test]
fn a_slow_network_is_told_from_a_slow_service() {
    let (mut stream, mut random) = ready(100);
    let mut spans = usual(&mut random, 100, 30);
    for s in spans.iter_mut().filter(|s| s.net_ns != SpanRecord::NO_NET) {
        s.net_ns += 200 * MS as i64;
    }
    let v = judge(&mut stream, &spans, 100);
    assert_eq!(odd(&v), [ChannelKind::TraceNet]);
    let net: Vec<_> = v.items.iter().filter(|i| i.channel == ChannelKind::TraceNet).collect();
    assert_eq!(net.iter().map(|i| i.id).collect::<Vec<_>>(), [LIST, LIST]);
    let statistic = v.channels.iter().find(|c| c.kind == ChannelKind::TraceNet).unwrap().statistic;
    assert!((net.iter().map(|i| i.bits).sum::<f64>() - statistic).abs() < 1e-9);
}

#[test]
fn a_faster_network_is_no_anomaly() {
    let (mut stream, mut random) = ready(100);
    let mut spans = usual(&mut random, 100, 30);
    spans.iter_mut().filter(|s| s.net_ns != SpanRecord::NO_NET).for_each(|s| s.net_ns /= 50);
    assert_eq!(p(&judge(&mut stream, &spans, 100), ChannelKind::TraceNet), 1.0);
}

#[test]
fn a_call_left_out_is_found() {
    let (mut stream, mut random) = ready(100);
    let mut spans = usual(&mut random, 100, 40);
    spans.retain(|s| s.operation != QUERY || s.time_ns % 3 == 0);
    let v = judge(&mut stream, &spans, 100);
    assert_eq!(odd(&v), [ChannelKind::TraceCount]);
    assert!(v.items.iter().any(|i| i.channel == ChannelKind::TraceCount && i.id == QUERY && i.observed < i.expected));
}

#[test]
fn a_new_operation_has_the_p_that_its_past_supports() {
    let (mut stream, mut random) = ready(400);
    let mut spans = usual(&mut random, 400, 30);
    spans.push(SpanRecord { operation: 99, parent: 2000, caller: 0, net_ns: SpanRecord::NO_NET, ..spans[0] });
    let v = judge(&mut stream, &spans, 400);
    let new = p(&v, ChannelKind::TraceNew);
    assert!((1.0 / 900.0..1.0 / 200.0).contains(&new), "{new}");
    let item = v.items.iter().find(|i| i.channel == ChannelKind::TraceNew).unwrap();
    assert_eq!((item.id, item.context, item.observed, item.expected), (99, 2000, 1.0, 0.0));
}

#[test]
fn a_new_operation_in_many_requests_is_more_than_a_rare_one() {
    let new_call = |same_trace: bool| {
        let (mut stream, mut random) = ready(200);
        let mut spans = usual(&mut random, 200, 30);
        let lists: Vec<SpanRecord> = spans.iter().filter(|s| s.operation == LIST).take(6).copied().collect();
        for list in &lists {
            let trace_id = if same_trace { lists[0].trace_id } else { list.trace_id };
            spans.push(SpanRecord {
                operation: 99,
                parent: 2000,
                caller: 0,
                net_ns: SpanRecord::NO_NET,
                trace_id,
                ..*list
            });
        }
        p(&judge(&mut stream, &spans, 200), ChannelKind::TraceNew)
    };
    assert!(new_call(true) > 1e-3, "six times in one request is one new thing");
    assert!(new_call(false) < 1e-4, "in six of thirty requests the service has changed");
}

/// p of new operations in windows whose first `calls[i]` requests have one more call.
fn of_new_calls(stream: &mut TraceStream, random: &mut Random, from: u64, calls: &[usize]) -> Vec<f64> {
    let mut out = Vec::new();
    for (w, &n) in (from..).zip(calls) {
        let mut spans = usual(random, w, 20);
        let lists: Vec<SpanRecord> = spans.iter().filter(|s| s.operation == LIST).take(n).copied().collect();
        spans.extend(lists.iter().map(|&s| SpanRecord {
            operation: 99,
            parent: 2000,
            caller: 0,
            net_ns: SpanRecord::NO_NET,
            ..s
        }));
        let v = judge(stream, &spans, w);
        out.push(p(&v, ChannelKind::TraceNew));
    }
    out
}

#[test]
fn a_new_operation_that_keeps_coming_is_a_change() {
    let (mut stream, mut random) = ready(200);
    let ps = of_new_calls(&mut stream, &mut random, 200, &[1, 2, 3, 3]);
    assert!((1.0 / 900.0..1.0 / 100.0).contains(&ps[0]), "{ps:?}");
    assert!(ps[1] < ps[0] / 4.0 && ps[3] < 1e-6, "{ps:?}");
    // Said for five windows, it is the new normal.
    let ps = of_new_calls(&mut stream, &mut random, 204, &[3; 6]);
    assert_eq!(*ps.last().unwrap(), 1.0, "{ps:?}");
}

#[test]
fn a_new_operation_that_comes_once_or_late_again_was_rare() {
    let (mut stream, mut random) = ready(100);
    let ps = of_new_calls(&mut stream, &mut random, 100, &[1, 0, 0, 0, 0, 3, 3]);
    assert!(ps[1..].iter().all(|&p| p == 1.0), "{ps:?}");
}

#[test]
fn a_newcomer_is_forgotten_over_a_gap_without_spans() {
    let (mut stream, mut random) = ready(200);
    of_new_calls(&mut stream, &mut random, 200, &[1]);
    let ps = of_new_calls(&mut stream, &mut random, 260, &[3]);
    assert_eq!(ps, [1.0], "it was learnt an hour ago");
}

#[test]
fn an_operation_of_an_incident_is_not_new_in_the_next_and_still_odd_in_many_requests() {
    let (mut stream, mut random) = ready(200);
    let first = of_new_calls(&mut stream, &mut random, 200, &[8, 8, 8, 0, 0]);
    assert!(first[..3].iter().all(|&p| p < 1e-4), "{first:?}");
    let again = of_new_calls(&mut stream, &mut random, 260, &[1]);
    assert_eq!(again, [1.0], "it was said an hour ago");
    let mut spans = usual(&mut random, 270, 20);
    let lists: Vec<SpanRecord> = spans.iter().filter(|s| s.operation == LIST).take(8).copied().collect();
    spans.extend(lists.iter().map(|&s| SpanRecord {
        operation: 99,
        parent: 2000,
        caller: 0,
        net_ns: SpanRecord::NO_NET,
        ..s
    }));
    let v = judge(&mut stream, &spans, 270);
    // Rare, as its counts say, no longer unheard of.
    assert!(p(&v, ChannelKind::TraceCount) < 1e-2, "{:?}", v.channels);
}

#[test]
fn where_novelties_are_common_one_that_keeps_coming_is_none() {
    let (mut stream, mut random) = ready(200);
    for w in 200..300 {
        let mut spans = usual(&mut random, w, 20);
        if w % 10 == 0 {
            spans.push(SpanRecord { operation: 1000 + w, parent: 2000, ..spans[0] });
        }
        judge(&mut stream, &spans, w);
    }
    let ps = of_new_calls(&mut stream, &mut random, 300, &[1, 3, 3]);
    assert!(ps.iter().all(|&p| p > 1e-2), "{ps:?}");
}

/// A collector starts a few seconds before the minute is over: what the first whole minute brings is new, and no change.
#[test]
fn what_is_new_after_a_first_short_window_is_none() {
    let mut random = Random(4);
    let mut stream = TraceStream::new(Params::default());
    judge(&mut stream, &usual(&mut random, 0, 1), 0);
    let ps = of_new_calls(&mut stream, &mut random, 1, &[3; 6]);
    assert!(ps.iter().all(|&p| p > 1e-2), "{ps:?}");
}

#[test]
fn newcomers_are_bounded() {
    let (mut stream, mut random) = ready(200);
    let mut spans = usual(&mut random, 200, 20);
    for operation in 0..100 {
        spans.push(SpanRecord { operation: 1000 + operation, parent: 2000, ..spans[0] });
    }
    judge(&mut stream, &spans, 200);
    assert_eq!(stream.evictions().newcomers, 100 - 64);
}

#[test]
fn a_third_of_a_callees_spans_missing_does_not_make_its_caller_slow() {
    let (mut stream, mut random) = (TraceStream::new(Params::default()), Random(5));
    for w in 0..160 {
        let mut spans = usual(&mut random, w, 30);
        for (i, s) in spans.iter_mut().filter(|s| s.operation == QUERY).enumerate() {
            s.flags = SpanRecord::REMOTE_CHILD;
            if w >= 100 && i % 3 == 0 {
                (s.flags, s.exclusive_ns) = (0, s.exclusive_ns * 5);
            }
        }
        let v = judge(&mut stream, &spans, w);
        assert!(w < 100 || p(&v, ChannelKind::TraceDuration) > 1e-3, "window {w}: {:?}", v.items);
    }
}

/// A window with `share` of the spans of `LIST` lost on the way: what they called has no parent.
fn losing(random: &mut Random, w: u64, share: f64) -> Vec<SpanRecord> {
    let mut spans = usual(random, w, 40);
    for s in spans.iter_mut().filter(|s| s.parent == 2000) {
        if random.unit() < share {
            s.parent = 1;
        }
    }
    spans.retain(|s| s.operation != LIST || random.unit() >= share);
    spans
}

#[test]
fn spans_lost_at_random_accuse_nobody() {
    let (mut stream, mut random) = ready(300);
    for w in 300..330 {
        let v = judge(&mut stream, &losing(&mut random, w, 0.3), w);
        let odd = v.channels.iter().filter(|c| c.p <= 1e-3 && c.kind != ChannelKind::TraceVolume);
        assert_eq!(odd.count(), 0, "window {w}: {:?} {:?}", v.channels, v.items);
    }
}

#[test]
fn a_child_call_made_twice_is_found() {
    let (mut stream, mut random) = ready(100);
    let mut spans = usual(&mut random, 100, 40);
    // One in four requests logs; now each of these does it three times more.
    let again: Vec<SpanRecord> = spans.iter().filter(|s| s.operation == LOG).copied().collect();
    for _ in 0..3 {
        spans.extend(again.iter().map(|s| SpanRecord { exclusive_ns: random.around(MS / 10), ..*s }));
    }
    let v = judge(&mut stream, &spans, 100);
    assert_eq!(odd(&v), [ChannelKind::TraceCount]);
    assert!(v.items.iter().any(|i| i.channel == ChannelKind::TraceCount && i.id == LOG && i.observed > i.expected));
}

#[test]
fn a_callee_whose_spans_are_missing_does_not_make_its_caller_slow() {
    let (mut stream, mut random) = (TraceStream::new(Params::default()), Random(3));
    let window = |random: &mut Random, w: u64, callee: bool| {
        let mut spans = usual(random, w, 30);
        for s in spans.iter_mut().filter(|s| s.operation == QUERY) {
            if callee {
                s.flags = SpanRecord::REMOTE_CHILD;
            } else {
                s.exclusive_ns *= 5; // the callee's time is not taken off any more
            }
        }
        spans
    };
    for w in 0..100 {
        let spans = window(&mut random, w, true);
        judge(&mut stream, &spans, w);
    }
    for w in 100..140 {
        let spans = window(&mut random, w, false);
        let v = judge(&mut stream, &spans, w);
        assert!(p(&v, ChannelKind::TraceDuration) > 1e-3, "window {w}: {:?}", v.items);
    }
    let mut spans = window(&mut random, 140, false);
    spans.iter_mut().filter(|s| s.operation == QUERY).for_each(|s| s.exclusive_ns *= 5);
    let v = judge(&mut stream, &spans, 140);
    assert!(p(&v, ChannelKind::TraceDuration) < 1e-4, "by now the new way of measuring has a level of its own");
}

#[test]
fn errors_make_a_channel_of_their_own() {
    let (mut stream, mut random) = ready(100);
    let v = judge(&mut stream, &usual(&mut random, 100, 30), 100);
    assert!(v.channels.iter().all(|c| c.kind != ChannelKind::TraceError));
    for w in 101..160 {
        let mut spans = usual(&mut random, w, 30);
        spans.iter_mut().filter(|s| s.operation == QUERY).take(1).for_each(|s| s.flags = SpanRecord::ERROR);
        judge(&mut stream, &spans, w);
    }
    let v = judge(&mut stream, &usual(&mut random, 160, 30), 160);
    assert!(p(&v, ChannelKind::TraceError) > 0.05, "{:?}", v.channels);
    let mut spans = usual(&mut random, 161, 30);
    spans.iter_mut().filter(|s| s.operation == QUERY).for_each(|s| s.flags = SpanRecord::ERROR);
    let v = judge(&mut stream, &spans, 161);
    assert_eq!(odd(&v), [ChannelKind::TraceError]);
    let item = v.items.iter().find(|i| i.channel == ChannelKind::TraceError).unwrap();
    assert_eq!((item.id, item.context, item.observed), (QUERY, 2000, 30.0));
    assert_eq!(item.trace_ids.len(), 3);
}

#[test]
fn one_rare_error_proves_no_more_than_how_rare_errors_were() {
    let (mut stream, mut random) = ready(300);
    let fail = |spans: &mut [SpanRecord], n: usize| {
        spans.iter_mut().filter(|s| s.operation == QUERY).take(n).for_each(|s| s.flags = SpanRecord::ERROR);
    };
    let mut least: f64 = 1.0;
    for w in 300..420 {
        let mut spans = usual(&mut random, w, 30);
        if w % 60 == 0 {
            fail(&mut spans, 1);
        }
        let v = judge(&mut stream, &spans, w);
        if w > 300 && v.channels.iter().any(|c| c.kind == ChannelKind::TraceError) {
            least = least.min(p(&v, ChannelKind::TraceError));
        }
    }
    assert!(least > 1e-3, "two windows of 120 had an error, and it is stated at {least}");
    let mut spans = usual(&mut random, 420, 30);
    fail(&mut spans, 10);
    let v = judge(&mut stream, &spans, 420);
    assert!(p(&v, ChannelKind::TraceError) < 1e-4, "a third of the calls fail: {:?}", v.channels);
}

#[test]
fn a_lasting_change_is_adopted_once_and_then_normal() {
    let (mut stream, mut random) = ready(100);
    let mut adopted = Vec::new();
    let (mut last, mut learnt) = (0.0, 0);
    for w in 100..160 {
        let mut spans = usual(&mut random, w, 30);
        spans.iter_mut().filter(|s| s.operation == QUERY).for_each(|s| s.exclusive_ns *= 3);
        let v = judge(&mut stream, &spans, w);
        if w < 104 {
            assert!(v.quarantined && !v.learnt, "window {w}");
        }
        learnt += u32::from(v.learnt);
        if v.adopted {
            adopted.push(w);
        }
        last = v.p;
    }
    assert_eq!(adopted, [104]);
    assert!(learnt > 45, "{learnt} of the 56 windows from the adoption on");
    assert!(last > 1e-2, "{last}");
}

/// What is said in 500 windows, after 2300 quiet ones, in which `drift` grows from 0 to 1: odd windows by channel, the first of
/// them, and its item.
fn drifting(kind: ChannelKind, drift: fn(&mut SpanRecord, f64, &mut Random)) -> (usize, Option<(u64, crate::Item)>) {
    let (mut stream, mut random) = ready(0);
    let (mut odd, mut first) = (0, None);
    for w in 0..2800 {
        let mut spans = usual(&mut random, w, 12);
        let grown = w.saturating_sub(2300) as f64 / 500.0;
        spans.iter_mut().for_each(|s| drift(s, grown, &mut random));
        let v = judge(&mut stream, &spans, w);
        if w > 2300 && v.channels.iter().any(|c| c.kind == kind && c.p <= 1e-4) {
            odd += 1;
            if first.is_none() {
                let sum: f64 = v.items.iter().map(|i| i.bits).sum();
                assert!(sum > 13.0 && v.bits > 13.0, "{sum} of {} bits", v.bits);
                first = v.items.into_iter().find(|i| i.channel == kind).map(|i| (w, i));
            }
        }
    }
    (odd, first)
}

#[test]
fn a_slow_drift_of_durations_and_of_errors_is_found() {
    // An eighth of a percent a window: the level of the last hundred windows follows, a tenth behind.
    let slower = |s: &mut SpanRecord, grown: f64, _: &mut Random| {
        if s.operation == QUERY {
            s.exclusive_ns = (s.exclusive_ns as f64 * (0.8 * grown).exp2()) as u64;
        }
    };
    let (_, first) = drifting(ChannelKind::TraceDuration, slower);
    let (at, item) = first.expect("slower by three quarters at the end");
    assert_eq!((item.id, item.context), (QUERY, 2000));
    let (low, high) = item.band.expect("a band");
    assert!(low < item.expected && item.expected < high && high < item.observed, "{item:?}");
    assert!((2350..2600).contains(&at), "window {at}: before it is slower by half");

    let failing = |s: &mut SpanRecord, grown: f64, r: &mut Random| {
        if s.operation == LIST && r.unit() < 0.02 + 0.12 * grown {
            s.flags |= SpanRecord::ERROR;
        }
    };
    let (_, first) = drifting(ChannelKind::TraceError, failing);
    let (at, item) = first.expect("fourteen of a hundred fail at the end");
    assert!(item.id == LIST && item.observed > 2.0 * item.expected, "window {at}: {item:?}");

    for kind in [ChannelKind::TraceDuration, ChannelKind::TraceError] {
        let still = |s: &mut SpanRecord, _: f64, r: &mut Random| {
            if s.operation == LIST && r.unit() < 0.02 {
                s.flags |= SpanRecord::ERROR;
            }
        };
        let (odd, first) = drifting(kind, still);
        assert!(odd <= 1, "{kind:?}: {odd} windows without a drift, {first:?}");
    }
}

#[test]
fn a_change_of_instance_has_grace() {
    let (mut stream, mut random) = ready(100);
    for w in 100..103 {
        let mut spans = usual(&mut random, w, 30);
        spans.iter_mut().for_each(|s| s.exclusive_ns *= 3);
        observe(&mut stream, &spans);
        let v = stream.close(&Window { instance_changed: w == 100, ..at(w) });
        assert_eq!(p(&v, ChannelKind::TraceDuration), 1.0, "window {w}");
        assert_eq!(p(&v, ChannelKind::TraceNet), 1.0, "window {w}");
        assert!(v.learnt && v.items.iter().all(|i| i.channel != ChannelKind::TraceDuration));
    }
    // Meanwhile the levels followed: three times slower is most of the way to normal.
    let item_bits = |stream: &mut TraceStream, random: &mut Random| {
        let mut spans = usual(random, 103, 30);
        spans.iter_mut().for_each(|s| s.exclusive_ns *= 3);
        let v = judge(stream, &spans, 103);
        v.channels.iter().find(|c| c.kind == ChannelKind::TraceDuration).unwrap().statistic
    };
    let followed = item_bits(&mut stream, &mut random);
    let (mut other, mut random) = ready(100);
    let sudden = item_bits(&mut other, &mut random);
    assert!(followed < 0.5 * sudden, "{followed} against {sudden}");
}

#[test]
fn a_new_pod_may_be_faster_for_good() {
    let odd_windows = |from: u64, quarters: u64, changed: bool| {
        let (mut stream, mut random) = ready(100);
        let mut odd = |w: u64| {
            let mut spans = usual(&mut random, w, 30);
            if w >= from {
                spans.iter_mut().for_each(|s| s.exclusive_ns = s.exclusive_ns * quarters / 4);
            }
            observe(&mut stream, &spans);
            let v = stream.close(&Window { instance_changed: changed && w == 100, ..at(w) });
            p(&v, ChannelKind::TraceDuration) <= 1e-3
        };
        (100..150).filter(|&w| odd(w)).count()
    };
    assert!(odd_windows(100, 2, false) > 0, "without a reason");
    assert_eq!(odd_windows(100, 2, true), 0);
    assert!(odd_windows(110, 12, true) > 0, "slower needs another reason");
}

#[test]
fn an_incomplete_window_is_not_learnt_and_says_nothing_on_counts() {
    let (mut stream, mut random) = ready(100);
    let mut spans = usual(&mut random, 100, 40);
    spans.retain(|s| s.operation != QUERY);
    observe(&mut stream, &spans);
    let before = (stream.past.clone(), stream.histories.clone());
    let v = stream.close(&Window { incomplete: true, ..at(100) });
    assert_eq!(p(&v, ChannelKind::TraceCount), 1.0);
    assert!(!v.learnt);
    assert_eq!(before, (stream.past.clone(), stream.histories.clone()));
}

#[test]
fn an_empty_window_teaches_nothing_about_spans() {
    let (mut stream, _) = ready(40);
    let before = stream.clone();
    let v = stream.close(&at(40));
    assert_eq!((v.records, v.p, v.learnt, v.channels.len(), v.items.len()), (0, 1.0, false, 0, 0));
    assert!(stream.past == before.past && stream.histories == before.histories);
}

#[test]
fn a_malformed_batch_is_refused_as_a_whole() {
    let (mut stream, mut random) = ready(3);
    let (mut bytes, mut offsets) = encode(&usual(&mut random, 3, 5));
    bytes.push(0);
    offsets.push(bytes.len() as u32);
    assert!(stream.observe(&Batch::new(&bytes, &offsets).unwrap()).is_err());
    assert_eq!(stream.close(&at(3)).records, 0);
}

#[test]
fn a_flood_of_operations_is_bounded_and_counted() {
    let mut stream = TraceStream::new(Params { max_symbols: 64, ..Params::default() });
    let mut random = Random(5);
    let (mut over, mut peak) = (0, 0);
    for w in 0..30 {
        let mut spans = usual(&mut random, w, 2000);
        spans.iter_mut().for_each(|s| s.operation = random.next());
        let v = judge(&mut stream, &spans, w);
        over += v.records_over_cap;
        peak = peak.max(stream.memory());
    }
    assert!(over > 100_000, "{over}");
    assert!(peak < 700_000, "{peak}");
    let TraceEvictions { counts, durations, .. } = stream.evictions();
    assert!(counts.symbols > 0 && counts.pairs > 0 && durations > 0);
    assert!(stream.evicted() >= counts.symbols + counts.contexts + counts.pairs + durations);
    // Ordinary spans are judged all the same.
    judge(&mut stream, &usual(&mut random, 30, 30), 30);
    assert_eq!(judge(&mut stream, &usual(&mut random, 31, 30), 31).records_over_cap, 0);
}

#[test]
fn evidence_comes_with_flagged_windows_only() {
    let (mut stream, mut random) = ready(100);
    assert!(stream.evidence().is_none());
    let mut spans = usual(&mut random, 100, 30);
    spans.iter_mut().filter(|s| s.operation == QUERY).for_each(|s| s.exclusive_ns *= 8);
    let v = judge(&mut stream, &spans, 100);
    let e = stream.evidence().expect("a flagged window has evidence");
    assert_eq!(e.items, v.items);
    assert!(!e.score_history.is_empty() && !e.baseline_sample.is_empty());
    let c = &e.compression[0];
    assert!(c.ncd > 0.0 && c.baseline > c.window && c.combined > c.baseline, "{c:?}");
    // Powers of two of a few spans say little to a compressor: a second opinion may differ.
    assert!(e.entropy_window > 0.0 && (10..=99).contains(&e.permutations), "{e:?}");
    assert!((0.01..=1.0).contains(&e.permutation_p), "{e:?}");
    assert!(e.window_sample[0].text.contains(&format!(">{QUERY:016x}")), "{:?}", e.window_sample[0]);
    let slow = &e.calls[0];
    assert_eq!((slow.operation, slow.spans), (QUERY, spans.iter().filter(|s| s.operation == QUERY).count() as u64));
    assert!(slow.duration_ns > 2.0 * slow.expected_duration_ns.unwrap(), "{slow:?}");
    let of_edge = |i: &&crate::Item| i.id == slow.operation && i.context == slow.parent;
    let bits: f64 = v.items.iter().filter(of_edge).map(|i| i.bits).sum();
    assert!((slow.bits - bits).abs() < 0.01 && bits > 0.0, "{slow:?}");
    let all: u64 = e.calls.iter().map(|c| c.spans).sum();
    assert_eq!(all, spans.len() as u64, "all edges of so few are shown");
    let durations = e.nulls.iter().find(|n| n.channel == ChannelKind::TraceDuration).unwrap();
    assert!(durations.counts.iter().sum::<u64>() > 50);
    judge(&mut stream, &usual(&mut random, 101, 30), 101);
    assert!(stream.evidence().is_none());
}
