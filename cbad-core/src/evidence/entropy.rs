//! Shannon entropy of bytes.

use crate::math;

/// Bits per byte of all records together, their boundaries left out; 0 where there are no bytes.
pub fn entropy(records: &[&[u8]]) -> f64 {
    let mut counts = [0u64; 256];
    for r in records {
        for &b in *r {
            counts[usize::from(b)] += 1;
        }
    }
    let total: u64 = counts.iter().sum();
    let bits = |&c: &u64| {
        let p = c as f64 / total as f64;
        -p * math::log2(p)
    };
    counts.iter().filter(|&&c| c > 0).map(bits).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_entropies() {
        assert_eq!(entropy(&[]), 0.0);
        assert_eq!(entropy(&[b"", b""]), 0.0);
        assert_eq!(entropy(&[b"aaaa", b"aa"]), 0.0);
        assert_eq!(entropy(&[b"abab", b"ab"]), 1.0);
        let all: Vec<u8> = (0..=255).collect();
        assert!((entropy(&[&all, &all]) - 8.0).abs() < 1e-12);
        // −(3/4)·log2(3/4) − (1/4)·log2(1/4)
        assert!((entropy(&[b"aaab"]) - 0.811_278_124_459_132_8).abs() < 1e-12);
    }
}
