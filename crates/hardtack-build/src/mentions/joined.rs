//! The files that a script may name by a text that it joins, such as `"img/" + name + ".png"`.

use std::{cell::LazyCell, collections::HashSet};

use super::{JOINED, Pin, SOURCE, names::Names, sources::Sources};
use crate::{
    logical_path::{file_name, folder},
    references::{Joined, Purpose, Referenced},
    scan::Asset,
};

/// Pins what scripts may name by texts that they join.
pub(super) fn pins(referenced: &Referenced, names: &Names<'_>) -> Vec<Pin> {
    let paths = Paths::of(&referenced.assets);
    // Few scripts take the URLs of elements apart.
    let sources = LazyCell::new(|| Sources::of(&referenced.assets));
    let (mut seen, mut pins) = (HashSet::new(), Vec::new());
    for (by, passages) in referenced.passages.iter().enumerate() {
        for joined in &passages.derived.joined {
            let mut pin = |target, what| {
                pins.push(Pin { target, by, offset: joined.offset, what });
            };
            for pattern in patterns(joined) {
                // Where it is found depends on the script.
                let near = pattern.is_near().then_some(by);
                if !seen.insert((pattern.clone(), near)) {
                    continue;
                }
                for target in paths.matching(&pattern, names.at()) {
                    let path = &referenced.assets[target].logical_path;
                    let is_meant = near.is_none() || names.is_near(path, by);
                    let sources = if pattern.is_of_url {
                        sources.of_target(target, &pattern.parts)
                    } else {
                        Vec::new()
                    };
                    if is_meant && (pattern.says_enough || !sources.is_empty()) {
                        pin(target, JOINED);
                        sources.into_iter().for_each(|source| pin(source, SOURCE));
                    }
                }
            }
        }
    }
    pins
}

/// The paths of assets, in orders to search them by.
struct Paths<'a> {
    /// Each end of a path that begins with a segment, with the asset.
    ends: Vec<(&'a str, usize)>,
    /// Each file's name, from its end.
    reversed: Vec<(String, usize)>,
    assets: &'a [Asset],
}

impl<'a> Paths<'a> {
    fn of(assets: &'a [Asset]) -> Self {
        let (mut ends, mut reversed) = (Vec::new(), Vec::new());
        for (index, asset) in assets.iter().enumerate() {
            let path = asset.logical_path.trim_start_matches('/');
            let starts = path.match_indices('/').map(|(slash, _)| slash + 1);
            ends.extend([0].into_iter().chain(starts).map(|start| (&path[start..], index)));
            reversed.push((file_name(path).chars().rev().collect(), index));
        }
        ends.sort_unstable();
        reversed.sort_unstable();
        Self { ends, reversed, assets }
    }

    fn matching(&self, pattern: &Pattern, at: &str) -> Vec<usize> {
        let [first, rest @ ..] = &pattern.parts[..] else { return Vec::new() };
        let start = first.strip_prefix(at).unwrap_or(first);
        let start = start.trim_start_matches(['.', '/']);
        if start.is_empty() {
            return self.matching_end(pattern);
        }
        let mut found = Vec::new();
        for (end, index) in beginning_with(&self.ends, start, |(end, _)| end) {
            if follows(&end[start.len()..], rest, pattern.has_folder) {
                found.push(*index);
            }
        }
        // The site's root may lie below the folder that the path begins with.
        let mut start = start;
        while let Some((_, inner)) = start.split_once('/').filter(|(_, inner)| inner.contains('/'))
        {
            start = inner;
            for (end, index) in beginning_with(&self.ends, start, |(end, _)| end) {
                let path = self.assets[*index].logical_path.trim_start_matches('/');
                let is_whole = end.len() == path.len();
                if is_whole && follows(&end[start.len()..], rest, true) {
                    found.push(*index);
                }
            }
        }
        found
    }

    /// The names that match a pattern without a beginning.
    fn matching_end(&self, pattern: &Pattern) -> Vec<usize> {
        let rest = &pattern.parts[1..];
        let last: String = rest.last().into_iter().flat_map(|last| last.chars().rev()).collect();
        let names = beginning_with(&self.reversed, &last, |(name, _)| name);
        let is_match = |index: &usize| {
            let path = &self.assets[*index].logical_path;
            follows(file_name(path), rest, false)
        };
        names.map(|(_, index)| *index).filter(is_match).collect()
    }
}

/// The entries of a sorted list that begin with a text.
fn beginning_with<'l, T>(
    list: &'l [T],
    start: &'l str,
    text: impl Fn(&T) -> &str + 'l,
) -> impl Iterator<Item = &'l T> {
    let first = list.partition_point(|entry| text(entry) < start);
    list[first..].iter().take_while(move |entry| text(entry).starts_with(start))
}

/// Whether a text consists of an unknown part, and of the next constant parts with unknown ones
/// between them.
fn follows(mut text: &str, parts: &[String], may_have_folders: bool) -> bool {
    let [between @ .., last] = parts else { return text.is_empty() };
    if !may_have_folders && text.contains('/') {
        return false;
    }
    for part in between {
        let Some(at) = text.find(part.as_str()) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(last.as_str())
}

/// A joined text as far as it may be a path.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Pattern {
    /// The constant parts. Between each two is an unknown one.
    parts: Vec<String>,
    has_folder: bool,
    letters: usize,
    says_enough: bool,
    /// Whether an element is found by it, which may be anywhere.
    is_found: bool,
    /// Whether an unknown part is from an element's URL.
    is_of_url: bool,
}

