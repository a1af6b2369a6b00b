//! The log stream as a whole: order, saving, limits, odd inputs, and that it finds what it should.

use super::*;
use crate::{Batch, Channel, ChannelKind, Detector, Params, StreamState, Verdict, Window};

const SECOND: u64 = 1_000_000_000;

/// One record in its layout.
#[derive(Clone, Debug)]
pub(super) struct Record {
    time_ns: u64,
    trace: u64,
    severity: u8,
    text: Vec<u8>,
}

pub(super) fn record(time_ns: u64, trace: u64, severity: u8, text: impl Into<Vec<u8>>) -> Record {
    Record { time_ns, trace, severity, text: text.into() }
}

fn encode(records: &[Record]) -> (Vec<u8>, Vec<u32>) {
    let (mut bytes, mut offsets) = (vec![], vec![0]);
    for r in records {
        bytes.extend_from_slice(&r.time_ns.to_le_bytes());
        bytes.extend_from_slice(&[[0u8; 8], r.trace.to_be_bytes()].concat());
        bytes.extend_from_slice(&[r.severity, 0, 0, 0]);
        bytes.extend_from_slice(&r.text);
        offsets.push(bytes.len() as u32);
    }
    (bytes, offsets)
}

pub(super) fn observe(stream: &mut LogStream, records: &[Record]) {
    let (bytes, offsets) = encode(records);
    stream.observe(&Batch::new(&bytes, &offsets).unwrap()).unwrap();
}

pub(super) fn window(i: u64) -> Window {
    Window { start_ns: i * 60 * SECOND, end_ns: (i + 1) * 60 * SECOND, ..Window::default() }
}

/// A minute of a service that handles requests in three steps; the share of the second kind varies a little.
fn ordinary(i: u64, requests: u64) -> Vec<Record> {
    let mut out = vec![];
    for r in 0..requests {
        let trace = i * 1000 + r + 1;
        let at = i * 60 * SECOND + r * SECOND / 4;
        out.push(record(at, trace, 9, format!("GET /orders/{} accepted", r * 7 + i)));
        let cached = (r * 7919 + i * 104_729) % 10 < 3;
        let middle = if cached { "served from cache" } else { "loaded order from database in 12 ms" };
        out.push(record(at + 1000, trace, 9, middle));
        out.push(record(at + 2000, trace, 9, format!("done in {} ms", r % 50)));
    }
    out
}

fn warmed(windows: u64) -> LogStream {
    let mut stream = LogStream::new(Params { adopt_after: 5, ..Params::default() });
    for i in 0..windows {
        observe(&mut stream, &ordinary(i, 40));
        stream.close(&window(i));
    }
    stream
}

fn channel(v: &Verdict, kind: ChannelKind) -> Channel {
    *v.channels.iter().find(|c| c.kind == kind).unwrap_or_else(|| panic!("{kind:?} in {:?}", v.channels))
}

