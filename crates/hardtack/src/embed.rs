//! The bundle that a program carries.

use std::{fmt, io, path::PathBuf};

use hardtack_bundle::{Bundle, InvalidStaticHost};

use crate::{Assets, Options, urls};

/// The assets that a program carries, not opened yet. [`embed!`](crate::embed!) yields it.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// // In an app, `hardtack::embed!()`.
/// let assets = demo().open()?;
/// assert_eq!(assets.bundle().at(), "/static/");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    bundle: &'static [u8],
}

impl Embedded {
    /// Assets in these bytes, which are a bundle.
    pub const fn new(bundle: &'static [u8]) -> Self {
        Self { bundle }
    }

    /// Opens the assets with the options of the environment: see [`Options::from_environment`].
    ///
    /// This costs the same for one asset as for 100,000.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open(&self) -> Result<Assets, OpenError> {
        self.open_with(Options::from_environment()?)
    }

    /// Opens the assets with these options, and ignores the environment.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// use hardtack::Options;
    ///
    /// let static_host = Some("https://cdn.example".parse()?);
    /// let assets = demo().open_with(Options { static_host, ..Options::default() })?;
    /// let url = assets.url("img/logo.svg")?;
    /// assert_eq!(url, "https://cdn.example/static/img/logo.0123456789ab.svg");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open_with(&self, options: Options) -> Result<Assets, OpenError> {
        let assets = Assets::open(Bundle::open(self.bundle)?, &options)?;
        urls::decide(options)?;
        Ok(assets)
    }

    /// The bundle, whatever the mode.
    ///
    /// # Errors
    ///
    /// If it is damaged.
    pub fn bundle(&self) -> Result<Bundle<'static>, hardtack_bundle::Error> {
        Bundle::open(self.bundle)
    }
}

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

/// The assets that the build script baked, in this program: an [`Embedded`](crate::Embedded).
///
/// ```ignore
/// static ASSETS: hardtack::Embedded = hardtack::embed!();
///
/// let assets = ASSETS.open()?;
/// ```
///
/// Use it in one place of a program: each use is a copy of the bundle. It needs the package's build
/// script to call `hardtack_build::build_script()`.
#[macro_export]
macro_rules! embed {
    () => {{
        static BUNDLE: &[u8] = ::core::include_bytes!(::core::env!(
            "HARDTACK_BUNDLE",
            "build.rs of this package has to call hardtack_build::build_script()",
        ));
        $crate::Embedded::new(BUNDLE)
    }};
}
