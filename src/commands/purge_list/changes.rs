//! The answers that differ between two releases, as far as a cache may have the old ones.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use hardtack::PolicyTag;
use hardtack_bundle::{Action, Bundle, Error, FieldEdit, Fingerprint, Origins, Route};
use serde::{Serialize, Serializer};

use super::request_paths::Place;

/// All changes; docs/cdn.md describes the JSON.
#[derive(Serialize)]
pub(super) struct Changes {
    pub(super) old_release_id: String,
    pub(super) new_release_id: String,
    /// Sorted: paths, then the beginnings of paths.
    pub(super) paths: Vec<Changed>,
    /// The tags of the old answers.
    #[serde(serialize_with = "names")]
    pub(super) tags: BTreeSet<PolicyTag>,
    /// The number of hashed paths with the old content and other header fields.
    #[serde(rename = "hashed_paths_with_other_fields")]
    pub(super) kept_fields: usize,
}

/// A path whose answer is another one.
#[derive(Serialize)]
pub(super) struct Changed {
    #[serde(rename = "path")]
    pub(super) place: Place,
    change: Change,
    /// The policy of the old answer; of an added path, that of the answer that a cache may have in its place.
    #[serde(skip)]
    cached: Option<PolicyTag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Changed,
    Added,
    Removed,
}

fn names<S: Serializer>(tags: &BTreeSet<PolicyTag>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(tags.iter().map(|tag| tag.name()))
}

impl Changes {
    /// # Errors
    ///
    /// If a bundle is damaged.
    pub(super) fn between(old: &Bundle<'_>, new: &Bundle<'_>) -> Result<Self> {
        let mut kept_fields = 0;
        let mut paths = of_paths(old, new, &mut kept_fields)?;
        paths.extend(of_patterns(old, new)?);
        paths.extend(of_fallback(old, new)?);
        paths.sort_by(|one, other| one.place.cmp(&other.place));
        let tags = paths.iter().filter_map(|changed| changed.cached).collect();
        paths.dedup_by(|one, other| one.place == other.place);
        Ok(Self {
            old_release_id: old.release_id().to_string(),
            new_release_id: new.release_id().to_string(),
            tags,
            paths,
            kept_fields,
        })
    }
}

/// The parts of a route's answer that a cache keeps. A difference in `Last-Modified` alone is none: the entity
/// tag is that of the content.
#[derive(PartialEq)]
struct Answer<'a> {
    policy: PolicyTag,
    content: Content<'a>,
    cache_control: &'a str,
    fields: Vec<FieldEdit<'a>>,
    origins: Origins<'a>,
}

#[derive(PartialEq)]
enum Content<'a> {
    Asset(Fingerprint, &'a str),
    Redirect(u16, &'a str),
    /// 404, which is not kept.
    Missing,
}

impl<'a> Answer<'a> {
    fn of(route: &Route<'a>, bundle: &Bundle<'a>) -> Result<Self, Error> {
        Ok(Self {
            policy: PolicyTag::of(route),
            content: match route.action {
                Action::Serve(asset) => Content::Asset(asset.fingerprint, asset.media_type),
                Action::Redirect { status, location } => Content::Redirect(status, location),
                Action::Missing(_) => Content::Missing,
            },
            cache_control: route.cache_control,
            fields: route.fields().collect::<Result<_, _>>()?,
            origins: bundle.origins(),
        })
    }

    /// A route's path, and its answer.
    fn at(route: Result<Route<'a>, Error>, bundle: &Bundle<'a>) -> Result<(&'a str, Self), Error> {
        let route = route?;
        Ok((route.path, Self::of(&route, bundle)?))
    }
}

fn of_paths(old: &Bundle<'_>, new: &Bundle<'_>, kept_fields: &mut usize) -> Result<Vec<Changed>> {
    let (before, after) = (answers(old)?, answers(new)?);
    let mut changed = Vec::new();
    let mut add = |path: &str, change, cached| {
        changed.push(Changed { place: Place::Path(path.to_owned()), change, cached });
    };
    for (path, new) in &after {
        match before.get(path) {
            Some(old) if old == new => {}
            Some(old) if is_hashed(old) && is_hashed(new) && old.content == new.content => {
                *kept_fields += 1;
            }
            Some(old) => add(path, Change::Changed, Some(old.policy)),
            None if is_hashed(new) => {}
            None => add(path, Change::Added, unrouted(old, path)?),
        }
    }
    for (path, old) in before.iter().filter(|(path, _)| !after.contains_key(*path)) {
        if !is_hashed(old) {
            add(path, Change::Removed, Some(old.policy));
        }
    }
    Ok(changed)
}

fn answers<'a>(bundle: &Bundle<'a>) -> Result<BTreeMap<&'a str, Answer<'a>>, Error> {
    bundle.routes().map(|route| Answer::at(route, bundle)).collect()
}

