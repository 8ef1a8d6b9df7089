//! The files that code finds by a part of a URL, such as `[href$="theme.css"]`, which a hash before
//! the extension would take from it.

use std::collections::BTreeMap;

use hardtack_bundle::url_path_of;

use crate::{
    logical_path::file_name,
    references::{PartOfUrl, Passages, Where},
    scan::Asset,
};

/// The paths of assets, to find them by the part around the dot of the extension.
pub(super) struct Ends {
    as_written: Paths,
    in_small_letters: Paths,
}

/// By extension the paths before it, from their ends, each with its asset. Sorted.
struct Paths(BTreeMap<String, Vec<(String, usize)>>);

impl Ends {
    pub(super) fn of(assets: &[Asset], at: &str) -> Self {
        let paths = || assets.iter().map(|asset| url_path_of(at, &asset.logical_path));
        Self {
            as_written: Paths::of(paths()),
            in_small_letters: Paths::of(paths().map(|path| path.to_lowercase())),
        }
    }

    /// The assets that the code of a text finds, each with the offset.
    pub(super) fn found(&self, text: &[u8], passages: &Passages) -> Vec<(usize, usize)> {
        let parts = passages.parts.iter();
        let of_code = parts.flat_map(|(offset, part)| {
            self.as_written.with(part).into_iter().map(|it| (*offset, it))
        });
        let selected = passages.literals.iter().flat_map(|literal| {
            let start = literal.span.start;
            let selectors = selectors(&text[literal.span.clone()]).into_iter();
            selectors.flat_map(move |Selector { at, part, is_case_ignored }| {
                let stems = if is_case_ignored { &self.in_small_letters } else { &self.as_written };
                stems.with(&part).into_iter().map(move |target| (start + at, target))
            })
        });
        of_code.chain(selected).collect()
    }
}

impl Paths {
    fn of(paths: impl Iterator<Item = String>) -> Self {
        let mut by_extension: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
        for (index, path) in paths.enumerate() {
            let (stem, extension) = split(&path);
            let stem = stem.chars().rev().collect();
            by_extension.entry(extension.to_owned()).or_default().push((stem, index));
        }
        by_extension.values_mut().for_each(|stems| stems.sort_unstable());
        Self(by_extension)
    }

    /// The assets whose URLs lose that part.
    fn with(&self, part: &PartOfUrl) -> Vec<usize> {
        let (stem, extension) = split(&part.text);
        // Without a letter behind the dot, the part is there with a hash too.
        if stem.is_empty() || (extension.is_empty() && part.place != Where::End) {
            return Vec::new();
        }
        let stem: String = match part.place {
            Where::Beginning => stem.trim_start_matches(['.', '/']).chars().rev().collect(),
            Where::End | Where::Anywhere => stem.chars().rev().collect(),
        };
        let extensions = self.0.range(extension.to_owned()..);
        let is_meant = |other: &str| match part.place {
            Where::End => other == extension,
            Where::Beginning | Where::Anywhere => other.starts_with(extension),
        };
        let stems = extensions.take_while(|(other, _)| is_meant(other)).flat_map(|(_, stems)| {
            let first = stems.partition_point(|(other, _)| *other < stem);
            stems[first..]
                .iter()
                .map_while(|(other, index)| Some((other.strip_prefix(&*stem)?, *index)))
        });
        let is_segment = |before: &str| before.is_empty() || before.starts_with('/');
        let stems =
            stems.filter(|(before, _)| part.place != Where::Beginning || is_segment(before));
        stems.map(|(_, index)| index).collect()
    }
}

/// A path before its extension, and that without its dot.
fn split(path: &str) -> (&str, &str) {
    let name = path.len() - file_name(path).len();
    match path[name..].rfind('.') {
        Some(dot) if dot > 0 || name == 0 => (&path[..name + dot], &path[name + dot + 1..]),
        _ => (path, ""),
    }
}

/// An attribute selector (Selectors Level 4 §6) that compares a part of a value, or ignores case.
struct Selector {
    at: usize,
    part: PartOfUrl,
    /// Whether it ends with `i`. The part is in small letters then.
    is_case_ignored: bool,
}

/// The attribute selectors in a text, by which an asset is found that is not named.
fn selectors(text: &[u8]) -> Vec<Selector> {
    let selector = |equals: usize| {
        let operator = equals.checked_sub(1).map(|before| text[before]);
        let (mut part, is_case_ignored) = value(&text[equals + 1..]);
        if is_case_ignored {
            part = part.to_lowercase();
        }
        let place = match operator {
            Some(b'$') => Where::End,
            Some(b'*') => Where::Anywhere,
            Some(b'^') => Where::Beginning,
            // The whole value, which is a mention if its letters are those of the name.
            _ if is_case_ignored => Where::End,
            _ => return None,
        };
        Some(Selector { at: equals, part: PartOfUrl { text: part, place }, is_case_ignored })
    };
    memchr::memchr_iter(b'=', text).filter_map(selector).collect()
}

/// The value of an attribute selector, without its quotes and escapes, and whether `i` stands behind
/// it. The selector may stand in a string, whose escapes stand before those quotes.
fn value(text: &[u8]) -> (String, bool) {
    const LONGEST: usize = 1000;
    let text = text[..text.len().min(LONGEST)].trim_ascii_start();
    let escapes = text.iter().take_while(|byte| **byte == b'\\').count();
    let quote = text.get(escapes).copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let value = if quote.is_some() { &text[escapes + 1..] } else { text };
    let ends = |byte: &u8| match quote {
        Some(quote) => *byte == quote,
        None => *byte == b']' || byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\''),
    };
    let end = value.iter().position(ends).unwrap_or(value.len());
    let behind = &value[(end + usize::from(quote.is_some())).min(value.len())..];
    let is_case_ignored = match behind.trim_ascii_start() {
        [b'i' | b'I', rest @ ..] => rest.trim_ascii_start().starts_with(b"]"),
        _ => false,
    };
    (unescaped(&String::from_utf8_lossy(&value[..end])), is_case_ignored)
}

/// A text of CSS without escapes: a letter, or its number in hex (CSS Syntax Level 3 §4.3.7). In a
/// string of a script, the backslash is escaped too.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut unescaped = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        let letter = u32::from_str_radix(&piece[..digits], 16).ok().and_then(char::from_u32);
        // The letters of one digit stand in no URL.
        match letter.filter(|_| digits > 1) {
            Some(letter) => {
                unescaped.push(letter);
                unescaped.push_str(piece[digits..].strip_prefix(' ').unwrap_or(&piece[digits..]));
            }
            None => unescaped.push_str(piece),
        }
    }
    unescaped
}
