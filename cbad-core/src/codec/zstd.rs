//! Zstandard at a fixed level, with a checksum in the frame.

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{self, CParameter};

use super::{Codec, CodecError};

const NAME: &str = "zstd";
/// Bytes of the frame's checksum.
const CHECKSUM: usize = 4;

/// A pair of reused contexts.
pub struct Zstd {
    compressor: Compressor<'static>,
    decompressor: Decompressor<'static>,
    frame: Vec<u8>,
}

fn error(action: &'static str) -> impl Fn(std::io::Error) -> CodecError {
    move |e| CodecError { codec: NAME, action, cause: e.to_string() }
}

impl Zstd {
    /// Contexts at this level.
    pub fn new(level: i32) -> Result<Self, CodecError> {
        let open = error("open");
        let mut compressor = Compressor::new(level).map_err(&open)?;
        compressor.set_parameter(CParameter::ChecksumFlag(true)).map_err(&open)?;
        Ok(Zstd { compressor, decompressor: Decompressor::new().map_err(&open)?, frame: Vec::new() })
    }

    fn fill(&mut self, bytes: &[u8]) -> Result<usize, CodecError> {
        self.frame.clear();
        self.frame.reserve(zstd_safe::compress_bound(bytes.len()));
        self.compressor.compress_to_buffer(bytes, &mut self.frame).map_err(error("compress"))
    }
}

impl Codec for Zstd {
    fn name(&self) -> &'static str {
        NAME
    }

    fn compress(&mut self, bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
        self.fill(bytes)?;
        Ok(self.frame.clone())
    }

    fn decompress(&mut self, frame: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
        if frame.is_empty() {
            // Zstandard takes it for no frames at all, and content of none.
            return Err(CodecError { codec: NAME, action: "decompress", cause: "the frame is empty".into() });
        }
        self.decompressor.decompress(frame, limit).map_err(error("decompress"))
    }

    fn size(&mut self, bytes: &[u8]) -> Result<usize, CodecError> {
        Ok(self.fill(bytes)?.saturating_sub(CHECKSUM))
    }
}
