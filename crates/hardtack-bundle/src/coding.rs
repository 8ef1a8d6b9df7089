//! Content codings.

use std::fmt;

/// A content coding (RFC 9110 §8.4.1): how the bytes of a representation are wrapped.
///
/// The discriminant is the coding's number in the bundle format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Coding {
    /// The asset's own bytes.
    Identity = 0,
    /// RFC 1952.
    Gzip = 1,
    /// Brotli, RFC 7932.
    Br = 2,
    /// Zstandard, RFC 8878, with a window of at most 8 MB (RFC 9659).
    Zstd = 3,
}

impl Coding {
    /// All codings, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Identity, Self::Gzip, Self::Br, Self::Zstd];

    /// The name in `Accept-Encoding` and `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Br => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The coding of that number, if there is one.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|coding| *coding as u32 == number)
    }
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codings_agree() {
        for (number, coding) in Coding::ALL.into_iter().enumerate() {
            assert_eq!(Coding::from_number(number as u32), Some(coding));
        }
        assert_eq!(Coding::from_number(4), None);
    }
}
