//! How far a bake is.

/// How far a bake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The asset folder is read.
    Scanning,
    /// References are looked for.
    Reading {
        /// How many assets there are.
        assets: usize,
    },
    /// Assets are compressed, which is what takes the time.
    Compressing {
        /// Bytes that were compressed so far, counted once for each coding.
        done: usize,
        /// Bytes that are to be compressed.
        total: usize,
    },
}
