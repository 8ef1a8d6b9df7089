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
    /// By extension the paths before it, from their ends, each with its asset. Sorted.
    by_extension: BTreeMap<String, Vec<(String, usize)>>,
}

impl Ends {
    pub(super) fn of(assets: &[Asset], at: &str) -> Self {
        let mut by_extension: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
        for (index, asset) in assets.iter().enumerate() {
            let path = url_path_of(at, &asset.logical_path);
            let (stem, extension) = split(&path);
            let stem = stem.chars().rev().collect();
            by_extension.entry(extension.to_owned()).or_default().push((stem, index));
        }
        by_extension.values_mut().for_each(|stems| stems.sort_unstable());
        Self { by_extension }
    }

    /// The assets that the code of a text finds, each with the offset.
    pub(super) fn found(&self, text: &[u8], passages: &Passages) -> Vec<(usize, usize)> {
        let parts = passages.parts.iter();
        let of_code =
            parts.flat_map(|(offset, part)| self.with(part).into_iter().map(|it| (*offset, it)));
        let selected = passages.literals.iter().flat_map(|literal| {
            let start = literal.span.start;
            let selectors = selectors(&text[literal.span.clone()]).into_iter();
            selectors.flat_map(move |(at, part)| {
                let found = self.with(&part).into_iter();
                found.map(move |target| (start + at, target))
            })
        });
        of_code.chain(selected).collect()
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
        let extensions = self.by_extension.range(extension.to_owned()..);
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

/// The attribute selectors in a text that compare a part of a value, each with its place.
fn selectors(text: &[u8]) -> Vec<(usize, PartOfUrl)> {
    let operators =
        [("$=", Where::End), ("*=", Where::Anywhere), ("^=", Where::Beginning)].into_iter();
    let selectors = operators.flat_map(|(operator, place)| {
        memchr::memmem::find_iter(text, operator)
            .map(move |at| (at, PartOfUrl { text: value(&text[at + operator.len()..]), place }))
            .collect::<Vec<_>>()
    });
    selectors.collect()
}

/// The value of an attribute selector, without its quotes.
fn value(text: &[u8]) -> String {
    const LONGEST: usize = 1000;
    let text = &text[..text.len().min(LONGEST)];
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'\\');
    let value = &text[text.iter().take_while(|byte| is_quote(byte)).count()..];
    let end = value.iter().position(|byte| is_quote(byte) || *byte == b']').unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}
