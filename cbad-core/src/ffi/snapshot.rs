//! Snapshots: a header that tells damage from age, and the stream in postcard.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | magic `CBADSNAP` |
//! | 8..12 | format, u32 little endian |
//! | 12..16 | kind, u32 |
//! | 16..32 | version of the crate that wrote it, ASCII, zero padded |
//! | 32..40 | length of the body, u64 |
//! | 40..44 | CRC-32 of bytes 0..40 and the body |
//! | 44..48 | zero |
//! | 48.. | body: parameters and stream, postcard |
//!
//! The body does not describe itself, so every change of a stored type raises [`SNAPSHOT_FORMAT`].
//! `tests/snapshot.rs` loads committed snapshots and notices.

use serde::{de::DeserializeOwned, Serialize};

use super::abi::*;
use super::error::{fail, Failure};

/// Format of the snapshots this core writes, and the only one it reads.
pub const SNAPSHOT_FORMAT: u32 = 5;

const MAGIC: &[u8; 8] = b"CBADSNAP";
const HEADER: usize = 48;
const CRC_AT: usize = 40;

fn u32_at(b: &[u8], at: usize) -> u32 {
    let mut v = [0; 4];
    v.copy_from_slice(&b[at..at + 4]);
    u32::from_le_bytes(v)
}

fn crc(snapshot: &[u8]) -> u32 {
    let mut h = crc32fast::Hasher::new();
    h.update(&snapshot[..CRC_AT]);
    h.update(&snapshot[HEADER..]);
    h.finalize()
}

/// Writes the length and the checksum of a snapshot whose body was changed: tests reach past the checksum with it.
pub fn reseal(snapshot: &mut [u8]) {
    if snapshot.len() < HEADER {
        return;
    }
    let body = (snapshot.len() - HEADER) as u64;
    snapshot[32..40].copy_from_slice(&body.to_le_bytes());
    snapshot[44..48].fill(0);
    let sum = crc(snapshot);
    snapshot[CRC_AT..CRC_AT + 4].copy_from_slice(&sum.to_le_bytes());
}

/// A whole snapshot of `body`.
pub(super) fn write<T: Serialize>(kind: u32, body: &T) -> Result<Vec<u8>, Failure> {
    let mut out = vec![0u8; HEADER];
    out[..8].copy_from_slice(MAGIC);
    out[8..12].copy_from_slice(&SNAPSHOT_FORMAT.to_le_bytes());
    out[12..16].copy_from_slice(&kind.to_le_bytes());
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    let n = version.len().min(16);
    out[16..16 + n].copy_from_slice(&version[..n]);
    let mut out = postcard::to_extend(body, out).or_else(|e| fail(CBAD_INVALID, format!("write snapshot: {e}")))?;
    reseal(&mut out);
    Ok(out)
}

/// The kind and the body of a snapshot.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<(u32, T), Failure> {
    let head = bytes.len().min(8);
    if bytes[..head] != MAGIC[..head] {
        return fail(CBAD_SNAPSHOT_FOREIGN, "not a snapshot of a stream: the first 8 bytes are not CBADSNAP");
    }
    let truncated = |want: u64| {
        let got = bytes.len();
        fail(CBAD_SNAPSHOT_TRUNCATED, format!("snapshot is truncated: {got} bytes of {want}"))
    };
    if bytes.len() < HEADER {
        return truncated(HEADER as u64);
    }
    let version = String::from_utf8_lossy(&bytes[16..32]);
    let version = version.trim_end_matches('\0').escape_debug();
    let ours = env!("CARGO_PKG_VERSION");
    match u32_at(bytes, 8) {
        SNAPSHOT_FORMAT => {}
        f if f < SNAPSHOT_FORMAT => {
            let why = format!("snapshot format {f} of core {version} is older than {SNAPSHOT_FORMAT}, which core {ours} reads: the stream must warm up anew");
            return fail(CBAD_SNAPSHOT_OLDER, why);
        }
        f => {
            let why = format!("snapshot format {f} of core {version} is newer than {SNAPSHOT_FORMAT}, which core {ours} reads: run the newer core, or let the stream warm up anew");
            return fail(CBAD_SNAPSHOT_NEWER, why);
        }
    }
    let have = (bytes.len() - HEADER) as u64;
    let length = u64::from(u32_at(bytes, 32)) | u64::from(u32_at(bytes, 36)) << 32;
    if length > have {
        return truncated(length.saturating_add(HEADER as u64));
    }
    let damaged = |why: String| fail(CBAD_SNAPSHOT_DAMAGED, format!("snapshot is damaged: {why}"));
    if length < have {
        return damaged(format!("{} bytes follow its end", have - length));
    }
    let (want, got) = (u32_at(bytes, CRC_AT), crc(bytes));
    if want != got || bytes[44..48] != [0; 4] {
        return damaged(format!("checksum {got:08x}, header says {want:08x}"));
    }
    match postcard::take_from_bytes::<T>(&bytes[HEADER..]) {
        Ok((body, [])) => Ok((u32_at(bytes, 12), body)),
        Ok((_, rest)) => damaged(format!("{} bytes too many in the body", rest.len())),
        Err(e) => damaged(format!("body: {e}")),
    }
}
