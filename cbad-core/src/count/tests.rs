//! The model against a literal, slow rendering of its definition, and its limits.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::model::Model;
use super::*;

/// The definition, with maps and no bookkeeping: what a reader would write down first.
#[derive(Default)]
struct Naive {
    nw: f64,
    newev: f64,
    items: BTreeSet<u64>,
    ctx: BTreeMap<u64, (f64, f64)>,
    it: BTreeMap<(u64, u64), [f64; 4]>,
}

type Table = BTreeMap<u64, (u64, BTreeMap<u64, u64>)>;

impl Naive {
    fn known(&self, c: u64) -> Vec<u64> {
        self.it.keys().filter(|k| k.0 == c).map(|k| k.1).collect()
    }

    fn mu(&self, c: u64, k: u64, n: f64) -> f64 {
        let tot = self.ctx[&c].0;
        (n * (self.it[&(c, k)][0] + 0.1) / (tot + 0.1 + 0.1 * self.known(c).len() as f64)).max(0.02)
    }

    fn score(&self, table: &Table) -> Vec<(Kind, u64, u64, f64)> {
        let mut out = vec![];
        if self.nw < 1.0 {
            return out;
        }
        let all: BTreeSet<u64> = table.values().flat_map(|v| v.1.keys().copied()).collect();
        for &k in all.difference(&self.items) {
            out.push((Kind::New, 0, k, -((self.newev + 0.5) / (self.nw + 1.0)).log2()));
        }
        for (&c, (n, v)) in table {
            let Some(&(tot, nov)) = self.ctx.get(&c) else { continue };
            let n = *n as f64;
            for (&k, &x) in v {
                if !self.it.contains_key(&(c, k)) && self.items.contains(&k) && tot >= 3.0 {
                    let pe = (nov + 0.5) / (tot + 1.0);
                    let repeat = (1.0 + x as f64).log2().min(4.0);
                    out.push((Kind::Transition, c, k, if pe * n < 1.0 { -pe.log2() + repeat } else { 0.0 }));
                }
            }
            for k in self.known(c) {
                let [sum, windows, pearson, present] = self.it[&(c, k)];
                let x = v.get(&k).copied().unwrap_or(0) as f64;
                let mu = self.mu(c, k, n);
                if mu < 0.05 && x == 0.0 {
                    continue;
                }
                let phi = f64::max(1.0, (4.0 * 2.0 + pearson) / (4.0 + windows));
                let p = (mu / n).min(0.999);
                let clog = |x: f64, m: f64| if x > 0.0 { x * (x / m).ln() } else { 0.0 };
                let d = 2.0 * (clog(x, n * p) + clog(n - x, n * (1.0 - p)));
                let tail = 2.0 * simpson_t_tail((d.max(0.0) / phi).sqrt(), windows + 3.0);
                let mut b = (-tail.max(1e-300).log2()).min(60.0);
                if mu < 1.0 && x > 0.0 {
                    // Chances that each further occurrence followed, one after the other.
                    let goes_on = |j: u64| (sum - present).max(0.0) + j as f64;
                    let burst: f64 = (1..x as u64).map(|j| goes_on(j) / (goes_on(j) + present + 1.0)).product();
                    b = b.min(-((present + 0.5) / (windows + 1.0)).log2() - burst.log2());
                }
                out.push((Kind::Count, c, k, b));
            }
        }
        out
    }