#[test]
fn a_new_error_line_is_found_and_explained() {
    let mut stream = warmed(400);
    let mut records = ordinary(400, 40);
    let at = 400 * 60 * SECOND + 2500;
    records.push(record(at, 400_003, 17, "connection to 10.0.0.7:5432 refused after 3 attempts"));
    observe(&mut stream, &records);
    let v = stream.close(&window(400));
    assert!(channel(&v, ChannelKind::LogNew).p < 1e-3, "{:?}", v.channels);
    let item = v.items.iter().find(|i| i.channel == ChannelKind::LogNew).unwrap();
    assert_eq!(item.template, "connection to <*> refused after <*> attempts");
    assert_eq!((item.severity, item.observed, item.expected), (17, 1.0, 0.0));
    assert_eq!(item.trace_ids, ["00000000000000000000000000061a83"]);
    assert!(item.sample.contains("10.0.0.7:5432"), "{item:?}");
    let evidence = stream.evidence().expect("p is below evidence_p");
    assert_eq!(evidence.items, v.items);
    assert!(evidence.compression[0].baseline_raw > 1000 && evidence.permutations > 0, "{evidence:?}");
    assert!(!evidence.baseline_sample.is_empty() && !evidence.window_sample.is_empty());
    let said = evidence.window_sample.iter().find(|e| e.text.contains("refused")).expect("the line is shown");
    let bits: f64 = v.items.iter().filter(|i| i.id == item.id).map(|i| i.bits).sum();
    assert!((said.share.unwrap() - bits).abs() < 0.01, "one line has all of its kind's bits: {said:?}");
    let costliest = said.words.iter().max_by(|a, b| a.2.total_cmp(&b.2)).unwrap();
    assert!(
        ["connection", "refused", "attempts"].contains(&&said.text[costliest.0 as usize..costliest.1 as usize]),
        "{said:?}"
    );
    assert!(evidence.baseline_sample.iter().all(|e| e.bits.unwrap() < said.bits.unwrap() && e.share.is_none()));
    let null = evidence.nulls.iter().find(|n| n.channel == ChannelKind::LogCount).expect("counts are ranked");
    assert_eq!(null.observed, channel(&v, ChannelKind::LogCount).statistic);
    assert!(evidence.nulls.iter().all(|n| n.channel != ChannelKind::LogNew), "novelty has no history");
    observe(&mut stream, &ordinary(401, 40));
    stream.close(&window(401));
    assert!(stream.evidence().is_none(), "evidence is of the window closed last");
}

#[test]
fn a_shift_in_counts_is_found_and_explained() {
    let mut stream = warmed(100);
    let records: Vec<Record> = ordinary(100, 40)
        .into_iter()
        .map(|r| {
            if r.text.starts_with(b"served") {
                record(r.time_ns, r.trace, 9, "loaded order from database in 12 ms")
            } else {
                r
            }
        })
        .collect();
    observe(&mut stream, &records);
    let v = stream.close(&window(100));
    assert!(channel(&v, ChannelKind::LogCount).p < 1e-3, "{:?}", v.channels);
    let item = &v.items[0];
    assert_eq!(item.channel, ChannelKind::LogCount);
    assert_eq!(item.context_template, "GET /orders/<*> accepted");
    let missing = v.items.iter().find(|i| i.template == "served from cache").unwrap();
    assert_eq!(missing.observed, 0.0);
    assert!((9.0..15.0).contains(&missing.expected), "{missing:?}");
}

#[test]
fn ordinary_windows_are_ordinary() {
    let mut stream = warmed(60);
    for i in 60..160 {
        observe(&mut stream, &ordinary(i, 40));
        let v = stream.close(&window(i));
        assert!(v.p > 1e-3 && v.learnt && v.state == StreamState::Ready, "{v:?}");
    }
}

#[test]
fn items_add_up_to_their_channels() {
    let mut stream = warmed(60);
    let mut records = ordinary(60, 40);
    records.extend(
        (0..5).map(|i| record(60 * 60 * SECOND + i, 9_000 + i, 9, format!("odd {}", "line ".repeat(i as usize)))),
    );
    records.retain(|r| !r.text.starts_with(b"done"));
    observe(&mut stream, &records);
    let v = stream.close(&window(60));
    assert!(v.items.len() < Verdict::MAX_ITEMS, "all items must be shown for this test");
    for c in &v.channels {
        let sum: f64 = v.items.iter().filter(|i| i.channel == c.kind).map(|i| i.bits).sum();
        assert!((sum - c.statistic).abs() < 1e-9, "{c:?} against {sum}");
    }
    assert!((v.bits - v.channels.iter().map(|c| c.statistic).sum::<f64>()).abs() < 1e-9);
    assert!(v.bits > 20.0);
}

/// Deterministic shuffle.
fn shuffled(mut records: Vec<Record>, seed: u64) -> Vec<Record> {
    let mut state = seed | 1;
    for i in (1..records.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        records.swap(i, (state >> 33) as usize % (i + 1));
    }
    records
}

/// A minute with everything at once: ties, new lines, traceless records, errors.
fn busy(i: u64) -> Vec<Record> {
    let mut records = ordinary(i, 30);
    let words = ["alpha", "beta", "gamma", "delta", "eps"];
    for r in 0..20u64 {
        let text = format!("job {} state {}", words[(r * i % 5) as usize], words[(r + i) as usize % 5]);
        records.push(record(i * 60 * SECOND + r / 4, r % 3, (r % 24) as u8, text));
    }
    records
}

