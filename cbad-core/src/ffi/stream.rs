//! What a handle stands for: one detector, what it said last, and whether it may still be trusted.

use std::panic::{catch_unwind, AssertUnwindSafe};

use serde::{Deserialize, Serialize};

use crate::evidence::{Basis, Terms};
use crate::log::LogStream;
use crate::metric::prior::Pool;
use crate::metric::MetricStream;
use crate::trace::TraceStream;
use crate::volume::Had;
use crate::{Batch, Channel, ChannelKind, Detector, Params, Verdict, Window};

use super::abi::*;
use super::error::{fail, panic_text, Failure};
use super::snapshot;

/// The detector of one kind.
#[derive(Serialize, Deserialize)]
enum Inner {
    Logs(Box<LogStream>),
    Metrics(Box<MetricStream>),
    Traces(Box<TraceStream>),
    #[cfg(any(test, feature = "test-hooks"))]
    Hook(Box<super::hook::Hook>),
}

impl Inner {
    fn new(kind: u32, params: Params) -> Result<Self, Failure> {
        Ok(match kind {
            CBAD_LOGS => Inner::Logs(Box::new(LogStream::new(params))),
            CBAD_METRICS => Inner::Metrics(Box::new(MetricStream::new(params))),
            CBAD_TRACES => Inner::Traces(Box::new(TraceStream::new(params))),
            #[cfg(any(test, feature = "test-hooks"))]
            super::hook::KIND => Inner::Hook(Box::new(super::hook::Hook::new(params))),
            other => return fail(CBAD_INVALID, format!("kind must be 1 logs, 2 metrics or 3 traces (got {other})")),
        })
    }

    fn kind(&self) -> u32 {
        match self {
            Inner::Logs(_) => CBAD_LOGS,
            Inner::Metrics(_) => CBAD_METRICS,
            Inner::Traces(_) => CBAD_TRACES,
            #[cfg(any(test, feature = "test-hooks"))]
            Inner::Hook(_) => super::hook::KIND,
        }
    }

    fn detector(&mut self) -> &mut dyn Detector {
        match self {
            Inner::Logs(d) => d.as_mut(),
            Inner::Metrics(d) => d.as_mut(),
            Inner::Traces(d) => d.as_mut(),
            #[cfg(any(test, feature = "test-hooks"))]
            Inner::Hook(d) => d.as_mut(),
        }
    }
}

/// Body of a snapshot, as it is written.
#[derive(Serialize)]
struct BodyRef<'a> {
    params: &'a Params,
    inner: &'a Inner,
}

/// Body of a snapshot, as it is read.
#[derive(Deserialize)]
struct Body {
    params: Params,
    inner: Inner,
}

/// One stream behind a handle.
pub(super) struct Stream {
    params: Params,
    inner: Inner,
    last: Option<Verdict>,
    /// Made by a call that asked for the length, kept for the call that fetches it.
    evidence: Option<Vec<u8>>,
    items: Option<Vec<u8>>,
    basis: Option<Vec<u8>>,
    snapshot: Option<Vec<u8>>,
    shared: Option<Vec<u8>>,
    poisoned: Option<String>,
}

impl Stream {
    pub(super) fn new(kind: u32, params: Params) -> Result<Self, Failure> {
        let inner = Inner::new(kind, params.clone())?;
        Ok(Self::with(params, inner))
    }

    fn with(params: Params, inner: Inner) -> Self {
        Stream {
            params,
            inner,
            last: None,
            evidence: None,
            items: None,
            basis: None,
            snapshot: None,
            shared: None,
            poisoned: None,
        }
    }

    pub(super) fn load(bytes: &[u8]) -> Result<Self, Failure> {
        let (kind, body) = snapshot::read::<Body>(bytes)?;
        if body.inner.kind() != kind {
            let why = format!("snapshot is damaged: header says kind {kind}, body kind {}", body.inner.kind());
            return fail(CBAD_SNAPSHOT_DAMAGED, why);
        }
        let bad = |why| fail(CBAD_SNAPSHOT_DAMAGED, format!("snapshot is damaged: parameters: {why}"));
        body.params.validate().or_else(bad)?;
        Ok(Self::with(body.params, body.inner))
    }

