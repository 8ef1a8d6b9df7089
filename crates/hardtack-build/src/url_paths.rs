//! The URL paths of an asset.

use hardtack_bundle::Fingerprint;

use crate::{Role, Settings, logical_path::file_name, scan::Asset};

/// The page that is the body of every 404.
pub(crate) const NOT_FOUND_PAGE: &str = "404.html";

/// The page that stands for its folder.
pub(crate) const INDEX_PAGE: &str = "index.html";

/// The URL paths of an asset, percent-decoded.
#[derive(Clone, Debug)]
pub(crate) struct UrlPaths {
    /// The path that is served for good. None for an entry point.
    pub(crate) hashed: Option<String>,
    /// The plain path; for a folder's index, the folder's path. None if the settings keep only
    /// hashed paths.
    pub(crate) plain: Option<String>,
}

impl UrlPaths {
    /// The path to link to.
    pub(crate) fn preferred(&self) -> &str {
        self.hashed.as_ref().or(self.plain.as_ref()).map_or("", String::as_str)
    }
}

/// The paths of an asset that do not depend on its fingerprint.
pub(crate) fn known_paths(asset: &Asset, settings: &Settings) -> UrlPaths {
    let plain = plain_path(settings, asset);
    match asset.role {
        Role::EntryPoint | Role::Pinned => UrlPaths { hashed: None, plain: Some(plain) },
        Role::Prehashed => UrlPaths { hashed: Some(plain), plain: None },
        Role::Hashed => {
            UrlPaths { hashed: None, plain: Some(plain).filter(|_| !settings.keep_only_hashed) }
        }
    }
}

/// The path of an asset that is not hashed, percent-decoded.
pub(crate) fn plain_path(settings: &Settings, asset: &Asset) -> String {
    let at = settings.at.as_str();
    let path = asset.logical_path.as_str();
    let is_page = asset.role == Role::EntryPoint && path != NOT_FOUND_PAGE;
    let without_extension = path.strip_suffix(".html").or_else(|| path.strip_suffix(".htm"));
    match without_extension.filter(|_| settings.clean_urls && is_page) {
        _ if file_name(path) == INDEX_PAGE => {
            format!("{at}{}", &path[..path.len() - INDEX_PAGE.len()])
        }
        Some(clean) => format!("{at}{clean}"),
        None => format!("{at}{path}"),
    }
}

/// The plain path with the fingerprint before the extension.
pub(crate) fn hashed_path(at: &str, asset: &Asset, fingerprint: Fingerprint) -> String {
    let path = &asset.logical_path;
    let name = path.len() - file_name(path).len();
    // A dot at the beginning of a name begins no extension.
    let dot = path[name..].rfind('.').filter(|dot| *dot > 0);
    let (stem, extension) = path.split_at(dot.map_or(path.len(), |dot| name + dot));
    format!("{at}{stem}.{}{extension}", fingerprint.short())
}

/// The other paths of a page, which lead to its address: the folder's path without its slash, and
/// the file's own path if that differs from the address.
pub(crate) fn aliases(at: &str, logical_path: &str, plain: &str) -> Vec<String> {
    let own = Some(format!("{at}{logical_path}")).filter(|own| own != plain);
    let folder = plain.strip_suffix('/').filter(|folder| !folder.is_empty());
    own.into_iter().chain(folder.map(str::to_owned)).collect()
}
