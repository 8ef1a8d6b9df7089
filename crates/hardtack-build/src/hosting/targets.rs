//! The paths of assets that rules about other paths need.

use std::collections::BTreeMap;

use hardtack_bundle::encode_path;

use crate::{
    Canonical, Settings,
    scan::Scanned,
    url_paths::{INDEX_PAGE, aliases, known_paths},
};

/// The assets by their paths.
#[derive(Default)]
pub(super) struct Targets {
    /// The paths at which assets answer, with the asset's logical path, and the browser's path
    /// after a redirect, if there is one. Hashed paths are not among them: they are not known yet.
    taken: BTreeMap<String, (String, String)>,
    /// The plain paths of the assets that have one, by logical path.
    plain: BTreeMap<String, String>,
    /// The logical paths of the assets, by all paths that name them as the target of a rewrite.
    named: BTreeMap<String, String>,
}

impl Targets {
    pub(super) fn new(scanned: &Scanned, settings: &Settings) -> Self {
        let mut targets = Self::default();
        for asset in &scanned.assets {
            let (path, paths) = (&asset.logical_path, known_paths(asset, settings));
            let own = settings.url_path(path);
            for name in names(&own) {
                targets.named.entry(name).or_insert_with(|| path.clone());
            }
            targets.plain.extend(paths.plain.clone().map(|plain| (path.clone(), plain)));
            let Some(plain) = paths.plain.or(paths.hashed) else { continue };
            for alias in aliases(&own, &plain) {
                let is_page = settings.canonical == Canonical::Link && alias == own;
                let address = if is_page { own.clone() } else { plain.clone() };
                targets.taken.insert(alias, (path.clone(), address));
            }
            targets.taken.insert(plain.clone(), (path.clone(), plain));
        }
        // A file's own name takes precedence.
        for asset in &scanned.assets {
            let own = settings.url_path(&asset.logical_path);
            targets.named.insert(own, asset.logical_path.clone());
        }
        let published = settings.publish_manifest.iter();
        targets.taken.extend(published.map(|path| {
            let path = settings.named(path);
            let plain = settings.url_path(path);
            (plain.clone(), (path.to_owned(), plain))
        }));
        targets
    }

    /// The logical path of the asset that answers at a path.
    pub(super) fn at(&self, path: &str) -> Option<&str> {
        self.taken.get(path).map(|(logical_path, _)| logical_path.as_str())
    }

    /// Whether an asset's path leads to that location by itself.
    pub(super) fn leads_to(&self, path: &str, location: &str) -> bool {
        self.taken.get(path).is_some_and(|(_, address)| encode_path(address) == location)
    }

    /// The paths at which assets answer, with the assets' logical paths.
    pub(super) fn taken(&self) -> impl Iterator<Item = (&str, &str)> {
        self.taken.iter().map(|(path, (logical_path, _))| (path.as_str(), logical_path.as_str()))
    }

    /// The plain path of an asset, if it is served there.
    pub(super) fn plain(&self, logical_path: &str) -> Option<&str> {
        self.plain.get(logical_path).map(String::as_str)
    }

    /// The asset that a path names as the target of a rewrite.
    pub(super) fn named(&self, path: &str) -> Option<&str> {
        self.named.get(path).map(String::as_str)
    }

    /// All paths that name an asset, with its logical path.
    pub(super) fn all_named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.named.iter().map(|(path, logical_path)| (path.as_str(), logical_path.as_str()))
    }
}

/// The paths that name a file: its own; for a page, also the path without its extension, or its
/// folder's.
fn names(own: &str) -> Vec<String> {
    let mut names = vec![own.to_owned()];
    if let Some(folder) = own.strip_suffix(INDEX_PAGE).filter(|folder| folder.ends_with('/')) {
        names.push(folder.to_owned());
        names.extend(folder.strip_suffix('/').filter(|it| !it.is_empty()).map(str::to_owned));
    } else if let Some(stem) = own.strip_suffix(".html") {
        names.push(stem.to_owned());
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_file() {
        assert_eq!(names("/a/b.css"), ["/a/b.css"]);
        assert_eq!(names("/about.html"), ["/about.html", "/about"]);
        assert_eq!(names("/a/index.html"), ["/a/index.html", "/a/", "/a"]);
        assert_eq!(names("/index.html"), ["/index.html", "/"]);
        assert_eq!(names("/xindex.html"), ["/xindex.html", "/xindex"]);
    }
}