#[test]
fn order_of_arrival_leaves_no_trace() {
    let params = Params { max_sample_bytes: 2048, ..Params::default() };
    let (mut a, mut b) = (LogStream::new(params.clone()), LogStream::new(params));
    for i in 0..60 {
        observe(&mut a, &busy(i));
        for chunk in shuffled(busy(i), i + 5).chunks(7) {
            observe(&mut b, chunk);
        }
        assert_eq!(a.close(&window(i)), b.close(&window(i)), "window {i}");
        assert_eq!(a.evidence(), b.evidence());
    }
    assert_eq!(postcard::to_allocvec(&a).unwrap(), postcard::to_allocvec(&b).unwrap());
}

#[test]
fn save_and_load_change_nothing_even_within_a_window() {
    // Every window has evidence, which is no part of a snapshot and must not damage one.
    let mut a = LogStream::new(Params { evidence_p: 1.0, ..Params::default() });
    let mut b = a.clone();
    for i in 0..50 {
        let records = busy(i);
        let (first, rest) = records.split_at(records.len() / 2);
        observe(&mut a, first);
        observe(&mut b, first);
        let saved = postcard::to_allocvec(&b).unwrap();
        b = postcard::from_bytes(&saved).unwrap();
        assert_eq!(saved, postcard::to_allocvec(&b).unwrap(), "window {i}");
        observe(&mut a, rest);
        observe(&mut b, rest);
        assert_eq!(a.close(&window(i)), b.close(&window(i)), "window {i}");
    }
}

#[test]
fn quarantine_does_not_learn_until_it_adopts() {
    let mut stream = warmed(200);
    let odd = |i| {
        let mut records = ordinary(i, 40);
        records
            .iter_mut()
            .filter(|r| r.text.starts_with(b"done"))
            .for_each(|r| r.text = b"cannot answer: broken pipe".to_vec());
        records
    };
    let mut fates = vec![];
    for i in 200..208 {
        observe(&mut stream, &odd(i));
        let v = stream.close(&window(i));
        fates.push((v.quarantined, v.learnt, v.adopted));
    }
    assert_eq!(fates[..4], [(true, false, false); 4]);
    assert_eq!(fates[4], (false, true, true));
    assert!(fates[5..].iter().all(|f| *f == (false, true, false)), "{fates:?}");
}

#[test]
fn an_incomplete_window_gives_no_verdict_on_counts_and_is_not_learnt() {
    let mut stream = warmed(100);
    let before = stream.clone();
    observe(&mut stream, &ordinary(100, 3));
    let v = stream.close(&Window { incomplete: true, ..window(100) });
    assert!(v.channels.iter().all(|c| c.kind == ChannelKind::LogNew), "{:?}", v.channels);
    assert!(!v.learnt && !v.quarantined);
    let (mut a, mut b) = (stream, before);
    observe(&mut a, &ordinary(101, 40));
    observe(&mut b, &ordinary(101, 40));
    let (a, b) = (a.close(&window(101)), b.close(&window(101)));
    let judged =
        |v: &Verdict| v.channels.iter().filter(|c| c.kind != ChannelKind::Request).copied().collect::<Vec<_>>();
    assert_eq!(judged(&a), judged(&b));
}

#[test]
fn an_instance_change_silences_counts_and_transitions_for_one_window() {
    let mut stream = warmed(100);
    observe(&mut stream, &ordinary(100, 40));
    let v = stream.close(&Window { instance_changed: true, ..window(100) });
    assert!(v.channels.iter().all(|c| matches!(c.kind, ChannelKind::LogNew | ChannelKind::Request)));
    assert!(v.learnt);
}

#[test]
fn empty_windows_are_silent() {
    let mut stream = warmed(40);
    let v = stream.close(&window(40));
    assert_eq!((v.records, v.p, v.learnt, v.channels.len(), v.items.len()), (0, 1.0, false, 0, 0));
}