    /// Runs `f` on the stream. A panic inside poisons it: half-changed state must not judge anything.
    pub(super) fn run(&mut self, f: impl FnOnce(&mut Self) -> Result<(), Failure>) -> Result<(), Failure> {
        if let Some(why) = &self.poisoned {
            return fail(CBAD_POISONED, format!("stream is poisoned by an earlier {why}"));
        }
        catch_unwind(AssertUnwindSafe(|| f(self))).unwrap_or_else(|panic| {
            let why = panic_text(panic);
            self.poisoned = Some(why.clone());
            fail(CBAD_PANIC, why)
        })
    }

    pub(super) fn observe(&mut self, bytes: &[u8], offsets: &[u32]) -> Result<(), Failure> {
        let refuse = |e| Failure { status: CBAD_BAD_BATCH, message: format!("batch refused: {e}") };
        let batch = Batch::new(bytes, offsets).map_err(refuse)?;
        self.snapshot = None;
        self.inner.detector().observe(&batch).map_err(refuse)
    }

    pub(super) fn close(&mut self, window: &Window) -> Result<cbad_verdict, Failure> {
        self.snapshot = None;
        self.evidence = None;
        self.items = None;
        self.basis = None;
        let detector = self.inner.detector();
        let verdict = detector.close(window);
        let out = cbad_verdict::from_verdict(&verdict, detector.evidence().is_some(), detector.evicted());
        self.last = Some(verdict);
        out
    }

    /// As [`Stream::close`], of records beside spans; only a log stream judges them.
    pub(super) fn per_span(&mut self, window: &Window, had: &Had) -> Result<cbad_verdict, Failure> {
        let Inner::Logs(logs) = &mut self.inner else {
            return fail(CBAD_INVALID, "records are judged beside spans by a stream of logs alone");
        };
        self.snapshot = None;
        self.evidence = Some(Vec::new());
        self.items = None;
        self.basis = None;
        let verdict = logs.per_span(window, had);
        let out = cbad_verdict::from_verdict(&verdict, false, logs.evicted());
        self.last = Some(verdict);
        out
    }

    pub(super) fn params(&self) -> &Params {
        &self.params
    }

    /// Takes other thresholds; other parameters must be what they are.
    pub(super) fn tune(&mut self, params: &Params) -> Result<(), Failure> {
        let tuned = self.params.tuned(params);
        if tuned != *params {
            let why = format!(
                "only thresholds can change while a stream lives: it has {:?}, asked for are {params:?}",
                self.params
            );
            return fail(CBAD_INVALID, why);
        }
        self.snapshot = None;
        self.inner.detector().tune(&tuned);
        self.params = tuned;
        Ok(())
    }

    pub(super) fn kind(&self) -> u32 {
        self.inner.kind()
    }

    pub(super) fn last(&self) -> Option<&Verdict> {
        self.last.as_ref()
    }

    /// Evidence on the last close as JSON; empty when there is none, or nothing was closed since it was made or loaded.
    pub(super) fn evidence(&mut self) -> Result<&[u8], Failure> {
        if self.evidence.is_none() {
            let json = match self.inner.detector().evidence() {
                Some(e) if self.last.is_some() => to_json(e)?,
                _ => Vec::new(),
            };
            self.evidence = Some(json);
        }
        Ok(self.evidence.as_deref().unwrap_or_default())
    }

    /// Items of the last close as a JSON array.
    pub(super) fn items(&mut self) -> Result<&[u8], Failure> {
        if self.items.is_none() {
            self.items = Some(to_json(self.last.as_ref().map_or(&[][..], |v| &v.items))?);
        }
        Ok(self.items.as_deref().unwrap_or_default())
    }

