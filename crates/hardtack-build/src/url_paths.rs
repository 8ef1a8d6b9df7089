//! The URL paths of an asset.

use hardtack_bundle::{Fingerprint, url_path_of};

use crate::{Role, Settings, logical_path::file_name, scan::Asset};

/// The page that is the body of every 404. It lies at the top of the asset folder, or at the site's
/// root.
pub(crate) const NOT_FOUND_PAGE: &str = "404.html";

/// Whether an asset is such a page.
pub(crate) fn is_not_found_page(logical_path: &str) -> bool {
    logical_path.trim_start_matches('/') == NOT_FOUND_PAGE
}

/// Whether an asset is the page of an error, such as `404.html` or `502.html`, or of maintenance. It
/// is the body of the response at any URL.
pub(crate) fn is_error_page(logical_path: &str) -> bool {
    let Some(name) = logical_path.trim_start_matches('/').strip_suffix(".html") else {
        return false;
    };
    let is_status = name.len() == 3 && name.starts_with(['4', '5']);
    name == "maintenance" || (is_status && name.bytes().all(|byte| byte.is_ascii_digit()))
}

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
            // Files lie at the site's root because their paths are known.
            let has_plain = !settings.keep_only_hashed || settings.is_at_root(&asset.logical_path);
            UrlPaths { hashed: None, plain: Some(plain).filter(|_| has_plain) }
        }
    }
}

/// The path of an asset that is not hashed, percent-decoded.
pub(crate) fn plain_path(settings: &Settings, asset: &Asset) -> String {
    let own = settings.url_path(&asset.logical_path);
    let is_page = asset.role == Role::EntryPoint && !is_not_found_page(&asset.logical_path);
    let without_extension = own.strip_suffix(".html").or_else(|| own.strip_suffix(".htm"));
    match without_extension.filter(|_| settings.clean_urls && is_page) {
        _ if file_name(&own) == INDEX_PAGE => own[..own.len() - INDEX_PAGE.len()].to_owned(),
        Some(clean) => clean.to_owned(),
        None => own,
    }
}

/// The plain path with the fingerprint before the extension.
pub(crate) fn hashed_path(at: &str, asset: &Asset, fingerprint: Fingerprint) -> String {
    let path = &asset.logical_path;
    let name = path.len() - file_name(path).len();
    // A dot at the beginning of a name begins no extension.
    let dot = path[name..].rfind('.').filter(|dot| *dot > 0);
    let (stem, extension) = path.split_at(dot.map_or(path.len(), |dot| name + dot));
    url_path_of(at, &format!("{stem}.{}{extension}", fingerprint.short()))
}

/// The other paths of a page, which lead to its address: the folder's path without its slash, and
/// the file's own path if that differs from the address.
pub(crate) fn aliases(own: &str, plain: &str) -> Vec<String> {
    let own = Some(own).filter(|own| *own != plain);
    let folder = plain.strip_suffix('/').filter(|folder| !folder.is_empty());
    own.into_iter().chain(folder).map(str::to_owned).collect()
}
