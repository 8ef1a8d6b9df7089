//! Patterns of URL paths, as in `_redirects`.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// A pattern of percent-decoded URL paths: `*` stands for any text, with slashes, and `:name` for
/// one segment or a part of it, which is not empty.
///
/// A pattern has at most one `*`, a segment at most one `*` or `:name`, and each name occurs once.
/// So a path matches in one way or not at all, and matching takes time in proportion to the
/// lengths.
///
/// ```
/// use hardtack_bundle::PathPattern;
///
/// let pattern = PathPattern::parse("/blog/:year/*")?;
/// let captures = pattern.captures(b"/blog/2026/a b/c").expect("it matches");
/// assert_eq!(captures.location("/news/:splat?y=:year"), "/news/a%20b/c?y=2026");
/// assert!(pattern.captures(b"/blog/2026").is_none());
/// # Ok::<(), hardtack_bundle::InvalidPattern>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathPattern<'a> {
    text: &'a str,
}

/// The reason why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPattern {
    /// It does not begin with a slash.
    #[error("it does not begin with a slash")]
    NoPath,
    /// There are several `*`, or a name stands twice.
    #[error("`*` or a placeholder stands in it twice")]
    Twice,
    /// A segment has several `*` or placeholders.
    #[error("a segment of it has more than one `*` or placeholder")]
    SeveralInSegment,
}

/// The name of the text that `*` matched, in a location.
pub const SPLAT: &str = "splat";

impl<'a> PathPattern<'a> {
    /// The pattern of that text.
    ///
    /// # Errors
    ///
    /// If the text is no pattern.
    pub fn parse(text: &'a str) -> Result<Self, InvalidPattern> {
        if !text.starts_with('/') {
            return Err(InvalidPattern::NoPath);
        }
        let names: Vec<_> = names(text, Star::Variable).collect();
        let is_twice = |(index, name)| names[..index].contains(name);
        if names.iter().enumerate().any(is_twice) {
            return Err(InvalidPattern::Twice);
        }
        if text.split('/').any(|segment| self::names(segment, Star::Variable).count() > 1) {
            Err(InvalidPattern::SeveralInSegment)
        } else {
            Ok(Self { text })
        }
    }

    /// A pattern from a bundle, without a check: a damaged one matches something else, or nothing.
    pub(crate) const fn unchecked(text: &'a str) -> Self {
        Self { text }
    }

    /// The text of the pattern.
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// The names of its placeholders, and [`SPLAT`] for `*`.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        names(self.text, Star::Variable)
    }

    /// The names of the placeholders in a text that need not be a pattern, such as a location.
    pub fn names_in(text: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        names(text, Star::Variable)
    }

    /// The texts that its placeholders match in a path, if the path matches.
    pub fn captures<'p>(&self, path: &'p [u8]) -> Option<Captures<'a, 'p>> {
        let mut captures = Captures::default();
        let is_match = match self.text.find('*') {
            None => captures.take_segments(self.text, path),
            Some(star) => captures.take_around(self.text, star, path),
        };
        is_match.then_some(captures)
    }
}

impl fmt::Display for PathPattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// The texts that the placeholders of a pattern match in a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captures<'a, 'p>(Vec<(&'a str, &'p [u8])>);

impl<'a, 'p> Captures<'a, 'p> {
    /// The text that the placeholder of this name matches.
    pub fn get(&self, name: &str) -> Option<&'p [u8]> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// Fills `:name` and `:splat` into a percent-encoded location. An unknown name is left alone.
    ///
    /// In a path of this site, slashes are not repeated: `//host/` would be another site.
    ///
    /// ```
    /// use hardtack_bundle::PathPattern;
    ///
    /// let pattern = PathPattern::parse("/news/:year/*").expect("it is valid");
    /// let captures = pattern.captures(b"/news/2026/a b").expect("it matches");
    /// assert_eq!(captures.location("/archive/:year/:splat"), "/archive/2026/a%20b");
    /// ```
    pub fn location(&self, template: &str) -> String {
        let filled =
            self.fill(template, Star::Text, |value| percent_encode(value, ESCAPED).to_string());
        if filled.starts_with('/') { with_single_slashes(&filled) } else { filled }
    }

    /// Fills the texts into another, percent-decoded pattern with the same names. An unknown name
    /// is left alone.
    pub fn path(&self, pattern: PathPattern<'_>) -> String {
        self.fill(pattern.text, Star::Variable, |value| String::from_utf8_lossy(value).into_owned())
    }