    /// What the channels of the last close rest on, as a JSON array.
    pub(super) fn basis(&mut self) -> Result<&[u8], Failure> {
        if self.basis.is_none() {
            let channels = self.last.as_ref().map_or(&[][..], |v| &v.channels);
            let all: Vec<Rests> = channels.iter().map(|c| Rests { channel: c.kind, basis: c.basis }).collect();
            self.basis = Some(to_json(&all)?);
        }
        Ok(self.basis.as_deref().unwrap_or_default())
    }

    /// The snapshot; asking for its length and fetching it costs one serialisation.
    pub(super) fn snapshot(&mut self) -> Result<&[u8], Failure> {
        if self.snapshot.is_none() {
            let body = BodyRef { params: &self.params, inner: &self.inner };
            self.snapshot = Some(snapshot::write(self.inner.kind(), &body)?);
        }
        Ok(self.snapshot.as_deref().unwrap_or_default())
    }

    /// Gives the snapshot's memory back, once it was fetched.
    pub(super) fn drop_snapshot(&mut self) {
        self.snapshot = None;
    }

    /// What the stream shares since it was asked last; kept until [`Stream::drop_shared`].
    pub(super) fn shared(&mut self) -> &[u8] {
        if self.shared.is_none() {
            self.snapshot = None;
            self.shared = Some(match &mut self.inner {
                Inner::Metrics(d) => d.share(),
                _ => Vec::new(),
            });
        }
        self.shared.as_deref().unwrap_or_default()
    }

    pub(super) fn drop_shared(&mut self) {
        self.shared = None;
    }

    /// Takes what others share.
    pub(super) fn lend(&mut self, pool: &Pool<'_>) {
        self.snapshot = None;
        if let Inner::Metrics(d) = &mut self.inner {
            d.lend(pool);
        }
    }

    pub(super) fn memory(&mut self) -> u64 {
        let cached = [&self.evidence, &self.items, &self.basis, &self.snapshot, &self.shared];
        let cached: usize = cached.into_iter().flatten().map(Vec::capacity).sum();
        let last = self.last.as_ref().map_or(0, |v| {
            v.points.capacity() * size_of::<crate::PointVerdict>()
                + v.requests.capacity() * size_of::<crate::RequestVerdict>()
                + v.items.capacity() * size_of::<crate::Item>()
                + v.channels.capacity() * size_of::<crate::Channel>()
        });
        (size_of::<Self>() + self.inner.detector().memory() + cached + last) as u64
    }
}

/// A channel and what it rests on, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rests {
    channel: ChannelKind,
    basis: Basis,
}

/// The channels that follow from what [`Stream::basis`] wrote.
pub(super) fn channels_of(json: &[u8]) -> Result<Vec<Channel>, Failure> {
    let all: Vec<Rests> = serde_json::from_slice(json)
        .or_else(|e| fail(CBAD_INVALID, format!("what channels rest on cannot be read: {e}")))?;
    if all.len() > CBAD_MAX_CHANNELS {
        return fail(CBAD_INVALID, format!("a stream has at most {CBAD_MAX_CHANNELS} channels (got {})", all.len()));
    }
    Ok(all.into_iter().map(|r| Channel::new(r.channel, r.basis)).collect())
}

/// The shares that follow from what the items of one channel rest on.
pub(super) fn shares_of(json: &[u8]) -> Result<Vec<f64>, Failure> {
    let terms: Terms = serde_json::from_slice(json)
        .or_else(|e| fail(CBAD_INVALID, format!("what items rest on cannot be read: {e}")))?;
    Ok(terms.shares())
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).or_else(|e| fail(CBAD_INVALID, format!("write JSON: {e}")))
}

/// Threads take turns with a stream, so it must be `Send`.
const _: () = {
    const fn send<T: Send>() {}
    send::<Stream>();
};
