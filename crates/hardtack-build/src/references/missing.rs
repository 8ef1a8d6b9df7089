//! Messages about missing references: one block a file, and one hint for all.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use percent_encoding::percent_decode_str;
use rayon::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::{Reference, routes::Routes};
use crate::{
    Missing, MissingReference, Place, Problem, ProblemKind, Settings,
    logical_path::has_escaped_slash, scan::Asset,
};

/// A reference that leads to no file.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) referrer: Referrer,
    pub(super) place: Place,
    /// The URL as written, without escapes.
    pub(super) url: String,
    /// The logical path of its target.
    pub(super) path: String,
    pub(super) weight: Weight,
}

/// The file that contains a missing reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Referrer {
    /// The asset of this index.
    Asset(usize),
    /// A file with rules about header fields, and its name, to which the setting `missing` applies.
    Rules { file: PathBuf, name: String },
}

/// The weight of a missing reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// The target is always fetched, and the settings make this an error.
    Error,
    /// The target is always fetched, and the settings make this a warning.
    Warning,
    /// A script fetches the target when it runs, if ever.
    AtRunTime,
    /// A source map, which only developers' tools fetch.
    SourceMap,
}

/// In a site with pages that load scripts, a script without any reference to it may be a leftover:
/// its targets are missing only if it is loaded after all.
pub(super) fn excuse_unused_scripts(
    lost: &mut [Lost],
    assets: &[Asset],
    references: &[Vec<Reference>],
) {
    let (mut is_used, mut has_pages) = (vec![false; assets.len()], false);
    for (index, references) in references.iter().enumerate() {
        for target in references.iter().map(|it| it.target).filter(|target| *target != index) {
            is_used[target] = true;
            has_pages |= assets[index].is_page() && assets[target].is_script();
        }
    }
    let errors = lost.iter_mut().filter(|one| one.weight == Weight::Error && has_pages);
    for one in errors {
        if let Referrer::Asset(index) = one.referrer
            && assets[index].is_script()
            && !is_used[index]
        {
            one.weight = Weight::AtRunTime;
        }
    }
}

/// The errors and the warnings about all missing references, which are sorted by asset.
pub(super) fn report(
    mut lost: Vec<Lost>,
    routes: &Routes<'_>,
    settings: &Settings,
) -> (Vec<Problem>, Vec<Problem>) {
    let report = Report { routes, settings };
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let source_maps = take(&mut lost, |one| one.weight == Weight::SourceMap);
    if let Some(prefix) = report.prefix(&lost) {
        let explained = take(&mut lost, |one| report.lies_here_without(one, &prefix).is_some());
        let is_error = explained.iter().any(|one| one.weight == Weight::Error);
        let problems = if is_error { &mut errors } else { &mut warnings };
        problems.push(report.built_for(&prefix, &explained));
    }
    let blocks = |weight: Weight, kind: fn(Vec<MissingReference>) -> ProblemKind| {
        let mut first = 0;
        let blocks = lost.chunk_by(|a, b| a.referrer == b.referrer).map(|block| {
            first += block.len();
            (first - block.len(), block)
        });
        let blocks: Vec<_> = blocks.collect();
        let blocks = blocks.into_par_iter();
        let blocks = blocks.map(|(first, block)| report.block((first, block), weight, kind));
        blocks.flatten().collect::<Vec<_>>()
    };
    errors.extend(blocks(Weight::Error, ProblemKind::Missing));
    warnings.extend(blocks(Weight::Warning, ProblemKind::Missing));
    warnings.extend(blocks(Weight::AtRunTime, ProblemKind::MissingAtRunTime));
    warnings.extend(report.source_maps(&source_maps));
    errors.extend(report.hint(&lost));
    (errors, warnings)
}

fn take(lost: &mut Vec<Lost>, is_taken: impl Fn(&Lost) -> bool) -> Vec<Lost> {
    let (taken, left) = std::mem::take(lost).into_iter().partition(is_taken);
    *lost = left;
    taken
}

