//! The invalidation that CloudFront takes (CreateInvalidation, API version 2020-05-31).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use hardtack_bundle::Bundle;
use serde::Serialize;

use super::{changes::Changes, request_paths::Place};

/// Most paths that are being invalidated at the same time, wildcards and tags among them.
const MOST_PATHS: usize = 3_000;
/// Most wildcards that are being invalidated at the same time.
const MOST_WILDCARDS: usize = 15;

/// `InvalidationBatch`, for `aws cloudfront create-invalidation --invalidation-batch`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch {
    paths: Paths,
    /// CloudFront ignores a batch with the reference of an earlier one.
    caller_reference: String,
    /// Whether it is of all paths of the site, because there are too many.
    #[serde(skip)]
    pub(super) is_everything: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Paths {
    quantity: usize,
    items: Vec<String>,
}

impl Batch {
    pub(super) fn of_tags(changes: &Changes) -> Self {
        Self::new(changes, changes.tags.iter().map(|tag| format!("#{}", tag.name())).collect())
    }

    /// # Errors
    ///
    /// If a bundle is damaged.
    pub(super) fn of_paths(changes: &Changes, old: &Bundle<'_>, new: &Bundle<'_>) -> Result<Self> {
        let changed: BTreeSet<_> = changes.paths.iter().map(|it| it.place.clone()).collect();
        let places = uncovered(with_whole_folders(changed, &all(old, new)?));
        let items: Vec<_> = places.iter().flat_map(Place::in_requests).collect();
        let wildcards = items.iter().filter(|item| item.ends_with('*')).count();
        if items.len() <= MOST_PATHS && wildcards <= MOST_WILDCARDS {
            return Ok(Self::new(changes, items));
        }
        let prefixes = old.prefixes().chain(new.prefixes());
        let prefixes = prefixes.flat_map(|prefix| {
            let bare = prefix.strip_suffix('/').filter(|bare| !bare.is_empty());
            [Some(Place::Below(prefix.to_owned())), bare.map(|bare| Place::Path(bare.to_owned()))]
        });
        let everything = uncovered(prefixes.flatten().collect());
        let items = everything.iter().flat_map(Place::in_requests).collect();
        Ok(Self { is_everything: true, ..Self::new(changes, items) })
    }

    fn new(changes: &Changes, items: Vec<String>) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let [old, new] = [&changes.old_release_id, &changes.new_release_id].map(|id| &id[..12]);
        let caller_reference = format!("hardtack-{old}-{new}-{}", since_1970.as_secs());
        let paths = Paths { quantity: items.len(), items };
        Self { paths, caller_reference, is_everything: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.items.is_empty()
    }
}

/// All paths that one of the releases answers.
fn all(old: &Bundle<'_>, new: &Bundle<'_>) -> Result<BTreeSet<String>> {
    let paths = old.routes().chain(new.routes()).map(|route| Ok(route?.path.to_owned()));
    paths.collect()
}

/// Replaces the paths of a folder by a wildcard if no other path lies below it: it costs as much as one
/// path, and nothing else leaves the cache. The folders with the most paths come first, as long as
/// there may be more wildcards.
fn with_whole_folders(mut places: BTreeSet<Place>, all: &BTreeSet<String>) -> BTreeSet<Place> {
    let mut total = BTreeMap::<&str, usize>::new();
    let mut changed = BTreeMap::<&str, usize>::new();
    for path in all {
        let is_changed = places.contains(&Place::Path(path.clone()));
        for folder in folders(path) {
            *total.entry(folder).or_default() += 1;
            *changed.entry(folder).or_default() += usize::from(is_changed);
        }
    }
    let mut whole: Vec<_> = changed
        .into_iter()
        .filter(|(folder, count)| *count > 1 && *count == total[folder])
        .collect();
    // An outer folder has as many paths as an inner one, or more, and a shorter name.
    whole.sort_by_key(|(folder, count)| (std::cmp::Reverse(*count), folder.len(), *folder));
    let mut wildcards = wildcards(&places);
    for (folder, _) in whole {
        let below = Place::Below(folder.to_owned());
        if wildcards.len() < MOST_WILDCARDS && !wildcards.iter().any(|it| it.covers(&below)) {
            wildcards.push(below);
        }
    }
    places.extend(wildcards);
    places
}

