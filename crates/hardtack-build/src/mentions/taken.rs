//! The files whose names a script takes a part of, or tests, by an element that refers to them. With
//! a hash in the name, it would take another part, or find another element.

use std::{
    cell::LazyCell,
    collections::{BTreeSet, HashMap, HashSet},
    iter,
};

use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use regex_automata::{
    meta::Regex,
    util::{captures::Captures, syntax},
};

use super::{Pin, TAKEN, TESTED};
use crate::{
    Role,
    logical_path::file_name,
    references::{Part, Pattern, Referenced, Taking},
};

/// Pins the files of which scripts take other parts if their names have a hash.
pub(super) fn pins(referenced: &Referenced, at: &str) -> Vec<Pin> {
    // Few scripts take such parts.
    let shown = LazyCell::new(|| shown_by_pages(referenced, at));
    let (mut seen, mut pins, mut of_any) = (HashSet::new(), Vec::new(), Vec::new());
    for (by, passages) in referenced.passages.iter().enumerate() {
        for Taking { offset, part } in &passages.derived.takings {
            if !seen.insert(part) {
                continue;
            }
            if let Part::TestOfAny(pattern) = part {
                of_any.push(Sought { pattern, by, offset: *offset });
                continue;
            }
            let way = Way::of(part);
            let what = if matches!(part, Part::Test(_)) { TESTED } else { TAKEN };
            let targets = shown.par_iter().filter(|shown| way.is_another(shown));
            let offset = *offset;
            pins.par_extend(targets.map(|shown| Pin { target: shown.asset, by, offset, what }));
        }
    }
    if !of_any.is_empty() {
        pins.extend(sought(&of_any, &shown));
    }
    pins
}

/// A pattern that is not known to be for URLs.
struct Sought<'p> {
    pattern: &'p Pattern,
    by: usize,
    offset: usize,
}

/// Pins the files that such patterns find by their names. Each one has a word of the name in it.
fn sought(all: &[Sought<'_>], shown: &[Shown]) -> Vec<Pin> {
    let mut by_word: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, sought) in all.iter().enumerate() {
        let words = sought.pattern.source.split(|it: char| !it.is_ascii_alphanumeric());
        for word in words.filter(|word| word.len() > 1) {
            by_word.entry(word).or_default().push(index);
        }
    }
    let words: Vec<_> = by_word.keys().copied().collect();
    let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&words);
    let Ok(automaton) = automaton else { return Vec::new() };
    let mut by_pattern: Vec<Vec<&Shown>> = vec![Vec::new(); all.len()];
    for shown in shown {
        let hits = automaton.find_overlapping_iter(&shown.urls[0].plain[..shown.urls[0].insertion]);
        let hits = hits.flat_map(|hit| &by_word[words[hit.pattern().as_usize()]]);
        let patterns: BTreeSet<_> = hits.copied().collect();
        patterns.into_iter().for_each(|index| by_pattern[index].push(shown));
    }
    let found = all.par_iter().zip(by_pattern).filter(|(_, shown)| !shown.is_empty());
    let pins = found.flat_map_iter(|(sought, shown)| {
        let regex = compiled(sought.pattern);
        let is_found = move |shown: &&Shown| {
            let urls = shown.urls.iter();
            regex.iter().any(|regex| urls.clone().any(|url| url.is_found(regex, sought.pattern)))
        };
        let found = shown.into_iter().filter(is_found);
        let (by, offset) = (sought.by, sought.offset);
        found.map(move |shown| Pin { target: shown.asset, by, offset, what: TESTED })
    });
    pins.collect()
}

/// A file that an element of a page refers to.
struct Shown {
    asset: usize,
    /// With the host, without it, and the name alone.
    urls: Vec<Url>,
    is_media: bool,
}

fn shown_by_pages(referenced: &Referenced, at: &str) -> Vec<Shown> {
    let pages = referenced.assets.iter().zip(&referenced.references);
    let targets = pages.filter(|(asset, _)| asset.is_page()).flat_map(|(_, all)| all);
    let targets: BTreeSet<_> = targets.map(|reference| reference.target).collect();
    let targets = targets.into_iter().map(|index| (index, &referenced.assets[index]));
    let renamed = targets.filter(|(_, asset)| asset.role == Role::Hashed);
    let shown = renamed.map(|(index, asset)| {
        let path = &asset.logical_path;
        let kind = asset.essence().split('/').next().unwrap_or_default();
        let mut urls = vec![format!("https://host{at}{path}"), path.clone()];
        urls.extend(Some(file_name(path)).filter(|name| name != path).map(str::to_owned));
        Shown {
            asset: index,
            urls: urls.into_iter().map(Url::of).collect(),
            is_media: matches!(kind, "image" | "audio" | "video"),
        }
    });
    shown.collect()
}

