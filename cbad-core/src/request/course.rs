//! The oddest request of a window, and what is odd about it, for who reads the explanation.
//!
//! It decides nothing.

use super::sequence::Step;

/// What a request's p came from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Oddity {
    /// One step of its order.
    Step(Step),
    /// How often one symbol came in it.
    Times(u64),
    /// Which symbols came together in it.
    Together,
}

/// A request's symbols in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub symbols: Vec<u64>,
    pub oddity: Oddity,
    p: f64,
}

impl Course {
    /// Keeps the oddest so far; of equals the first.
    pub(super) fn offer(kept: &mut Option<Course>, p: f64, symbols: &[u64], oddity: impl FnOnce() -> Oddity) {
        if kept.as_ref().is_none_or(|c| p < c.p) {
            *kept = Some(Course { symbols: symbols.to_vec(), oddity: oddity(), p });
        }
    }

    #[cfg(test)]
    pub fn new(symbols: Vec<u64>, oddity: Oddity) -> Self {
        Course { symbols, oddity, p: 0.0 }
    }

    /// The place in `symbols` that is odd, one past the end where it should have gone on; none where no single place is.
    pub fn place(&self) -> Option<usize> {
        match self.oddity {
            Oddity::Step(step) => Some(step.at),
            Oddity::Times(symbol) => self.symbols.iter().position(|&s| s == symbol),
            Oddity::Together => None,
        }
    }
}
