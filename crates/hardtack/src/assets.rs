//! The assets of a program, opened.

use std::{fmt, path::PathBuf, sync::Arc};

use hardtack_bundle::{Bundle, names};

use crate::{
    Asset, BundleLayer, Mode, OpenError, Options, Preload, ServeBundle, Tag,
    source::{Live, Source},
};

/// The assets of a program, for links and for serving.
///
/// [`Embedded::open`](crate::Embedded::open) yields them. Displays as a line for the program's log:
/// its mode, and the sums over its assets.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// use axum::{Router, routing::get};
///
/// // In an app, `hardtack::embed!().open()?`.
/// let assets = demo().open()?;
/// println!("{assets}");
/// let app: Router = Router::new().route("/hello", get(|| async { "hello" })).layer(assets.layer());
/// # Ok::<(), hardtack::OpenError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Assets {
    source: Source,
}

/// There is no asset of that name. The message suggests the nearest names, and says how assets are
/// named.
///
/// ```
/// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
/// # use demo::demo;
/// let unknown = demo().open()?.url("app.css").unwrap_err();
/// assert!(unknown.to_string().contains("Near it: css/app.css."));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct UnknownAsset {
    logical_path: String,
    near: Vec<&'static str>,
}

impl Assets {
    pub(crate) fn open(bundle: Bundle<'static>, options: &Options) -> Result<Self, OpenError> {
        let live = match &options.mode {
            Mode::Baked => None,
            Mode::Live(folders) => Some(live(bundle, folders, options.live_reload)?),
        };
        Ok(Self { source: Source { bundle, live, tags: None } })
    }

    /// The bundle, whatever the mode.
    pub fn bundle(&self) -> Bundle<'static> {
        self.source.bundle
    }

    /// A layer that answers the assets' URLs, and passes all other requests on to the app.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// let assets = demo().open()?;
    /// let app: axum::Router = axum::Router::new().layer(assets.layer());
    /// # Ok::<(), hardtack::OpenError>(())
    /// ```
    pub fn layer(&self) -> BundleLayer {
        BundleLayer::of(&self.source)
    }

    /// A service that answers every request.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// let assets = demo().open()?;
    /// let app: axum::Router =
    ///     axum::Router::new().nest_service("/static", assets.service().nested());
    /// # Ok::<(), hardtack::OpenError>(())
    /// ```
    pub fn service(&self) -> ServeBundle {
        ServeBundle::of(&self.source)
    }

    /// The asset of a logical path.
    ///
    /// For a name that is known when the app is compiled, [`asset!`](crate::asset!) checks it then.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// let assets = demo().open()?;
    /// assert_eq!(assets.asset("img/logo.svg")?.path(), "/static/img/logo.0123456789ab.svg");
    /// let error = assets.asset("logo.svg").unwrap_err().to_string();
    /// assert!(error.starts_with("there is no asset \"logo.svg\". Near it: img/logo.svg."));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no such asset, in the bundle or, in [live mode](crate::Mode::Live), in its
    /// folder.
    pub fn asset(&self, logical_path: &str) -> Result<Asset, UnknownAsset> {
        let found = self.bundle().asset(logical_path).ok().flatten();
        let baked = found.map(|asset| of_bundle(&self.source.bundle, &asset));
        let new = || self.source.live.as_ref()?.new_asset(logical_path);
        let asset = baked.or_else(new);
        asset.ok_or_else(|| self.unknown(logical_path))
    }

    /// The URL of the asset of a logical path.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// assert_eq!(demo().open()?.url("img/logo.svg")?, "/static/img/logo.0123456789ab.svg");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Assets::asset`].
    pub fn url(&self, logical_path: &str) -> Result<String, UnknownAsset> {
        Ok(self.asset(logical_path)?.url().into_owned())
    }

    /// Preloads of a module and all its imports, direct and indirect: a browser then loads them at
    /// once instead of one after the other.
    ///
    /// Imports by `import()` or by a bare name are not among them. In [live
    /// mode](crate::Mode::Live) the list is empty, since the imports may change at any time.
    ///
    /// ```
    /// # mod demo { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/demo/mod.rs")); }
    /// # use demo::demo;
    /// let assets = demo().open()?;
    /// let preloads = assets.modulepreloads(assets.asset("js/app.js")?);
    /// let head: String = preloads.iter().map(ToString::to_string).collect();
    /// assert_eq!(head.matches("rel=\"modulepreload\"").count(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn modulepreloads(&self, entry: Asset) -> Vec<Preload> {
        let Source { bundle, live: None, .. } = &self.source else { return Vec::new() };
        let mut modules: Vec<_> =
            bundle.asset(entry.logical_path).ok().flatten().into_iter().collect();
        let mut next = 0;
        while let Some(module) = modules.get(next).copied() {
            next += 1;
            for import in bundle.imports(&module).flatten() {
                let is_known =
                    modules.iter().any(|known| known.logical_path == import.logical_path);
                let is_script = import.media_type.starts_with("text/javascript");
                modules.extend(Some(import).filter(|_| is_script && !is_known));
            }
        }
        modules.iter().map(|module| of_bundle(bundle, module).modulepreload()).collect()
    }

    /// The script that reloads the page when an asset changes, in [live mode](crate::Mode::Live);
    /// otherwise empty. Pages that are assets include it by themselves.
    pub fn reload_script(&self) -> Tag {
        self.source.live.as_ref().map(|live| live.reload_script()).unwrap_or_default()
    }

    /// The error, with at most three names that may have been meant, the most similar first.
    fn unknown(&self, logical_path: &str) -> UnknownAsset {
        let wanted = logical_path.trim_start_matches('/').as_bytes();
        let likeness = |path: &str| names::likeness(path.as_bytes(), wanted);
        let paths = self.source.bundle.assets().flatten().map(|asset| asset.logical_path);
        let mut near: Vec<_> = paths.filter(|path| likeness(path) > 0).collect();
        near.sort_by_key(|path| usize::MAX - likeness(path));
        near.truncate(3);
        UnknownAsset { logical_path: logical_path.to_owned(), near }
    }
}

