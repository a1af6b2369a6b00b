//! Constants and structures that cross the C interface. Little endian, no padding that is not named.
#![allow(non_camel_case_types)]

use crate::{Channel, Params, PointVerdict, RequestVerdict, StreamState, Verdict, Window};

use super::error::{fail, Failure};

/// Version of this interface. A caller passes the one it was compiled with; another one is refused (CBAD_ABI).
pub const CBAD_ABI_VERSION: u32 = 2;

/// Stream of log records.
pub const CBAD_LOGS: u32 = 1;
/// Stream of metric points.
pub const CBAD_METRICS: u32 = 2;
/// Stream of spans.
pub const CBAD_TRACES: u32 = 3;

/// Done.
pub const CBAD_OK: i32 = 0;
/// A pointer that is needed is null.
pub const CBAD_NULL: i32 = 1;
/// The caller was compiled against another version: abi or struct_size differ.
pub const CBAD_ABI: i32 = 2;
/// An argument is out of its range or misaligned; the message names it.
pub const CBAD_INVALID: i32 = 3;
/// The offsets or a record's layout are wrong. Nothing of the batch was observed.
pub const CBAD_BAD_BATCH: i32 = 4;
/// The buffer is too small; the needed length was written. Call again.
pub const CBAD_BUFFER_TOO_SMALL: i32 = 5;
/// An earlier call on this stream panicked; the message is that panic's. Only free it.
pub const CBAD_POISONED: i32 = 6;
/// This call panicked inside the core (a bug). If it was about a stream, that stream is poisoned now.
pub const CBAD_PANIC: i32 = 7;
/// No such stream: never made, already freed, or not a handle.
pub const CBAD_BAD_HANDLE: i32 = 8;
/// Another thread is inside this stream.
pub const CBAD_BUSY: i32 = 9;
/// Too many streams, or a result beyond what the interface can carry.
pub const CBAD_LIMIT: i32 = 10;
/// Not a snapshot of a stream at all.
pub const CBAD_SNAPSHOT_FOREIGN: i32 = 11;
/// The snapshot ends too early.
pub const CBAD_SNAPSHOT_TRUNCATED: i32 = 12;
/// The snapshot's checksum or contents are wrong.
pub const CBAD_SNAPSHOT_DAMAGED: i32 = 13;
/// The snapshot was written in an older format that is no longer read.
pub const CBAD_SNAPSHOT_OLDER: i32 = 14;
/// The snapshot was written by a newer core.
pub const CBAD_SNAPSHOT_NEWER: i32 = 15;

/// Window flag: records are missing (overload). Not learnt, no verdict on counts.
pub const CBAD_WINDOW_INCOMPLETE: u32 = 1;
/// Window flag: the service's instance changed (restart, deploy); grace rules apply.
pub const CBAD_WINDOW_INSTANCE_CHANGED: u32 = 2;
/// Window flag: the last window; requests still open are complete.
pub const CBAD_WINDOW_LAST: u32 = 4;
/// Window flag: closed before all of it came (the end of a recording, a shutdown). No verdict on volume.
pub const CBAD_WINDOW_PARTIAL: u32 = 8;
/// Window flag: the service's version changed shortly before; what lasts is adopted after half as many windows.
pub const CBAD_WINDOW_DEPLOYED: u32 = 16;

/// Verdict flag: the window was learnt.
pub const CBAD_VERDICT_LEARNT: u32 = 1;
/// Verdict flag: the window was scored, not learnt, because it is too odd.
pub const CBAD_VERDICT_QUARANTINED: u32 = 2;
/// Verdict flag: this window ended a quarantine; what was odd is now normal.
pub const CBAD_VERDICT_ADOPTED: u32 = 4;
/// Verdict flag: warm-up is over.
pub const CBAD_VERDICT_READY: u32 = 8;
/// Verdict flag: cbad_stream_evidence has something to give.
pub const CBAD_VERDICT_EVIDENCE: u32 = 16;