    fn learn(&mut self, table: &Table) {
        let mut any_new = false;
        for (&c, (n, v)) in table {
            let n = *n as f64;
            self.ctx.entry(c).or_default();
            let expected: Vec<(u64, f64)> = self.known(c).into_iter().map(|k| (k, self.mu(c, k, n))).collect();
            for (k, mu) in expected {
                let x = v.get(&k).copied().unwrap_or(0) as f64;
                let p = (mu / n).min(0.999);
                let it = self.it.get_mut(&(c, k)).unwrap();
                it[2] = it[2] * 0.99 + ((x - mu).powi(2) / (mu * (1.0 - p) + 1e-3)).min(50.0);
                it[0] = it[0] * 0.99 + x;
                it[1] = it[1] * 0.99 + 1.0;
                it[3] = it[3] * 0.99 + f64::from(u8::from(x > 0.0));
            }
            for (&k, &x) in v {
                any_new |= self.nw > 0.0 && !self.items.contains(&k);
                if let std::collections::btree_map::Entry::Vacant(e) = self.it.entry((c, k)) {
                    e.insert([x as f64, 1.0, 0.0, 1.0]);
                    self.ctx.get_mut(&c).unwrap().1 += 1.0;
                }
            }
            let ctx = self.ctx.get_mut(&c).unwrap();
            *ctx = (ctx.0 * 0.99 + n, ctx.1 * 0.99);
        }
        self.items.extend(table.values().flat_map(|v| v.1.keys().copied()));
        self.newev = self.newev * 0.9995 + f64::from(u8::from(any_new));
        self.nw = self.nw * 0.9995 + 1.0;
    }
}

