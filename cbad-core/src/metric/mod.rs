//! Metric streams: one detector per series, one verdict per service.
//!
//! It does not turn counters into rates, and it does not know what a metric means or how it is spelt.

mod latch;
mod mixture;
mod season;
mod series;

pub use series::{Series, Step};
