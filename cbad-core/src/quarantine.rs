//! When an odd window is learnt after all: the rule that the three kinds of stream share.
//!
//! It does not say which windows are odd.

use serde::{Deserialize, Serialize};

/// Which windows are learnt.
///
/// A window at or below `p` is quarantined. After `adopt_after` of them in a row the oddness is the new normal: that
/// window and those that follow without a break are learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    in_a_row: u32,
}

/// What happens to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    pub learn: bool,
    pub adopted: bool,
}

impl Quarantine {
    pub fn rule(&mut self, odd: bool, adopt_after: u32) -> Ruling {
        if !odd {
            self.in_a_row = 0;
            return Ruling { learn: true, adopted: false };
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        Ruling { learn: self.in_a_row >= adopt_after, adopted: self.in_a_row == adopt_after }
    }
}