fn of_bundle(bundle: &Bundle<'static>, asset: &hardtack_bundle::Asset<'static>) -> Asset {
    Asset {
        logical_path: asset.logical_path,
        path: asset.url,
        plain_path: asset.plain_url.unwrap_or(asset.url),
        static_host: bundle.static_host().unwrap_or_default(),
        integrity: asset.integrity,
    }
}

/// The folders that take the bundle's place.
#[cfg(feature = "live")]
fn live(
    bundle: Bundle<'static>,
    folders: &[PathBuf],
    reload: bool,
) -> Result<Arc<dyn Live>, OpenError> {
    Ok(Arc::new(crate::live::LiveSite::open(bundle, folders, reload)?))
}

#[cfg(not(feature = "live"))]
fn live(_: Bundle<'static>, _: &[PathBuf], _: bool) -> Result<Arc<dyn Live>, OpenError> {
    Err(OpenError::NotLive)
}

impl fmt::Display for Assets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Source { bundle, live, .. } = &self.source;
        match live {
            None => {
                let (release, at) = (bundle.release_id().short(), bundle.at());
                write!(f, "hardtack: baked, release {release} at {at}: {}", bundle.totals())
            }
            Some(live) => write!(f, "hardtack: LIVE {live}"),
        }
    }
}

impl UnknownAsset {
    fn message(&self) -> String {
        let Self { logical_path, near } = self;
        let near =
            if near.is_empty() { String::new() } else { format!(" Near it: {}.", near.join(", ")) };
        format!(
            "there is no asset {logical_path:?}.{near} An asset is named by its path below the \
             asset folder, such as \"css/app.css\"; a new file is baked by the next build",
        )
    }
}
