//! Code-length anomaly detection for streams of telemetry.
//!
//! A *stream* is what one service emits of one signal. Its records arrive in batches ([`Detector::observe`]);
//! closing a window ([`Detector::close`]) asks how many bits the window costs under an adaptive model of the
//! stream's own past, calibrates that against the stream's own history, and returns a [`Verdict`].
//!
//! This crate knows bytes, ids and numbers. It knows nothing of OTLP, of services' names or of clocks:
//! every verdict is a pure function of the records, the windows and the [`Params`].

pub mod calibrate;
pub mod codec;
pub mod count;
pub mod detector;
pub mod evidence;
pub mod ffi;
pub mod log;
pub mod math;
pub mod metric;
pub mod params;
mod quarantine;
pub mod record;
pub mod request;
pub mod trace;
pub mod verdict;
mod volume;

pub use detector::Detector;
pub use params::Params;
pub use record::{Batch, LogRecord, Point, RecordError, SpanRecord};
pub use verdict::{Channel, ChannelKind, Item, PointVerdict, RequestVerdict, StreamState, Verdict, Window};
