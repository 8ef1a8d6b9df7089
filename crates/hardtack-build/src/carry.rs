//! The hashed files of earlier releases, which this one serves too: pages that are open, and servers
//! that were not replaced yet, still ask for them.

use std::collections::{BTreeMap, HashMap};

use hardtack_bundle::{
    Action, Asset, Bundle, CachePolicy, Representation, Role, Route, encode_path,
};
use serde::Serialize;

use crate::{
    Error, Problem, ProblemKind, Settings, compress::Compressed, fingerprint::Final,
    hosting::Rules, url_paths::aliases, use_as_dictionary::is_page_dictionary,
};

/// The files of earlier releases: those that are carried, and those that are not, with the rule.
#[derive(Debug, Default)]
pub(crate) struct Carrying<'a> {
    /// Sorted by URL.
    pub(crate) carried: Vec<Carried<'a>>,
    /// Sorted by URL.
    pub(crate) dropped: Vec<Dropped>,
    pub(crate) warnings: Vec<Problem>,
}

/// An asset of an earlier release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Carried<'a> {
    pub(crate) asset: Asset<'a>,
    pub(crate) route: Route<'a>,
    /// The number of releases since it was last a part of one.
    pub(crate) age: u32,
}

/// A hashed file of an earlier release that this one does not serve. Displays as the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Dropped {
    /// The path, percent-encoded.
    pub url: String,
    /// The number of releases since it was last a part of one.
    pub age: u32,
    /// The rule, such as "it is older than `keep_releases` = 3".
    pub rule: String,
}

/// Chooses the assets to carry: the immutable ones of earlier releases, the youngest first, the
/// smaller before the larger, until `keep_releases` or `keep_bytes` is reached. `for_pages` is the index
/// of the dictionary of the pages.
pub(crate) fn carry<'a>(
    assets: &[Compressed],
    for_pages: Option<usize>,
    previous: &[Bundle<'a>],
    rules: &Rules,
    settings: &Settings,
) -> Result<Carrying<'a>, Error> {
    if previous.is_empty() {
        return Ok(Carrying::default());
    }
    let failed = |error| ProblemKind::Bundle(error).of(&settings.assets);
    let own = OwnPaths::of(assets, for_pages, settings);
    let mut candidates: Vec<_> =
        candidates(previous, &own).map_err(failed)?.into_values().collect();
    candidates.sort_by_cached_key(|one| (one.age, one.stored_bytes(), one.asset.url));
    let mut carrying = Carrying::default();
    let mut room = Room::of(settings);
    for candidate in candidates {
        let rule = match own.by_path.get(candidate.route.path) {
            Some(asset) if candidate.is_same(asset) => continue,
            Some(asset) => {
                carrying.warnings.push(candidate.warning(asset, settings));
                Some("this release has other bytes there".to_owned())
            }
            None => candidate.rule_against(rules, settings).or_else(|| room.take(&candidate)),
        };
        match rule {
            None => carrying.carried.push(candidate),
            Some(rule) => carrying.dropped.push(candidate.dropped(rule)),
        }
    }
    carrying.carried.sort_by_key(|one| one.asset.url);
    carrying.dropped.sort_by(|a, b| a.url.cmp(&b.url));
    Ok(carrying)
}

/// The URL paths of this release.
struct OwnPaths<'a> {
    by_path: HashMap<String, &'a Final>,
    /// Those that are kept for good, with the SHA-256 of their bytes; without the dictionary of the
    /// pages, which changes whenever they do.
    immutable: BTreeMap<&'a str, [u8; 32]>,
}

impl<'a> OwnPaths<'a> {
    fn of(assets: &'a [Compressed], for_pages: Option<usize>, settings: &Settings) -> Self {
        let mut by_path = HashMap::new();
        let finals = || assets.iter().map(|compressed| &compressed.asset);
        for asset in finals() {
            let plain = asset.paths.plain.as_deref();
            let aliases = plain
                .map(|plain| aliases(&settings.url_path(&asset.logical_path), plain))
                .unwrap_or_default();
            let paths = asset.paths.hashed.as_deref().into_iter().chain(plain).map(str::to_owned);
            by_path.extend(paths.chain(aliases).map(|path| (path, asset)));
        }
        let kept = (0..).zip(finals()).filter(|(index, _)| for_pages != Some(*index));
        let hashed = kept.filter_map(|(_, asset)| Some((asset.paths.hashed.as_deref()?, asset)));
        let immutable = hashed.map(|(path, asset)| (path, asset.digest.0)).collect();
        Self { by_path, immutable }
    }
}

