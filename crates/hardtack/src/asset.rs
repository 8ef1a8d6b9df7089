//! An asset by its name: its URL, and its integrity.

use std::{borrow::Cow, fmt};

use hardtack_bundle::Integrity;

use crate::urls::urls;

/// An asset of this program, to be linked to.
///
/// Displays as its URL: its hashed path, on the CDN's host if there is one. The macro
/// [`asset!`](crate::asset!) makes one from a name that is checked when the app is compiled,
/// [`Assets::asset`](crate::Assets::asset) from a name that is known when it runs.
///
/// The URL contains no character with a meaning in HTML, so it needs no escape there.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// let style = demo().open()?.asset("css/app.css")?;
/// assert_eq!(style.logical_path(), "css/app.css");
/// assert_eq!(style.path(), "/static/css/app.0123456789ab.css");
/// assert!(style.integrity().expect("it is baked").to_string().starts_with("sha384-"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    pub(crate) logical_path: &'static str,
    /// The hashed path, or an entry point's own.
    pub(crate) path: &'static str,
    /// The path in [live mode](crate::Mode::Live).
    pub(crate) plain_path: &'static str,
    /// The static host of the bundle, or nothing.
    pub(crate) static_host: &'static str,
    pub(crate) integrity: Integrity,
}

impl Asset {
    /// The expansion of `asset!`.
    #[doc(hidden)]
    pub const fn baked(
        logical_path: &'static str,
        path: &'static str,
        plain_path: &'static str,
        static_host: &'static str,
        integrity: &[u8; 48],
    ) -> Self {
        Self { logical_path, path, plain_path, static_host, integrity: Integrity(*integrity) }
    }

    /// The path below the asset folder, such as `css/app.css`. For an asset of another folder that
    /// is not below the bundle's prefix, it is the URL path, such as `/robots.txt`.
    pub const fn logical_path(&self) -> &'static str {
        self.logical_path
    }

    /// The path of the URL, percent-encoded, such as `/static/css/app.711bf9ecdfb6.css`: the hashed
    /// path, or in [live mode](crate::Mode::Live) the plain path.
    pub fn path(&self) -> &'static str {
        if urls().is_live { self.plain_path } else { self.path }
    }

    /// The whole URL: the path, on the host of the CDN if there is one.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// let assets = demo().open()?;
    /// let logo = assets.asset("img/logo.svg")?;
    /// let picture = format!(r#"<img src="{logo}" alt="The biscuit">"#);
    /// assert_eq!(picture, r#"<img src="/static/img/logo.0123456789ab.svg" alt="The biscuit">"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn url(&self) -> Cow<'static, str> {
        match self.host() {
            "" => Cow::Borrowed(self.path()),
            host => Cow::Owned(format!("{host}{}", self.path())),
        }
    }

    /// The value of `integrity` for a script or style sheet (W3C Subresource Integrity).
    ///
    /// None in [live mode](crate::Mode::Live), where the file may change at any time.
    pub fn integrity(&self) -> Option<Integrity> {
        (!urls().is_live).then_some(self.integrity)
    }

    fn host(&self) -> &'static str {
        match &urls().static_host {
            Some(host) => host.as_str(),
            None if urls().is_live => "",
            None => self.static_host,
        }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.host())?;
        f.write_str(self.path())
    }
}

/// An asset of this program, by a name that is checked when the app is compiled.
///
/// The name is the path below the asset folder, or in another folder the URL path, such as
/// `"/icon.png"`, as a string literal without escapes. The macro yields an [`Asset`](crate::Asset), which is a constant.
///
/// ```ignore
/// use hardtack::{Asset, asset};
///
/// const LOGO: Asset = asset!("img/logo.svg");
/// let page = format!(r#"<link rel="stylesheet" href="{}">"#, asset!("css/app.css"));
/// ```
///
/// An unknown name fails the compilation, and the message suggests the nearest ones:
///
/// ```text
/// error: there is no asset "css/ap.css" in the folder "assets". Near it: "css/app.css"
/// ```
///
/// It needs the package's build script to call `hardtack_build::build_script()`. A program that
/// names assets without [`embed!`](crate::embed!) does not carry them.
#[macro_export]
macro_rules! asset {
    ($($logical_path:tt)*) => {
        $crate::private::asset! { $crate $($logical_path)* }
    };
}
