//! Links in the value of an attribute, in HTML and SVG.

use std::ops::Range;

use super::{Fault, Found, Link, css, srcset};
use crate::rewrite::Quoting;

/// An attribute's value: the raw text in the file, and its meaning.
pub(super) struct Attribute<'a> {
    file: &'a [u8],
    /// The span of the raw value, without its quotes.
    pub(super) span: Range<usize>,
    raw: &'a str,
    /// The value with character references resolved.
    pub(super) value: String,
}

impl<'a> Attribute<'a> {
    /// The value at that place; none if it is not UTF-8, and so no path of an asset.
    pub(super) fn new(file: &'a [u8], span: Range<usize>) -> Option<Self> {
        let raw = str::from_utf8(&file[span.clone()]).ok()?;
        let value = htmlize::unescape_attribute(raw).into_owned();
        Some(Self { file, span, raw, value })
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
    pub(super) fn style(&self) -> Result<Found, Fault> {
        let fault = |fault: Fault| Fault { offset: self.offset(fault.offset), ..fault };
        let mut found = css::find(&self.value).map_err(fault)?;
        for literal in &mut found.literals {
            literal.span = self.offset(literal.span.start)..self.offset(literal.span.end);
        }
        for link in &mut found.links {
            let span = self.offset(link.span.start)..self.offset(link.span.end);
            let quoting = link.quoting.in_attribute();
            *link =
                Link::new(self.file, span, link.url.clone(), quoting).if_missing(link.if_missing);
        }
        Ok(found)
    }

    /// A part of the value as a link.
    fn part(&self, part: Range<usize>, quoting: Quoting) -> Link {
        let span = self.offset(part.start)..self.offset(part.end);
        Link::new(self.file, span, self.value[part].to_owned(), quoting)
    }

    /// The offset in the file of an offset in the value.
    ///
    /// A character reference is longer than its character. So this searches for the furthest place
    /// up to which the raw value has the meaning of the value up to the offset.
    fn offset(&self, in_value: usize) -> usize {
        if self.raw == self.value {
            return self.span.start + in_value;
        }
        let says = |end: &usize| htmlize::unescape_attribute(&self.raw[..*end]);
        let mut ends = (0..=self.raw.len()).rev().filter(|end| self.raw.is_char_boundary(*end));
        let end = ends.find(|end| says(end) == self.value[..in_value]);
        self.span.start + end.unwrap_or(in_value)
    }
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
        let found = texts(raw, attribute.style().unwrap().links);
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
    fn candidates_with_character_references() {
        let raw = "a&amp;b.png 1x,&#32;c.png 2x";
        let attribute = Attribute::new(raw.as_bytes(), 0..raw.len()).unwrap();
        let found = texts(raw, attribute.candidates());
        let expected = [("a&amp;b.png", "a&b.png"), ("c.png", "c.png")];
        assert_eq!(found, expected.map(|(raw, url)| (raw.to_owned(), url.to_owned())));
    }
}