impl Pattern {
    /// Whether it means files beside the script or its page only: it says no folder, and too
    /// little of the name.
    fn is_near(&self) -> bool {
        self.says_enough && !self.is_found && !self.has_folder && self.letters < FEW
    }
}

/// The letters and digits of a name that say something by themselves.
const FEW: usize = 3;

/// The paths in a joined text that say something. A path that is constant is not among them.
fn patterns(joined: &Joined) -> Vec<Pattern> {
    let mut words =
        Words { purpose: joined.purpose, is_of_url: joined.is_of_url, ..Words::default() };
    for (at, part) in joined.parts.iter().enumerate() {
        if at > 0 {
            words.unknown();
        }
        part.chars().for_each(|next| words.add(next));
    }
    words.end('\0');
    words.found
}

/// The words of a joined text.
#[derive(Default)]
struct Words {
    found: Vec<Pattern>,
    parts: Vec<String>,
    purpose: Purpose,
    is_of_url: bool,
    /// Whether the path has ended, and the query or the fragment goes on.
    is_over: bool,
    /// The text that the word stands behind.
    before: String,
}

impl Words {
    fn unknown(&mut self) {
        if self.parts.is_empty() {
            self.parts.push(String::new());
        }
        if !self.is_over {
            self.parts.push(String::new());
        }
    }

    fn add(&mut self, next: char) {
        match next {
            '?' | '#' => self.is_over = true,
            _ if !is_of_path(next) => self.end(next),
            _ if self.is_over => {}
            _ if self.parts.is_empty() => self.parts.push(next.to_string()),
            _ => self.parts.last_mut().into_iter().for_each(|part| part.push(next)),
        }
    }

    fn end(&mut self, delimiter: char) {
        let parts = std::mem::take(&mut self.parts);
        let is_on_another_host =
            parts.first().is_some_and(|it| it.starts_with("//")) && self.before.ends_with(':');
        let has_word = parts.iter().any(|part| !part.is_empty()) || parts.len() > 1;
        let is_quote = matches!(delimiter, '"' | '\'');
        // The `=` of `$=` belongs to it, and a quote to what it follows.
        let is_operator = delimiter == '=' && self.before.ends_with(['$', '*']);
        // `[href=` of a selector, unlike `<a href=`.
        let bracket = if self.before.ends_with('[') && delimiter == '=' { "[" } else { "" };
        if has_word || !(is_quote || is_operator) {
            self.keep_before(bracket, &parts, delimiter);
        } else if is_operator {
            self.before.push(delimiter);
        }
        if parts.len() > 1 && !is_on_another_host {
            self.found.extend(pattern(parts, self.purpose, self.is_of_url));
        }
        let is_behind = |one_of: &[&str]| one_of.iter().any(|it| self.before.ends_with(it));
        self.purpose = if is_behind(&["href$=", "href*=", "[href=", "src$=", "src*=", "[src="]) {
            Purpose::Find
        } else if is_behind(&["src=", "url(", "poster="]) {
            Purpose::Fetch
        } else {
            Purpose::Any
        };
        self.is_over = false;
    }

    /// Keeps a word with the letters around it, for the word behind it.
    fn keep_before(&mut self, bracket: &str, parts: &[String], delimiter: char) {
        self.before.clear();
        self.before.push_str(bracket);
        for (at, part) in parts.iter().enumerate() {
            self.before.push_str(if at > 0 { "*" } else { "" });
            self.before.push_str(part);
        }
        self.before.push(delimiter);
    }
}

fn is_of_path(next: char) -> bool {
    next.is_alphanumeric() || !next.is_ascii() || "-_.%~/@+".contains(next)
}

/// A path, if it says enough: its extension, and a folder or a part of the name. To fetch a file,
/// one of the two is enough. To find an element, its extension is. One that is made of an element's
/// URL may say less: the file that it is made of has to be there, too.
fn pattern(parts: Vec<String>, purpose: Purpose, is_of_url: bool) -> Option<Pattern> {
    let last = file_name(parts.last()?);
    let has_extension = last.rsplit_once('.').is_some_and(|(_, extension)| {
        !extension.is_empty() && extension.chars().all(|it| it.is_ascii_alphanumeric())
    });
    let has_folder = parts.iter().any(|part| folder(part).contains(char::is_alphanumeric));
    let letters = letters(&parts, has_extension);
    let begins_path = parts[0].starts_with(['.', '/']);
    let says_enough = match purpose {
        Purpose::Any => has_extension && (has_folder || letters >= FEW),
        Purpose::Fetch => has_folder || (has_extension && (letters > 0 || begins_path)),
        Purpose::Find => has_extension,
    };
    // A folder behind an unknown part is as good as one that stands first.
    let parts = match &parts[..] {
        [first, second, ..] if first.is_empty() && second.contains('/') => parts[1..].to_vec(),
        _ => parts,
    };
    let says_something = parts.iter().any(|part| part.chars().any(|it| it != '.' && it != '/'));
    let is_pattern = says_enough || is_of_url && says_something;
    let is_found = purpose == Purpose::Find;
    is_pattern.then_some(Pattern { parts, has_folder, letters, says_enough, is_of_url, is_found })
}

/// How many letters and digits of the name are constant, without its extension.
fn letters(parts: &[String], has_extension: bool) -> usize {
    let mut count = 0;
    for (at, part) in parts.iter().enumerate().rev() {
        let name = file_name(part);
        let name = match name.rsplit_once('.') {
            Some((name, _)) if has_extension && at + 1 == parts.len() => name,
            _ => name,
        };
        count += name.chars().filter(|it| it.is_alphanumeric()).count();
        if part.contains('/') {
            break;
        }
    }
    count
}
