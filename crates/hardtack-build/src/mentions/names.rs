//! The names of assets, and their places in texts.

use std::{collections::HashMap, ops::Range};

use aho_corasick::AhoCorasick;
use hardtack_bundle::encode_path;

use super::token::{is_in_sentence, string_around, token};
use crate::{
    Role,
    logical_path::{file_name, folder},
    references::{
        Literal, LiteralKind, Passages, Reference, Referenced, is_in_link, resolve_url as resolve,
    },
    scan::Asset,
};

/// The names of all assets that may be renamed, for a search in one pass over a text.
pub(super) struct Names<'a> {
    assets: &'a [Asset],
    /// The URL prefix.
    at: &'a str,
    /// The folders of the pages that refer to each asset.
    pages: HashMap<usize, Vec<&'a str>>,
    /// None if there are no names.
    automaton: Option<AhoCorasick>,
    /// The assets of each name, by the number of its pattern in the automaton.
    bearers: Vec<Vec<usize>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(referenced: &'a Referenced, at: &'a str) -> Self {
        let assets = &referenced.assets;
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, asset) in assets.iter().enumerate() {
            if asset.role == Role::Hashed {
                by_name.entry(file_name(&asset.logical_path)).or_default().push(index);
            }
        }
        let mut by_form: Vec<_> = by_name
            .into_iter()
            .flat_map(|(name, bearers)| {
                forms(name).into_iter().map(move |it| (it, bearers.clone()))
            })
            .collect();
        by_form.sort_unstable();
        let (forms, bearers): (Vec<_>, Vec<_>) = by_form.into_iter().unzip();
        let automaton = (!forms.is_empty()).then(|| AhoCorasick::new(&forms).ok()).flatten();
        Self { assets, at, pages: pages(referenced), automaton, bearers }
    }

    /// The assets that a text mentions, each with the offset of a mention.
    pub(super) fn mentioned(
        &self,
        index: usize,
        text: &[u8],
        passages: &Passages,
        references: &[Reference],
    ) -> Vec<(usize, usize)> {
        let mut mentioned = self.ending(passages);
        if passages.literals.is_empty() {
            return mentioned;
        }
        let hits =
            self.automaton.iter().flat_map(|automaton| automaton.find_overlapping_iter(text));
        for hit in hits {
            let name = hit.start()..hit.end();
            let Some(literal) = literal_at(&passages.literals, &name) else { continue };
            if is_in_link(references, &name) {
                continue;
            }
            let bearers = &self.bearers[hit.pattern().as_usize()];
            let targets = self.meant(text, literal, name.clone(), bearers, index);
            mentioned.extend(targets.into_iter().map(|target| (name.start, target)));
        }
        mentioned.extend(self.selected(text, passages));
        mentioned
    }

    /// The assets that a name may mean at its place.
    fn meant(
        &self,
        text: &[u8],
        literal: &Literal,
        name: Range<usize>,
        bearers: &[usize],
        referrer: usize,
    ) -> Vec<usize> {
        let string = match literal.kind {
            LiteralKind::Data => string_around(text, literal.span.clone(), name.clone()),
            _ => literal.span.clone(),
        };
        let Some(token) = token(text, string.clone(), name.clone()) else { return Vec::new() };
        if is_in_sentence(text, string, name) {
            return Vec::new();
        }
        let is_common = bearers.len() > 1 || bearers.iter().any(|it| self.is_common(*it));
        let is_meant = |target: &&usize| {
            let path = &self.assets[**target].logical_path;
            match (literal.kind, &token.whole) {
                (LiteralKind::Pattern, _) => true,
                (LiteralKind::Attribute, Some(whole)) => self.leads_to(referrer, whole, path),
                _ if token.folders.is_empty() => !is_common || self.is_near(path, referrer),
                _ => lies_in(path, &token.folders),
            }
        };
        bearers.iter().filter(is_meant).copied().collect()
    }

    /// Whether many folders have a file of that name.
    fn is_common(&self, index: usize) -> bool {
        let name = file_name(&self.assets[index].logical_path);
        let stem = name.split('.').next().unwrap_or(name);
        matches!(stem, "index" | "main")
    }

    /// The scripts whose paths begin with the constant part of a specifier in a file.
    pub(super) fn modules_below(&self, referrer: usize, beginning: &str) -> Vec<usize> {
        let base = format!("{}{}", self.at, self.assets[referrer].logical_path);
        let below = resolve(&base, beginning);
        let below = below.as_deref().and_then(|path| path.strip_prefix(self.at));
        let is_below = |asset: &Asset| {
            asset.is_script() && below.is_some_and(|below| asset.logical_path.starts_with(below))
        };
        let assets = self.assets.iter().enumerate();
        assets.filter(|(_, asset)| is_below(asset)).map(|(index, _)| index).collect()
    }

    /// Whether a path in a page leads to an asset.
    fn leads_to(&self, page: usize, path: &str, target: &str) -> bool {
        let base = format!("{}{}", self.at, self.assets[page].logical_path);
        let path = resolve(&base, path);
        path.and_then(|path| path.strip_prefix(self.at).map(|it| it == target)) == Some(true)
    }

    /// Whether a name without a path leads to an asset from the root, from the folder of its file,
    /// or from the folder of a page with this file.
    fn is_near(&self, path: &str, referrer: usize) -> bool {
        let own = folder(path);
        let pages = self.pages.get(&referrer).into_iter().flatten();
        let mut near = pages.copied().chain(["", folder(&self.assets[referrer].logical_path)]);
        near.any(|folder| folder == own)
    }

    /// The assets whose paths have an ending that code looks for in URLs.
    fn ending(&self, passages: &Passages) -> Vec<(usize, usize)> {
        let ends = passages.ends.iter().flat_map(|(offset, end)| {
            self.with_end(end).into_iter().map(|target| (*offset, target))
        });
        ends.collect()
    }

    /// The assets that an attribute selector finds by the end of a URL: `[href$="theme.css"]`.
    fn selected(&self, text: &[u8], passages: &Passages) -> Vec<(usize, usize)> {
        let mut selected = Vec::new();
        for literal in &passages.literals {
            let part = &text[literal.span.clone()];
            for at in memchr::memmem::find_iter(part, b"$=") {
                let end = selector_value(&part[at + "$=".len()..]);
                let offset = literal.span.start + at;
                selected.extend(self.with_end(&end).into_iter().map(|target| (offset, target)));
            }
        }
        selected
    }

    /// The assets whose paths have that ending, and would lose it with a hash before the extension.
    fn with_end(&self, end: &str) -> Vec<usize> {
        let loses_end = |asset: &Asset| {
            let name = file_name(&asset.logical_path);
            let extension = name.rfind('.').map_or("", |dot| &name[dot..]);
            asset.logical_path.ends_with(end) && !extension.ends_with(end)
        };
        let assets = self.assets.iter().enumerate();
        assets.filter(|(_, asset)| loses_end(asset)).map(|(index, _)| index).collect()
    }
}

