//! From a window's items to the channels' p-values, and whether the window is learnt.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::novelty::{NewLine, Novelty};
use crate::calibrate::History;
use crate::count::{self, Kind, Scored};
use crate::evidence::{Basis, Way};
use crate::{Channel, ChannelKind};

/// The channels' histories.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judge {
    novelty: Novelty,
    transition: History,
    count: History,
}

/// One window's channels and the items behind them, weighted so that they add up.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    pub channels: Vec<Channel>,
    pub items: Vec<(ChannelKind, Scored)>,
    /// How many items each channel looked at; those without a share are not in the list.
    pub looked: Vec<(ChannelKind, usize)>,
}

/// What may be judged in a window.
#[derive(Clone, Copy, Debug)]
pub struct Admitted {
    pub transitions: bool,
    pub counts: bool,
}

impl Default for Judge {
    fn default() -> Self {
        Judge { novelty: Novelty::default(), transition: History::of_windows(), count: History::of_windows() }
    }
}

impl Judge {
    /// Judges the items of a window. `novel` tells of each new symbol whether it came at ERROR or worse.
    pub fn judge(&self, scored: Vec<Scored>, novel: &BTreeMap<u64, bool>, admitted: Admitted) -> Judged {
        let bits = self.novelty.bits();
        let (mut new, mut transitions, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        for mut item in scored {
            match item.kind {
                Kind::New => {
                    item.bits = if novel.get(&item.symbol) == Some(&true) { bits.severe } else { bits.any };
                    new.push(item);
                }
                Kind::Transition => transitions.push(item),
                Kind::Count => counts.push(item),
            }
        }
        let mut judged = Judged::default();
        let looked = new.len();
        let statistic = count::novelty_channel(&mut new);
        // Novelty has a probability of its own: no history of scores adds to it.
        judged.add(ChannelKind::LogNew, Basis::of(Way::own(statistic), self.novelty.counted() as u64), looked, new);
        if admitted.transitions {
            let looked = transitions.len();
            let statistic = count::weigh_channel(&mut transitions);
            // A transition is a novelty too, within its context: its p is no smaller than its bits say.
            let way = Way { own: true, ..Way::ranked(statistic, self.transition.rank(statistic)) };
            judged.add(ChannelKind::LogTransition, Basis::of(way, self.transition.len() as u64), looked, transitions);
        }
        if admitted.counts {
            let looked = counts.len();
            let statistic = count::weigh_channel(&mut counts);
            let way = Way::ranked(statistic, self.count.rank(statistic));
            judged.add(ChannelKind::LogCount, Basis::of(way, self.count.len() as u64), looked, counts);
        }
        judged
    }

    /// Adds a window's symbols, and those of them that are new, to the past of novelty.
    pub fn learn_symbols(&mut self, symbols: impl Iterator<Item = u64>, new: &BTreeMap<u64, bool>, quarantined: bool) {
        self.novelty.learn(symbols, new, quarantined);
    }

    /// Adds a window's scores to the histories.
    pub fn learn(&mut self, channels: &[Channel], quarantined: bool) {
        for channel in channels {
            let history = match channel.kind {
                ChannelKind::LogTransition => &mut self.transition,
                ChannelKind::LogCount => &mut self.count,
                _ => continue,
            };
            if quarantined {
                history.add_clipped(channel.statistic);
            } else {
                history.add(channel.statistic);
            }
        }
    }

    /// What a new line costs bits by.
    pub fn new_line(&self, severe: bool) -> NewLine {
        NewLine { severe, ..self.novelty.bits().past }
    }

    /// What a channel is ranked among, where it is.
    pub fn history(&self, kind: ChannelKind) -> Option<&History> {
        match kind {
            ChannelKind::LogTransition => Some(&self.transition),
            ChannelKind::LogCount => Some(&self.count),
            _ => None,
        }
    }

    /// Past scores of a channel, newest last.
    pub fn recent(&self, kind: ChannelKind, n: usize) -> Vec<f64> {
        self.history(kind).map_or_else(Vec::new, |h| h.recent(n))
    }

    pub fn memory(&self) -> usize {
        self.novelty.memory() + self.transition.memory() + self.count.memory()
    }
}

impl Judged {
    fn add(&mut self, kind: ChannelKind, basis: Basis, looked: usize, items: Vec<Scored>) {
        self.looked.push((kind, looked));
        self.channels.push(Channel::new(kind, basis));
        self.items.extend(items.into_iter().map(|i| (kind, i)));
    }
}
