//! The request models against their definitions, and requests from opening to verdict.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::channel::binomial_tail;
use super::composition::{bucket, Compositions};
use super::sequence::Sequences;
use super::*;

/// Prediction by partial matching with exclusion, by maps keyed with the contexts themselves.
#[derive(Default)]
struct NaiveSequences(BTreeMap<Vec<i64>, BTreeMap<i64, f64>>);

impl NaiveSequences {
    fn steps(symbols: &[u64]) -> Vec<(Vec<i64>, i64)> {
        let padded: Vec<i64> = [-1, -1].into_iter().chain(symbols.iter().map(|&s| s as i64)).chain([-2]).collect();
        padded.windows(3).map(|w| (w[..2].to_vec(), w[2])).collect()
    }

    fn bits(&self, symbols: &[u64]) -> f64 {
        let bits = Self::steps(symbols).into_iter().map(|(context, x)| {
            let mut p = 1.0;
            let mut out = BTreeSet::new();
            for order in [2, 1, 0] {
                let Some(seen) = self.0.get(&context[2 - order..]) else { continue };
                let counted = || seen.iter().filter(|f| !out.contains(f.0));
                let (n, d) = (counted().map(|f| f.1).sum::<f64>(), counted().count() as f64);
                if let Some(m) = seen.get(&x) {
                    return -(p * m / (n + d)).log2();
                }
                p *= if d > 0.0 { d / (n + d) } else { 1.0 };
                out.extend(seen.keys().copied());
            }
            -p.log2()
        });
        bits.fold(0.0, f64::max)
    }

    fn learn(&mut self, symbols: &[u64]) {
        for (context, x) in Self::steps(symbols) {
            for order in 0..=2 {
                *self.0.entry(context[2 - order..].to_vec()).or_default().entry(x).or_default() += 1.0;
            }
        }
    }
}

/// Requests as they were, everything counted anew each time.
#[derive(Default)]
struct NaiveCompositions(Vec<BTreeMap<u64, usize>>);

impl NaiveCompositions {
    fn counts(symbols: &[u64]) -> BTreeMap<u64, usize> {
        let mut counts = BTreeMap::new();
        symbols.iter().for_each(|&s| *counts.entry(s).or_insert(0) += 1);
        counts
    }

    fn blend(of: &[&BTreeMap<u64, usize>], s: u64, x: usize, below: f64) -> f64 {
        let with: Vec<u8> = of.iter().filter_map(|c| c.get(&s)).map(|&x| bucket(x)).collect();
        let d = with.iter().collect::<BTreeSet<_>>().len() as f64;
        let m = with.iter().filter(|&&b| b == bucket(x)).count() as f64;
        (m + d * below) / (with.len() as f64 + d)
    }

    fn bits(&self, symbols: &[u64]) -> f64 {
        let n = self.0.len() as f64;
        if self.0.is_empty() {
            return 0.0;
        }
        let counts = Self::counts(symbols);
        let all: Vec<&BTreeMap<u64, usize>> = self.0.iter().collect();
        let same: Vec<_> = all.iter().copied().filter(|c| c.keys().eq(counts.keys())).collect();
        let known: BTreeSet<u64> = self.0.iter().flat_map(|c| c.keys().copied()).collect();
        let mut q = 0.5f64.powi(900);
        let mut spread = 1.0;
        let mut least = 1.0f64;
        for &s in known.iter().chain(counts.keys().filter(|s| !known.contains(s))) {
            let with = self.0.iter().filter(|c| c.contains_key(&s)).count() as f64;
            let p = (with + 0.5) / (n + 1.0);
            spread *= if counts.contains_key(&s) { p } else { 1.0 - p };
            let Some(&x) = counts.get(&s).filter(|_| known.contains(&s)) else { continue };
            let used: BTreeSet<u8> = all.iter().filter_map(|c| c.get(&s)).map(|&x| bucket(x)).collect();
            let far = used.iter().map(|z| z.abs_diff(bucket(x))).min().unwrap();
            let z = used.iter().filter(|z| z.abs_diff(bucket(x)) == far).max().unwrap();
            let ratio = (f64::from(bucket(x)) + 1.0) / (f64::from(*z) + 1.0);
            let mut p = Self::blend(&all, s, x, 0.5 * ratio.min(1.0 / ratio));
            if !same.is_empty() {
                p = Self::blend(&same, s, x, p);
            }
            least = least.min(p);
        }
        q = q.max(spread);
        let kinds = self.0.iter().map(|c| c.keys().copied().collect::<Vec<_>>()).collect::<BTreeSet<_>>().len() as f64;
        -least.min((same.len() as f64 + kinds * q) / (n + kinds)).log2()
    }
}