/// Each missing reference is compared with all paths of the site, so no more get a suggestion.
const MOST_SUGGESTIONS: usize = 100;

struct Report<'a> {
    routes: &'a Routes<'a>,
    settings: &'a Settings,
}

impl Report<'_> {
    fn logical_path<'l>(&'l self, lost: &'l Lost) -> &'l str {
        match &lost.referrer {
            Referrer::Asset(index) => &self.routes.assets[*index].logical_path,
            Referrer::Rules { name, .. } => name,
        }
    }

    fn file(&self, lost: &Lost) -> PathBuf {
        match &lost.referrer {
            Referrer::Asset(_) => self.settings.file(self.logical_path(lost)),
            Referrer::Rules { file, .. } => file.clone(),
        }
    }

    /// The missing references of that weight in one file, of which the first has that number in the
    /// site.
    fn block(
        &self,
        (number, block): (usize, &[Lost]),
        weight: Weight,
        kind: fn(Vec<MissingReference>) -> ProblemKind,
    ) -> Option<Problem> {
        let of_weight = block.iter().zip(number..).filter(|(one, _)| one.weight == weight);
        let references: Vec<_> = of_weight.map(|(one, at)| self.reference(one, at)).collect();
        let first = references.first()?;
        Some(Problem {
            file: self.file(block.first()?),
            place: Some(first.place).filter(|_| references.len() == 1),
            kind: kind(references),
        })
    }

    /// A missing reference, which is the one of that number in the site.
    fn reference(&self, lost: &Lost, number: usize) -> MissingReference {
        let has_suggestion = number < MOST_SUGGESTIONS;
        let other_form = has_suggestion.then(|| other_form(self.routes, &lost.path)).flatten();
        let is_near = has_suggestion && other_form.is_none();
        let meant = &*percent_decode_str(&lost.path).decode_utf8_lossy();
        let meant = if has_escaped_slash(&lost.url) { meant } else { &lost.path };
        let near = if is_near { near(self.routes, meant) } else { Vec::new() };
        let (text, resolved) = (lost.url.clone(), lost.path.clone());
        MissingReference { place: lost.place, text, resolved, near, other_form }
    }

    /// One line for all of them.
    fn source_maps(&self, lost: &[Lost]) -> Option<Problem> {
        let first = lost.first()?;
        let others = match lost.len() - 1 {
            0 => String::new(),
            1 => ", nor does another one".to_owned(),
            count => format!(", nor do {count} others"),
        };
        let message = format!(
            "the source map {:?} does not exist{others}; only developers' tools miss it",
            first.path
        );
        let kind = ProblemKind::Remark(message);
        Some(Problem { file: self.file(first), place: Some(first.place), kind })
    }

    /// The folder, such as `docs/`, that nearly all absolute paths begin with, and without which
    /// they lead to files: the site was built for another URL prefix.
    fn prefix(&self, lost: &[Lost]) -> Option<String> {
        let of_asset_folder = |one: &&Lost| !one.path.starts_with('/');
        let absolute = lost.iter().filter(|one| one.url.starts_with('/')).filter(of_asset_folder);
        let absolute: Vec<_> = absolute.collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        absolute.iter().flat_map(|one| folders(&one.path)).for_each(|folder| {
            *counts.entry(folder).or_default() += 1;
        });
        let nearly_all = |count: usize| count >= 3 && count * 5 >= absolute.len() * 4;
        let candidates = counts.into_iter().filter(|(_, count)| nearly_all(*count));
        let candidates = candidates.map(|(folder, _)| folder);
        let candidates: Vec<_> = candidates.filter(|folder| !self.has_folder(folder)).collect();
        let explained = |prefix: &str| {
            absolute.iter().filter(|one| self.lies_here_without(one, prefix).is_some()).count()
        };
        let counted = candidates.iter().map(|prefix| (explained(prefix), *prefix));
        let (count, prefix) = counted.max_by_key(|(count, _)| *count)?;
        nearly_all(count).then(|| prefix.to_owned())
    }

    fn has_folder(&self, folder: &str) -> bool {
        self.routes.has_folder(folder.trim_end_matches('/'))
    }

    /// The asset that an absolute path would lead to without that prefix.
    fn lies_here_without(&self, lost: &Lost, prefix: &str) -> Option<usize> {
        let rest = lost.path.strip_prefix(prefix).filter(|_| lost.url.starts_with('/'))?;
        self.routes.asset(rest)
    }

    fn built_for(&self, prefix: &str, explained: &[Lost]) -> Problem {
        let at = format!("{}{prefix}", self.routes.at);
        let first = &explained[0];
        let message = format!(
            "{} references begin with {at:?}, and their files lie here without that, such as {:?} \
             in {}: the site was built for that URL prefix. Set `at = {at:?}` in hardtack.toml, \
             or HARDTACK_AT or `--at` to {at}",
            explained.len(),
            first.url,
            self.logical_path(first),
        );
        ProblemKind::Remark(message).of(&self.settings.assets)
    }

    /// The remedy for errors, once for all of them.
    fn hint(&self, lost: &[Lost]) -> Option<Problem> {
        // A name in another Unicode form has its own remedy.
        let has_own = |(number, one): &(usize, &Lost)| {
            *number < MOST_SUGGESTIONS && other_form(self.routes, &one.path).is_some()
        };
        let errors = lost.iter().filter(|one| one.weight == Weight::Error).enumerate();
        let errors: Vec<_> = errors.filter(|it| !has_own(it)).map(|(_, one)| one).collect();
        let first = errors.first()?;
        let mut ways = vec!["add the files, or correct the references".to_owned()];
        let external = self.external(errors.iter().copied());
        if !external.is_empty() {
            ways.push(format!(
                "if somebody else answers these paths, set `external = {external:?}`"
            ));
        }
        let package = package(self.logical_path(first)).trim_start_matches('/');
        ways.push(match &self.settings.missing {
            Missing::ByGlob(_) => format!("add `\"/{package}\" = \"warn\"` to `missing`"),
            Missing::Everywhere(_) if package.ends_with('/') => format!(
                "if the files are not yours, set `missing = {{ \"/{package}\" = \"warn\" }}`, or \
                 for the whole site `missing = \"warn\"`"
            ),
            Missing::Everywhere(_) => "or set `missing = \"warn\"`".to_owned(),
        });
        let message = format!("remedies for the missing references: {}", ways.join("; "));
        Some(ProblemKind::Remark(message).of(&self.settings.assets))
    }

    /// The values of `external` that would cover the absolute paths without a similar file.
    fn external<'l>(&self, lost: impl Iterator<Item = &'l Lost>) -> Vec<String> {
        let is_far = |one: &&Lost| {
            let is_absolute = one.url.starts_with('/');
            is_absolute && near(self.routes, &one.path).is_empty()
        };
        let top = |one: &Lost| match folders(&one.path).next() {
            Some(folder) if self.has_folder(folder) => None,
            Some(folder) => Some(self.settings.url_path(folder)),
            None => Some(self.settings.url_path(&one.path)),
        };
        let mut paths: Vec<_> =
            lost.take(MOST_SUGGESTIONS).filter(is_far).filter_map(top).collect();
        paths.sort_unstable();
        paths.dedup();
        paths.truncate(5);
        paths
    }
}