/// Upper tail of Student's t by integrating its density: t = √ν tan θ turns it into `∫ cos^{ν−1}`.
fn simpson_t_tail(t: f64, nu: f64) -> f64 {
    let f = |a: f64| a.cos().max(0.0).powf(nu - 1.0);
    let integral = |from: f64, to: f64| {
        let n = 20_000;
        let h = (to - from) / f64::from(n);
        let inner: f64 = (1..n).map(|i| f(from + h * f64::from(i)) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
        (f(from) + inner + f(to)) * h / 3.0
    };
    let half_pi = std::f64::consts::FRAC_PI_2;
    0.5 * integral((t / nu.sqrt()).atan(), half_pi) / integral(0.0, half_pi)
}

fn tables() -> impl Strategy<Value = Vec<Table>> {
    let counts = prop::collection::btree_map(0u64..7, 1u64..9, 1..5);
    let context = (0u64..6, counts).prop_map(|(extra, v)| (v.values().max().unwrap() + extra, v));
    prop::collection::vec(prop::collection::btree_map(0u64..4, context, 1..4), 1..12)
}

fn window(table: &Table) -> Window {
    let mut w = Window::default();
    for (&c, (n, v)) in table {
        w.add_total(c, *n);
        for (&k, &x) in v.iter().rev() {
            w.add(c, k, x - 1);
            w.add(c, k, 1);
        }
    }
    w.finish();
    w
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn matches_naive(history in tables()) {
        let (mut model, mut naive) = (Model::new(Limits::symbols(1000)), Naive::default());
        for table in &history {
            let w = window(table);
            let mut got = vec![];
            model.score(&w, &mut got);
            let mut want = naive.score(table);
            want.sort_by_key(|i| (i.0, i.1, i.2));
            got.sort_by_key(|i| (i.kind, i.context, i.symbol));
            prop_assert_eq!(got.len(), want.len());
            for (g, w) in got.iter().zip(&want) {
                prop_assert_eq!((g.kind, g.context, g.symbol), (w.0, w.1, w.2));
                prop_assert!((g.bits - w.3).abs() < 1e-5 * (1.0 + w.3), "{g:?} against {}", w.3);
            }
            model.learn(&w);
            naive.learn(table);
        }
    }

    #[test]
    fn shares_add_up(bits in prop::collection::vec(0.0f64..30.0, 0..40)) {
        let item = |(i, &bits): (usize, &f64)| Scored {
            kind: Kind::Count, context: 0, symbol: i as u64, bits, observed: 0.0, expected: 0.0,
        };
        let mut items: Vec<Scored> = bits.iter().enumerate().map(item).collect();
        let statistic = weigh_channel(&mut items);
        let mut sorted = bits.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let tail: f64 = sorted.iter().skip(1).map(|b| 0.25 * (b - 4.0).max(0.0)).sum();
        let head = sorted.first().map_or(0.0, |b| (b - (bits.len() as f64).log2()).max(0.0));
        prop_assert!((statistic - head - tail).abs() < 1e-9);
        prop_assert_eq!(statistic, items.iter().fold(0.0, |a, i| a + i.bits));
    }

    #[test]
    fn limits_hold_and_order_leaves_no_trace(
        windows in prop::collection::vec(prop::collection::vec((0u64..60, 0u64..60, 1u64..4), 1..80), 1..12),
    ) {
        let limits = Limits { symbols: 16, contexts: 12, pairs: 40 };
        let (mut a, mut b) = (Model::new(limits), Model::new(limits));
        for rows in &windows {
            let (mut wa, mut wb) = (Window::default(), Window::default());
            rows.iter().for_each(|&(c, k, x)| wa.add(c, k, x));
            rows.iter().rev().for_each(|&(c, k, x)| wb.add(c, k, x));
            wa.finish();
            wb.finish();
            prop_assert_eq!(&wa, &wb);
            a.learn(&wa);
            b.learn(&wb);
            let (mut sa, mut sb) = (vec![], vec![]);
            a.score(&wa, &mut sa);
            b.score(&wb, &mut sb);
            prop_assert_eq!(sa, sb);
            prop_assert!(a.sizes().0 <= 16 && a.sizes().1 <= 12 && a.sizes().2 <= 40, "{:?}", a.sizes());
            prop_assert_eq!(a.sizes().2, a.recount_pairs());
        }
        prop_assert_eq!(&a, &b);
    }
}

#[test]
fn eviction_takes_the_coldest_and_counts() {
    let mut model = Model::new(Limits::symbols(16));
    let mut w = Window::default();
    for k in 0..40u64 {
        w.clear();
        w.add(0, 1_000, 5);
        w.add(0, k, 1);
        w.finish();
        model.learn(&w);
    }
    assert!(model.knows(1_000) && model.knows(39) && !model.knows(0));
    assert!(model.evictions().symbols >= 24, "{:?}", model.evictions());
}

#[test]
fn first_window_scores_nothing_and_novelty_grows_dearer() {
    let mut model = Model::new(Limits::symbols(64));
    let mut w = Window::default();
    w.add(0, 1, 100);
    w.finish();
    let mut items = vec![];
    model.score(&w, &mut items);
    assert!(items.is_empty());
    for _ in 0..400 {
        model.learn(&w);
    }
    w.add(0, 2, 1);
    w.finish();
    model.score(&w, &mut items);
    let new = items.iter().find(|i| i.kind == Kind::New).expect("symbol 2 is new");
    // None of about 400 windows had something new; the first, where everything is, does not count.
    assert!((9.0..10.0).contains(&new.bits), "{new:?}");
}

#[test]
fn what_is_known_without_counts_is_rare_not_new() {
    let mut model = Model::new(Limits::symbols(64));
    let of = |rows: &[(u64, u64, u64)]| {
        let mut w = Window::default();
        rows.iter().for_each(|&(c, k, x)| w.add(c, k, x));
        w.finish();
        w
    };
    let usual = of(&[(1, 2, 10)]);
    for _ in 0..50 {
        model.learn(&usual);
    }
    let odd = of(&[(1, 2, 10), (1, 9, 3), (9, 2, 3)]);
    let pairs: Vec<_> = model.unknown(&odd).collect();
    assert_eq!(pairs, [(1, 9), (9, 2)]);
    let bits = |model: &Model| {
        let mut out = vec![];
        model.score(&odd, &mut out);
        out.into_iter().map(|s| (s.kind, s.context, s.symbol, s.bits)).collect::<Vec<_>>()
    };
    assert!(bits(&model).iter().any(|b| b.0 == Kind::New && b.2 == 9));
    model.know(pairs);
    assert_eq!(model.recount_pairs(), model.sizes().2);
    let after = bits(&model);
    assert!(after.iter().all(|b| b.0 == Kind::Count), "{after:?}");
    let cost = |model: &Model| bits(model).iter().find(|b| b.2 == 9).map_or(0.0, |b| b.3);
    let soon = cost(&model);
    for _ in 0..80 {
        model.learn(&usual);
    }
    assert!(cost(&model) > soon, "the longer it stays away, the more it says");
}
