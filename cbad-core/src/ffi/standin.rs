//! Streams that only count, until the detectors land.

use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::record::{LogRecord, RecordError};
use crate::{Batch, Channel, ChannelKind, Detector, Params, StreamState, Verdict, Window};

macro_rules! counting {
    ($name:ident, $record:ident, $kind:expr) => {
        #[derive(Serialize, Deserialize)]
        pub struct $name {
            seen: u64,
            windows: u32,
            warmup: u32,
        }

        impl $name {
            pub fn new(p: Params) -> Self {
                $name { seen: 0, windows: 0, warmup: p.warmup_windows }
            }
        }

        impl Detector for $name {
            fn observe(&mut self, batch: &Batch<'_>) -> Result<(), RecordError> {
                for i in 0..batch.len() {
                    $record::read(batch, i)?;
                }
                self.seen += batch.len() as u64;
                Ok(())
            }

            fn close(&mut self, w: &Window) -> Verdict {
                self.windows = self.windows.saturating_add(1);
                let p_floor = 1.0 / (f64::from(self.windows) + 1.0);
                let state = if self.windows < self.warmup {
                    StreamState::Warming { seen: self.windows, needed: self.warmup }
                } else {
                    StreamState::Ready
                };
                Verdict {
                    window_start_ns: w.start_ns,
                    window_end_ns: w.end_ns,
                    state,
                    records: std::mem::take(&mut self.seen),
                    records_over_cap: 0,
                    records_unusable: 0,
                    bits: 0.0,
                    p: 1.0,
                    p_floor,
                    channels: vec![Channel { kind: $kind, statistic: 0.0, p: 1.0, p_floor }],
                    items: Vec::new(),
                    learnt: !w.incomplete,
                    quarantined: false,
                    adopted: false,
                    points: Vec::new(),
                    requests: Vec::new(),
                }
            }

            fn evidence(&self) -> Option<&Evidence> {
                None
            }

            fn memory(&self) -> usize {
                0
            }
        }
    };
}

counting!(LogStream, LogRecord, ChannelKind::LogNew);
