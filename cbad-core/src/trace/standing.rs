//! Where a stream stands: its past statistics and its grace.

use serde::{Deserialize, Serialize};

use crate::calibrate::History;
use crate::ChannelKind;

/// Windows after a change of instance without a verdict on durations and net, and on counts and new edges.
const GRACE_LEVELS: u32 = 3;
const GRACE_COUNTS: u32 = 1;
/// Windows after it in which being faster is no oddity: a new pod may run on a better machine for good.
const GRACE_FASTER: u32 = 30;

/// Past statistics, by channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Histories {
    pub edges: History,
    pub counts: History,
    pub durations: History,
    pub net: History,
    pub errors: History,
}

impl Histories {
    pub fn new() -> Self {
        Histories {
            edges: History::of_windows(),
            counts: History::of_windows(),
            durations: History::of_windows(),
            net: History::of_windows(),
            errors: History::of_rare_events(),
        }
    }

    pub fn of(&self, kind: ChannelKind) -> &History {
        match kind {
            ChannelKind::TraceCount => &self.counts,
            ChannelKind::TraceDuration => &self.durations,
            ChannelKind::TraceNet => &self.net,
            ChannelKind::TraceError => &self.errors,
            _ => &self.edges,
        }
    }

    pub fn memory(&self) -> usize {
        [&self.edges, &self.counts, &self.durations, &self.net, &self.errors].iter().map(|h| h.memory()).sum()
    }
}

/// Windows left in which a kind of channel is present and normal, whatever it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grace {
    pub levels: u32,
    pub counts: u32,
    pub faster: u32,
}

impl Grace {
    pub fn restart(&mut self) {
        *self = Grace { levels: GRACE_LEVELS, counts: GRACE_COUNTS, faster: GRACE_FASTER };
    }

    pub fn pass(&mut self) {
        self.levels = self.levels.saturating_sub(1);
        self.counts = self.counts.saturating_sub(1);
        self.faster = self.faster.saturating_sub(1);
    }
}
