//! Span streams: novel operations, counts, durations, client-server differences and errors of one service.
//!
//! It joins nothing: spans come with their parent, caller and exclusive time ([`crate::SpanRecord`]). It judges windows,
//! not single requests.
//!
//! # Model
//!
//! An *edge* is an operation under its parent's service and operation. A window is one row of sums per edge, so its cost
//! depends on the number of edges and not of spans, and the order of arrival leaves no trace. Channels:
//!
//! * **new**: operations never seen, `p = 2^−b` of the novelty's own rate and of how many requests of this and the
//!   windows since have them ([`newcomers`]); known operations under a new parent, whose p from history is at least
//!   `2^−b`: a novelty that came once has no p below about one in the windows seen.
//! * **count**: operations given the parent ([`crate::count`]), `N_c` being the spans under that parent; absent where no
//!   parent has a choice. Spans whose parent never came say nothing here.
//! * **duration**: the mean of log2 of the exclusive time of each edge, spans with a child in another service apart, winsorised at 2.5 σ, as a Student t with the
//!   edge's own dispersion; and Stouffer's sum over the edges.
//! * **net**: the same test on client minus server time, Stouffer over edges per caller, then over callers, one-sided.
//! * **error**: spans with error status given the operation; absent until the stream has seen an error.
//!
//! Durations and errors have a second way to be odd: a level that moved away slowly from where it was a thousand windows
//! ago ([`drift`]), as bits of its own.
//!
//! Each statistic becomes p by its rank in the stream's own history. Windows at `p ≤ quarantine_p` are not learnt until
//! `adopt_after` of them came in a row. After a change of instance (restart, deploy) the levels are followed faster and
//! durations and net are silent for three windows, counts and new edges for one; learning goes on.

mod calls;
mod channels;
mod drift;
mod errors;
mod level;
mod newcomers;
mod opinion;
mod past;
mod sample;
mod standing;
mod stream;
mod window;

#[cfg(test)]
mod made;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use stream::{TraceEvictions, TraceStream};