    fn fill(&self, template: &str, star: Star, encode: impl Fn(&[u8]) -> String) -> String {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, name, after)) = next_variable(rest, star) {
            filled.push_str(before);
            match self.get(name) {
                Some(value) => filled.push_str(&encode(value)),
                None => filled.push_str(&rest[before.len()..rest.len() - after.len()]),
            }
            rest = after;
        }
        filled + rest
    }

    /// Matches a path that has as many segments as the pattern.
    fn take_segments(&mut self, pattern: &'a str, path: &'p [u8]) -> bool {
        let count = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'/').count();
        let segments = path.split(|byte| *byte == b'/');
        count(pattern.as_bytes()) == count(path)
            && pattern.split('/').zip(segments).all(|(one, other)| self.take_segment(one, other))
    }

    fn take_segment(&mut self, pattern: &'a str, segment: &'p [u8]) -> bool {
        match next_variable(pattern, Star::Variable) {
            None => pattern.as_bytes() == segment,
            Some((before, name, after)) => {
                let value = between(segment, before, after).filter(|value| !value.is_empty());
                self.0.extend(value.map(|value| (name, value)));
                value.is_some()
            }
        }
    }

    /// Matches the segments before the one with the `*`, the segments after it, and then the rest
    /// between them.
    fn take_around(&mut self, pattern: &'a str, star: usize, path: &'p [u8]) -> bool {
        let start = pattern[..star].rfind('/').map_or(0, |slash| slash + 1);
        let end = pattern[star..].find('/').map_or(pattern.len(), |slash| star + slash);
        let (first, last) = (&pattern[..start], &pattern[end..]);
        let slashes = || path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let count = |text: &str| text.matches('/').count();
        let from = match count(first) {
            0 => Some(0),
            count => slashes().nth(count - 1).map(|(place, _)| place + 1),
        };
        let to = match count(last) {
            0 => Some(path.len()),
            count => slashes().rev().nth(count - 1).map(|(place, _)| place),
        };
        let (Some(from), Some(to)) = (from, to) else { return false };
        let Some(middle) = path.get(from..to) else { return false };
        let value = between(middle, &pattern[start..star], &pattern[star + 1..end]);
        self.0.extend(value.map(|value| (SPLAT, value)));
        value.is_some()
            && self.take_segments(first, &path[..from])
            && self.take_segments(last, &path[to..])
    }
}

/// Whether `*` is a variable, as in a pattern, or a character, as in a location.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Star {
    Variable,
    Text,
}

fn names(text: &str, star: Star) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, name, after) = next_variable(rest, star)?;
        rest = after;
        Some(name)
    })
}

/// The next variable: the text before it, its name, and the text behind it. A name begins with a
/// letter, so a port is no name.
fn next_variable(text: &str, star: Star) -> Option<(&str, &str, &str)> {
    for (place, character) in text.match_indices(['*', ':']) {
        let after = &text[place + 1..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = &after[..after.find(|c| !is_name(c)).unwrap_or(after.len())];
        match character {
            "*" if star == Star::Variable => return Some((&text[..place], SPLAT, after)),
            ":" if name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                return Some((&text[..place], name, &after[name.len()..]));
            }
            _ => {}
        }
    }
    None
}

fn between<'p>(path: &'p [u8], before: &str, after: &str) -> Option<&'p [u8]> {
    path.strip_prefix(before.as_bytes())?.strip_suffix(after.as_bytes())
}

/// Replaces repeated slashes in the path of a location, which may contain text of a request, by
/// one. The query stays as it is.
fn with_single_slashes(location: &str) -> String {
    let path = &location[..location.find(['?', '#']).unwrap_or(location.len())];
    let mut single = String::with_capacity(location.len());
    for character in path.chars() {
        if character != '/' || !single.ends_with('/') {
            single.push(character);
        }
    }
    single + &location[path.len()..]
}

