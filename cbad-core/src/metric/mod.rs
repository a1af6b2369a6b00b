//! Metric streams: one detector per series, one verdict per service.
//!
//! It does not turn counters into rates, and it does not know what a metric means or how it is spelt.

mod averages;
mod evidence;
mod held;
mod latch;
#[cfg(test)]
mod lent_tests;
mod mixture;
mod past;
pub mod prior;
mod season;
mod series;
#[cfg(test)]
mod series_tests;
mod stream;
mod support;
mod table;
#[cfg(test)]
mod tests;
mod twins;
mod window;

pub use series::{Series, Step};
pub use stream::MetricStream;