/// The way to a part of a URL.
enum Way<'p> {
    Test(Regex, &'p Pattern),
    /// One of many patterns: which one is not known, so a part of the name that matches is enough.
    OneOfMany(Regex),
    Match(Regex),
    Rest {
        of: Regex,
        is_every: bool,
        is_removed: bool,
        has_groups: bool,
    },
    Piece {
        between: Regex,
        at: isize,
    },
    Count(Regex),
    Cut,
    /// A regular expression of another dialect than ours.
    Unknown {
        pattern: &'p Pattern,
        is_test: bool,
    },
}

fn compiled(Pattern { source, ignores_case, .. }: &Pattern) -> Option<Regex> {
    let syntax = syntax::Config::new().unicode(false).utf8(false).case_insensitive(*ignores_case);
    Regex::builder().syntax(syntax).build(source).ok()
}

impl<'p> Way<'p> {
    fn of(part: &'p Part<Pattern>) -> Self {
        let Some(pattern) = part.pattern() else { return Self::Cut };
        let Some(regex) = compiled(pattern) else {
            return Self::Unknown { pattern, is_test: matches!(part, Part::Test(_)) };
        };
        match *part {
            _ if pattern.stands_for_many => Self::OneOfMany(regex),
            Part::Match(_) if !pattern.has_unknown => Self::Match(regex),
            Part::Rest { is_removed, has_groups, is_every, .. } => {
                let is_every = is_every || pattern.is_global;
                Self::Rest { of: regex, is_every, is_removed, has_groups }
            }
            Part::Piece { at, .. } => Self::Piece { between: regex, at },
            Part::Count(_) => Self::Count(regex),
            _ => Self::Test(regex, pattern),
        }
    }

    /// Whether it leads to another part if a hash stands in the name.
    fn is_another(&self, Shown { urls, is_media, .. }: &Shown) -> bool {
        let any = |differ: &dyn Fn(&Url, &Hashed) -> bool| {
            urls.iter().any(|url| url.hashed.iter().any(|hashed| differ(url, hashed)))
        };
        match self {
            Self::Test(regex, pattern) => urls.iter().any(|url| url.is_tested(regex, pattern)),
            Self::OneOfMany(regex) => urls.iter().any(|url| {
                regex.find_iter(&url.plain).any(|it| it.end() > url.name && it.start() < it.end())
            }),
            Self::Match(regex) => any(&|url, hashed| differ(regex, url, hashed)),
            Self::Rest { of, is_every, is_removed, has_groups } => any(&|url, hashed| {
                rests_differ(of, url, hashed, *is_every, *is_removed)
                    || *has_groups && differ(of, url, hashed)
            }),
            Self::Piece { between, at } => {
                any(&|url, hashed| pieces_differ(between, url, hashed, *at))
            }
            Self::Count(between) => any(&|url, Hashed(hashed)| {
                between.find_iter(&url.plain).count() != between.find_iter(hashed).count()
            }),
            Self::Cut => *is_media,
            // Most of those with `#` look for a fragment.
            Self::Unknown { pattern, is_test } => {
                let may_be_name = !is_test || pattern.says_extension();
                *is_media && !pattern.source.contains('#') && may_be_name
            }
        }
    }
}

/// A URL of a file. A hash stands before the extension.
struct Url {
    plain: String,
    /// The place where the name begins.
    name: usize,
    /// The place where the hash is inserted.
    insertion: usize,
    /// A class of letters may match a hash, or not.
    hashed: [Hashed; 2],
}

/// A URL with a hash in it.
struct Hashed(String);

impl Url {
    fn of(plain: String) -> Self {
        let name = plain.len() - file_name(&plain).len();
        let insertion = match plain[name..].rfind('.') {
            Some(dot) if dot > 0 => name + dot + 1,
            _ => plain.len(),
        };
        let hashed = ["0a0a0a0a0a0a", "a0a0a0a0a0a0"].map(|hash| with(hash, &plain, insertion));
        Self { plain, name, insertion, hashed }
    }

    fn name(&self) -> &str {
        &self.plain[self.name..]
    }

    /// Whether a regular expression matches with a hash, but not without, or the other way round.
    fn is_tested(&self, regex: &Regex, pattern: &Pattern) -> bool {
        let is_plain = regex.is_match(&self.plain);
        if pattern.has_unknown {
            // An unknown part may be anything, but for a hash.
            let mark = Pattern::MARK.to_string();
            is_plain && !regex.is_match(&with(&mark, &self.plain, self.insertion).0)
        } else {
            self.hashed.iter().any(|hashed| regex.is_match(&hashed.0) != is_plain)
        }
    }

