//! OpenZL: its numeric graph for columns of 8-byte values, its generic graph for other bytes.
//!
//! A column is given as the little-endian bytes of its `u64`, `i64` or `f64` values; whatever has a length that is a
//! multiple of eight is taken for one. The frame says which graph made it, so reading it back needs no such guess.

use std::ffi::{c_void, CStr};
use std::ptr::NonNull;

use openzl_sys::*;

use super::{Codec, CodecError};

const NAME: &str = "openzl";
const WIDTH: usize = 8;
/// Checksums of the content and of the frame, four bytes each.
const CHECKSUMS: usize = 8;

/// Reused contexts of both directions, and one compressor per graph.
pub struct OpenZl {
    cctx: NonNull<ZL_CCtx>,
    dctx: NonNull<ZL_DCtx>,
    numeric: Compressor,
    generic: Compressor,
    frame: Vec<u8>,
}

/// A graph with its parameters.
struct Compressor(NonNull<ZL_Compressor>);

fn refuse<T>(action: &'static str, cause: impl Into<String>) -> Result<T, CodecError> {
    Err(CodecError { codec: NAME, action, cause: cause.into() })
}

/// The one place where a report becomes a value or an error.
fn check(action: &'static str, report: ZL_Report) -> Result<usize, CodecError> {
    // SAFETY: a report is a plain value; both functions only read it, and a code's text is static and ended by a zero.
    unsafe {
        if ZL_isError(report) == 0 {
            return Ok(ZL_validResult(report));
        }
        let text = ZL_ErrorCode_toString(report._code);
        if text.is_null() {
            return refuse(action, "unknown error");
        }
        refuse(action, CStr::from_ptr(text).to_string_lossy())
    }
}

impl Compressor {
    fn new(graph: ZL_StandardGraphID) -> Result<Self, CodecError> {
        // SAFETY: the new compressor is owned by `made` and freed by its Drop, on the error paths too; the graph is one
        // of the library's own.
        unsafe {
            let Some(made) = NonNull::new(ZL_Compressor_create()).map(Compressor) else {
                return refuse("open", "out of memory");
            };
            let p = made.0.as_ptr();
            let version = ZL_getDefaultEncodingVersion() as i32;
            check("open", ZL_Compressor_setParameter(p, ZL_CParam_formatVersion, version))?;
            check("open", ZL_Compressor_selectStartingGraphID(p, ZL_GraphID { gid: graph }))?;
            Ok(made)
        }
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        // SAFETY: created in `new`, freed once; contexts that refer to it are freed before (see `OpenZl::drop`).
        unsafe { ZL_Compressor_free(self.0.as_ptr()) }
    }
}

impl OpenZl {
    /// New contexts.
    pub fn new() -> Result<Self, CodecError> {
        let numeric = Compressor::new(ZL_StandardGraphID_segment_num64_from_serial)?;
        let generic = Compressor::new(ZL_StandardGraphID_compress_generic)?;
        // SAFETY: creating takes no arguments; each context that was made is freed once, here or by Drop.
        unsafe {
            let (cctx, dctx) = (NonNull::new(ZL_CCtx_create()), NonNull::new(ZL_DCtx_create()));
            match (cctx, dctx) {
                (Some(cctx), Some(dctx)) => Ok(OpenZl { cctx, dctx, numeric, generic, frame: Vec::new() }),
                (cctx, dctx) => {
                    if let Some(c) = cctx {
                        ZL_CCtx_free(c.as_ptr());
                    }
                    if let Some(d) = dctx {
                        ZL_DCtx_free(d.as_ptr());
                    }
                    refuse("open", "out of memory")
                }
            }
        }
    }

    /// Compresses into `self.frame`.
    fn fill(&mut self, bytes: &[u8]) -> Result<(), CodecError> {
        let column = !bytes.is_empty() && bytes.len() % WIDTH == 0;
        let compressor = if column { &self.numeric } else { &self.generic };
        // SAFETY: the compressor outlives the call; source and destination are slices of ours with their true lengths,
        // and they do not overlap.
        let n = unsafe {
            self.frame.resize(ZL_compressBound(bytes.len()).max(64), 0);
            check("compress", ZL_CCtx_refCompressor(self.cctx.as_ptr(), compressor.0.as_ptr()))?;
            let (dst, src) = (self.frame.as_mut_ptr().cast::<c_void>(), bytes.as_ptr().cast::<c_void>());
            check("compress", ZL_CCtx_compress(self.cctx.as_ptr(), dst, self.frame.len(), src, bytes.len()))?
        };
        self.frame.truncate(n);
        Ok(())
    }
}

impl Drop for OpenZl {
    fn drop(&mut self) {
        // SAFETY: both were created in `new` and are freed once; the compressors, fields of ours, are dropped after.
        unsafe {
            ZL_CCtx_free(self.cctx.as_ptr());
            ZL_DCtx_free(self.dctx.as_ptr());
        }
    }
}

impl Codec for OpenZl {
    fn name(&self) -> &'static str {
        NAME
    }

    fn compress(&mut self, bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
        self.fill(bytes)?;
        Ok(self.frame.clone())
    }

    fn decompress(&mut self, frame: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
        let src = frame.as_ptr().cast::<c_void>();
        // SAFETY: the source is a slice of ours with its true length.
        let size = check("decompress", unsafe { ZL_getDecompressedSize(src, frame.len()) })?;
        if size > limit {
            return refuse("decompress", format!("frame of {size} bytes is over the limit of {limit}"));
        }
        let mut out = vec![0u8; size.max(1)];
        // SAFETY: as above; the destination is a buffer of ours with its true length, which the library never exceeds.
        let n = check("decompress", unsafe {
            ZL_DCtx_decompress(self.dctx.as_ptr(), out.as_mut_ptr().cast(), out.len(), src, frame.len())
        })?;
        if n != size {
            return refuse("decompress", format!("frame gave {n} bytes, its header says {size}"));
        }
        out.truncate(n);
        Ok(out)
    }

    fn size(&mut self, bytes: &[u8]) -> Result<usize, CodecError> {
        self.fill(bytes)?;
        Ok(self.frame.len().saturating_sub(CHECKSUMS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_through_the_numeric_graph() {
        let times: Vec<u8> =
            (0..2000u64).flat_map(|i| (1_700_000_000_000_000_000 + i * 60_000_000_000).to_le_bytes()).collect();
        let mut codec = OpenZl::new().unwrap();
        let column = codec.size(&times).unwrap();
        // The same bytes behind one more are no column.
        let mut shifted = vec![0];
        shifted.extend_from_slice(&times);
        let serial = codec.size(&shifted).unwrap();
        assert!(column * 4 < serial && column < 400, "column {column}, serial {serial}");
    }

    #[test]
    fn contexts_serve_both_graphs_in_turn() {
        let mut codec = OpenZl::new().unwrap();
        for n in [0usize, 1, 7, 8, 9, 16, 4096, 4097, 0, 8] {
            let data: Vec<u8> = (0..n).map(|i| (i / 3) as u8).collect();
            let frame = codec.compress(&data).unwrap();
            assert_eq!(codec.decompress(&frame, n).unwrap(), data, "{n} bytes");
        }
    }
}
