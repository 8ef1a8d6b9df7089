//! Puts other URLs into a text, and leaves every other byte as it is.

use std::ops::Range;

/// The way in which a URL is written at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// In quotes in CSS.
    CssString,
    /// In `url(...)` without quotes in CSS.
    CssUrl,
    /// In an attribute's value in HTML or SVG, in any quotes or none.
    HtmlAttribute,
    /// In any form of CSS inside an attribute's value.
    CssInAttribute,
    /// In a string or template of JavaScript, or in a string of JSON.
    JavaScript,
}

impl Quoting {
    /// The URL with the escapes that its place needs.
    pub(crate) fn write(self, url: &str) -> String {
        match self {
            Self::CssString | Self::CssUrl => escape(url, css_escape),
            Self::HtmlAttribute => escape(url, html_escape),
            Self::CssInAttribute => escape(&escape(url, css_escape), html_escape),
            Self::JavaScript => escape(url, javascript_escape),
        }
    }

    /// The way of writing this text inside an attribute's value.
    pub(crate) fn in_attribute(self) -> Self {
        match self {
            Self::CssString | Self::CssUrl => Self::CssInAttribute,
            other => other,
        }
    }
}

fn escape(text: &str, escape: fn(char, &mut String)) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut written, character| {
        escape(character, &mut written);
        written
    })
}

/// CSS Syntax §4.3.7. Characters that end a string or an unquoted URL are escaped; one rule serves
/// both.
fn css_escape(character: char, written: &mut String) {
    match character {
        '"' | '\'' | '(' | ')' | '\\' => written.extend(['\\', character]),
        ' ' | '\u{0}'..='\u{1f}' | '\u{7f}' => {
            written.push_str(&format!("\\{:x} ", u32::from(character)));
        }
        other => written.push(other),
    }
}

/// HTML §13.1.2.3. A character that ends a value, in any quotes or none, becomes a character
/// reference.
fn html_escape(character: char, written: &mut String) {
    match character {
        '&' => written.push_str("&amp;"),
        '"' | '\'' | '<' | '>' | '`' | ' ' | '\t' | '\n' | '\u{c}' | '\r' => {
            written.push_str(&format!("&#{};", u32::from(character)));
        }
        other => written.push(other),
    }
}

/// ECMA-262 §12.9.4, in a form that is also valid in JSON (RFC 8259 §7) and in an inline script: a
/// character that ends a string, a template or a script becomes a numeric escape.
fn javascript_escape(character: char, written: &mut String) {
    match character {
        '"' | '\'' | '`' | '\\' | '$' | '<' | '\u{0}'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
            written.push_str(&format!("\\u{:04x}", u32::from(character)));
        }
        other => written.push(other),
    }
}

/// Replaces spans of a text, which are in order and do not overlap.
pub(crate) fn splice(text: &[u8], replacements: &[(Range<usize>, String)]) -> Vec<u8> {
    let mut spliced = Vec::with_capacity(text.len() + 16 * replacements.len());
    let mut end = 0;
    for (span, replacement) in replacements {
        spliced.extend_from_slice(&text[end..span.start]);
        spliced.extend_from_slice(replacement.as_bytes());
        end = span.end;
    }
    spliced.extend_from_slice(&text[end..]);
    spliced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splices() {
        let splice = |spans: &[(Range<usize>, &str)]| {
            let owned: Vec<_> =
                spans.iter().map(|(span, with)| (span.clone(), (*with).to_owned())).collect();
            String::from_utf8(super::splice(b"0123456789", &owned)).unwrap()
        };
        assert_eq!(splice(&[]), "0123456789");
        assert_eq!(splice(&[(0..1, "a"), (1..2, "bc"), (9..10, "")]), "abc2345678");
        assert_eq!(splice(&[(5..5, "x")]), "01234x56789");
    }

    #[test]
    fn writes_what_is_read_again() {
        let nasty = "a b\"c'd(e)f\\g&amp;h<i>j=k`l\u{7f}m.png";
        let html = Quoting::HtmlAttribute.write(nasty);
        assert_eq!(htmlize::unescape_attribute(html.as_str()), nasty);
        assert!(!html.contains(['"', '\'', '<', '>', ' ', '`']));

        let css = format!("url({})", Quoting::CssUrl.write(nasty));
        let token = cssparser::Parser::new(&css).next().unwrap().clone();
        assert_eq!(token, cssparser::Token::UnquotedUrl(nasty.into()));
        let css = format!("\"{}\"", Quoting::CssString.write(nasty));
        let token = cssparser::Parser::new(&css).next().unwrap().clone();
        assert_eq!(token, cssparser::Token::QuotedString(nasty.into()));
    }

    #[test]
    fn ordinary_urls_are_written_as_they_are() {
        for quoting in [Quoting::CssString, Quoting::CssUrl, Quoting::HtmlAttribute] {
            assert_eq!(quoting.write("../a-b_c.0.png?v=1#x"), "../a-b_c.0.png?v=1#x");
        }
    }
}
