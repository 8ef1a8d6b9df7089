//! The files whose names a script takes a part of, by an element that refers to them. With a hash
//! in the name, it would take another part.

use std::collections::HashSet;

use regex_automata::{
    meta::Regex,
    util::{captures::Captures, syntax},
};

use super::{Pin, TAKEN};
use crate::{
    Role,
    logical_path::file_name,
    references::{Part, Pattern, Referenced},
    scan::Asset,
};

/// Pins the files of which scripts take other parts if their names have a hash.
pub(super) fn pins(referenced: &Referenced, at: &str) -> Vec<Pin> {
    let takings = referenced.passages.iter().enumerate();
    let takings = takings.flat_map(|(by, it)| it.takings.iter().map(move |taking| (by, taking)));
    let (mut seen, mut pins) = (HashSet::new(), Vec::new());
    let mut shown = None;
    for (by, taking) in takings {
        if !seen.insert(&taking.part) {
            continue;
        }
        let shown: &Vec<usize> = shown.get_or_insert_with(|| shown_by_pages(referenced));
        let regex = Compiled::of(&taking.part);
        let targets = shown.iter().filter(|index| {
            let asset = &referenced.assets[**index];
            regex.takes_another_part(&taking.part, asset, at)
        });
        let offset = taking.offset;
        pins.extend(targets.map(|target| Pin { target: *target, by, offset, what: TAKEN }));
    }
    pins
}

/// The assets that elements of pages refer to.
fn shown_by_pages(referenced: &Referenced) -> Vec<usize> {
    let pages = referenced.assets.iter().zip(&referenced.references);
    let shown = pages.filter(|(asset, _)| asset.is_page()).flat_map(|(_, all)| all);
    let shown: HashSet<_> = shown.map(|reference| reference.target).collect();
    let is_renamed = |index: &usize| referenced.assets[*index].role == Role::Hashed;
    let mut shown: Vec<_> = shown.into_iter().filter(is_renamed).collect();
    shown.sort_unstable();
    shown
}

enum Compiled<'p> {
    Regex(Regex),
    /// Of another dialect than ours.
    Unknown(&'p str),
    None,
}

impl<'p> Compiled<'p> {
    fn of(part: &'p Part) -> Self {
        let (Part::Match(pattern) | Part::Rest { of: pattern, .. }) = part else {
            return Self::None;
        };
        let Pattern { source, ignores_case } = pattern;
        let syntax =
            syntax::Config::new().unicode(false).utf8(false).case_insensitive(*ignores_case);
        Regex::builder().syntax(syntax).build(source).map_or(Self::Unknown(source), Self::Regex)
    }

    fn takes_another_part(&self, part: &Part, asset: &Asset, at: &str) -> bool {
        let plain = Url::of(asset, at, None);
        // A class of letters may match a hash, or not.
        let hashed = ["0a0a0a0a0a0a", "a0a0a0a0a0a0"].map(|hash| Url::of(asset, at, Some(hash)));
        let kind = asset.essence().split('/').next().unwrap_or_default();
        match (self, part) {
            (Self::Regex(regex), Part::Match(_)) => {
                hashed.iter().any(|hashed| differ(regex, &plain, hashed))
            }
            (Self::Regex(regex), Part::Rest { is_removed, has_groups, .. }) => {
                hashed.iter().any(|hashed| {
                    rests_differ(regex, &plain, hashed, *is_removed)
                        || *has_groups && differ(regex, &plain, hashed)
                })
            }
            // Most look for a fragment.
            (Self::Unknown(source), _) if source.contains('#') => false,
            _ => matches!(kind, "image" | "audio" | "video"),
        }
    }
}

/// The URL of a file, and where its name begins.
struct Url {
    text: String,
    name: usize,
}

impl Url {
    fn of(asset: &Asset, at: &str, hash: Option<&str>) -> Self {
        let path = format!("https://host{at}{}", asset.logical_path);
        let name = path.len() - file_name(&path).len();
        let text = match (hash, path.rsplit_once('.')) {
            (Some(hash), Some((stem, extension))) if stem.len() > name => {
                format!("{stem}.{hash}.{extension}")
            }
            (Some(hash), _) => format!("{path}.{hash}"),
            (None, _) => path,
        };
        Self { text, name }
    }

    fn name(&self) -> &str {
        &self.text[self.name..]
    }
}

fn captured(regex: &Regex, url: &Url) -> Captures {
    let mut captures = regex.create_captures();
    regex.captures(&url.text, &mut captures);
    captures
}

/// Whether a regular expression matches other parts, other than the whole name or URL.
fn differ(regex: &Regex, plain: &Url, hashed: &Url) -> bool {
    let (one, other) = (captured(regex, plain), captured(regex, hashed));
    let groups = match one.group_len().max(other.group_len()) {
        1 => 0..1,
        groups => 1..groups,
    };
    one.is_match() != other.is_match()
        || groups.into_iter().any(|group| {
            let one = one.get_group(group).map(|span| &plain.text.as_bytes()[span.range()]);
            let other = other.get_group(group).map(|span| &hashed.text.as_bytes()[span.range()]);
            let renamed = one.and_then(|it| it.strip_suffix(plain.name().as_bytes()));
            let renamed = renamed.map(|before| [before, hashed.name().as_bytes()].concat());
            one != other && (renamed.is_none() || renamed.as_deref() != other)
        })
}

/// Whether something else is left where a match is replaced: neither the whole name nor nothing of
/// it. Where the extension alone is replaced by another, the other file decides.
fn rests_differ(regex: &Regex, plain: &Url, hashed: &Url, is_removed: bool) -> bool {
    let (Some(one), Some(other)) = (regex.find(&plain.text), regex.find(&hashed.text)) else {
        return regex.is_match(&plain.text) != regex.is_match(&hashed.text);
    };
    let (plain, text) = (plain.text.as_bytes(), hashed.text.as_bytes());
    let rest =
        |text: &[u8], start: usize, end: usize| (text[..start].to_vec(), text[end..].to_vec());
    let is_equal = plain[one.range()] == text[other.range()];
    let is_before = other.end() <= hashed.name && is_equal;
    let is_behind = is_equal && !is_removed && other.start() > hashed.name;
    let rests = [rest(plain, one.start(), one.end()), rest(text, other.start(), other.end())];
    !is_before && !is_behind && rests[0] != rests[1]
}