fn is_hashed(answer: &Answer<'_>) -> bool {
    answer.policy == PolicyTag::Immutable
}

/// The policy of the answer at a path without a route: that of a pattern, or of the page of a
/// single-page app.
fn unrouted(bundle: &Bundle<'_>, path: &str) -> Result<Option<PolicyTag>, Error> {
    let matching = bundle.matching(path.as_bytes()).next().transpose()?;
    let route = matching.map(|(route, _)| route);
    Ok(route.or(bundle.fallback()?).map(|route| PolicyTag::of(&route)))
}

/// The patterns that are in one release alone. If those of both have another order, another one may be
/// the first to match: then all.
fn of_patterns(old: &Bundle<'_>, new: &Bundle<'_>) -> Result<Vec<Changed>> {
    let (before, after) = (patterns(old)?, patterns(new)?);
    let of_both: Vec<_> = before.iter().filter(|one| after.contains(one)).collect();
    let in_new_order: Vec<_> = after.iter().filter(|one| before.contains(one)).collect();
    let is_moved = of_both != in_new_order;
    let has = |patterns: &[(&str, Answer<'_>)], text: &str| patterns.iter().any(|it| it.0 == text);
    let changed =
        |text: &str, change, cached| Changed { place: Place::of_pattern(text), change, cached };
    let differ = before.iter().filter(|one| is_moved || !of_both.contains(one));
    let differ = differ.map(|(text, answer)| {
        let change = if has(&after, text) { Change::Changed } else { Change::Removed };
        changed(text, change, Some(answer.policy))
    });
    let fallback = old.fallback()?.map(|route| PolicyTag::of(&route));
    let added = after.iter().filter(|(text, _)| !has(&before, text));
    // Without a fallback, the answers were 404s, which no cache keeps.
    let added = added.filter(|_| fallback.is_some());
    let added = added.map(|(text, _)| changed(text, Change::Added, fallback));
    Ok(differ.chain(added).collect())
}

fn patterns<'a>(bundle: &Bundle<'a>) -> Result<Vec<(&'a str, Answer<'a>)>, Error> {
    bundle.patterns().map(|route| Answer::at(route, bundle)).collect()
}

/// The page of a single-page app answers at any path.
fn of_fallback(old: &Bundle<'_>, new: &Bundle<'_>) -> Result<Vec<Changed>> {
    let (before, after) = (fallback(old)?, fallback(new)?);
    let Some(before) = before.filter(|before| after.as_ref() != Some(before)) else {
        // Without a page before, the answers were 404s, which no cache keeps.
        return Ok(Vec::new());
    };
    let change = if after.is_none() { Change::Removed } else { Change::Changed };
    let cached = Some(before.policy);
    let below = |prefix: &str| Changed { place: Place::Below(prefix.to_owned()), change, cached };
    Ok(old.prefixes().map(below).collect())
}

fn fallback<'a>(bundle: &Bundle<'a>) -> Result<Option<Answer<'a>>, Error> {
    bundle.fallback()?.map(|route| Answer::of(&route, bundle)).transpose()
}
