//! The progress of a bake.

/// The progress of a bake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The asset folder is read.
    Scanning,
    /// References are looked for.
    Reading {
        /// The number of assets.
        assets: usize,
    },
    /// Assets are compressed, which takes most of the time.
    Compressing {
        /// Bytes that are compressed so far, counted once for each coding.
        done: usize,
        /// All bytes to compress, counted once for each coding.
        total: usize,
    },
    /// Assets are compressed with files of earlier releases as dictionaries.
    Comparing {
        /// The number of pairs that are compressed so far, counted once for each coding.
        done: usize,
        /// The number of all pairs, counted once for each coding.
        total: usize,
    },
}