fn requests() -> impl Strategy<Value = Vec<Vec<u64>>> {
    prop::collection::vec(prop::collection::vec(10u64..16, 0..30), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sequences_match_naive(requests in requests()) {
        let (mut fast, mut naive) = (Sequences::new(10_000), NaiveSequences::default());
        for r in &requests {
            let (got, want) = (fast.costliest_step(r), naive.bits(r));
            prop_assert!((got - want).abs() < 1e-9, "{got} against {want}");
            fast.learn(r);
            naive.learn(r);
        }
        let again: Sequences = postcard::from_bytes(&postcard::to_allocvec(&fast).unwrap()).unwrap();
        prop_assert_eq!(again.costliest_step(&requests[0]), fast.costliest_step(&requests[0]));
    }

    #[test]
    fn compositions_match_naive(requests in requests()) {
        let (mut fast, mut naive) = (Compositions::new(1000), NaiveCompositions::default());
        for r in &requests {
            let (got, want) = (fast.costliest(r).0, naive.bits(r));
            // Fewer than 64 requests: absences are brought up to date each time.
            prop_assert!((got - want).abs() < 1e-9, "{got} against {want}");
            fast.learn(r);
            naive.0.push(NaiveCompositions::counts(r));
        }
    }

    #[test]
    fn limits_of_the_models_hold(requests in prop::collection::vec(prop::collection::vec(any::<u64>(), 0..40), 1..20)) {
        let (mut s, mut h) = (Sequences::new(100), Compositions::new(16));
        for r in &requests {
            s.learn(r);
            h.learn(r);
            let (symbols, kinds, cells) = h.sizes();
            prop_assert!(s.len() <= 100 && symbols <= 16 && kinds <= 16 && cells <= 128, "{} {:?}", s.len(), h.sizes());
            prop_assert!(s.costliest_step(r).is_finite() && h.costliest(r).0.is_finite());
        }
    }

    #[test]
    fn binomial_tail_matches_its_sum(n in 1u64..40, k in 0u64..40, r in 0.001f64..0.9) {
        let k = k.min(n);
        let choose = |i: u64| (0..i).fold(1.0, |c, j| c * (n - j) as f64 / (j + 1) as f64);
        let want: f64 = (k..=n).map(|i| choose(i) * r.powi(i as i32) * (1.0 - r).powi((n - i) as i32)).sum();
        prop_assert!((binomial_tail(n, k, r) - want).abs() < 1e-9 * (1.0 + want), "{n} {k} {r}");
    }
}

#[test]
fn stale_absences_stay_within_a_fraction_of_a_bit() {
    let (mut fast, mut naive) = (Compositions::new(1000), NaiveCompositions::default());
    for i in 0..600u64 {
        let request: Vec<u64> = (0..12).filter(|s| (i * 7 + s * 13) % (s + 2) == 0).collect();
        assert!((fast.costliest(&request).0 - naive.bits(&request)).abs() < 0.5, "request {i}");
        fast.learn(&request);
        naive.0.push(NaiveCompositions::counts(&request));
    }
}

const SECOND: u64 = 1_000_000_000;

fn id(n: u64) -> [u8; 16] {
    [[0xAB; 8], n.to_be_bytes()].concat().try_into().unwrap()
}

fn window(end_s: u64, last: bool) -> Window {
    Window { end_ns: end_s * SECOND, last, ..Window::default() }
}

#[test]
fn a_request_is_judged_once_idle_and_keeps_its_id() {
    let mut requests = Requests::new(&Params::default());
    let mut out = vec![];
    requests.extend(id(7), [(10 * SECOND, 1), (20 * SECOND, 2)].into_iter());
    requests.extend(id(8), [(31 * SECOND, 1)].into_iter());
    requests.close(&window(60, false), &mut out);
    assert_eq!(out.iter().map(|r| r.trace_id).collect::<Vec<_>>(), [id(7)]);
    assert_eq!((out[0].start_ns, out[0].end_ns, out[0].events), (10 * SECOND, 20 * SECOND, 2));
    requests.extend(id(8), [(61 * SECOND, 2)].into_iter());
    out.clear();
    requests.close(&window(70, true), &mut out);
    assert_eq!((out.len(), out[0].trace_id, out[0].events), (1, id(8), 2));
    assert_eq!(requests.open(), 0);
}

/// Requests 1 2 3, each window 40 of them, then some windows with odd ones.
#[test]
fn odd_requests_are_marked_never_learnt_and_raise_the_window() {
    let mut requests = Requests::new(&Params::default());
    let mut run = |window_no: u64, odd: u64| {
        let mut out = vec![];
        for i in 0..40 {
            let at = window_no * 60 * SECOND + i;
            let symbols: &[u64] = if i < odd {
                &[1, 9, 9, 9, 3]
            } else if i % 2 == 0 {
                &[1, 2, 3]
            } else {
                &[1, 2, 2, 3]
            };
            requests.extend(id(window_no * 100 + i), symbols.iter().map(|&s| (at, s)));
        }
        let excess = requests.close(&window((window_no + 1) * 60, false), &mut out);
        if let Some(e) = &excess {
            requests.learn(e, false);
        }
        (excess, out.iter().filter(|r| r.anomalous).count() as u64)
    };
    for w in 0..40 {
        assert_eq!(run(w, 0).1, 0, "window {w}");
    }
    let (excess, marked) = run(40, 5);
    let excess = excess.unwrap();
    assert_eq!((marked, excess.odd, excess.judged), (5, 5, 40));
    assert!(excess.p < 1e-3, "{excess:?}");
    for w in 41..70 {
        assert_eq!(run(w, 5).1, 5, "requests never become normal by repetition: window {w}");
    }
    let (excess, _) = run(70, 5);
    assert!(excess.unwrap().p > 1e-2, "the stream's own rate of odd requests has become its rate");
}

#[test]
fn tainted_and_surplus_requests_are_counted_not_judged() {
    let mut requests = Requests::new(&Params { max_requests: 10, ..Params::default() });
    let mut out = vec![];
    (0..25).for_each(|i| requests.extend(id(i), [(i, 1)].into_iter()));
    assert_eq!(requests.open(), 10);
    assert_eq!(requests.turned().requests, 15);
    requests.taint();
    assert!(requests.close(&window(600, false), &mut out).is_none());
    assert!(out.is_empty());
    assert_eq!((requests.open(), requests.turned().tainted), (0, 10));
}