/// Channels a verdict has room for.
pub const CBAD_MAX_CHANNELS: usize = 8;

/// A stream: an opaque number, never 0. It is not an address.
pub type cbad_stream = u64;

/// How often something pauses and for how long, as far as its caller keeps that: all 0 before the first window, changed by
/// cbad_gaps_present and cbad_gaps_over alone.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct cbad_gaps {
    pub windows: f64,
    pub begun: f64,
    pub continued: f64,
    pub ended: f64,
}

/// Parameters of a stream. Set struct_size to sizeof(cbad_params) and reserved to 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cbad_params {
    /// sizeof(cbad_params).
    pub struct_size: u32,
    /// Quarantined windows in a row that become the new normal, at least 1.
    pub adopt_after: u32,
    /// Seeds every random choice.
    pub seed: u64,
    /// A stream verdict with p at or below this gets evidence, in (0, 1].
    pub evidence_p: f64,
    /// A window with p at or below this is quarantined, in (0, 1].
    pub quarantine_p: f64,
    /// Decades at which a metric point alerts, above 0; INFINITY turns point alerts off.
    pub metric_level: f64,
    /// A request with p at or below this is anomalous, in (0, 1].
    pub request_p: f64,
    /// Nanoseconds of event time without a record after which a request is complete.
    pub request_idle_ns: u64,
    /// Records modelled of one window, at least 16; past it they are only counted.
    pub max_records: u32,
    /// Templates, operations or series of the stream, at least 16.
    pub max_symbols: u32,
    /// Open requests of the stream, at least 1.
    pub max_requests: u32,
    /// Bytes of raw records kept as the baseline sample, at least 1024.
    pub max_sample_bytes: u32,
    /// Windows learnt before the stream is ready, at least 1.
    pub warmup_windows: u32,
    /// 0.
    pub reserved: u32,
}

/// A window of event time, start inclusive, end exclusive, nanoseconds since the epoch.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cbad_window {
    /// sizeof(cbad_window).
    pub struct_size: u32,
    /// CBAD_WINDOW_* or-ed; other bits 0.
    pub flags: u32,
    pub start_ns: u64,
    pub end_ns: u64,
}

/// One channel of a verdict.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct cbad_channel {
    /// 1 log_new, 2 log_transition, 3 log_count, 4 request, 5 trace_new, 6 trace_count, 7 trace_duration,
    /// 8 trace_net, 9 metric, 10 trace_error, 11 log_volume, 12 trace_volume, 13 metric_volume, 14 log_per_span.
    pub kind: u32,
    /// 0.
    pub reserved: u32,
    /// Bits; decades for kind 9.
    pub statistic: f64,
    /// Probability of a statistic this large in the stream's own past.
    pub p: f64,
    /// 1/(n + 1): what the history alone supports.
    pub p_floor: f64,
}

/// What is said about one window. Set struct_size before the call; all else is written by it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct cbad_verdict {
    /// sizeof(cbad_verdict).
    pub struct_size: u32,
    /// CBAD_VERDICT_* or-ed.
    pub flags: u32,
    pub window_start_ns: u64,
    pub window_end_ns: u64,
    /// Records observed in the window.
    pub records: u64,
    /// Of them past max_records: counted, not modelled.
    pub records_over_cap: u64,
    /// Of them unusable (not finite).
    pub records_unusable: u64,
    /// Bits the window cost above what was expected.
    pub bits: f64,
    /// The stream's p over its channels.
    pub p: f64,
    /// 1/(n + 1).
    pub p_floor: f64,
    /// While warming: windows learnt so far, and needed; both 0 when ready.
    pub warmup_seen: u32,
    pub warmup_needed: u32,
    /// Entries of channels that are set.
    pub n_channels: u32,
    /// Items that cbad_stream_items will give.
    pub n_items: u32,
    /// Points that cbad_stream_points will give.
    pub n_points: u64,
    /// Requests that cbad_stream_requests will give.
    pub n_requests: u64,
    /// Entries of the models (templates, operations, series, requests, counts of them) given up or refused at the
    /// limits of cbad_params since the stream began.
    pub evicted: u64,
    pub channels: [cbad_channel; CBAD_MAX_CHANNELS],
}

