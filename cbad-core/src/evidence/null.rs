//! What a statistic was ranked among, small enough to be drawn.

use serde::{Deserialize, Serialize};

use crate::calibrate::History;
use crate::ChannelKind;

/// Bins of equal width.
const BINS: usize = 24;

/// A histogram of the past scores that a channel's statistic was ranked among.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Null {
    pub channel: ChannelKind,
    /// The window's statistic.
    pub observed: f64,
    /// The least past score and the width of a bin, 0 where all are equal.
    pub low: f64,
    pub width: f64,
    /// Past scores of each bin: `low + i·width` to `low + (i + 1)·width`, the last one's end included.
    pub counts: Vec<u64>,
}

impl Null {
    /// Of a channel's history; none while it is empty.
    pub fn of(channel: ChannelKind, observed: f64, history: &History) -> Option<Null> {
        let scores = history.recent(history.len());
        let low = scores.iter().copied().reduce(f64::min)?;
        let high = scores.iter().copied().reduce(f64::max)?;
        let width = (high - low) / BINS as f64;
        let mut counts = vec![0; if width > 0.0 { BINS } else { 1 }];
        for s in scores {
            let bin = if width > 0.0 { ((s - low) / width) as usize } else { 0 };
            counts[bin.min(BINS - 1)] += 1;
        }
        Some(Null { channel, observed, low, width, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_without_a_past() {
        assert_eq!(Null::of(ChannelKind::LogCount, 3.0, &History::of_windows()), None);
    }

    #[test]
    fn equal_scores_are_one_bin() {
        let mut history = History::of_windows();
        (0..7).for_each(|_| history.add(2.5));
        let null = Null::of(ChannelKind::LogCount, 3.0, &history).unwrap();
        assert_eq!((null.low, null.width, &null.counts[..]), (2.5, 0.0, &[7][..]));
    }

    proptest! {
        /// Each score is in the bin that its value names, and all are in one.
        #[test]
        fn counts_are_those_of_the_naive_histogram(scores in prop::collection::vec(0u16..500, 2..400)) {
            let mut history = History::new(4000, crate::calibrate::KRule { min: 3, share: 0.2, max: 100 }, 1.0, 1.0);
            scores.iter().for_each(|&s| history.add(f64::from(s) / 8.0));
            let null = Null::of(ChannelKind::Metric, 1.0, &history).unwrap();
            prop_assert_eq!(null.counts.iter().sum::<u64>(), scores.len() as u64);
            let (low, high) = (scores.iter().min().unwrap(), scores.iter().max().unwrap());
            prop_assert_eq!(null.low, f64::from(*low) / 8.0);
            if low < high {
                prop_assert!((null.low + 24.0 * null.width - f64::from(*high) / 8.0).abs() < 1e-9);
                let below = scores.iter().filter(|&&s| f64::from(s) / 8.0 < null.low + 12.0 * null.width - 1e-9).count() as u64;
                let up_to = scores.iter().filter(|&&s| f64::from(s) / 8.0 < null.low + 12.0 * null.width + 1e-9).count() as u64;
                let counted = null.counts[..12].iter().sum::<u64>();
                prop_assert!((below..=up_to).contains(&counted));
            }
        }
    }
}
