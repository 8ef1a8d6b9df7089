//! The report of a release: one page in HTML without scripts, which loads no other file.

mod tables;
mod treemap;

use std::fmt::{self, Write};

use hardtack_bundle::{
    Bundle, Error, Integrity, Size,
    manifest::{Entry, Manifest},
};

use crate::escaped::Escaped;

const STYLE: &str = concat!(include_str!("pages.css"), include_str!("report.css"));

/// The page in HTML.
///
/// # Errors
///
/// If the bundle is damaged.
pub fn page(bundle: &Bundle<'_>) -> Result<String, Error> {
    let manifest = Manifest::of(bundle)?;
    let mut page = String::new();
    write_page(&mut page, bundle, &manifest).expect("writing to a string does not fail");
    Ok(page)
}

/// The digest of the page's style, for `Content-Security-Policy`.
pub(crate) fn style_digest() -> Integrity {
    Integrity::of(STYLE.as_bytes())
}

fn write_page(page: &mut String, bundle: &Bundle<'_>, manifest: &Manifest) -> fmt::Result {
    let mut files: Vec<_> = manifest.assets.iter().map(File::of).collect();
    files.sort_by(|a, b| (b.wire, a.path()).cmp(&(a.wire, b.path())));
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src '{style}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Release {short:.12}</title>\n<style>{STYLE}</style>\n\
         <header><h1>Release {short:.12}</h1>\n<p>{totals}</p>\n<p>Release id {id}</p></header>\n<main>\n",
        style = style_digest(),
        short = Escaped(&manifest.release_id).to_string(),
        id = Escaped(&manifest.release_id),
        totals = bundle.totals(),
    )?;
    let wire = files.iter().map(|file| file.wire).sum();
    write!(
        page,
        "<section aria-labelledby=\"wire\"><h2 id=\"wire\">Bytes on the wire</h2>\n\
         <p>All files, each in its smallest plain coding: {}. A rectangle leads to the row of its \
         file.</p>\n",
        Size(wire)
    )?;
    treemap::write(page, &files)?;
    page.push_str("</section>\n");
    tables::write(page, &files, &manifest.carried)?;
    page.write_str("</main>\n")
}

/// An asset, with the bytes that a visitor downloads of it.
struct File<'a> {
    entry: &'a Entry,
    /// Bytes of the smallest plain coding.
    wire: usize,
    kind: Kind,
}

impl<'a> File<'a> {
    fn of(entry: &'a Entry) -> Self {
        let plain = entry.representations.iter().filter(|one| one.dictionary.is_none());
        let wire = plain.map(|one| one.bytes).min().unwrap_or(0);
        Self { entry, wire, kind: Kind::of(&entry.media_type) }
    }

    fn path(&self) -> &'a str {
        &self.entry.logical_path
    }
}

/// The kind of a file: its colour and its word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    Style,
    Script,
    Image,
    Font,
    Other,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Page, Self::Style, Self::Script, Self::Image, Self::Font, Self::Other];

    fn of(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or_default();
        match essence.split_once('/') {
            Some(("image", _)) => Self::Image,
            Some(("font", _)) => Self::Font,
            Some((_, "html")) => Self::Page,
            Some((_, "css")) => Self::Style,
            Some((_, "javascript" | "wasm")) => Self::Script,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Style => "style",
            Self::Script => "script",
            Self::Image => "image",
            Self::Font => "font",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hardtack_bundle::{CachePolicy, Coding, Fingerprint, NewAsset, Role, Writer};

    fn bundle(paths: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new("/");
        for (path, body) in paths {
            let url = hardtack_bundle::encode_path(&format!("/{path}"));
            let asset = writer.asset(NewAsset {
                logical_path: path,
                url: &url,
                plain_url: None,
                media_type: "text/css",
                role: Role::Pinned,
                why: "<why>",
                fingerprint: Fingerprint::of(body),
                digest: None,
                representations: &[(Coding::Identity, body)],
            });
            writer.serve(&format!("/{path}"), asset, CachePolicy::revalidate(60));
        }
        writer.finish().unwrap()
    }

    fn report(paths: &[(&str, &[u8])]) -> String {
        page(&Bundle::open(&bundle(paths)).unwrap()).unwrap()
    }

    #[test]
    fn names_are_escaped() {
        let page = report(&[("<img src=x onerror=\"alert(1)\">'&.css", b"a")]);
        assert!(page.contains("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;.css"));
        assert!(!page.contains("<img") && !page.contains("<why>") && page.contains("&lt;why&gt;"));
    }

    /// A policy with the digest of the style alone would refuse an attribute `style`.
    #[test]
    fn nothing_else_is_loaded_or_run() {
        let page = report(&[("a.css", b"a"), ("b.css", b"bb")]);
        for text in ["<script", " style=", "http:", "https:", " src=", "url(", "@import", " onload"]
        {
            assert_eq!(page.find(text), None, "{text}");
        }
    }

    #[test]
    fn every_link_has_its_row() {
        let page = report(&[("a.css", b"a"), ("b.css", b"bb")]);
        for link in page.split("href=\"#").skip(1) {
            let id = link.split('"').next().unwrap();
            assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        }
        assert!(page.contains("href=\"#f1\""));
    }

    #[test]
    fn an_empty_release_has_a_report() {
        assert!(report(&[]).ends_with("</main>\n"));
    }

    #[test]
    fn duplicates_are_together() {
        let page = report(&[("a.css", b"same"), ("b.css", b"same"), ("c.css", b"other")]);
        assert!(page.contains("a.css, b.css"), "{page}");
        assert!(
            report(&[("a.css", b"1"), ("b.css", b"2")])
                .contains("No file has the bytes of another")
        );
    }
}