/// A metric point's verdict, in the order the points were observed.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct cbad_point {
    /// The point's own tag, family, instance, time and value.
    pub tag: u64,
    pub time_ns: u64,
    pub family: u64,
    pub instance: u64,
    pub value: f64,
    /// Severity in decades, uncalibrated.
    pub severity: f64,
    /// Conformal p of the severity.
    pub p: f64,
    /// 1 when the latched decision at metric_level says alert, else 0.
    pub alert: u8,
    /// 0.
    pub reserved: [u8; 7],
}

/// A complete request's verdict.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct cbad_request {
    pub trace_id: [u8; 16],
    /// Event time of its first and last record.
    pub start_ns: u64,
    pub end_ns: u64,
    /// Decades of p.
    pub score: f64,
    pub p: f64,
    /// Records of the request.
    pub events: u32,
    /// 1 when p is at or below request_p, else 0.
    pub anomalous: u8,
    /// 0.
    pub reserved: [u8; 3],
}

/// Refuses a structure of another size than ours: its layout is another version's.
fn check_size<T>(name: &str, got: u32) -> Result<(), Failure> {
    let want = std::mem::size_of::<T>();
    if got as usize != want {
        return fail(CBAD_ABI, format!("{name}.struct_size is {got}, this core needs {want}: rebuild the caller"));
    }
    Ok(())
}

impl cbad_params {
    /// The parameters, validated.
    pub(super) fn to_params(self) -> Result<Params, Failure> {
        check_size::<Self>("params", self.struct_size)?;
        if self.reserved != 0 {
            return fail(CBAD_INVALID, format!("params.reserved must be 0 (got {})", self.reserved));
        }
        let params = Params {
            seed: self.seed,
            evidence_p: self.evidence_p,
            quarantine_p: self.quarantine_p,
            adopt_after: self.adopt_after,
            metric_level: self.metric_level,
            request_p: self.request_p,
            request_idle_ns: self.request_idle_ns,
            max_records: self.max_records,
            max_symbols: self.max_symbols,
            max_requests: self.max_requests,
            max_sample_bytes: self.max_sample_bytes,
            warmup_windows: self.warmup_windows,
        };
        params.validate().or_else(|why| fail(CBAD_INVALID, why))?;
        Ok(params)
    }

    pub(super) fn from_params(p: &Params) -> Self {
        cbad_params {
            struct_size: std::mem::size_of::<Self>() as u32,
            adopt_after: p.adopt_after,
            seed: p.seed,
            evidence_p: p.evidence_p,
            quarantine_p: p.quarantine_p,
            metric_level: p.metric_level,
            request_p: p.request_p,
            request_idle_ns: p.request_idle_ns,
            max_records: p.max_records,
            max_symbols: p.max_symbols,
            max_requests: p.max_requests,
            max_sample_bytes: p.max_sample_bytes,
            warmup_windows: p.warmup_windows,
            reserved: 0,
        }
    }

    /// Refuses to write over a structure of another version.
    pub(super) fn check_size(got: u32) -> Result<(), Failure> {
        check_size::<Self>("params", got)
    }
}

