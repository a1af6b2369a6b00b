//! What the three kinds of stream have in common.

use crate::evidence::Evidence;
use crate::{Batch, Params, RecordError, Verdict, Window};

/// One stream's model.
///
/// A detector is deterministic: the same batches (in any order within a window), windows and parameters give the
/// same verdicts bit for bit, also after a save and a load between two windows.
pub trait Detector {
    /// Adds a batch to the open window. A malformed batch is refused as a whole.
    fn observe(&mut self, batch: &Batch<'_>) -> Result<(), RecordError>;

    /// Scores the open window against the past, then learns it unless it is quarantined or incomplete.
    fn close(&mut self, window: &Window) -> Verdict;

    /// Takes other parameters that differ in those of [`Params::tuned`] alone.
    fn tune(&mut self, params: &Params);

    /// Evidence on the window closed last, where its p was at or below `Params::evidence_p`.
    fn evidence(&self) -> Option<&Evidence>;

    /// Entries of the models given up or refused at the limits of [`Params`] since the stream began.
    fn evicted(&self) -> u64;

    /// Approximate heap bytes held.
    fn memory(&self) -> usize;
}
