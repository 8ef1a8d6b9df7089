//! The names of assets, and their places in texts.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use hardtack_bundle::{encode_path, logical_path_of};

use super::escapes::unescaped;
use super::token::{Token, is_in_sentence, string_around, token};
use crate::{
    Role,
    logical_path::{file_name, folder},
    references::{
        Joined, Literal, LiteralKind, Passages, Reference, Referenced, is_in_link,
        resolve_url as resolve,
    },
    scan::Asset,
};

/// The names of all assets that may be renamed, for a search in one pass over a text.
pub(super) struct Names<'a> {
    assets: &'a [Asset],
    /// The URL prefix.
    at: &'a str,
    /// The URL path that the links in each asset are relative to.
    bases: Vec<Option<&'a str>>,
    /// The folders of the pages that refer to each asset.
    pages: HashMap<usize, HashSet<&'a str>>,
    /// None if there are no names.
    automaton: Option<AhoCorasick>,
    /// The length of the shortest name.
    shortest: usize,
    /// The assets of each name, by the number of its pattern in the automaton.
    bearers: Vec<Arc<[usize]>>,
    /// The assets with a name in a folder with a name.
    by_folder: HashMap<(&'a str, &'a str), Vec<usize>>,
}

/// A name in one text, as it is written there. Another time it means no more.
type Written = (usize, LiteralKind, Token);

impl<'a> Names<'a> {
    pub(super) fn of(referenced: &'a Referenced, at: &'a str) -> Self {
        let assets = &referenced.assets;
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_folder: HashMap<_, Vec<usize>> = HashMap::new();
        for (index, asset) in assets.iter().enumerate() {
            if asset.role == Role::Hashed {
                let (folder, name) = (folder(&asset.logical_path), file_name(&asset.logical_path));
                by_name.entry(name).or_default().push(index);
                let folder = file_name(folder.trim_end_matches('/'));
                by_folder.entry((name, folder)).or_default().push(index);
            }
        }
        let mut by_form: Vec<_> = by_name
            .into_iter()
            .flat_map(|(name, bearers)| {
                let bearers: Arc<[usize]> = bearers.into();
                forms(name).into_iter().map(move |it| (it, Arc::clone(&bearers)))
            })
            .collect();
        by_form.sort_unstable();
        let (forms, bearers): (Vec<_>, Vec<_>) = by_form.into_iter().unzip();
        let shortest = forms.iter().map(String::len).min().unwrap_or_default();
        let automaton = (!forms.is_empty()).then(|| automaton(&forms)).flatten();
        let bases = referenced.passages.iter().map(|passages| passages.base.as_deref()).collect();
        let pages = pages(referenced, at);
        Self { assets, at, bases, pages, automaton, shortest, bearers, by_folder }
    }

    pub(super) fn at(&self) -> &str {
        self.at
    }

    /// The assets that a text mentions, each with the offset of a mention.
    pub(super) fn mentioned(
        &self,
        index: usize,
        text: &[u8],
        passages: &Passages,
        references: &[Reference],
    ) -> Vec<(usize, usize)> {
        let mut mentioned = Vec::new();
        let mut written = HashSet::new();
        for (at, literal) in passages.literals.iter().enumerate() {
            // A name belongs to the last literal that begins before it.
            let next = passages.literals.get(at + 1).map_or(usize::MAX, |next| next.span.start);
            for (hit, pattern) in self.hits(&text[literal.span.clone()]) {
                let name = literal.span.start + hit.start..literal.span.start + hit.end;
                if name.start >= next || is_in_link(references, &name) {
                    continue;
                }
                let targets =
                    self.meant(text, literal, (name.clone(), pattern), index, &mut written);
                mentioned.extend(targets.into_iter().map(|target| (name.start, target)));
            }
            for (word, plain) in self.unescaped(&text[literal.span.clone()]) {
                let word = literal.span.start + word.start..literal.span.start + word.end;
                if word.start >= next || is_in_link(references, &word) {
                    continue;
                }
                let (plain, start) = (plain.as_bytes(), word.start);
                let whole = Literal { span: 0..plain.len(), kind: literal.kind };
                for name in self.hits(plain) {
                    let targets = self.meant(plain, &whole, name, index, &mut written);
                    mentioned.extend(targets.into_iter().map(|target| (start, target)));
                }
            }
        }
        for Joined { offset, parts, .. } in &passages.derived.joined {
            let text = parts.join("\0").into_bytes();
            let literal = Literal { span: 0..text.len(), kind: LiteralKind::String };
            for name in self.hits(&text) {
                let targets = self.meant(&text, &literal, name, index, &mut written);
                mentioned.extend(targets.into_iter().map(|target| (*offset, target)));
            }
        }
        mentioned
    }

    /// The words with escapes in a text that is long enough for a name.
    fn unescaped(&self, text: &[u8]) -> Vec<(Range<usize>, String)> {
        let may_have_name = self.automaton.is_some() && text.len() >= self.shortest;
        if may_have_name { unescaped(text) } else { Vec::new() }
    }