#[test]
fn odd_texts_do_no_harm() {
    let mut stream = LogStream::new(Params { max_sample_bytes: 4096, ..Params::default() });
    for i in 0..6 {
        let texts: Vec<Vec<u8>> = vec![
            vec![],
            b"\xff\xfe\xfd broken \xc3\x28 utf".to_vec(),
            vec![b'a'; 1 << 20],
            b"word ".repeat(200_000),
            vec![0; 70_000],
            "日本語のログ 12".into(),
            "{".repeat(100_000).into_bytes(),
        ];
        let records: Vec<Record> =
            texts.into_iter().enumerate().map(|(k, t)| record(i * 60 * SECOND + k as u64, 0, 200, t)).collect();
        observe(&mut stream, &records);
        let v = stream.close(&window(i));
        assert_eq!(v.records, 7);
        assert!(v.items.iter().all(|i| i.template.len() <= 512 + 3 && i.sample.len() <= 1024 + 3));
    }
    assert!(stream.memory() < 1 << 20, "{}", stream.memory());
    // Times may be anything.
    observe(&mut stream, &[record(0, 1, 0, "zero"), record(u64::MAX, 1, 0, "far"), record(0, u64::MAX, 0, "zero")]);
    stream.close(&Window { last: true, ..Window::default() });
}

#[test]
fn a_malformed_batch_is_refused_as_a_whole() {
    let mut stream = LogStream::new(Params::default());
    let (mut bytes, mut offsets) = encode(&[record(1, 0, 9, "fine")]);
    bytes.extend_from_slice(&[0; 27]);
    offsets.push(bytes.len() as u32);
    assert!(stream.observe(&Batch::new(&bytes, &offsets).unwrap()).is_err());
    assert_eq!(stream.close(&window(0)).records, 0);
}

#[test]
fn floods_stay_within_the_limits_and_are_counted() {
    let params = Params { max_records: 5_000, max_symbols: 64, max_requests: 50, ..Params::default() };
    let mut stream = LogStream::new(params);
    let mut most = 0;
    for i in 0..20u64 {
        let records: Vec<Record> = (0..6_000u64)
            .map(|r| {
                let id = (i * 6_000 + r).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let word: String = (0..12).map(|k| char::from(b'g' + (id >> (k * 5) & 15) as u8)).collect();
                record(i * 60 * SECOND + 55 * SECOND + r, id, 9, format!("{word} {word}x happened"))
            })
            .collect();
        observe(&mut stream, &records);
        let v = stream.close(&window(i));
        assert_eq!((v.records, v.records_over_cap), (6_000, 1_000));
        most = most.max(stream.memory());
    }
    let turned = stream.turned();
    assert!(turned.templates.overflowed > 0 && turned.templates.evicted > 0, "{turned:?}");
    assert!(stream.evicted() > turned.templates.evicted + turned.counts.total(), "{turned:?}");
    assert!(turned.counts.symbols > 0 && turned.requests.requests > 0 && turned.requests.tainted > 0, "{turned:?}");
    assert!(most < 4 << 20, "{most}");
}

/// Of a flagged window each channel's terms are priced as they were, and add up to its statistic where all are listed.
#[test]
fn terms_add_up() {
    let mut stream = warmed(400);
    let mut records = ordinary(400, 40);
    for i in 0..9 {
        let at = 400 * 60 * SECOND + 2500 + i;
        records.push(record(at, 400_003, 17, "connection to 10.0.0.7:5432 refused after 3 attempts"));
    }
    observe(&mut stream, &records);
    let v = stream.close(&window(400));
    let terms = &stream.evidence().unwrap().terms;
    assert!(terms.iter().any(|t| t.channel == ChannelKind::LogNew) && terms.len() > 1, "{terms:?}");
    for t in terms {
        let shares = t.shares();
        assert_eq!(shares, t.terms.iter().map(|p| p.bits).collect::<Vec<_>>());
        let sum = shares.iter().fold(0.0, |a, b| a + b);
        assert!(!t.complete || sum == channel(&v, t.channel).statistic, "{t:?}");
        let json = serde_json::to_string(t).unwrap();
        assert_eq!(serde_json::from_str::<crate::evidence::Terms>(&json).unwrap(), *t);
    }
}