/// The forms in which code writes a name.
fn forms(name: &str) -> Vec<String> {
    let mut forms = vec![name.to_owned(), encode_path(name), name.replace('.', "\\.")];
    forms.push(forms[2].replace('-', "\\-"));
    if !name.is_ascii() {
        forms.push(escaped(name));
    }
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// A name as a string of JavaScript or JSON in ASCII.
fn escaped(name: &str) -> String {
    let mut units = [0; 2];
    let escape = |character: char, units: &mut [u16; 2]| {
        if character.is_ascii() {
            character.to_string()
        } else {
            character.encode_utf16(units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
        }
    };
    name.chars().map(|character| escape(character, &mut units)).collect()
}

/// The literal that contains a place.
fn literal_at<'l>(literals: &'l [Literal], place: &Range<usize>) -> Option<&'l Literal> {
    let behind = literals.partition_point(|literal| literal.span.start <= place.start);
    literals[..behind].last().filter(|literal| place.end <= literal.span.end)
}

/// The folders of the pages that refer to each asset.
fn pages(referenced: &Referenced) -> HashMap<usize, Vec<&str>> {
    let Referenced { assets, references, .. } = referenced;
    let mut pages: HashMap<usize, Vec<&str>> = HashMap::new();
    let html = assets.iter().zip(references);
    for (page, references) in html.filter(|(page, _)| page.is_page()) {
        for reference in references {
            let folders = pages.entry(reference.target).or_default();
            if folders.last() != Some(&folder(&page.logical_path)) {
                folders.push(folder(&page.logical_path));
            }
        }
    }
    pages
}

/// Whether these are a path's last folders, or the path is the end of a longer one.
fn lies_in(path: &str, folders: &[String]) -> bool {
    let own: Vec<_> = path.split('/').rev().skip(1).collect();
    let common = own.iter().zip(folders.iter().rev()).take_while(|(a, b)| *a == b).count();
    common == folders.len() || (common == own.len() && !own.is_empty())
}

/// The value of an attribute selector, without its quotes.
fn selector_value(text: &[u8]) -> String {
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'\\');
    let value = &text[text.iter().take_while(|byte| is_quote(byte)).count()..];
    let end = value.iter().position(|byte| is_quote(byte) || *byte == b']').unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}
