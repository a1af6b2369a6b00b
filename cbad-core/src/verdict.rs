//! Windows and what is said about them.

use serde::{Deserialize, Serialize};

use crate::evidence::Basis;

/// One window of event time, `[start_ns, end_ns)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    pub start_ns: u64,
    pub end_ns: u64,
    /// Records are missing (overload): not learnt, no verdict on counts.
    pub incomplete: bool,
    /// The service's instance changed (restart, deploy) in this window: grace rules apply.
    pub instance_changed: bool,
    /// The service's version changed shortly before: what lasts is adopted sooner ([`Window::adopt_after`]).
    pub deployed: bool,
    /// Closed before all of it came (the end of a recording, a shutdown): no verdict on volume.
    pub partial: bool,
    /// The last window: requests still open are complete.
    pub last: bool,
}

impl Window {
    /// How many windows of its length lie before it since 1970: consecutive windows differ by one, whether or not records came.
    pub fn number(&self) -> u64 {
        self.start_ns / self.end_ns.saturating_sub(self.start_ns).max(1)
    }

    /// How many odd windows in a row are the new normal: half as many after a deploy, since a change of version is a reason for
    /// a change to last.
    pub fn adopt_after(&self, usually: u32) -> u32 {
        if self.deployed {
            usually.div_ceil(2)
        } else {
            usually
        }
    }
}

/// What a channel measures. The discriminant crosses the C interface and names never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u32)]
pub enum ChannelKind {
    /// Logs: templates never seen before.
    LogNew = 1,
    /// Logs: a known template after one it never followed.
    LogTransition = 2,
    /// Logs: template counts given the previous template.
    LogCount = 3,
    /// Logs: more odd requests than chance allows.
    Request = 4,
    /// Traces: operations or edges never seen before.
    TraceNew = 5,
    /// Traces: edge counts given the parent.
    TraceCount = 6,
    /// Traces: exclusive durations.
    TraceDuration = 7,
    /// Traces: client minus server time.
    TraceNet = 8,
    /// Metrics: sum of the decades of a service's series.
    Metric = 9,
    /// Traces: error status counts given the operation.
    TraceError = 10,
    /// Logs: fewer records than expected, down to none.
    LogVolume = 11,
    /// Traces: fewer spans than expected, down to none.
    TraceVolume = 12,
    /// Metrics: no points at all.
    MetricVolume = 13,
    /// Logs: fewer records than the spans of the service in the same window make one expect.
    LogPerSpan = 14,
}

/// One channel's part of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    pub kind: ChannelKind,
    /// The statistic: bits (decades for [`ChannelKind::Metric`]).
    pub statistic: f64,
    /// Probability of a statistic this large in the stream's own past.
    pub p: f64,
    /// What the history alone supports: `1/(n + 1)`.
    pub p_floor: f64,
    /// What statistic and p follow from.
    pub basis: Basis,
}

impl Channel {
    /// The channel that follows from a basis.
    pub fn new(kind: ChannelKind, basis: Basis) -> Self {
        Channel { kind, statistic: basis.statistic(), p: basis.p(), p_floor: basis.floor(), basis }
    }

    /// What the channel adds to the bits of its window.
    pub fn bits(&self) -> f64 {
        match self.kind {
            ChannelKind::Metric => self.statistic * std::f64::consts::LOG2_10,
            _ => self.statistic,
        }
    }
}

/// Where a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StreamState {
    /// So many windows learnt of those needed.
    Warming {
        seen: u32,
        needed: u32,
    },
    Ready,
}

/// One thing that cost bits. Ids are the caller's hashes; the caller knows their names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub channel: ChannelKind,
    /// Bits this item adds to its channel's statistic (after the channel's own weighting), so that items add up.
    pub bits: f64,
    /// Operation, series family or template id.
    pub id: u64,
    /// Parent, previous template, caller or instance id; 0: none.
    pub context: u64,
    /// Text of the template (logs); empty elsewhere.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub template: String,
    /// Text of the previous template (logs); empty elsewhere.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub context_template: String,
    /// Text of the template that mostly stands where this one does (requests); empty elsewhere.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub usual: String,
    /// What was seen: a count, a mean duration in ns, a value.
    pub observed: f64,
    /// What the past expects, in the same unit.
    pub expected: f64,
    /// Expected band, where one exists (metrics, durations).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub band: Option<(f64, f64)>,
    /// Highest severity among the records (logs), else 0.
    pub severity: u8,
    /// Trace ids of records it speaks of, hex, at most three.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub trace_ids: Vec<String>,
    /// A sample record (logs), lossy UTF-8, at most 1 KiB.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub sample: String,
}

/// A metric point's verdict, in the order the points were observed within the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointVerdict {
    pub tag: u64,
    pub time_ns: u64,
    pub family: u64,
    pub instance: u64,
    pub value: f64,
    /// Severity S in decades (uncalibrated).
    pub severity: f64,
    /// Conformal p of S.
    pub p: f64,
    /// The latched decision at `Params::metric_level`.
    pub alert: bool,
}

/// A complete request's verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestVerdict {
    pub trace_id: [u8; 16],
    pub start_ns: u64,
    pub end_ns: u64,
    pub events: u32,
    /// Decades of p.
    pub score: f64,
    pub p: f64,
    pub anomalous: bool,
}

/// What is said about one window of one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub window_start_ns: u64,
    pub window_end_ns: u64,
    pub state: StreamState,
    /// Records seen, and of them those past the cap (counted, not modelled) or unusable (not finite).
    pub records: u64,
    pub records_over_cap: u64,
    pub records_unusable: u64,
    /// Bits the window cost above what was expected: the sum over its items.
    pub bits: f64,
    /// The stream's p (its channels with a Bonferroni factor); decides quarantine and evidence.
    pub p: f64,
    pub p_floor: f64,
    pub channels: Vec<Channel>,
    /// The costliest items, bits falling; at most [`Verdict::MAX_ITEMS`].
    pub items: Vec<Item>,
    pub learnt: bool,
    pub quarantined: bool,
    /// This window ended a quarantine: what was odd is now normal.
    pub adopted: bool,
    pub points: Vec<PointVerdict>,
    pub requests: Vec<RequestVerdict>,
}

impl Item {
    /// An item of these numbers and nothing else.
    pub fn new(channel: ChannelKind, id: u64, bits: f64, observed: f64, expected: f64) -> Self {
        Item {
            channel,
            bits,
            id,
            context: 0,
            template: String::new(),
            context_template: String::new(),
            usual: String::new(),
            observed,
            expected,
            band: None,
            severity: 0,
            trace_ids: Vec::new(),
            sample: String::new(),
        }
    }
}

impl Verdict {
    /// At most so many items are listed.
    pub const MAX_ITEMS: usize = 16;

    /// A verdict on a window of so many records that says nothing yet.
    pub fn new(window: &Window, state: StreamState, records: u64) -> Self {
        Verdict {
            window_start_ns: window.start_ns,
            window_end_ns: window.end_ns,
            state,
            records,
            records_over_cap: 0,
            records_unusable: 0,
            bits: 0.0,
            p: 1.0,
            p_floor: 1.0,
            channels: Vec::new(),
            items: Vec::new(),
            learnt: false,
            quarantined: false,
            adopted: false,
            points: Vec::new(),
            requests: Vec::new(),
        }
    }
}
