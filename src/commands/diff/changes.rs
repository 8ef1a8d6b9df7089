//! The files that differ between two releases.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
};

use anyhow::Result;
use hardtack_build::{is_for_browsers, is_page_dictionary, names_across_releases};
use hardtack_bundle::{Action, Asset, Bundle, Role};
use serde::Serialize;

/// All changes, for programs too; docs/releases.md describes it.
#[derive(Serialize)]
pub(super) struct Changes {
    old_release_id: String,
    new_release_id: String,
    /// Bytes of the added and changed files for a visitor without any of them; of those alone that browsers
    /// fetch, which source maps and sources are not.
    pub(super) first_visitor: usize,
    /// Bytes of these files for a visitor with all files of the old release.
    pub(super) returning_visitor: usize,
    pub(super) unchanged: usize,
    /// By kind, then those that visitors download first, then the most bytes.
    pub(super) files: Vec<Change>,
    /// The hashed paths of the old release that the new one has not, sorted.
    pub(super) lost: Vec<String>,
}

/// One file.
#[derive(Serialize)]
pub(super) struct Change {
    #[serde(rename = "change")]
    pub(super) kind: Kind,
    pub(super) logical_path: String,
    url: String,
    /// Bytes by content coding; of a coding with a dictionary, those of the delta to the old release's
    /// version.
    pub(super) bytes: BTreeMap<&'static str, usize>,
    /// Bytes of the smallest plain coding; of an added or changed file alone that browsers fetch.
    pub(super) first: Option<usize>,
    /// Bytes of the smallest coding for a browser with the old version; of such a file alone.
    pub(super) returning: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Changed,
    Added,
    Removed,
    Carried,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Changed, Self::Added, Self::Removed, Self::Carried];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Carried => "carried",
        }
    }
}

impl Changes {
    /// # Errors
    ///
    /// If a bundle is damaged.
    pub(super) fn between(old: &Bundle<'_>, new: &Bundle<'_>) -> Result<Self> {
        let (before, after) = (Named::of(old)?, Named::of(new)?);
        let mut files = Vec::new();
        let mut unchanged = 0;
        for (name, asset) in &after.0 {
            match before.find(name) {
                None => files.push(Change::download(Kind::Added, asset, None)?),
                Some(old) if old.fingerprint != asset.fingerprint => {
                    files.push(Change::download(Kind::Changed, asset, Some(old))?);
                }
                Some(_) => unchanged += 1,
            }
        }
        for (_, asset) in before.0.iter().filter(|(name, _)| after.find(name).is_none()) {
            files.push(Change::kept(Kind::Removed, asset)?);
        }
        for asset in newly_carried(old, new)? {
            files.push(Change::kept(Kind::Carried, &asset)?);
        }
        files.sort_by_cached_key(|file| {
            let most = file.bytes.get("identity").copied();
            (file.kind, Reverse((file.first, most)), file.logical_path.clone(), file.url.clone())
        });
        Ok(Self {
            old_release_id: old.release_id().to_string(),
            new_release_id: new.release_id().to_string(),
            first_visitor: files.iter().filter_map(|file| file.first).sum(),
            returning_visitor: files.iter().filter_map(|file| file.returning).sum(),
            unchanged,
            files,
            lost: lost(old, new)?,
        })
    }
}

/// The assets of a release, each with the name that all its versions have.
struct Named<'a>(Vec<(String, Asset<'a>)>, HashMap<String, usize>);

impl<'a> Named<'a> {
    fn of(bundle: &Bundle<'a>) -> Result<Self> {
        let assets = bundle.assets().collect::<Result<Vec<_>, _>>()?;
        let names = names_across_releases(&assets);
        let places = names.iter().cloned().zip(0..).collect();
        Ok(Self(names.into_iter().zip(assets).collect(), places))
    }

    fn find(&self, name: &str) -> Option<&Asset<'a>> {
        self.1.get(name).map(|place| &self.0[*place].1)
    }
}

impl Change {
    fn download(kind: Kind, asset: &Asset<'_>, old: Option<&Asset<'_>>) -> Result<Self> {
        let dictionary = old.map(|old| old.identity()).transpose()?.map(|it| it.digest);
        let mut change = Self::kept(kind, asset)?;
        let is_downloaded = is_for_browsers(asset.logical_path);
        change.first = change.bytes.values().copied().min().filter(|_| is_downloaded);
        for representation in asset.representations() {
            let representation = representation?;
            if representation.dictionary.is_some() && representation.dictionary == dictionary {
                let bytes = representation.body.len();
                change.bytes.insert(representation.coding.name(), bytes);
            }
        }
        change.returning = change.bytes.values().copied().min().filter(|_| is_downloaded);
        Ok(change)
    }

    /// Of a file that nobody has to download.
    fn kept(kind: Kind, asset: &Asset<'_>) -> Result<Self> {
        let mut bytes = BTreeMap::new();
        for representation in asset.representations() {
            let representation = representation?;
            if representation.dictionary.is_none() {
                bytes.insert(representation.coding.name(), representation.body.len());
            }
        }
        let (logical_path, url) = (asset.logical_path.to_owned(), asset.url.to_owned());
        Ok(Self { kind, logical_path, url, bytes, first: None, returning: None })
    }
}

/// The files of earlier releases that the new release carries, and the old one did not carry yet.
fn newly_carried<'a>(old: &Bundle<'_>, new: &Bundle<'a>) -> Result<Vec<Asset<'a>>> {
    let known: HashSet<_> =
        old.carried().map(|asset| Ok(asset?.url)).collect::<Result<_, hardtack_bundle::Error>>()?;
    let carried = new.carried().collect::<Result<Vec<_>, _>>()?;
    Ok(carried.into_iter().filter(|asset| !known.contains(asset.url)).collect())
}

/// The hashed paths that only the old release answers, carried ones among them; without the dictionary of
/// its pages, which no page needs.
fn lost(old: &Bundle<'_>, new: &Bundle<'_>) -> Result<Vec<String>> {
    let mut answered = HashSet::new();
    for route in new.routes() {
        let route = route?;
        if let Action::Serve(_) = route.action {
            answered.insert(hardtack_bundle::encode_path(route.path));
        }
    }
    for route in old.routes() {
        let route = route?;
        if is_page_dictionary(&route) {
            answered.insert(hardtack_bundle::encode_path(route.path));
        }
    }
    let mut lost = Vec::new();
    for asset in old.assets().chain(old.carried()) {
        let asset = asset?;
        let is_hashed = matches!(asset.role, Role::Hashed | Role::Prehashed);
        if is_hashed && !answered.contains(asset.url) {
            lost.push(asset.url.to_owned());
        }
    }
    lost.sort_unstable();
    Ok(lost)
}
