//! `Content-Range` (RFC 9110 §14.4).

use std::{fmt, ops::Range};

/// The value of the field.
#[derive(Clone, Debug)]
pub(crate) enum ContentRange {
    /// A part of so many bytes. It is not empty.
    Part(Range<usize>, usize),
    /// No part of so many bytes.
    Unsatisfied(usize),
}

impl fmt::Display for ContentRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Part(part, length) => {
                write!(f, "bytes {}-{}/{length}", part.start, part.end - 1)
            }
            Self::Unsatisfied(length) => write!(f, "bytes */{length}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(ContentRange::Part(2..5, 10).to_string(), "bytes 2-4/10");
        assert_eq!(ContentRange::Unsatisfied(10).to_string(), "bytes */10");
    }
}
