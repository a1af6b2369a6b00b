//! What the costliest items of a channel rest on: the model's counts, and the share of the channel's statistic that follows.
//!
//! Of the channels of logs; the items of other channels come from models whose state is no page of numbers.

use serde::{Deserialize, Serialize};

use crate::count::{novelty_share, share, Counted, First};
use crate::log::NewLine;
use crate::ChannelKind;

/// The numbers behind one item.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Term {
    /// A line never written before.
    NewLine(NewLine),
    /// A known line after one that it never followed.
    First(First),
    /// So many lines of a kind after those of another.
    Counted(Counted),
}

impl Term {
    /// What the item costs by itself.
    pub fn bits(&self) -> f64 {
        match self {
            Term::NewLine(t) => t.bits(),
            Term::First(t) => t.bits(),
            Term::Counted(t) => t.bits(),
        }
    }
}

/// An item with its share of the channel's statistic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priced {
    /// Hashes of the line's template and of the one before, in hex.
    pub id: String,
    pub context: String,
    /// The costliest of all that were looked at pays for the choice, any other counts less.
    pub first: bool,
    /// The share.
    pub bits: f64,
    pub term: Term,
}

/// The costliest items of one channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub channel: ChannelKind,
    /// Items that were looked at.
    pub looked: u64,
    /// All that have a share are listed: they add up to the channel's statistic.
    pub complete: bool,
    pub terms: Vec<Priced>,
}

impl Terms {
    /// At most so many are listed.
    pub const MAX: usize = 8;

    /// The share of an item that costs so many bits by itself.
    pub fn share(&self, first: bool, bits: f64) -> f64 {
        match self.channel {
            ChannelKind::LogNew => novelty_share(first, bits),
            _ => share(first, self.looked as f64, bits),
        }
    }

    /// The shares, computed again.
    pub fn shares(&self) -> Vec<f64> {
        self.terms.iter().map(|t| self.share(t.first, t.term.bits())).collect()
    }
}
