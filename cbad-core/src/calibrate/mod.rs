//! Turning scores into p-values from a stream's own past.
//!
//! It ranks and extrapolates; it does not know what a score means or when a window is worth learning.

mod counts;
pub mod dispersion;
mod history;
pub mod pool;
mod rank;
mod runs;
mod severity;
mod tail;

pub use counts::Counts;
pub use history::{ColdStart, History, KRule};
pub use rank::{Beyond, Habit, Rank};
pub use severity::{SeverityBin, SeverityCalibrator};
pub use tail::{quarter, Tail, TailBand};