fn wildcards(places: &BTreeSet<Place>) -> Vec<Place> {
    places.iter().filter(|place| matches!(place, Place::Below(_))).cloned().collect()
}

/// The folders that a path lies in, the root among them.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(slash, _)| &path[..=slash])
}

/// The places that no other place covers.
fn uncovered(places: BTreeSet<Place>) -> Vec<Place> {
    let wildcards = wildcards(&places);
    let is_covered =
        |place: &Place| wildcards.iter().any(|other| other != place && other.covers(place));
    places.into_iter().filter(|place| !is_covered(place)).collect()
}

#[cfg(test)]
mod tests {
    use hardtack_bundle::{CachePolicy, Writer};

    use super::*;

    /// Redirects to that location, and one that is always the same.
    fn redirects(count: usize, location: &str) -> Bundle<'static> {
        let mut writer = Writer::new("/static/");
        writer.redirect("/static/kept", "/", 301, CachePolicy::revalidate(60));
        for number in 0..count {
            let path = format!("/static/{number}");
            writer.redirect(&path, location, 301, CachePolicy::revalidate(60));
        }
        Bundle::open(writer.finish().unwrap().leak()).unwrap()
    }

    #[test]
    fn more_paths_than_cloudfront_takes_are_all_paths() {
        for (count, expected) in [(MOST_PATHS, None), (MOST_PATHS + 1, Some("/static,/static/*"))] {
            let (old, new) = (redirects(count, "/a"), redirects(count, "/b"));
            let changes = Changes::between(&old, &new).unwrap();
            let batch = Batch::of_paths(&changes, &old, &new).unwrap();
            assert_eq!(batch.is_everything, expected.is_some());
            match expected {
                Some(expected) => assert_eq!(batch.paths.items.join(","), expected),
                None => assert_eq!(batch.paths.quantity, MOST_PATHS),
            }
        }
    }

    fn places(texts: &[&str]) -> BTreeSet<Place> {
        let place = |text: &&str| match text.strip_suffix('*') {
            Some(start) => Place::Below(start.to_owned()),
            None => Place::Path((*text).to_owned()),
        };
        texts.iter().map(place).collect()
    }

    #[track_caller]
    fn becomes(changed: &[&str], others: &[&str], expected: &[&str]) {
        let all = changed.iter().chain(others).filter(|text| !text.ends_with('*'));
        let all = all.map(|text| (*text).to_owned()).collect();
        let found = uncovered(with_whole_folders(places(changed), &all));
        let found: Vec<_> = found.iter().flat_map(Place::in_requests).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn folders_become_wildcards_if_nothing_else_lies_there() {
        becomes(&["/docs/", "/docs/a"], &["/x"], &["/docs/*"]);
        becomes(&["/docs/", "/docs/a"], &["/docs/b"], &["/docs/", "/docs/a"]);
        becomes(&["/docs/a"], &["/x"], &["/docs/a"]);
        becomes(&["/docs/", "/docs/a/b", "/docs/a/c"], &["/x"], &["/docs/*"]);
        becomes(&["/docs", "/docs/", "/docs/a/b"], &["/x"], &["/docs", "/docs/*"]);
        becomes(&["/docs/a/b", "/docs/a/c"], &["/docs/d"], &["/docs/a/*"]);
        becomes(&["/a", "/b"], &[], &["/*"]);
        becomes(&["/blog/*", "/blog/2026/*", "/blog/x", "/y"], &["/z"], &["/y", "/blog/*"]);
    }

    #[test]
    fn there_are_not_more_wildcards_than_may_be() {
        let mut changed = Vec::new();
        for folder in 0..20 {
            changed.extend([format!("/{folder}/a"), format!("/{folder}/b")]);
        }
        changed.extend(["/0/c".to_owned(), "/19/c".to_owned()]);
        let all = changed.iter().cloned().chain(["/x".to_owned()]).collect();
        let changed = changed.into_iter().map(Place::Path).collect();
        let found = uncovered(with_whole_folders(changed, &all));
        let wildcards: Vec<_> = found.iter().filter(|it| matches!(it, Place::Below(_))).collect();
        assert_eq!((found.len(), wildcards.len()), (15 + 5 * 2, MOST_WILDCARDS));
        assert!(wildcards.contains(&&Place::Below("/19/".into())));
    }
}