/// The folders that a path lies in, from the top, each with its slash.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    let slashes = path.match_indices('/').map(|(slash, _)| slash);
    slashes.filter(|slash| *slash > 0).map(|slash| &path[..=slash])
}

/// The package of a file: the folder at the top, or the file itself.
pub(super) fn package(logical_path: &str) -> &str {
    folders(logical_path).next().unwrap_or(logical_path)
}

/// The asset whose path looks equal, but is composed of other Unicode characters (UAX #15).
fn other_form(routes: &Routes<'_>, missing: &str) -> Option<String> {
    if missing.is_ascii() {
        return None;
    }
    let composed: String = missing.nfc().collect();
    let is_same = |path: &&str| !path.is_ascii() && path.nfc().eq(composed.chars());
    routes.paths().find(is_same).map(str::to_owned)
}

/// At most three similar logical paths, best first: paths with the same file name, with or without
/// its extension, and paths that are spelt nearly alike.
fn near(routes: &Routes<'_>, missing: &str) -> Vec<String> {
    const ALIKE: f64 = 0.75;
    let name = Path::new(missing).file_name();
    let likeness = |path: &str| match Path::new(path) {
        path if path.file_name() == name || path.file_stem() == name => 1.0,
        // Texts of very different lengths are not alike.
        _ if (path.len() as f64) < ALIKE * missing.len() as f64 => 0.0,
        _ if (missing.len() as f64) < ALIKE * path.len() as f64 => 0.0,
        _ => strsim::normalized_damerau_levenshtein(path, missing),
    };
    let paths = routes.paths().map(|path| (likeness(path), path));
    let mut near: Vec<_> = paths.filter(|(likeness, _)| *likeness > ALIKE).collect();
    near.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    near.into_iter().take(3).map(|(_, path)| path.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Role, hosting::Rules, scan::Asset};

    /// The messages about references, each as referrer, URL and weight, in a site of these files.
    fn said(files: &[&str], toml: &str, lost: &[(&str, &str, Weight)]) -> (String, String) {
        let settings: Settings = toml::from_str(&format!("assets = 'dist'\n{toml}")).unwrap();
        let asset = |path: &&str| Asset {
            logical_path: (*path).to_owned(),
            media_type: String::new(),
            role: Role::Hashed,
            why: String::new(),
            bytes: Vec::new(),
            packed: None,
        };
        let assets: Vec<_> = files.iter().map(asset).collect();
        let rules = Rules::default();
        let routes = Routes::new(&assets, &settings, &rules);
        let one = |(line, (referrer, url, weight)): (usize, &(&str, &str, Weight))| Lost {
            referrer: Referrer::Asset(routes.asset(referrer).unwrap()),
            place: Place { line, column: 1 },
            url: (*url).to_owned(),
            path: url.trim_start_matches('/').to_owned(),
            weight: *weight,
        };
        let lost = (1..).zip(lost).map(one).collect();
        let (errors, warnings) = report(lost, &routes, &settings);
        let text = |problems: Vec<Problem>| {
            problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
        };
        (text(errors), text(warnings))
    }

    use Weight::*;

    #[test]
    fn those_of_a_file_are_one_block_and_the_hint_stands_once() {
        let lost = [
            ("cms/a.css", "x.png", Error),
            ("cms/a.css", "bb.css", Error),
            ("z.html", "gone/cms/a.css", Error),
        ];
        let (errors, warnings) = said(&["b.css", "cms/a.css", "z.html"], "", &lost);
        assert_eq!(
            errors,
            "dist/cms/a.css: 2 references lead to files that do not exist:\n    \
             1:1: \"x.png\" refers to \"x.png\"\n    \
             2:1: \"bb.css\" refers to \"bb.css\". Near it: b.css\n\
             dist/z.html:3:1: \"gone/cms/a.css\" refers to \"gone/cms/a.css\", which does not \
             exist. Near it: cms/a.css\n\
             dist: remedies for the missing references: add the files, or correct the references; if the files \
             are not yours, set `missing = { \"/cms/\" = \"warn\" }`, or for the whole site \
             `missing = \"warn\"`"
        );
        assert_eq!(warnings, "");
    }

    #[test]
    fn a_warning_advises_nothing() {
        let toml = "missing = 'warn'";
        let (errors, warnings) = said(&["a.css"], toml, &[("a.css", "/x.png", Warning)]);
        assert_eq!(errors, "");
        assert_eq!(
            warnings,
            "dist/a.css:1:1: \"/x.png\" refers to \"x.png\", which does not exist"
        );
        let (_, warnings) = said(&["a.js"], "", &[("a.js", "./b.js", AtRunTime)]);
        assert_eq!(
            warnings,
            "dist/a.js:1:1: \"./b.js\" refers to \"./b.js\", which does not exist; the script \
             finds out if it asks for it"
        );
    }

    #[test]
    fn source_maps_are_one_line() {
        let lost = ["a.js.map", "b.js.map", "c.js.map"].map(|map| ("a.js", map, SourceMap));
        let is = |lost: &[(&str, &str, Weight)], expected: &str| {
            assert_eq!(said(&["a.js"], "", lost), (String::new(), expected.to_owned()));
        };
        is(
            &lost[..1],
            "dist/a.js:1:1: the source map \"a.js.map\" does not exist; only developers' tools \
             miss it",
        );
        is(
            &lost,
            "dist/a.js:1:1: the source map \"a.js.map\" does not exist, nor do 2 others; only \
             developers' tools miss it",
        );
    }

    #[test]
    fn a_site_for_another_prefix_is_known() {
        let files = ["a.css", "a.js", "i/a.png", "index.html"];
        let lost = |urls: &[&'static str]| {
            let one = |url: &&'static str| ("index.html", *url, Error);
            said(&files, "at = '/'", &urls.iter().map(one).collect::<Vec<_>>()).0
        };
        assert_eq!(
            lost(&["/docs/a.css", "/docs/a.js", "/docs/i/a.png"]),
            "dist: 3 references begin with \"/docs/\", and their files lie here without that, such \
             as \"/docs/a.css\" in index.html: the site was built for that URL prefix. Set \
             `at = \"/docs/\"` in hardtack.toml, or HARDTACK_AT or `--at` to /docs/"
        );
        let deep = lost(&["/a/b/a.css", "/a/b/a.js", "/a/b/i/a.png", "x.png"]);
        assert!(deep.contains("`at = \"/a/b/\"`") && deep.contains("\"x.png\""), "{deep}");
        assert!(!lost(&["/docs/a.css", "/docs/a.js"]).contains("URL prefix"));
        assert!(!lost(&["docs/a.css", "docs/a.js", "docs/i/a.png"]).contains("URL prefix"));
        assert!(
            !lost(&["/docs/a.css", "/docs/a.js", "/docs/i/a.png", "/x", "/y"])
                .contains("URL prefix")
        );
    }

    #[test]
    fn external_is_advised_where_nothing_is_near() {
        let (errors, _) = said(
            &["img/a.png", "index.html"],
            "",
            &[
                ("index.html", "/socket.io/socket.io.js", Error),
                ("index.html", "/api/me", Error),
                ("index.html", "/api/you", Error),
                ("index.html", "/me", Error),
                ("index.html", "/img/zzzzzz.svg", Error),
                ("index.html", "relative/x", Error),
            ],
        );
        let expected = "somebody else answers these paths, set `external = [\"/api/\", \"/me\", \"/socket.io/\"]`;";
        assert!(errors.contains(expected), "{errors}");
    }

    #[test]
    fn by_globs_the_hint_is_a_line_of_the_table() {
        let toml = "missing = { '/x/' = 'warn' }";
        let (errors, _) = said(&["a.css"], toml, &[("a.css", "b.png", Error)]);
        assert!(errors.ends_with("add `\"/a.css\" = \"warn\"` to `missing`"), "{errors}");
    }

    #[test]
    fn the_same_text_in_other_characters_is_said_to_be_that() {
        let is = |file: &str, url: &str, expected: &str| {
            let (errors, _) = said(&["a.css", file], "", &[("a.css", url, Error)]);
            assert!(errors.contains(expected) && !errors.contains("missing ="), "{errors}");
        };
        is(
            "cafe\u{301}.png",
            "caf\u{e9}.png",
            "refers to \"caf\u{e9}.png\", which does not exist. The name of the file is spelt \
             \"cafe\\u{301}.png\", decomposed (NFD), and this is \"caf\\u{e9}.png\", composed (NFC), \
             which look the same and are two URLs: rename the file",
        );
        is(
            "caf\u{e9}.png",
            "cafe\u{301}.png",
            "composed (NFC), and this is \"cafe\\u{301}.png\", decomposed (NFD), which look the \
             same and are two URLs: write this as the file",
        );
    }
}