impl cbad_window {
    pub(super) fn to_window(self) -> Result<Window, Failure> {
        check_size::<Self>("window", self.struct_size)?;
        let known = CBAD_WINDOW_INCOMPLETE
            | CBAD_WINDOW_INSTANCE_CHANGED
            | CBAD_WINDOW_LAST
            | CBAD_WINDOW_PARTIAL
            | CBAD_WINDOW_DEPLOYED;
        if self.flags & !known != 0 {
            return fail(CBAD_INVALID, format!("window.flags has unknown bits {:#x}", self.flags & !known));
        }
        if self.end_ns <= self.start_ns {
            let (s, e) = (self.start_ns, self.end_ns);
            return fail(CBAD_INVALID, format!("window must end after it starts (got {s} to {e})"));
        }
        Ok(Window {
            start_ns: self.start_ns,
            end_ns: self.end_ns,
            incomplete: self.flags & CBAD_WINDOW_INCOMPLETE != 0,
            instance_changed: self.flags & CBAD_WINDOW_INSTANCE_CHANGED != 0,
            last: self.flags & CBAD_WINDOW_LAST != 0,
            partial: self.flags & CBAD_WINDOW_PARTIAL != 0,
            deployed: self.flags & CBAD_WINDOW_DEPLOYED != 0,
        })
    }
}

impl cbad_verdict {
    /// Refuses to write over a structure of another version.
    pub(super) fn check_size(got: u32) -> Result<(), Failure> {
        check_size::<Self>("verdict", got)
    }

    pub(super) fn from_verdict(v: &Verdict, evidence: bool, evicted: u64) -> Result<Self, Failure> {
        if v.channels.len() > CBAD_MAX_CHANNELS {
            return fail(
                CBAD_LIMIT,
                format!("{} channels, the verdict has room for {CBAD_MAX_CHANNELS}", v.channels.len()),
            );
        }
        let (ready, seen, needed) = match v.state {
            StreamState::Ready => (true, 0, 0),
            StreamState::Warming { seen, needed } => (false, seen, needed),
        };
        let bit = |on: bool, flag: u32| if on { flag } else { 0 };
        let mut out = cbad_verdict {
            struct_size: std::mem::size_of::<Self>() as u32,
            flags: bit(v.learnt, CBAD_VERDICT_LEARNT)
                | bit(v.quarantined, CBAD_VERDICT_QUARANTINED)
                | bit(v.adopted, CBAD_VERDICT_ADOPTED)
                | bit(ready, CBAD_VERDICT_READY)
                | bit(evidence, CBAD_VERDICT_EVIDENCE),
            window_start_ns: v.window_start_ns,
            window_end_ns: v.window_end_ns,
            records: v.records,
            records_over_cap: v.records_over_cap,
            records_unusable: v.records_unusable,
            bits: v.bits,
            p: v.p,
            p_floor: v.p_floor,
            warmup_seen: seen,
            warmup_needed: needed,
            n_channels: v.channels.len() as u32,
            n_items: v.items.len() as u32,
            n_points: v.points.len() as u64,
            n_requests: v.requests.len() as u64,
            evicted,
            channels: Default::default(),
        };
        for (to, c) in out.channels.iter_mut().zip(&v.channels) {
            *to = c.into();
        }
        Ok(out)
    }
}

impl From<&Channel> for cbad_channel {
    fn from(c: &Channel) -> Self {
        cbad_channel { kind: c.kind as u32, reserved: 0, statistic: c.statistic, p: c.p, p_floor: c.p_floor }
    }
}

impl From<&PointVerdict> for cbad_point {
    fn from(v: &PointVerdict) -> Self {
        cbad_point {
            tag: v.tag,
            time_ns: v.time_ns,
            family: v.family,
            instance: v.instance,
            value: v.value,
            severity: v.severity,
            p: v.p,
            alert: v.alert.into(),
            reserved: [0; 7],
        }
    }
}

impl From<&RequestVerdict> for cbad_request {
    fn from(v: &RequestVerdict) -> Self {
        cbad_request {
            trace_id: v.trace_id,
            start_ns: v.start_ns,
            end_ns: v.end_ns,
            score: v.score,
            p: v.p,
            events: v.events,
            anomalous: v.anomalous.into(),
            reserved: [0; 3],
        }
    }
}
