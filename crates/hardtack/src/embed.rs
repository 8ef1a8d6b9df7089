//! The bundle that a program carries.

use hardtack_bundle::Bundle;

use crate::{Assets, OpenError, Options, urls};

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
