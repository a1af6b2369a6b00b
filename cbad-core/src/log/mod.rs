//! The logs of one service as a stream of templates: which are new, which follow what they never followed, which
//! occur too often or too seldom after what they follow.
//!
//! It does not know services, clocks or OTLP, and does not join its channels with other signals'.
//!
//! # Path of a record
//!
//! [`Detector::observe`]: the text is masked ([`mask`]), its identity looked up ([`miner`]), 32 bytes are kept
//! ([`window`]), and now and then the raw record goes into the window's sample ([`sample`]).
//! [`Detector::close`]: unknown identities are mined, records sorted and counted by (previous symbol in the same trace →
//! symbol), the counts scored ([`crate::count`]), the channels judged ([`judge`]), complete requests judged one by
//! one ([`crate::request`]), the window learnt unless quarantined or incomplete, the costliest items explained
//! ([`explain`]).

mod course;
mod evidence;
mod explain;
mod index;
pub mod judge;
pub mod mask;
pub mod miner;
mod novelty;
pub mod sample;
mod stream;
mod window;
mod wording;

#[cfg(test)]
mod grouping_tests;
#[cfg(test)]
mod mask_tests;
#[cfg(test)]
mod tests;

pub use novelty::NewLine;
pub use stream::{LogStream, Turned};

#[cfg(doc)]
use crate::Detector;