    /// The places of names in a text, each with the number of its pattern.
    fn hits<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = (Range<usize>, usize)> + 't {
        let automaton = self.automaton.iter().filter(|_| text.len() >= self.shortest);
        let hits = automaton.flat_map(move |automaton| automaton.find_overlapping_iter(text));
        hits.map(|hit| (hit.start()..hit.end(), hit.pattern().as_usize()))
    }

    /// The assets that a name may mean at its place, unless it has been written so before.
    fn meant(
        &self,
        text: &[u8],
        literal: &Literal,
        (name, pattern): (Range<usize>, usize),
        referrer: usize,
        written: &mut HashSet<Written>,
    ) -> Vec<usize> {
        let string = match literal.kind {
            LiteralKind::Data => string_around(text, literal.span.clone(), name.clone()),
            _ => literal.span.clone(),
        };
        let Some(token) = token(text, string.clone(), name.clone()) else { return Vec::new() };
        if is_in_sentence(text, string, name) {
            return Vec::new();
        }
        let key = (pattern, literal.kind, token);
        if written.contains(&key) {
            return Vec::new();
        }
        let (_, _, token) = &key;
        let bearers = &self.bearers[pattern];
        let is_common = || bearers.len() > 1 || bearers.iter().any(|it| self.is_common(*it));
        let path = |index: &usize| &*self.assets[*index].logical_path;
        let meant: Vec<usize> = match (literal.kind, &token.whole) {
            (LiteralKind::Pattern, _) => bearers.to_vec(),
            (LiteralKind::Attribute, Some(whole)) => self.led_to(referrer, whole, bearers),
            _ if !token.folders.is_empty() => {
                let name = bearers.first().map_or("", |first| file_name(path(first)));
                let folder = token.folders.last().map_or("", String::as_str);
                let alike = self.by_folder.get(&(name, folder)).into_iter().flatten();
                alike.filter(|index| lies_in(path(index), &token.folders)).copied().collect()
            }
            _ if is_common() => bearers
                .iter()
                .filter(|index| self.is_near(path(index), referrer))
                .copied()
                .collect(),
            _ => bearers.to_vec(),
        };
        written.insert(key);
        meant
    }

    /// Whether many folders have a file of that name.
    fn is_common(&self, index: usize) -> bool {
        let name = file_name(&self.assets[index].logical_path);
        let stem = name.split('.').next().unwrap_or(name);
        matches!(stem, "index" | "main")
    }

    /// The scripts whose paths begin with the constant part of a specifier in a file.
    pub(super) fn modules_below(&self, referrer: usize, beginning: &str) -> Vec<usize> {
        let Some(below) = self.bases[referrer].and_then(|base| resolve(base, beginning)) else {
            return Vec::new();
        };
        let below = logical_path_of(self.at, &below);
        // They are sorted.
        let first = self.assets.partition_point(|asset| *asset.logical_path < *below);
        let assets = self.assets.iter().enumerate().skip(first);
        let assets = assets.take_while(|(_, asset)| asset.logical_path.starts_with(below));
        assets.filter(|(_, asset)| asset.is_script()).map(|(index, _)| index).collect()
    }

    /// The assets that a path in a page leads to if an extension follows.
    pub(super) fn without_extension(&self, page: usize, path: &str) -> Vec<usize> {
        let bases = [self.bases[page], Some(self.at)].into_iter().flatten();
        let paths: BTreeSet<_> = bases.filter_map(|base| resolve(base, path)).collect();
        let below = paths.iter().map(|path| format!("{}.", logical_path_of(self.at, path)));
        let all = below.flat_map(|below| {
            let first = self.assets.partition_point(|asset| *asset.logical_path < *below);
            let assets = self.assets.iter().enumerate().skip(first);
            let extensions = assets.map_while(move |(index, it)| {
                Some((index, it.logical_path.strip_prefix(&*below)?))
            });
            extensions.filter(|(_, it)| !it.contains(['.', '/'])).map(|(index, _)| index)
        });
        all.collect()
    }

    /// The asset that a URL in a page leads to.
    pub(super) fn asset(&self, page: usize, url: &str) -> Option<usize> {
        let path = resolve(self.bases[page]?, url)?;
        let path = logical_path_of(self.at, &path);
        self.assets.binary_search_by(|asset| (*asset.logical_path).cmp(path)).ok()
    }

    /// The asset of these that a path in a page leads to.
    fn led_to(&self, page: usize, path: &str, bearers: &[usize]) -> Vec<usize> {
        let Some(path) = self.bases[page].and_then(|base| resolve(base, path)) else {
            return Vec::new();
        };
        let path = logical_path_of(self.at, &path);
        let found = bearers.binary_search_by(|it| (*self.assets[*it].logical_path).cmp(path));
        found.ok().map(|at| bearers[at]).into_iter().collect()
    }

    /// Whether a name without a path leads to an asset from the root, from the folder of its file,
    /// or from the folder of a page with this file.
    pub(super) fn is_near(&self, path: &str, referrer: usize) -> bool {
        let own = folder(path);
        matches!(own, "" | "/")
            || own == folder(&self.assets[referrer].logical_path)
            || self.pages.get(&referrer).is_some_and(|folders| folders.contains(own))
    }
}

/// An automaton for these names: a table for few, which is fast and takes room.
fn automaton(forms: &[String]) -> Option<AhoCorasick> {
    const FEW: usize = 1000;
    let kind = if forms.len() <= FEW { Some(AhoCorasickKind::DFA) } else { None };
    // Most literals are too short for a search by rare bytes before.
    AhoCorasick::builder().kind(kind).prefilter(false).build(forms).ok()
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

/// The folders that the links in the pages that refer to each asset begin at.
fn pages<'a>(referenced: &'a Referenced, at: &str) -> HashMap<usize, HashSet<&'a str>> {
    let Referenced { assets, references, passages, .. } = referenced;
    let mut pages: HashMap<usize, HashSet<&str>> = HashMap::new();
    for ((page, references), passages) in assets.iter().zip(references).zip(passages) {
        let base = passages.base.as_deref().map(|base| logical_path_of(at, base));
        if let Some(base) = base.filter(|_| page.is_page()) {
            for reference in references {
                pages.entry(reference.target).or_default().insert(folder(base));
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
