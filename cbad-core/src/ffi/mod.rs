//! The C interface: streams behind opaque handles, batches in, verdicts and snapshots out.
//!
//! It decides nothing about data. It checks every pointer, length, version and handle before use, turns every
//! panic into a status, and keeps what the last `close` said until it is asked for.
//!
//! A handle is a number (slot and generation), not an address: a freed, foreign or forged handle is found out
//! without reading memory that is not ours, and a second thread in the same stream is turned away.
//! Streams are `Send`, not `Sync`: any thread may use one, one at a time.
//!
//! `include/cbad.h` is generated from [`abi`] and [`entry`]; a test holds them equal.

pub mod abi;
pub mod entry;
mod error;
mod raw;
mod snapshot;
mod stream;
mod table;

#[cfg(any(test, feature = "test-hooks"))]
mod hook;

#[cfg(test)]
mod tests;

pub use snapshot::{reseal, SNAPSHOT_FORMAT};
