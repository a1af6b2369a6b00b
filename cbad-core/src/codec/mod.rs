//! Lossless compressors behind one trait; they measure, they do not store.
//!
//! A code length is only worth something if the code can be read back, so every codec also decompresses, and the
//! tests hold it to that.

#[cfg(feature = "openzl")]
mod openzl;
mod zstd;

use std::fmt;

#[cfg(feature = "openzl")]
pub use self::openzl::OpenZl;
pub use self::zstd::Zstd;

/// What a codec refused, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError {
    pub codec: &'static str,
    pub action: &'static str,
    pub cause: String,
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.codec, self.action, self.cause)
    }
}

impl std::error::Error for CodecError {}

/// A compressor with a context of its own, reused from call to call. The same bytes always give the same frame.
pub trait Codec {
    /// Its name in evidence.
    fn name(&self) -> &'static str;

    /// A frame from which [`Codec::decompress`] makes the same bytes again.
    fn compress(&mut self, bytes: &[u8]) -> Result<Vec<u8>, CodecError>;

    /// The bytes of a frame. A damaged one, or one of more than `limit` bytes, is an error.
    fn decompress(&mut self, frame: &[u8], limit: usize) -> Result<Vec<u8>, CodecError>;

    /// Bytes a frame takes, its checksum left out.
    fn size(&mut self, bytes: &[u8]) -> Result<usize, CodecError>;
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 1 << 20;

    fn codecs() -> Vec<Box<dyn Codec>> {
        vec![
            Box::new(Zstd::new(1).unwrap()),
            Box::new(Zstd::new(3).unwrap()),
            #[cfg(feature = "openzl")]
            Box::new(OpenZl::new().unwrap()),
        ]
    }

    /// Bytes of several kinds: noise, repeats, text-like, columns of close numbers.
    pub fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..2000),
            (any::<u8>(), 0usize..5000).prop_map(|(b, n)| vec![b; n]),
            "([a-f]{1,6} ){0,200}".prop_map(String::into_bytes),
            (any::<u64>(), prop::collection::vec(0u64..1000, 0..600)).prop_map(|(s, d)| d
                .iter()
                .scan(s, |t, d| {
                    *t = t.wrapping_add(*d);
                    Some(*t)
                })
                .flat_map(u64::to_le_bytes)
                .collect()),
            prop::collection::vec(-1e6f64..1e6, 0..300)
                .prop_map(|v| v.iter().flat_map(|x| ((x * 100.0).round() / 100.0).to_le_bytes()).collect()),
        ]
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(data in bytes()) {
            for mut c in codecs() {
                let frame = c.compress(&data).unwrap();
                prop_assert_eq!(&c.decompress(&frame, LIMIT).unwrap(), &data, "{}", c.name());
                prop_assert_eq!(&c.compress(&data).unwrap(), &frame, "{} is not deterministic", c.name());
                prop_assert!(c.size(&data).unwrap() <= frame.len());
            }
        }

        #[test]
        fn damage_is_an_error(data in bytes(), at in any::<prop::sample::Index>(), flip in 1u8..=255, cut in any::<prop::sample::Index>()) {
            for mut c in codecs() {
                let frame = c.compress(&data).unwrap();
                let mut bad = frame.clone();
                bad[at.index(frame.len())] ^= flip;
                // A flip may hit a bit that carries nothing; it must never give other bytes.
                if let Ok(out) = c.decompress(&bad, LIMIT) {
                    prop_assert_eq!(&out, &data, "{}", c.name());
                }
                prop_assert!(c.decompress(&frame[..cut.index(frame.len())], LIMIT).is_err(), "{} cut short", c.name());
                // The context is still good.
                prop_assert_eq!(&c.decompress(&frame, LIMIT).unwrap(), &data);
            }
        }

        #[test]
        fn noise_is_never_a_frame(mut noise in prop::collection::vec(any::<u8>(), 0..300), codec in 0usize..3, n in 0usize..12) {
            // Half of them begin as a frame does, so that more than the magic number is tried.
            if let Some(c) = codecs().get_mut(codec) {
                let frame = c.compress(&[9; 80]).unwrap();
                noise.splice(0..0, frame[..n.min(frame.len())].iter().copied());
            }
            for mut c in codecs() {
                prop_assert!(c.decompress(&noise, LIMIT).is_err());
            }
        }

        #[test]
        fn the_limit_holds(n in 1usize..100_000) {
            for mut c in codecs() {
                let frame = c.compress(&vec![7; n]).unwrap();
                prop_assert!(c.decompress(&frame, n - 1).is_err(), "{}", c.name());
                prop_assert_eq!(c.decompress(&frame, n).unwrap().len(), n);
            }
        }
    }

    #[test]
    fn errors_say_who_and_what() {
        let e = Zstd::new(3).unwrap().decompress(b"no frame", 10).unwrap_err();
        assert!(e.to_string().starts_with("zstd decompress: "), "{e}");
    }
}
