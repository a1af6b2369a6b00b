//! Would a random division of the same records be as far apart as baseline and window are?
//!
//! Records, not bytes, are dealt anew: bytes of a line are never exchangeable, lines nearly are. Each part keeps its
//! records in their old order, so that order says the same in every division. The statistic is the normalised
//! compression distance by zstd-1 over bounded samples: 99 divisions cost a few milliseconds.

use super::compression::measure;
use crate::codec::{CodecError, Zstd};

/// Bytes sampled of each part.
const BASELINE_BYTES: usize = 16 * 1024;
const WINDOW_BYTES: usize = 4 * 1024;
/// Longest prefix of one record.
const RECORD_BYTES: usize = 512;
const LEVEL: i32 = 1;
/// So many divisions as far apart settle the question.
const ENOUGH: u32 = 10;
const MAX_PERMUTATIONS: u32 = 999;

/// The p-value of the given division among random ones, and how many of these were looked at, at most `n`.
///
/// `(1 + k)/(1 + n)` with `k` of `n` at least as far apart; where the tenth such is met at the `l`-th division the
/// answer is clear and p is `10/l` (Besag and Clifford 1991). Deterministic in the seed. `(1, 0)` where either part is
/// empty or the codec fails.
pub fn permutation(baseline: &[&[u8]], window: &[&[u8]], seed: u64, n: u32) -> (f64, u32) {
    test(&sample(baseline, BASELINE_BYTES), &sample(window, WINDOW_BYTES), seed, n.min(MAX_PERMUTATIONS))
        .unwrap_or((1.0, 0))
}

fn test(baseline: &[&[u8]], window: &[&[u8]], seed: u64, n: u32) -> Result<(f64, u32), CodecError> {
    if baseline.is_empty() || window.is_empty() || n == 0 {
        return Ok((1.0, 0));
    }
    let mut zstd = Zstd::new(LEVEL)?;
    let records: Vec<&[u8]> = baseline.iter().chain(window).copied().collect();
    let mut in_window: Vec<bool> = (0..records.len()).map(|i| i >= baseline.len()).collect();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut distance = |in_window: &[bool]| {
        left.clear();
        right.clear();
        for (record, &w) in records.iter().zip(in_window) {
            let part = if w { &mut right } else { &mut left };
            part.extend_from_slice(record);
            part.push(b'\n');
        }
        measure(&mut zstd, &left, &right).map(|c| c.ncd)
    };
    let observed = distance(&in_window)?;
    let mut random = SplitMix(seed);
    let mut as_far = 0;
    for l in 1..=n {
        random.shuffle(&mut in_window);
        as_far += u32::from(distance(&in_window)? >= observed);
        if as_far == ENOUGH {
            return Ok((f64::from(ENOUGH) / f64::from(l), l));
        }
    }
    Ok((f64::from(1 + as_far) / f64::from(1 + n), n))
}

/// Every `k`-th record, shortened, so that all fit into the budget.
fn sample<'a>(records: &[&'a [u8]], budget: usize) -> Vec<&'a [u8]> {
    let short = |r: &&'a [u8]| -> &'a [u8] { &r[..r.len().min(RECORD_BYTES)] };
    let total: usize = records.iter().map(|r| short(r).len() + 1).sum();
    let stride = total.div_ceil(budget).max(1);
    let mut left = budget;
    let fits = move |r: &&[u8]| {
        let fits = r.len() < left;
        left = left.saturating_sub(r.len() + 1);
        fits
    };
    records.iter().step_by(stride).map(short).take_while(fits).collect()
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Fisher and Yates; the bias of the multiply-shift is below 2⁻³².
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = ((u128::from(self.next()) * (i as u128 + 1)) >> 64) as usize;
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(i: u64, word: &str) -> String {
        format!("{word} {}", SplitMix(i).next() % 1000)
    }

    fn p(baseline: &[String], window: &[String], seed: u64) -> f64 {
        let refs = |v: &[String]| v.iter().map(|l| l.as_bytes().to_vec()).collect::<Vec<_>>();
        let (b, w) = (refs(baseline), refs(window));
        let (b, w): (Vec<&[u8]>, Vec<&[u8]>) = (b.iter().map(|r| &r[..]).collect(), w.iter().map(|r| &r[..]).collect());
        permutation(&b, &w, seed, 99).0
    }

    #[test]
    fn unlike_windows_are_told_from_alike_ones() {
        let baseline: Vec<String> = (0..300).map(|i| line(i, "user signed in with id")).collect();
        let odd: Vec<String> = (300..340).map(|i| line(i, "panic: connection refused by peer after")).collect();
        assert_eq!(p(&baseline, &odd, 1), 0.01);
        let alike: Vec<f64> = (0..40)
            .map(|seed| {
                let all: Vec<String> = (0..340).map(|i| line(i + 1000 * seed, "user signed in with id")).collect();
                p(&all[..300], &all[300..], seed)
            })
            .collect();
        let low = alike.iter().filter(|&&p| p <= 0.1).count();
        let mean = alike.iter().sum::<f64>() / 40.0;
        assert!(low <= 10 && (0.3..0.7).contains(&mean), "{low} of 40 at or below 0.1, mean {mean}");
    }

    #[test]
    fn it_stops_when_the_answer_is_clear() {
        let same = [b"same".as_slice(); 40];
        assert_eq!(permutation(&same[..30], &same[30..], 1, 99), (1.0, 10));
        assert_eq!(permutation(&same[..30], &same[30..], 1, 5), (1.0, 5));
    }

    #[test]
    fn the_seed_decides_and_nothing_else() {
        let baseline: Vec<String> = (0..100).map(|i| line(i, "a")).collect();
        let window: Vec<String> = (100..120).map(|i| line(i, "a")).collect();
        assert_eq!(p(&baseline, &window, 5), p(&baseline, &window, 5));
        assert!((0..20).any(|s| p(&baseline, &window, s) != p(&baseline, &window, 5)));
    }

    #[test]
    fn nothing_to_compare_is_no_evidence() {
        assert_eq!(permutation(&[], &[b"x"], 1, 99), (1.0, 0));
        assert_eq!(permutation(&[b"x"], &[], 1, 99), (1.0, 0));
        assert_eq!(permutation(&[b"x"], &[b"x"], 1, 0), (1.0, 0));
    }

    #[test]
    fn samples_stay_within_their_budget() {
        let long = vec![b'x'; 100_000];
        for (n, len) in [(1, 100_000), (10_000, 3), (1000, 700), (3, 0), (0, 5)] {
            let records: Vec<&[u8]> = (0..n).map(|_| &long[..len]).collect();
            let kept = sample(&records, 4096);
            assert!(kept.iter().map(|r| r.len() + 1).sum::<usize>() <= 4096);
            assert!(n == 0 || !kept.is_empty());
        }
    }

    #[test]
    fn a_shuffle_is_fair() {
        let mut counts = [[0u32; 4]; 4];
        let mut random = SplitMix(3);
        for _ in 0..24_000 {
            let mut v = [0, 1, 2, 3];
            random.shuffle(&mut v);
            for (at, &x) in v.iter().enumerate() {
                counts[at][x as usize] += 1;
            }
        }
        assert!(counts.iter().flatten().all(|&c| (5700..6300).contains(&c)), "{counts:?}");
    }
}
