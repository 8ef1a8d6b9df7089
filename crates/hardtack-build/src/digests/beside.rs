//! Digests of a few letters that stand beside the name of their file, as in a service worker's list:
//! `{url: "/index.html", revision: "8d3f21ab"}`. The name is the second sign.

use std::{collections::HashMap, ops::Range};

use hardtack_bundle::{logical_path_of, url_path_of};

use crate::{
    references::{Referenced, resolve_url},
    url_paths::INDEX_PAGE,
};

/// A text of few letters that may be a digest, and the assets that are named beside it.
pub(super) struct Beside {
    pub(super) span: Range<usize>,
    pub(super) text: String,
    pub(super) named: Vec<usize>,
}

/// The assets by their logical paths.
pub(super) struct Paths<'a> {
    at: &'a str,
    by_path: HashMap<&'a str, usize>,
}

impl<'a> Paths<'a> {
    pub(super) fn of(referenced: &'a Referenced, at: &'a str) -> Self {
        let paths = referenced.assets.iter().enumerate();
        Self { at, by_path: paths.map(|(index, it)| (&*it.logical_path, index)).collect() }
    }

    /// The texts in a text that lists files.
    pub(super) fn beside(&self, text: &[u8], own_path: &str) -> Vec<Beside> {
        if !is_list(text) {
            return Vec::new();
        }
        let bases = [url_path_of(self.at, own_path), self.at.to_owned()];
        // A string stands beside many others.
        let mut known = HashMap::new();
        let mut found = Vec::new();
        let mut quotes = memchr::memchr3_iter(b'"', b'\'', b'`', text).peekable();
        while let Some(start) = quotes.next() {
            let Some(end) = quotes.peek().copied() else { break };
            let span = start + 1..end;
            if text[start] != text[end] || !is_short_digest(&text[span.clone()]) {
                continue;
            }
            let led_to = |url| *known.entry(url).or_insert_with(|| self.led_to(url, &bases));
            let named = named(text, &span, led_to);
            if !named.is_empty() {
                let text = String::from_utf8_lossy(&text[span.clone()]).into_owned();
                found.push(Beside { span, text, named });
            }
        }
        found
    }

    /// The asset that a URL leads to, also that of a folder or without its extension.
    fn led_to(&self, url: &str, bases: &[String]) -> Option<usize> {
        let mut paths = bases.iter().filter_map(|base| resolve_url(base, url));
        paths.find_map(|path| {
            let path = logical_path_of(self.at, &path);
            let folder = if path.is_empty() || path.ends_with('/') { "" } else { "/" };
            let forms =
                [path.to_owned(), format!("{path}{folder}{INDEX_PAGE}"), format!("{path}.html")];
            forms.iter().find_map(|form| self.by_path.get(&**form)).copied()
        })
    }
}

/// The assets to which the strings in the same object or list lead.
fn named<'t>(
    text: &'t [u8],
    span: &Range<usize>,
    led_to: impl FnMut(&'t str) -> Option<usize>,
) -> Vec<usize> {
    const FAR: usize = 300;
    let ends = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b';');
    let first = span.start.saturating_sub(FAR);
    let start = text[first..span.start].iter().rposition(ends).map_or(first, |it| first + it);
    let last = text.len().min(span.end + FAR);
    let end = text[span.end..last].iter().position(ends).map_or(last, |it| span.end + it);
    let strings = text[start..end].split(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let strings = strings.filter_map(|it| str::from_utf8(it).ok());
    let mut named: Vec<_> = strings.filter_map(led_to).collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// Whether a text lists files for a cache. Others are not searched: that takes time.
fn is_list(text: &[u8]) -> bool {
    let words = [&b"revision"[..], b"precache", b"caches"];
    words.iter().any(|word| memchr::memmem::find(text, word).is_some())
}

/// Whether a text may be the beginning of a digest in hex, base64 or base64url that is too short to
/// be known by itself.
fn is_short_digest(text: &[u8]) -> bool {
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    let is_letter = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b'+' | b'/');
    (8..32).contains(&text.len()) && text.iter().all(is_letter) && has(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_may_be_short_digests() {
        let is = |text: &str, expected| assert_eq!(is_short_digest(text.as_bytes()), expected);
        is("8d3f21ab", true);
        is("Zx9_-aB3dE5fG7hI", true);
        is("8d3f21a", false);
        is("revision", false);
        is("index-1.html", false);
        is("900150983cd24fb0d6963f7d28e17f72", false);
    }
}
