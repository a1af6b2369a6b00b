//! What must hold for any spans: agreement with the oracle, and what must not matter.

use proptest::prelude::*;

use super::made::{at, judge, observe, ready, usual, Random};
use super::oracle::Oracle;
use super::window::Largest;
use super::TraceStream;
use crate::{ChannelKind, Detector, Params, SpanRecord};

/// Spans of few operations and callers with any numbers.
fn any_span() -> impl Strategy<Value = SpanRecord> {
    let ns = prop_oneof![0..1u64 << 40, any::<u64>()];
    let net = prop_oneof![Just(SpanRecord::NO_NET), 0..1i64 << 40, any::<i64>()];
    (0..4u64, 0..5u64, 0..2u64, ns, net, 0..4u64, any::<u64>(), any::<u8>()).prop_map(
        |(parent, operation, caller, exclusive_ns, net_ns, flags, time_ns, trace)| SpanRecord {
            time_ns,
            trace_id: [trace % 8; 16],
            parent,
            operation,
            caller: if net_ns == SpanRecord::NO_NET { 0 } else { 50 + caller },
            duration_ns: exclusive_ns,
            exclusive_ns,
            net_ns,
            flags,
        },
    )
}

fn close_enough(got: Option<f64>, want: Option<f64>) -> bool {
    match (got, want) {
        (Some(a), Some(b)) => (a - b).abs() <= 0.02 + 0.01 * b.abs(),
        (a, b) => a.is_none() && b.is_none(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn durations_and_net_match_the_oracle(seed in 1u64.., windows in 3u64..25, shift in 0u32..5) {
        let (mut stream, mut random) = (TraceStream::new(Params::default()), Random(seed));
        let mut oracle = Oracle::default();
        for w in 0..windows {
            let calls = 1 + random.next() % 12;
            let mut spans = usual(&mut random, w, calls as usize);
            if w % 7 == 6 {
                spans.iter_mut().for_each(|s| {
                    s.exclusive_ns <<= shift;
                    if s.net_ns != SpanRecord::NO_NET { s.net_ns <<= shift; }
                });
            }
            let (durations, net) = oracle.score(&spans);
            let v = judge(&mut stream, &spans, w);
            let bits = |kind| v.channels.iter().find(|c| c.kind == kind).map(|c| c.statistic);
            let got = (bits(ChannelKind::TraceDuration), bits(ChannelKind::TraceNet));
            prop_assert!(close_enough(got.0, durations), "window {}: {:?} against {:?}", w, got.0, durations);
            prop_assert!(close_enough(got.1, net), "window {}: {:?} against {:?}", w, got.1, net);
            if v.learnt {
                oracle.learn(&spans);
            }
        }
    }

    #[test]
    fn the_order_of_arrival_leaves_no_trace(
        windows in prop::collection::vec(prop::collection::vec(any_span(), 0..60), 1..12),
        cut in 1usize..20, small in any::<bool>(), seed in 1u64..)
    {
        let symbols = if small { 16 } else { 4096 };
        let params = Params { max_symbols: symbols, max_sample_bytes: 1024, evidence_p: 1.0, ..Params::default() };
        let (mut a, mut b) = (TraceStream::new(params.clone()), TraceStream::new(params));
        let mut random = Random(seed);
        for (w, spans) in windows.iter().enumerate() {
            let mut spans: Vec<SpanRecord> = spans.clone();
            if small {
                // More edges than the window holds.
                spans.iter_mut().enumerate().for_each(|(i, s)| s.parent = 7 + (i as u64 % 50) * 3);
                let more = spans.clone();
                spans.extend(more.iter().map(|s| SpanRecord { parent: s.parent + 1, ..*s }));
            }
            let first = judge(&mut a, &spans, w as u64);
            for i in (1..spans.len()).rev() {
                spans.swap(i, random.next() as usize % (i + 1));
            }
            spans.chunks(cut).for_each(|part| observe(&mut b, part));
            prop_assert_eq!(&first, &b.close(&at(w as u64)));
            prop_assert_eq!(a.evidence(), b.evidence());
        }
    }

    #[test]
    fn a_save_and_a_load_change_nothing(windows in prop::collection::vec(prop::collection::vec(any_span(), 1..40), 2..14), at_window in 0usize..14) {
        let mut a = TraceStream::new(Params::default());
        let mut b = a.clone();
        for (w, spans) in windows.iter().enumerate() {
            let (half, rest) = spans.split_at(spans.len() / 2);
            observe(&mut a, half);
            observe(&mut b, half);
            if w == at_window {
                b = postcard::from_bytes(&postcard::to_allocvec(&b).unwrap()).unwrap();
            }
            observe(&mut a, rest);
            observe(&mut b, rest);
            prop_assert_eq!(a.close(&at(w as u64)), b.close(&at(w as u64)));
        }
        prop_assert!(a.evictions() == b.evictions() && a.past == b.past && a.histories == b.histories);
    }

    #[test]
    fn verdicts_are_probabilities_and_items_add_up(windows in prop::collection::vec(prop::collection::vec(any_span(), 0..40), 1..20)) {
        let mut stream = TraceStream::new(Params { evidence_p: 1.0, ..Params::default() });
        for (w, spans) in windows.iter().enumerate() {
            let v = judge(&mut stream, spans, w as u64);
            prop_assert!(v.p > 0.0 && v.p <= 1.0 && v.bits.is_finite());
            prop_assert_eq!(v.records, spans.len() as u64);
            for c in &v.channels {
                prop_assert!(c.p > 0.0 && c.p <= 1.0 && c.p_floor > 0.0 && c.statistic >= 0.0, "{:?}", c);
            }
            prop_assert!(v.items.windows(2).all(|i| i[0].bits >= i[1].bits));
            for i in &v.items {
                prop_assert!(i.bits > 0.0 && i.observed.is_finite() && i.expected.is_finite(), "{:?}", i);
            }
            // Net items below 0 and those past the sixteenth are not shown; the rest is the sum.
            if v.items.len() < 16 && v.items.iter().all(|i| i.channel != ChannelKind::TraceNet) {
                let sum: f64 = v.items.iter().map(|i| i.bits).sum();
                prop_assert!((sum - v.bits).abs() < 1e-6, "{} against {}", sum, v.bits);
            }
        }
    }

    #[test]
    fn the_largest_three_match_a_sort(offers in prop::collection::vec((0u64..20, 0u8..6), 0..40)) {
        let mut largest = Largest::default();
        for (value, trace) in &offers {
            largest.offer(*value, &[trace + 1; 16]);
        }
        let mut best = std::collections::BTreeMap::new();
        for (value, trace) in &offers {
            let v = best.entry(trace + 1).or_insert(*value);
            *v = (*v).max(*value);
        }
        let mut want: Vec<(u64, u8)> = best.into_iter().map(|(t, v)| (v, t)).collect();
        want.sort_by(|a, b| b.cmp(a));
        want.truncate(3);
        let want: Vec<String> = want.iter().map(|(_, t)| format!("{t:02x}").repeat(16)).collect();
        prop_assert_eq!(largest.trace_ids(), want);
    }

    #[test]
    fn damaged_snapshots_do_not_panic(flips in prop::collection::vec((any::<u16>(), any::<u8>()), 1..6)) {
        let (mut stream, mut random) = ready(6);
        observe(&mut stream, &usual(&mut random, 6, 5));
        let mut bytes = postcard::to_allocvec(&stream).unwrap();
        for (at, value) in flips {
            let n = bytes.len();
            bytes[at as usize % n] = value;
        }
        if let Ok(mut stream) = postcard::from_bytes::<TraceStream>(&bytes) {
            judge(&mut stream, &usual(&mut random, 6, 5), 6);
            judge(&mut stream, &usual(&mut random, 7, 5), 7);
        }
    }
}
