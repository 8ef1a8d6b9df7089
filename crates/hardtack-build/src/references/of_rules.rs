//! The assets that rules name: by links in `Link` header fields, in other fields, and by a redirect
//! in an asset's place.
//!
//! A rule is for many responses, and a relative URL leads to another place from each. A link is
//! rewritten if all pages of the rule mean the same asset. Every other name stays, and pins the asset.

use std::collections::BTreeSet;

use super::{
    Targets, field_urls,
    missing::{Lost, Referrer, Weight},
    routes::Resolved,
    url,
};
use crate::{
    MissingTarget, Place,
    header_rules::HeaderRule,
    hosting::{LinkPlace, Rules},
    logical_path::file_name,
    url_paths::plain_path,
};

/// A URL in a rule that leads to an asset.
#[derive(Clone, Debug)]
pub(crate) struct RuleLink {
    pub(crate) place: LinkPlace,
    /// The index of the asset.
    pub(crate) target: usize,
    /// The query and the fragment.
    pub(crate) rest: String,
}

/// The findings in all rules.
#[derive(Default)]
pub(super) struct OfRules {
    pub(super) links: Vec<RuleLink>,
    /// The assets that keep their names, each with the reason.
    pub(super) pinned: Vec<(usize, String)>,
    pub(super) lost: Vec<Lost>,
}

impl Targets<'_> {
    /// Resolves the URLs in rules.
    pub(super) fn of_rules(&self, rules: &Rules) -> OfRules {
        let mut found = OfRules { pinned: self.named_in(rules), ..OfRules::default() };
        for (place, url) in rules.links() {
            let rule = &rules.headers[place.rule];
            let (mut targets, mut lost) = (BTreeSet::new(), BTreeSet::new());
            for base in self.bases(rule, url) {
                match self.routes.resolve(Some(&base), url) {
                    Resolved::Asset(target) => drop(targets.insert(target)),
                    Resolved::Nothing(path) if !self.routes.answers_navigation(&path) => {
                        lost.insert(path);
                    }
                    _ => {}
                }
            }
            found.lost.extend(lost.first().map(|path| self.lost_in(rule, url, path)));
            let rest = url::split(url).1.to_owned();
            match (lost.is_empty(), targets.first()) {
                (true, Some(target)) if targets.len() == 1 => {
                    found.links.push(RuleLink { place, target: *target, rest });
                }
                _ => {
                    let why =
                        format!("{} names it relative to several pages", place_of(rule, FIELD));
                    found.pinned.extend(targets.into_iter().map(|it| (it, why.clone())));
                }
            }
        }
        found
    }

    /// The assets that other fields name, and those in whose place a rule answers: under another name
    /// they would escape it.
    fn named_in(&self, rules: &Rules) -> Vec<(usize, String)> {
        let mut named = Vec::new();
        for rule in &rules.headers {
            for (field, value) in rule.fields().filter(|(field, _)| *field != FIELD) {
                let targets = field_urls::paths(value);
                let targets = targets.filter_map(|path| self.asset(Some(self.routes.at), path));
                let why = format!("{} names it in {field}", place_of(rule, field));
                named.extend(targets.map(|target| (target, why.clone())));
            }
        }
        let replaced = rules.replaced.iter();
        let replaced = replaced.filter_map(|it| self.routes.asset(self.settings.logical_path(it)));
        named.extend(replaced.map(|target| (target, REPLACED.to_owned())));
        named
    }

    /// The URL paths that a URL in a rule is relative to, one of each folder: those of the pages
    /// that the rule is for, or of its other assets if there is no page among them.
    fn bases(&self, rule: &HeaderRule, url: &str) -> BTreeSet<String> {
        if url.starts_with('/') {
            return BTreeSet::from([self.routes.at.to_owned()]);
        }
        let mut of_pages = BTreeSet::new();
        let mut of_others = BTreeSet::new();
        for asset in self.routes.assets {
            let plain = plain_path(self.settings, asset);
            let own = self.settings.url_path(&asset.logical_path);
            if [&plain, &own].iter().any(|path| rule.is_for(&asset.logical_path, path)) {
                let bases = if asset.is_page() { &mut of_pages } else { &mut of_others };
                bases.insert(plain[..plain.len() - file_name(&plain).len()].to_owned());
            }
        }
        if of_pages.is_empty() { of_others } else { of_pages }
    }

    fn lost_in(&self, rule: &HeaderRule, url: &str, path: &str) -> Lost {
        let name = rule.file.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let weight = match self.settings.missing.of(&name) {
            MissingTarget::Error => Weight::Error,
            MissingTarget::Warn => Weight::Warning,
        };
        let place = rule.places.get(FIELD).copied().unwrap_or(Place { line: 1, column: 1 });
        let referrer = Referrer::Rules { file: rule.file.clone(), name };
        Lost { referrer, place, url: url.to_owned(), path: path.to_owned(), weight }
    }
}

const FIELD: &str = "link";

const REPLACED: &str = "a rule answers in its place";

/// The place of a rule's field, for people.
fn place_of(rule: &HeaderRule, field: &str) -> String {
    let line = rule.places.get(field).map_or(1, |place| place.line);
    let name = rule.file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    format!("{name}:{line}")
}
