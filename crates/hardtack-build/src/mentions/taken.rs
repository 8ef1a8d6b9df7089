//! The files whose names a script takes a part of, by an element that refers to them. With a hash
//! in the name, it would take another part.

use std::{
    cell::LazyCell,
    collections::{BTreeSet, HashSet},
};

use regex_automata::{
    meta::Regex,
    util::{captures::Captures, syntax},
};

use super::{Pin, TAKEN};
use crate::{
    Role,
    logical_path::file_name,
    references::{Part, Pattern, Referenced, Taking},
};

/// Pins the files of which scripts take other parts if their names have a hash.
pub(super) fn pins(referenced: &Referenced, at: &str) -> Vec<Pin> {
    // Few scripts take such parts.
    let shown = LazyCell::new(|| shown_by_pages(referenced, at));
    let (mut seen, mut pins) = (HashSet::new(), Vec::new());
    for (by, passages) in referenced.passages.iter().enumerate() {
        for Taking { offset, part } in &passages.derived.takings {
            if seen.insert(part) {
                let way = Way::of(part);
                let targets = shown.iter().filter(|shown| way.is_another(shown));
                let pin = |target| Pin { target, by, offset: *offset, what: TAKEN };
                pins.extend(targets.map(|shown| pin(shown.asset)));
            }
        }
    }
    pins
}

/// A file that an element of a page refers to.
struct Shown {
    asset: usize,
    plain: Url,
    /// A class of letters may match a hash, or not.
    hashed: [Url; 2],
    is_media: bool,
}

fn shown_by_pages(referenced: &Referenced, at: &str) -> Vec<Shown> {
    let pages = referenced.assets.iter().zip(&referenced.references);
    let targets = pages.filter(|(asset, _)| asset.is_page()).flat_map(|(_, all)| all);
    let targets: BTreeSet<_> = targets.map(|reference| reference.target).collect();
    let targets = targets.into_iter().map(|index| (index, &referenced.assets[index]));
    let renamed = targets.filter(|(_, asset)| asset.role == Role::Hashed);
    let shown = renamed.map(|(index, asset)| {
        let path = format!("https://host{at}{}", asset.logical_path);
        let kind = asset.essence().split('/').next().unwrap_or_default();
        Shown {
            asset: index,
            hashed: ["0a0a0a0a0a0a", "a0a0a0a0a0a0"].map(|hash| Url::with_hash(&path, hash)),
            plain: Url::of(path),
            is_media: matches!(kind, "image" | "audio" | "video"),
        }
    });
    shown.collect()
}

/// The way to a part of a URL.
enum Way<'p> {
    Match(Regex),
    Rest {
        of: Regex,
        is_removed: bool,
        has_groups: bool,
    },
    Cut,
    /// A regular expression of another dialect than ours.
    Unknown(&'p str),
}

impl<'p> Way<'p> {
    fn of(part: &'p Part) -> Self {
        let compiled = |Pattern { source, ignores_case }: &'p Pattern| {
            let syntax =
                syntax::Config::new().unicode(false).utf8(false).case_insensitive(*ignores_case);
            Regex::builder().syntax(syntax).build(source).map_err(|_| Self::Unknown(source))
        };
        match part {
            Part::Match(pattern) => compiled(pattern).map_or_else(|it| it, Self::Match),
            Part::Rest { of, is_removed, has_groups } => {
                let (is_removed, has_groups) = (*is_removed, *has_groups);
                let rest = |of| Self::Rest { of, is_removed, has_groups };
                compiled(of).map_or_else(|it| it, rest)
            }
            Part::Cut => Self::Cut,
        }
    }

    /// Whether it leads to another part if a hash stands in the name.
    fn is_another(&self, Shown { plain, hashed, is_media, .. }: &Shown) -> bool {
        match self {
            Self::Match(regex) => hashed.iter().any(|hashed| differ(regex, plain, hashed)),
            Self::Rest { of, is_removed, has_groups } => hashed.iter().any(|hashed| {
                rests_differ(of, plain, hashed, *is_removed)
                    || *has_groups && differ(of, plain, hashed)
            }),
            Self::Cut => *is_media,
            // Most of those with `#` look for a fragment.
            Self::Unknown(source) => *is_media && !source.contains('#'),
        }
    }
}

/// The URL of a file, and where its name begins.
struct Url {
    text: String,
    name: usize,
}

impl Url {
    fn of(text: String) -> Self {
        let name = text.len() - file_name(&text).len();
        Self { text, name }
    }

    fn with_hash(plain: &str, hash: &str) -> Self {
        Self::of(match file_name(plain).rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => {
                let before = &plain[..plain.len() - extension.len()];
                format!("{before}{hash}.{extension}")
            }
            _ => format!("{plain}.{hash}"),
        })
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
