//! Many items' bits into one statistic per channel, so that each item's share of it is known.

use super::Scored;
use crate::math::log2;

/// Weighs a channel's items and returns its statistic, `max(0, b₁ − log2 m) + ¼ Σ_{j≥2} max(0, b_j − 4)`.
///
/// `log2 m` pays for having looked at `m` items; the remaining sum lets many mild surprises tell, without letting
/// dependent items multiply. Each item's `bits` becomes its own term, items without a share are dropped, so
/// the rest adds up to the statistic exactly (in order). Costliest first.
pub fn weigh_channel(items: &mut Vec<Scored>) -> f64 {
    items.sort_by(costliest);
    let m = items.len() as f64;
    let mut statistic = 0.0;
    for (j, item) in items.iter_mut().enumerate() {
        item.bits = share(j == 0, m, item.bits);
        statistic += item.bits;
    }
    items.retain(|i| i.bits > 0.0);
    statistic
}

/// Weighs new symbols: the costliest pays in full, up to three further ones one bit each.
///
/// Novelties come together (one new code path brings several new lines), so they do not add up.
pub fn novelty_channel(items: &mut Vec<Scored>) -> f64 {
    items.sort_by(costliest);
    items.truncate(4);
    let mut statistic = 0.0;
    for (j, item) in items.iter_mut().enumerate() {
        item.bits = novelty_share(j == 0, item.bits);
        statistic += item.bits;
    }
    statistic
}

/// What an item of `m` adds: the costliest, and any other.
pub fn share(first: bool, m: f64, bits: f64) -> f64 {
    if first {
        (bits - log2(m)).max(0.0)
    } else {
        0.25 * (bits - 4.0).max(0.0)
    }
}

/// What a new symbol adds: the costliest, and any other.
pub fn novelty_share(first: bool, bits: f64) -> f64 {
    if first {
        bits
    } else {
        bits.min(1.0)
    }
}

fn costliest(a: &Scored, b: &Scored) -> std::cmp::Ordering {
    b.bits.total_cmp(&a.bits).then_with(|| (a.context, a.symbol).cmp(&(b.context, b.symbol)))
}
