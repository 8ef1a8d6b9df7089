//! The URL patterns of the file `_headers`.

use hardtack_bundle::SPLAT;

/// A URL path in which `*` stands for any text, and `:name` for one segment or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UrlPattern {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    /// `*`
    Anything,
    /// `:name`
    Segment(String),
}

impl UrlPattern {
    pub(crate) fn new(pattern: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '*' => 1,
                ':' => 1 + rest[1..].find(|c: char| !is_of_name(c)).unwrap_or(rest.len() - 1),
                _ => rest.find(['*', ':']).unwrap_or(rest.len()),
            };
            let (part, after) = rest.split_at(length);
            parts.push(match first {
                '*' => Part::Anything,
                ':' if length > 1 => Part::Segment(part[1..].to_owned()),
                _ => Part::Text(part.to_owned()),
            });
            rest = after;
        }
        Self { parts }
    }

    /// The names of its placeholders.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Anything => Some(SPLAT),
            Part::Segment(name) => Some(name),
        })
    }

    pub(crate) fn matches(&self, path: &str) -> bool {
        matches(&self.parts, path)
    }
}

fn matches(parts: &[Part], path: &str) -> bool {
    let Some((first, rest)) = parts.split_first() else { return path.is_empty() };
    match first {
        Part::Text(text) => path.strip_prefix(text.as_str()).is_some_and(|it| matches(rest, it)),
        Part::Anything => ends(path).any(|end| matches(rest, &path[end..])),
        Part::Segment(_) => {
            let segment = path.find('/').unwrap_or(path.len());
            ends(&path[..segment]).skip(1).any(|end| matches(rest, &path[end..]))
        }
    }
}

/// The boundaries of characters in a text, its beginning and end among them.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    (0..=text.len()).filter(|end| text.is_char_boundary(*end))
}

fn is_of_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(pattern: &str, path: &str, expected: bool) {
        assert_eq!(UrlPattern::new(pattern).matches(path), expected, "{pattern} {path}");
    }

    #[test]
    fn exact_paths() {
        is("/a", "/a", true);
        is("/a", "/a/", false);
        is("/", "/", true);
    }

    #[test]
    fn splats() {
        is("/*", "/", true);
        is("/*", "/a/b", true);
        is("/a/*", "/a/b/c", true);
        is("/a/*", "/a", false);
        is("/*.css", "/a/b.css", true);
        is("/*.css", "/a.css.map", false);
        is("/*/é*", "/a/éb", true);
    }

    #[test]
    fn segments() {
        is("/:lang/about", "/en/about", true);
        is("/:lang/about", "//about", false);
        is("/:lang/about", "/en/x/about", false);
        is("/a-:n.js", "/a-1.js", true);
        is("/a:", "/a:", true);
    }
}
