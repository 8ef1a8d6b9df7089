//! Links in the value of an attribute, in HTML and SVG.

use std::ops::Range;

use super::{Found, Link, css, srcset};
use crate::rewrite::Quoting;

/// An attribute's value: the raw text in the file, and its meaning.
pub(super) struct Attribute<'a> {
    file: &'a [u8],
    /// The span of the raw value, without its quotes.
    pub(super) span: Range<usize>,
    /// The value with character references resolved.
    pub(super) value: String,
    /// Offsets in the value, each with its offset in the file. Between two of them, a byte of the
    /// value is a byte of the file, unless it is of a character reference.
    seams: Vec<(usize, usize)>,
}

impl<'a> Attribute<'a> {
    /// The value at that place; none if it is not UTF-8, and so no path of an asset.
    pub(super) fn new(file: &'a [u8], span: Range<usize>) -> Option<Self> {
        let raw = str::from_utf8(&file[span.clone()]).ok()?;
        let (value, seams) = unescape(raw, span.start);
        Some(Self { file, span, value, seams })
    }

    /// The value as one link, without the white space around it.
    pub(super) fn link(&self) -> Link {
        let start = self.value.len() - self.value.trim_ascii_start().len();
        self.part(start..start + self.value.trim_ascii().len(), Quoting::HtmlAttribute)
    }

    /// The links in a list of image candidates.
    pub(super) fn candidates(&self) -> Vec<Link> {
        let urls = srcset::urls(&self.value);
        urls.into_iter().map(|url| self.part(url, Quoting::HtmlAttribute)).collect()
    }

    /// The links in a list of declarations.
    pub(super) fn style(&self) -> Found {
        let mut found = css::find(&self.value);
        for literal in &mut found.literals {
            literal.span = self.offset(literal.span.start)..self.offset(literal.span.end);
        }
        for link in &mut found.links {
            let span = self.offset(link.span.start)..self.offset(link.span.end);
            let quoting = link.quoting.in_attribute();
            *link = Link::new(self.file, span, link.url.clone(), quoting)
                .if_missing(link.if_missing)
                .in_property(link.is_in_property);
        }
        found
    }

    /// A part of the value as a link.
    fn part(&self, part: Range<usize>, quoting: Quoting) -> Link {
        let span = self.offset(part.start)..self.offset(part.end);
        Link::new(self.file, span, self.value[part].to_owned(), quoting)
    }

    /// The offset in the file of an offset in the value.
    fn offset(&self, in_value: usize) -> usize {
        let seam = self.seams.partition_point(|(here, _)| *here <= in_value);
        let (here, there) = self.seams[seam.saturating_sub(1)];
        there + (in_value - here)
    }
}

/// A raw value with character references resolved, and its seams, for a value that begins at that
/// offset in the file.
///
/// A reference ends before the next ampersand at the latest, so the parts between two of them have
/// their meanings by themselves.
fn unescape(raw: &str, offset: usize) -> (String, Vec<(usize, usize)>) {
    let (mut value, mut seams) = (String::with_capacity(raw.len()), vec![(0, offset)]);
    let starts = memchr::memchr_iter(b'&', raw.as_bytes()).chain([raw.len()]);
    let mut start = 0;
    for end in starts {
        let part = &raw[start..end];
        let meaning = htmlize::unescape_attribute(part);
        if meaning != part {
            let character = meaning.chars().next().map_or(0, char::len_utf8);
            let behind = alike_at_end(part.as_bytes(), &meaning.as_bytes()[character..]);
            seams.push((value.len(), offset + start));
            seams.push((value.len() + meaning.len() - behind, offset + end - behind));
        }
        value.push_str(&meaning);
        start = end;
    }
    (value, seams)
}

/// The number of bytes at the end of one text that the other also ends in.
fn alike_at_end(one: &[u8], other: &[u8]) -> usize {
    one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(raw: &str, links: Vec<Link>) -> Vec<(String, String)> {
        links.into_iter().map(|link| (raw[link.span].to_owned(), link.url)).collect()
    }

    #[track_caller]
    fn style(raw: &str, expected: &[(&str, &str)]) {
        let attribute = Attribute::new(raw.as_bytes(), 0..raw.len()).unwrap();
        let found = texts(raw, attribute.style().links);
        let found: Vec<_> = found.iter().map(|(raw, url)| (raw.as_str(), url.as_str())).collect();
        assert_eq!(found, expected, "{raw}");
    }

    #[test]
    fn style_without_and_with_character_references() {
        style("a:url(b.png)", &[("b.png", "b.png")]);
        style("a:url(&quot;b.png&quot;);c:url('d.png')", &[("b.png", "b.png"), ("d.png", "d.png")]);
        style("a:url(&#39;b&amp;c.png&#39;)", &[("b&amp;c.png", "b&c.png")]);
        style("content:&quot;&amp;&quot;;a:url(b.png?c&amp;d)", &[("b.png?c&amp;d", "b.png?c&d")]);
    }

    #[test]
    fn each_reference_has_its_place() {
        let is = |raw: &str, value: &str, part: &str, expected: &str| {
            let attribute = Attribute::new(raw.as_bytes(), 0..raw.len()).unwrap();
            assert_eq!(attribute.value, value, "{raw}");
            let start = value.find(part).unwrap();
            let span = attribute.offset(start)..attribute.offset(start + part.len());
            assert_eq!(&raw[span], expected, "{raw}");
        };
        is("a&semi;b", "a;b", ";", "&semi;");
        is("a&semi;b", "a;b", "b", "b");
        is("&amp;amp;&amp;", "&amp;&", "amp;", "amp;");
        is("&amp&ampx&amp=&amp;y", "&&ampx&amp=&y", "y", "y");
        is("x&NotEqualTilde;y", "x\u{2242}\u{338}y", "y", "y");
        is("x&#x1F600;y", "x\u{1f600}y", "\u{1f600}", "&#x1F600;");
        is("&;&#;&nothing;&a", "&;&#;&nothing;&a", "&a", "&a");
        is("é&eacute;é", "ééé", "ééé", "é&eacute;é");
    }

    /// The time grows with the length of the value.
    #[test]
    fn a_long_value() {
        let raw = "a.png?b&amp;c 1x,".repeat(50_000);
        let attribute = Attribute::new(raw.as_bytes(), 0..raw.len()).unwrap();
        let candidates = attribute.candidates();
        assert_eq!(candidates.len(), 50_000);
        assert_eq!(texts(&raw, candidates).pop().unwrap().0, "a.png?b&amp;c");
    }

    #[test]
    fn candidates_with_character_references() {
        let raw = "a&amp;b.png 1x,&#32;c.png 2x";
        let attribute = Attribute::new(raw.as_bytes(), 0..raw.len()).unwrap();
        let found = texts(raw, attribute.candidates());
        let expected = [("a&amp;b.png", "a&b.png"), ("c.png", "c.png")];
        assert_eq!(found, expected.map(|(raw, url)| (raw.to_owned(), url.to_owned())));
    }
}
