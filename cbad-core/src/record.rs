//! The three record layouts that cross the C interface, little endian, and a checked view of a batch of them.

use std::fmt;

/// Why a batch was refused. Nothing of a refused batch is observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordError {
    /// The offsets do not start at 0, do not rise, or do not end at the buffer's length.
    Offsets(String),
    /// A record is shorter than its fixed part, or of the wrong length.
    Length { record: usize, got: usize, want: usize },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordError::Offsets(why) => write!(f, "offsets: {why}"),
            RecordError::Length { record, got, want } => {
                write!(f, "record {record}: {got} bytes, layout needs {want}")
            }
        }
    }
}

impl std::error::Error for RecordError {}

/// `n` records in one contiguous buffer: record `i` is `bytes[offsets[i]..offsets[i + 1]]`.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    bytes: &'a [u8],
    offsets: &'a [u32],
}

impl<'a> Batch<'a> {
    /// Checks the offsets (there are `n + 1` of them).
    pub fn new(bytes: &'a [u8], offsets: &'a [u32]) -> Result<Self, RecordError> {
        let err = |s: String| Err(RecordError::Offsets(s));
        match (offsets.first(), offsets.last()) {
            (Some(&0), Some(&last)) if last as usize == bytes.len() => {}
            (Some(&0), Some(&last)) => return err(format!("last is {last}, the buffer has {} bytes", bytes.len())),
            (Some(&first), _) => return err(format!("first is {first}, must be 0")),
            (None, _) => return err("none given, n records need n + 1".into()),
        }
        if let Some(i) = offsets.windows(2).position(|w| w[1] < w[0]) {
            return err(format!("{} falls to {} at record {i}", offsets[i], offsets[i + 1]));
        }
        Ok(Batch { bytes, offsets })
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Raw bytes of record `i`.
    pub fn raw(&self, i: usize) -> &'a [u8] {
        &self.bytes[self.offsets[i] as usize..self.offsets[i + 1] as usize]
    }
}

#[inline]
fn u64_at(b: &[u8], at: usize) -> u64 {
    let mut v = [0u8; 8];
    v.copy_from_slice(&b[at..at + 8]);
    u64::from_le_bytes(v)
}

fn id_at(b: &[u8], at: usize) -> [u8; 16] {
    let mut v = [0u8; 16];
    v.copy_from_slice(&b[at..at + 16]);
    v
}

fn want(record: usize, b: &[u8], n: usize, exact: bool) -> Result<(), RecordError> {
    if b.len() < n || (exact && b.len() != n) {
        return Err(RecordError::Length { record, got: b.len(), want: n });
    }
    Ok(())
}

/// A log record: `time u64 | trace id 16 bytes (zero: none) | severity u8 | 3 bytes zero | text …`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogRecord<'a> {
    /// Event time, nanoseconds since the epoch.
    pub time_ns: u64,
    /// Trace id, all zero when there is none.
    pub trace_id: [u8; 16],
    /// OpenTelemetry severity number, 0 (unset) to 24; 17 and above is ERROR.
    pub severity: u8,
    /// Text, any bytes; what stands between two bytes 0xff is one variable.
    pub text: &'a [u8],
}

impl<'a> LogRecord<'a> {
    /// Bytes before the text.
    pub const FIXED: usize = 28;

    /// Reads record `i` of the batch.
    pub fn read(batch: &Batch<'a>, i: usize) -> Result<Self, RecordError> {
        let b = batch.raw(i);
        want(i, b, Self::FIXED, false)?;
        Ok(LogRecord { time_ns: u64_at(b, 0), trace_id: id_at(b, 8), severity: b[24], text: &b[Self::FIXED..] })
    }
}

/// A metric point: `time u64 | family u64 | instance u64 | value f64 | tag u64 | kin u64 | metric u64`, 56 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Event time, nanoseconds since the epoch.
    pub time_ns: u64,
    /// Series without its instance: hash of metric name and attributes.
    pub family: u64,
    /// Hash of the instance (pod, process, host) that measured; a new one inherits its newest sibling's state.
    pub instance: u64,
    /// The value (a rate, for a counter). Not finite: counted, not scored.
    pub value: f64,
    /// Returned with the point's verdict; the core gives it no meaning.
    pub tag: u64,
    /// The family that stands for all that tell of the same values (the quantiles of one latency), of which the oddest
    /// alone counts; `family` itself for a series of its own.
    pub kin: u64,
    /// What its values have in common with those of other services: hash of the metric's name and the kind of resource.
    pub metric: u64,
}

impl Point {
    /// Bytes of a record.
    pub const FIXED: usize = 56;

    /// Reads record `i` of the batch.
    pub fn read(batch: &Batch<'_>, i: usize) -> Result<Self, RecordError> {
        let b = batch.raw(i);
        want(i, b, Self::FIXED, true)?;
        Ok(Point {
            time_ns: u64_at(b, 0),
            family: u64_at(b, 8),
            instance: u64_at(b, 16),
            value: f64::from_bits(u64_at(b, 24)),
            tag: u64_at(b, 32),
            kin: u64_at(b, 40),
            metric: u64_at(b, 48),
        })
    }
}

/// A span already joined with its parent and its children:
/// `end u64 | trace id 16 | parent u64 | operation u64 | caller u64 | duration u64 | exclusive u64 | net i64 | flags u64`, 80 bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanRecord {
    /// End of the span, nanoseconds since the epoch.
    pub time_ns: u64,
    /// Trace id.
    pub trace_id: [u8; 16],
    /// Hash of the parent's service and operation; 0: a root; 1: the parent was never seen.
    pub parent: u64,
    /// Hash of this span's operation.
    pub operation: u64,
    /// Hash of the calling service when it is another one, else 0.
    pub caller: u64,
    /// Duration in nanoseconds.
    pub duration_ns: u64,
    /// Duration less that of the children, in nanoseconds.
    pub exclusive_ns: u64,
    /// Parent's duration less this span's where the parent is of another service (client − server); [`SpanRecord::NO_NET`]: none.
    pub net_ns: i64,
    /// [`SpanRecord::ERROR`] and [`SpanRecord::REMOTE_CHILD`]; other bits 0.
    pub flags: u64,
}

impl SpanRecord {
    /// Bytes of a record.
    pub const FIXED: usize = 80;
    /// `net_ns` of a span without a caller in another service.
    pub const NO_NET: i64 = i64::MIN;
    /// Flag: the status is error.
    pub const ERROR: u64 = 1;
    /// Flag: a child ran in another service, so the exclusive time is that call's network and queue.
    pub const REMOTE_CHILD: u64 = 2;

    /// True when the status is error.
    pub fn is_error(&self) -> bool {
        self.flags & Self::ERROR != 0
    }

    /// Reads record `i` of the batch.
    pub fn read(batch: &Batch<'_>, i: usize) -> Result<Self, RecordError> {
        let b = batch.raw(i);
        want(i, b, Self::FIXED, true)?;
        Ok(SpanRecord {
            time_ns: u64_at(b, 0),
            trace_id: id_at(b, 8),
            parent: u64_at(b, 24),
            operation: u64_at(b, 32),
            caller: u64_at(b, 40),
            duration_ns: u64_at(b, 48),
            exclusive_ns: u64_at(b, 56),
            net_ns: u64_at(b, 64) as i64,
            flags: u64_at(b, 72),
        })
    }
}
