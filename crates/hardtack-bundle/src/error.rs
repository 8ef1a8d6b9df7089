//! The errors of writing and reading a bundle.

use thiserror::Error;

/// Why a bundle could not be written or read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The bytes do not begin with the bundle format's magic.
    #[error("this is not a Hardtack bundle: it does not begin with the bundle's magic bytes")]
    NotABundle,

    /// No bundle is in the bytes.
    #[error("there is no Hardtack bundle in it")]
    NoBundle,

    /// The bundle is of another format version.
    #[error(
        "the bundle has format version {found}, and this program reads version {known}: \
         bake it again with the same Hardtack"
    )]
    Version {
        /// The version in the header.
        found: u32,
        /// The version that this crate reads.
        known: u32,
    },

    /// The bytes end before, or go on after, the length that the header states.
    #[error("the bundle is truncated or has bytes appended: {found} bytes where {stated} belong")]
    Length {
        /// The number of bytes handed in.
        found: u64,
        /// The number that the header states, or the header's own size when not even that fits.
        stated: u64,
    },

    /// The bytes do not have the digest that the header states.
    #[error("the bundle is damaged: the digest of its {part} does not match")]
    Digest {
        /// `header`, `content` or `release`.
        part: &'static str,
    },

    /// A record points outside its section, or holds a value that has no meaning.
    #[error("the bundle is damaged: {what} number {index} is invalid")]
    Record {
        /// The kind of record.
        what: &'static str,
        /// Its index in its section.
        index: usize,
    },

    /// Two routes have the same URL path.
    #[error("two assets have the same URL path {path:?}: rename one of them, or exclude it")]
    DuplicatePath {
        /// The path that both claim.
        path: String,
    },

    /// There is more of something than the format can count.
    #[error("too much for one bundle: {what} exceed 4,294,967,294")]
    TooMany {
        /// The records or bytes in question, such as `bytes of names`.
        what: &'static str,
    },
}