    /// Whether a regular expression for any texts matches this one, but not with a hash in it, and no
    /// other one.
    fn is_found(&self, regex: &Regex, pattern: &Pattern) -> bool {
        regex.is_match(&self.plain)
            && self.is_tested(regex, pattern)
            && !regex.is_match(&self.with_other_words())
    }

    /// A URL of the same form, with another path before the extension.
    fn with_other_words(&self) -> String {
        let (before, extension) = self.plain.split_at(self.insertion);
        let other = |it: char| if it.is_alphanumeric() { 'q' } else { it };
        before.chars().map(other).chain(extension.chars()).collect()
    }
}

/// A URL with a text before the extension, and a dot between them.
fn with(text: &str, plain: &str, insertion: usize) -> Hashed {
    let (before, extension) = plain.split_at(insertion);
    Hashed(match extension {
        "" => format!("{before}.{text}"),
        _ => format!("{before}{text}.{extension}"),
    })
}

fn captured(regex: &Regex, url: &str) -> Captures {
    let mut captures = regex.create_captures();
    regex.captures(url, &mut captures);
    captures
}

/// Whether a regular expression matches other parts, other than the whole name or URL.
fn differ(regex: &Regex, url: &Url, Hashed(hashed): &Hashed) -> bool {
    let (one, other) = (captured(regex, &url.plain), captured(regex, hashed));
    let groups = match one.group_len().max(other.group_len()) {
        1 => 0..1,
        groups => 1..groups,
    };
    one.is_match() != other.is_match()
        || groups.into_iter().any(|group| {
            let one = one.get_group(group).map(|span| &url.plain.as_bytes()[span.range()]);
            let other = other.get_group(group).map(|span| &hashed.as_bytes()[span.range()]);
            let renamed = one.and_then(|it| it.strip_suffix(url.name().as_bytes()));
            let name = &hashed.as_bytes()[url.name..];
            let renamed = renamed.map(|before| [before, name].concat());
            one != other && (renamed.is_none() || renamed.as_deref() != other)
        })
}

/// Whether something else is left of the name where matches are replaced: neither all nor nothing of
/// it. Where the extension alone is replaced by another, the other file decides.
fn rests_differ(
    regex: &Regex,
    url: &Url,
    Hashed(hashed): &Hashed,
    is_every: bool,
    is_removed: bool,
) -> bool {
    let most = if is_every { usize::MAX } else { 1 };
    let parts = |text| regex.find_iter(text).take(most).map(|it| it.range()).collect::<Vec<_>>();
    let (plain, other) = (parts(url.plain.as_bytes()), parts(hashed.as_bytes()));
    if plain.is_empty() != other.is_empty() {
        return true;
    }
    // The name without the matches, and where these begin in it.
    let rest = |text: &str, parts: &[std::ops::Range<usize>]| {
        let (mut rest, mut at) = (Vec::new(), url.name);
        for part in parts {
            rest.extend_from_slice(&text.as_bytes()[at..part.start.max(at)]);
            at = part.end.max(at);
        }
        rest.extend_from_slice(&text.as_bytes()[at..]);
        rest
    };
    let rests = [rest(&url.plain, &plain), rest(hashed, &other)];
    let is_whole = rests[0] == url.name().as_bytes() && rests[1] == hashed.as_bytes()[url.name..];
    let is_behind = !is_removed
        && plain.iter().all(|it| it.end <= url.name || it.start + 1 >= url.insertion)
        && other.iter().all(|it| it.end <= url.name || it.start > url.insertion);
    rests[0] != rests[1] && !is_whole && !is_behind
}

/// Whether another piece has a number, other than the end of the name from the same place on.
fn pieces_differ(between: &Regex, url: &Url, Hashed(hashed): &Hashed, at: isize) -> bool {
    let piece = |text: &str| {
        let cuts = between.find_iter(text).map(|it| it.range()).filter(|it| !it.is_empty());
        let ends = cuts.chain(iter::once(text.len()..text.len()));
        let pieces = ends.scan(0, |start, cut| {
            let piece = *start..cut.start;
            *start = cut.end;
            Some(piece)
        });
        let pieces: Vec<_> = pieces.collect();
        let number = if at < 0 { pieces.len().checked_add_signed(at) } else { Some(at as usize) };
        number.and_then(|number| pieces.get(number).cloned())
    };
    let (one, other) = (piece(&url.plain), piece(hashed));
    let is_end = one.clone().zip(other.clone()).is_some_and(|(one, other)| {
        one.end == url.plain.len()
            && other.end == hashed.len()
            && one.start == other.start
            && one.start < url.insertion
    });
    one.map(|one| &url.plain[one]) != other.map(|other| &hashed[other]) && !is_end
}