/// A text that is filled in may stand in a path and in a query, where `+` and `&` have a meaning.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'@');

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(pattern: &str, path: &str, expected: Option<&[(&str, &str)]>) {
        let parsed = PathPattern::parse(pattern).unwrap();
        let found = parsed.captures(path.as_bytes());
        let sorted = |mut captures: Vec<(String, String)>| {
            captures.sort();
            captures
        };
        let own = |(name, value): &(&str, &[u8])| {
            ((*name).to_owned(), String::from_utf8_lossy(value).into_owned())
        };
        let found = found.map(|captures| sorted(captures.0.iter().map(own).collect()));
        let expected = expected.map(|expected| {
            let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            sorted(expected.iter().map(own).collect())
        });
        assert_eq!(found, expected, "{pattern} {path}");
    }

    #[test]
    fn paths_without_variables() {
        is("/a", "/a", Some(&[]));
        is("/a", "/a/", None);
        is("/", "/", Some(&[]));
        is("/a:80/b:", "/a:80/b:", Some(&[]));
    }

    #[test]
    fn placeholders_are_one_segment_or_a_part_of_it() {
        is("/:lang/about", "/en/about", Some(&[("lang", "en")]));
        is("/:lang/about", "//about", None);
        is("/:lang/about", "/en/x/about", None);
        is("/a-:n.js", "/a-1.js", Some(&[("n", "1")]));
        is("/a-:n.js", "/a-.js", None);
        is("/:a/:b_2", "/x/y", Some(&[("a", "x"), ("b_2", "y")]));
    }

    #[test]
    fn a_splat_is_anything() {
        is("/*", "/", Some(&[("splat", "")]));
        is("/*", "/a/b", Some(&[("splat", "a/b")]));
        is("/a/*", "/a/", Some(&[("splat", "")]));
        is("/a/*", "/a", None);
        is("/a/*", "/b/c", None);
        is("/*/b", "/x/b/y/b", Some(&[("splat", "x/b/y")]));
        is("/*/b", "/b", None);
        is("/*.html", "/a/b.html", Some(&[("splat", "a/b")]));
        is("/ab*bc", "/abc", None);
        is("/:a/*/:b", "/1/2/3/4", Some(&[("a", "1"), ("splat", "2/3"), ("b", "4")]));
        is("/é*/é", "/éb/é", Some(&[("splat", "b")]));
    }

    #[test]
    fn what_is_no_pattern() {
        let fails = |text: &str, expected: InvalidPattern| {
            assert_eq!(PathPattern::parse(text), Err(expected), "{text}");
        };
        fails("a", InvalidPattern::NoPath);
        fails("/*/*", InvalidPattern::Twice);
        fails("/:a/:a", InvalidPattern::Twice);
        fails("/*/:splat", InvalidPattern::Twice);
        fails("/:a-:b", InvalidPattern::SeveralInSegment);
        fails("/:a*", InvalidPattern::SeveralInSegment);
    }

    #[track_caller]
    fn leads_to(pattern: &str, path: &str, template: &str, expected: &str) {
        let captures = PathPattern::parse(pattern).unwrap().captures(path.as_bytes()).unwrap();
        assert_eq!(captures.location(template), expected, "{pattern} {path} {template}");
    }

    #[test]
    fn locations_are_filled_in() {
        leads_to("/a/*", "/a/b/c", "/d/:splat", "/d/b/c");
        leads_to("/a/*", "/a/b", "https://x.example:80/:splat#f", "https://x.example:80/b#f");
        leads_to("/:id/:id_2", "/1/2", "/:id_2/:id/:other/*", "/2/1/:other/*");
        leads_to("/:y/:m", "/2026/11", "/blog-:y-:m.html?y=:y", "/blog-2026-11.html?y=2026");
    }

    #[test]
    fn a_request_cannot_choose_another_host_or_field() {
        leads_to("/a/*", "/a//evil.example", "/:splat", "/evil.example");
        leads_to("/a/*", "/a/\\evil.example", "/:splat", "/%5Cevil.example");
        leads_to("/a/*", "/a//x", "https://a.example/:splat", "https://a.example//x");
        leads_to("/a/*", "/a/b?c#d&e+f", "/?q=:splat", "/?q=b%3Fc%23d%26e%2Bf");
        leads_to("/a/*", "/a/é\r\nX: y", "/:splat", "/%C3%A9%0D%0AX%3A%20y");
    }

    #[test]
    fn a_pattern_is_filled_in_by_another_one() {
        let filled = |from: &str, path: &str, other: &str| {
            let captures = PathPattern::parse(from).unwrap().captures(path.as_bytes()).unwrap();
            captures.path(PathPattern::parse(other).unwrap())
        };
        assert_eq!(filled("/news/*", "/news/a b/é", "/blog/*"), "/blog/a b/é");
        assert_eq!(filled("/:lang/index.html", "/en/index.html", "/:lang/*"), "/en/*");
    }
}
