//! Live streams by number: a slot and the generation of its tenant.
//!
//! An address that was freed cannot be told from one in use without reading it, which is already the mistake.
//! A number can: `handle = generation << 32 | slot`, and a slot's state word holds `generation << 32 | mode`. Entering a
//! stream is one compare-and-swap `idle → busy` on that word. It fails when the generation has passed (freed), when
//! nobody lives there (never made) or when another thread is inside (busy), so one atomic operation answers all
//! three and no lock is taken. Making and freeing streams takes a lock.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};

use super::abi::{cbad_stream, CBAD_BAD_HANDLE, CBAD_BUSY, CBAD_LIMIT};
use super::error::{fail, Failure};

const CHUNK: usize = 1024;
const CHUNKS: usize = 1024;

const FREE: u64 = 0;
const IDLE: u64 = 1;
const BUSY: u64 = 2;

struct Slot<T> {
    state: AtomicU64,
    tenant: UnsafeCell<Option<Box<T>>>,
}

// SAFETY: `tenant` is touched only by the one thread that moved `state` from idle to busy (Lease), or by `insert`
// while the slot is free and its number is off the free list; T is Send, so threads may take turns.
unsafe impl<T: Send> Sync for Slot<T> {}

struct Vacant {
    /// Slots handed out so far.
    used: u32,
    free: Vec<u32>,
}

/// Up to 2^20 values of `T` by handle.
pub(super) struct Table<T> {
    chunks: [OnceLock<Box<[Slot<T>]>>; CHUNKS],
    vacant: Mutex<Vacant>,
}

/// The only access to a tenant while it lives.
pub(super) struct Lease<'a, T> {
    slot: &'a Slot<T>,
    generation: u64,
}

impl<T> Lease<'_, T> {
    pub(super) fn get(&mut self) -> Result<&mut T, Failure> {
        // SAFETY: this lease moved the slot to busy, so no other reference to the tenant exists, and `&mut self`
        // keeps it that way while the reference lives.
        match unsafe { (*self.slot.tenant.get()).as_deref_mut() } {
            Some(t) => Ok(t),
            None => fail(CBAD_BAD_HANDLE, "no such stream: it was freed"),
        }
    }
}

impl<T> Drop for Lease<'_, T> {
    fn drop(&mut self) {
        self.slot.state.store(self.generation << 32 | IDLE, Ordering::Release);
    }
}

impl<T: Send> Table<T> {
    pub(super) const fn new() -> Self {
        Table { chunks: [const { OnceLock::new() }; CHUNKS], vacant: Mutex::new(Vacant { used: 0, free: Vec::new() }) }
    }

    fn vacant(&self) -> MutexGuard<'_, Vacant> {
        // Nothing panics while the lock is held in a half-done state, so a poisoned lock holds a whole value.
        self.vacant.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        self.chunks.get(index / CHUNK)?.get()?.get(index % CHUNK)
    }

    /// Gives `tenant` a slot of its own.
    pub(super) fn insert(&self, tenant: Box<T>) -> Result<cbad_stream, Failure> {
        let mut vacant = self.vacant();
        let index = match vacant.free.pop() {
            Some(i) => i as usize,
            None if (vacant.used as usize) < CHUNK * CHUNKS => {
                vacant.used += 1;
                vacant.used as usize - 1
            }
            None => return fail(CBAD_LIMIT, format!("{} streams exist already: free some", CHUNK * CHUNKS)),
        };
        let chunk = self.chunks[index / CHUNK].get_or_init(|| {
            (0..CHUNK).map(|_| Slot { state: AtomicU64::new(FREE), tenant: UnsafeCell::new(None) }).collect()
        });
        let slot = &chunk[index % CHUNK];
        let generation = (slot.state.load(Ordering::Acquire) >> 32) + 1;
        // SAFETY: the slot is free and its number was taken off the free list under the lock: nobody else is here.
        unsafe { *slot.tenant.get() = Some(tenant) };
        slot.state.store(generation << 32 | IDLE, Ordering::Release);
        Ok(generation << 32 | index as u64)
    }

    /// Enters the stream, or says why not.
    pub(super) fn lease(&self, handle: cbad_stream) -> Result<Lease<'_, T>, Failure> {
        let generation = handle >> 32;
        let Some(slot) = self.slot((handle & 0xffff_ffff) as usize).filter(|_| generation > 0) else {
            return fail(CBAD_BAD_HANDLE, format!("no such stream: {handle:#x} is not a handle of this core"));
        };
        let idle = generation << 32 | IDLE;
        let busy = generation << 32 | BUSY;
        match slot.state.compare_exchange(idle, busy, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Ok(Lease { slot, generation }),
            Err(now) if now == busy => fail(CBAD_BUSY, "another thread is inside this stream: one at a time"),
            Err(now) if now >> 32 >= generation => fail(CBAD_BAD_HANDLE, "no such stream: it was freed"),
            Err(_) => fail(CBAD_BAD_HANDLE, format!("no such stream: {handle:#x} is not a handle of this core")),
        }
    }

    /// Takes the tenant out; its handle is refused from now on.
    pub(super) fn remove(&self, handle: cbad_stream) -> Result<Option<Box<T>>, Failure> {
        let lease = self.lease(handle)?;
        let (slot, generation) = (lease.slot, lease.generation);
        std::mem::forget(lease);
        // SAFETY: the lease moved the slot to busy and, forgotten, will not move it back: nobody else is here.
        let tenant = unsafe { (*slot.tenant.get()).take() };
        slot.state.store(generation << 32 | FREE, Ordering::Release);
        // A slot whose generations are used up is never let again, so that no handle ever means two streams.
        if generation < u64::from(u32::MAX) {
            self.vacant().free.push((handle & 0xffff_ffff) as u32);
        }
        Ok(tenant)
    }
}
