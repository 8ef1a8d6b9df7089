//! The error of a program that opens its assets.

use std::{fmt, io, path::PathBuf};

use hardtack_bundle::InvalidStaticHost;

/// The reason why assets could not be opened. `main` may return it: its `Debug` is the message for
/// people.
///
/// ```
/// let error = hardtack::Embedded::new(b"no bundle").open().unwrap_err();
/// assert!(error.to_string().starts_with("the assets in this program are damaged"));
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The bundle is damaged.
    #[error("the assets in this program are damaged: {0}")]
    Bundle(#[from] hardtack_bundle::Error),
    /// `HARDTACK_STATIC_HOST` is no host.
    #[error("HARDTACK_STATIC_HOST: {0}")]
    StaticHost(#[from] InvalidStaticHost),
    /// `HARDTACK_LIVE_RELOAD` is neither `0` nor `1`.
    #[error("HARDTACK_LIVE_RELOAD is 0 or 1, and not {0:?}")]
    LiveReload(String),
    /// A folder of live mode cannot be opened.
    #[error(
        "the assets cannot be taken live from {folder:?}: {error}; name the folder of the \
         authored files, from the folder in which the program is started"
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why it cannot be opened.
        error: io::Error,
    },
    /// Live mode has no folder, or more folders than the site.
    #[error(
        "live mode has {named} folders, and the site has {}, with the URL prefixes {}: name the \
         asset folder, and then the folders of [[folders]] in the order of hardtack.toml",
        prefixes.len(),
        prefixes.join(" ")
    )]
    Folders {
        /// The number of folders that were named.
        named: usize,
        /// The URL prefixes of the site's folders.
        prefixes: Vec<&'static str>,
    },
    /// A folder of live mode cannot be watched.
    #[error(
        "changes below {folder:?} cannot be noticed: {error}; HARDTACK_LIVE_RELOAD=0 does without"
    )]
    Watch {
        /// The folder.
        folder: PathBuf,
        /// Why it cannot be watched.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The program cannot read files.
    #[error(
        "HARDTACK_LIVE: this program was built without live mode: add the feature `live` of the \
         crate hardtack"
    )]
    NotLive,
    /// Other options have decided the URLs of this process already.
    #[error(
        "this process has decided the host of its URLs and its mode already, and otherwise: open \
         the assets before anything links to them, and all in the same way"
    )]
    Decided,
}

impl fmt::Debug for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