/// The immutable assets of all earlier releases by their paths, each at its least age.
///
/// `previous` begins with the latest release. A release with exactly the hashed files of a later one
/// counts as that one: nothing changed that must be carried.
fn candidates<'a>(
    previous: &[Bundle<'a>],
    own: &OwnPaths<'_>,
) -> Result<BTreeMap<&'a str, Carried<'a>>, hardtack_bundle::Error> {
    let mut releases = vec![own.immutable.clone()];
    let mut candidates: BTreeMap<&str, Carried<'a>> = BTreeMap::new();
    for bundle in previous {
        let of_release = immutable(bundle)?;
        let current =
            of_release.iter().filter(|one| one.age == 0 && !is_page_dictionary(&one.route));
        let current = current.map(|one| Ok((one.route.path, *one.asset.identity()?.digest)));
        let current = current.collect::<Result<BTreeMap<_, _>, hardtack_bundle::Error>>()?;
        let known = releases.iter().position(|release| *release == current);
        let age = known.unwrap_or(releases.len());
        if known.is_none() {
            releases.push(current);
        }
        for one in of_release {
            let age = one.age.saturating_add(u32::try_from(age).unwrap_or(u32::MAX));
            let carried = Carried { age, ..one };
            let least = candidates.entry(one.route.path).or_insert(carried);
            if age < least.age {
                *least = carried;
            }
        }
    }
    Ok(candidates)
}

/// The assets that a release serves for good, each with its route, and its age in that release.
fn immutable<'a>(bundle: &Bundle<'a>) -> Result<Vec<Carried<'a>>, hardtack_bundle::Error> {
    let policy = CachePolicy::Immutable.to_string();
    let mut found = Vec::new();
    for route in bundle.routes() {
        let route = route?;
        if let Action::Serve(asset) = route.action
            && matches!(asset.role, Role::Hashed | Role::Prehashed)
            && route.cache_control == policy
            && encode_path(route.path) == asset.url
        {
            found.push(Carried { asset, route, age: asset.age });
        }
    }
    Ok(found)
}

impl<'a> Carried<'a> {
    /// The representations that need no dictionary.
    pub(crate) fn plain(&self) -> impl Iterator<Item = Representation<'a>> + use<'a> {
        self.asset.representations().flatten().filter(|one| one.dictionary.is_none())
    }

    pub(crate) fn stored_bytes(&self) -> usize {
        self.plain().map(|one| one.body.len()).sum()
    }

    fn is_same(&self, asset: &Final) -> bool {
        self.asset.identity().is_ok_and(|identity| *identity.digest == asset.digest.0)
    }

    /// The rule of this release that drops it.
    fn rule_against(&self, rules: &Rules, settings: &Settings) -> Option<String> {
        let most = settings.keep_releases;
        if is_page_dictionary(&self.route) {
            Some(
                "it is the dictionary of its release's pages, and no page breaks without it"
                    .to_owned(),
            )
        } else if self.age > most {
            Some(format!("it is older than `keep_releases` = {most}"))
        } else if settings.folder_at(self.route.path).is_none() {
            let prefixes: Vec<_> = settings.all_folders().map(|(prefix, _)| prefix).collect();
            Some(format!("it is not below the prefix {}", prefixes.join(" or ")))
        } else if rules.answers_alone(self.route.path) {
            Some("a line of `_redirects` answers there".to_owned())
        } else {
            None
        }
    }

    fn dropped(&self, rule: String) -> Dropped {
        // The dictionary of pages alone makes no release of its own.
        Dropped { url: self.asset.url.to_owned(), age: self.age.max(1), rule }
    }

    fn warning(&self, asset: &Final, settings: &Settings) -> Problem {
        let message = format!(
            "an earlier release served other bytes at {} for good, and caches keep those for a \
             year: give the file another name when its content changes, or take it out of \
             `prehashed`",
            self.asset.url
        );
        ProblemKind::Previous(message).of(settings.file(&asset.logical_path))
    }
}

/// The bytes that may still be carried.
struct Room {
    most: usize,
    left: Option<usize>,
}

impl Room {
    fn of(settings: &Settings) -> Self {
        Self { most: settings.keep_bytes, left: Some(settings.keep_bytes) }
    }

    /// Takes room for an asset, or returns the rule. After the first one that does not fit, none
    /// fits: a later one is older, or larger.
    fn take(&mut self, carried: &Carried<'_>) -> Option<String> {
        self.left = self.left.and_then(|left| left.checked_sub(carried.stored_bytes()));
        let is_full = self.left.is_none();
        is_full.then(|| format!("it does not fit into `keep_bytes` = {}", self.most))
    }
}
