//! A stream that panics where it is told, so that tests can see panics stopped. Never in an ordinary build.

use serde::{Deserialize, Serialize, Serializer};

use crate::evidence::Evidence;
use crate::record::RecordError;
use crate::{Batch, Detector, Params, StreamState, Verdict, Window};

/// The kind to ask for.
pub const KIND: u32 = 0x7e57;

/// `Params::seed` says where to panic.
pub const IN_NEW: u64 = 1;
pub const IN_OBSERVE: u64 = 2;
pub const IN_CLOSE: u64 = 3;
pub const IN_SAVE: u64 = 4;
pub const IN_MEMORY: u64 = 5;
pub const IN_EVIDENCE: u64 = 6;
pub const IN_DROP: u64 = 7;
/// Panics in `observe` with a payload that is no text.
pub const ODD_PAYLOAD: u64 = 8;

#[derive(Deserialize)]
pub struct Hook {
    at: u64,
}

impl Hook {
    pub fn new(params: Params) -> Self {
        let hook = Hook { at: params.seed };
        hook.strike(IN_NEW, "new");
        hook
    }

    fn strike(&self, at: u64, name: &str) {
        if self.at == at {
            panic!("told to panic in {name}");
        }
    }
}

impl Serialize for Hook {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.strike(IN_SAVE, "save");
        s.serialize_u64(self.at)
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.strike(IN_DROP, "drop");
        }
    }
}

impl Detector for Hook {
    fn observe(&mut self, _: &Batch<'_>) -> Result<(), RecordError> {
        self.strike(IN_OBSERVE, "observe");
        if self.at == ODD_PAYLOAD {
            std::panic::panic_any(17_u8);
        }
        Ok(())
    }

    fn close(&mut self, w: &Window) -> Verdict {
        self.strike(IN_CLOSE, "close");
        Verdict { learnt: true, ..Verdict::new(w, StreamState::Ready, 0) }
    }

    fn evidence(&self) -> Option<&Evidence> {
        self.strike(IN_EVIDENCE, "evidence");
        None
    }

    fn tune(&mut self, _: &Params) {}

    fn evicted(&self) -> u64 {
        0
    }

    fn memory(&self) -> usize {
        self.strike(IN_MEMORY, "memory");
        0
    }
}
