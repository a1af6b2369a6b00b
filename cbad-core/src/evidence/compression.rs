//! How far apart two samples of records are, by what a compressor gains from seeing one before the other.

use super::Compression;
use crate::codec::{Codec, CodecError, Zstd};

/// zstd's level for evidence: its default, the point where more effort stops gaining on log text.
pub const ZSTD_LEVEL: i32 = 3;

/// Sizes and normalised compression distance of two samples, records joined by newlines, by zstd at [`ZSTD_LEVEL`].
///
/// Sizes are those of single frames without their checksums; an empty sample takes no bytes. Where the codec fails
/// (out of memory) all sizes are 0 and the distance too: evidence is a second opinion, never a reason to fail.
pub fn compression(baseline: &[&[u8]], window: &[&[u8]]) -> Compression {
    let measured = Zstd::new(ZSTD_LEVEL).and_then(|mut zstd| measure(&mut zstd, &join(baseline), &join(window)));
    measured.unwrap_or_else(|_| Compression { codec: "zstd".into(), ..Compression::default() })
}

/// The records, each ended by a newline.
pub(super) fn join(records: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(records.iter().map(|r| r.len() + 1).sum());
    for r in records {
        out.extend_from_slice(r);
        out.push(b'\n');
    }
    out
}

/// Sizes by any codec of two byte strings and of one after the other.
pub fn measure(codec: &mut dyn Codec, baseline: &[u8], window: &[u8]) -> Result<Compression, CodecError> {
    let mut both = Vec::with_capacity(baseline.len() + window.len());
    both.extend_from_slice(baseline);
    both.extend_from_slice(window);
    let mut size = |bytes: &[u8]| if bytes.is_empty() { Ok(0) } else { codec.size(bytes).map(|n| n as u64) };
    let (b, w, c) = (size(baseline)?, size(window)?, size(&both)?);
    Ok(Compression {
        ncd: distance(b, w, c),
        baseline: b,
        window: w,
        combined: c,
        baseline_raw: baseline.len() as u64,
        window_raw: window.len() as u64,
        codec: codec.name().into(),
    })
}

/// `(C(B,W) − min(C(B), C(W))) / max(C(B), C(W))` (Cilibrasi and Vitányi 2005), at least 0; 0 for two empty samples.
pub fn distance(baseline: u64, window: u64, combined: u64) -> f64 {
    let (low, high) = (baseline.min(window), baseline.max(window));
    if high == 0 {
        return 0.0;
    }
    combined.saturating_sub(low) as f64 / high as f64
}

/// Columns of one metric series: times and values.
#[cfg(feature = "openzl")]
pub type Columns<'a> = &'a [(u64, f64)];

/// Sizes by OpenZL's numeric graphs of a time column and a value column each; none where the codec fails.
#[cfg(feature = "openzl")]
pub fn columns(baseline: Columns<'_>, window: Columns<'_>) -> Option<Compression> {
    let mut codec = crate::codec::OpenZl::new().ok()?;
    let times = |c: Columns<'_>| c.iter().flat_map(|(t, _)| t.to_le_bytes()).collect::<Vec<u8>>();
    let values = |c: Columns<'_>| c.iter().flat_map(|(_, v)| v.to_le_bytes()).collect::<Vec<u8>>();
    let t = measure(&mut codec, &times(baseline), &times(window)).ok()?;
    let v = measure(&mut codec, &values(baseline), &values(window)).ok()?;
    let (b, w, c) = (t.baseline + v.baseline, t.window + v.window, t.combined + v.combined);
    Some(Compression {
        ncd: distance(b, w, c),
        baseline: b,
        window: w,
        combined: c,
        baseline_raw: t.baseline_raw + v.baseline_raw,
        window_raw: t.window_raw + v.window_raw,
        codec: t.codec,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(word: &str, n: usize) -> Vec<String> {
        (0..n).map(|i| format!("{word} request {i} took {} ms", i * 7919 % 101)).collect()
    }

    fn refs(lines: &[String]) -> Vec<&[u8]> {
        lines.iter().map(|l| l.as_bytes()).collect()
    }

    #[test]
    fn the_distance_is_the_formula() {
        assert_eq!(distance(100, 40, 120), 0.8);
        assert_eq!(distance(40, 100, 120), 0.8);
        assert_eq!(distance(0, 0, 0), 0.0);
        assert_eq!(distance(50, 50, 10), 0.0);
    }

    #[test]
    fn alike_is_near_and_unlike_is_far() {
        let (a, b) = (lines("GET /cart", 200), lines("GET /cart", 60));
        let other: Vec<String> = (0..60u64).map(|i| format!("{:x}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        let near = compression(&refs(&a), &refs(&b));
        let far = compression(&refs(&a), &refs(&other));
        assert!(near.ncd + 0.2 < far.ncd, "{near:?} {far:?}");
        assert_eq!(near.codec, "zstd");
        assert_eq!(near.baseline_raw, a.iter().map(|l| l.len() as u64 + 1).sum::<u64>());
        // Recomputed by hand.
        let mut zstd = Zstd::new(ZSTD_LEVEL).unwrap();
        assert_eq!(near.window, zstd.size(&join(&refs(&b))).unwrap() as u64);
    }

    #[test]
    fn empty_samples_are_nothing() {
        let c = compression(&[], &[]);
        assert_eq!((c.ncd, c.baseline, c.window, c.combined), (0.0, 0, 0, 0));
        let c = compression(&[b"one"], &[]);
        assert_eq!((c.window, c.window_raw), (0, 0));
        assert_eq!(c.ncd, 1.0);
    }

    #[cfg(feature = "openzl")]
    #[test]
    fn columns_add_up() {
        let col: Vec<(u64, f64)> =
            (0..500).map(|i| (1_700_000_000_000_000_000 + i * 60_000_000_000, (i % 37) as f64 / 4.0)).collect();
        let c = columns(&col[..400], &col[400..]).unwrap();
        assert_eq!((c.codec.as_str(), c.baseline_raw, c.window_raw), ("openzl", 6400, 1600));
        assert!(c.combined < c.baseline_raw / 4 && c.ncd < 1.0, "{c:?}");
    }
}
