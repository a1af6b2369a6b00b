//! A fixed row of small counters that can be saved (serde stops at arrays of 32).

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `N` counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts<const N: usize>(pub [u16; N]);

impl<const N: usize> Default for Counts<N> {
    fn default() -> Self {
        Counts([0; N])
    }
}

impl<const N: usize> Deref for Counts<N> {
    type Target = [u16; N];
    #[inline]
    fn deref(&self) -> &[u16; N] {
        &self.0
    }
}

impl<const N: usize> DerefMut for Counts<N> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u16; N] {
        &mut self.0
    }
}

impl<const N: usize> Serialize for Counts<N> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut tuple = s.serialize_tuple(N)?;
        for v in &self.0 {
            tuple.serialize_element(v)?;
        }
        tuple.end()
    }
}

impl<'de, const N: usize> Deserialize<'de> for Counts<N> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Row<const N: usize>;
        impl<'de, const N: usize> Visitor<'de> for Row<N> {
            type Value = Counts<N>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{N} counters")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Counts<N>, A::Error> {
                let mut out = Counts::default();
                for (i, slot) in out.0.iter_mut().enumerate() {
                    *slot = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(i, &self))?;
                }
                Ok(out)
            }
        }
        d.deserialize_tuple(N, Row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_comes_back_and_a_short_one_is_refused() {
        let mut row = Counts::<96>::default();
        for (i, c) in row.iter_mut().enumerate() {
            *c = (i * i) as u16;
        }
        let bytes = postcard::to_allocvec(&row).unwrap();
        assert_eq!(postcard::from_bytes::<Counts<96>>(&bytes).unwrap(), row);
        assert!(postcard::from_bytes::<Counts<96>>(&bytes[..bytes.len() - 1]).is_err());
    }
}
