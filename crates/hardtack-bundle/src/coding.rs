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
    /// Brotli with a dictionary (RFC 9842 §4).
    Dcb = 4,
    /// Zstandard with a dictionary (RFC 9842 §5).
    Dcz = 5,
}

impl Coding {
    /// All codings, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Identity, Self::Gzip, Self::Br, Self::Zstd, Self::Dcb, Self::Dcz];

    /// The codings that every client can decode without a dictionary, in the order of their numbers.
    pub const PLAIN: [Self; 4] = [Self::Identity, Self::Gzip, Self::Br, Self::Zstd];

    /// Whether a client needs a dictionary to decode it (RFC 9842).
    pub const fn has_dictionary(self) -> bool {
        matches!(self, Self::Dcb | Self::Dcz)
    }

    /// The name in `Accept-Encoding` and `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Br => "br",
            Self::Zstd => "zstd",
            Self::Dcb => "dcb",
            Self::Dcz => "dcz",
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
        assert_eq!(Coding::from_number(6), None);
        assert!(Coding::PLAIN.iter().all(|coding| !coding.has_dictionary()));
    }
}
