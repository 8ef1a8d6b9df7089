//! Paths as requests have them, which a cache knows them by.

use hardtack_bundle::encode_path;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Serialize, Serializer};

/// A path, or all paths that begin alike; percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Path(String),
    /// The beginning; CloudFront and others write it with a `*` behind it.
    Below(String),
}

impl Place {
    /// The place of all paths that a pattern may match: those that begin like its text up to the first
    /// placeholder.
    pub(super) fn of_pattern(pattern: &str) -> Self {
        let literal = pattern.find(['*', ':']).map_or(pattern, |end| &pattern[..end]);
        if literal == pattern {
            Self::Path(literal.to_owned())
        } else {
            Self::Below(literal.to_owned())
        }
    }

    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Below(start), Self::Path(text) | Self::Below(text)) => text.starts_with(start),
            (Self::Path(_), _) => self == other,
        }
    }

    /// The place as it stands in requests. Links of the bake escape more characters than browsers do,
    /// such as parentheses, and a cache takes the two for different paths.
    pub(super) fn in_requests(&self) -> Vec<String> {
        let (text, star) = match self {
            Self::Path(path) => (path, ""),
            Self::Below(start) => (start, "*"),
        };
        let mut forms = vec![encode_path(text) + star, typed(text) + star];
        forms.dedup();
        forms
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.in_requests()[0])
    }
}

/// The path as browsers send it if it was typed in, or stands unescaped in a link: with the path
/// percent-encode set of the URL standard (WHATWG URL §1.3). `%` is escaped too, since it stands for
/// itself here.
fn typed(path: &str) -> String {
    const ESCAPED: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'}');
    utf8_percent_encode(path, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_requested_as(place: Place, expected: &[&str]) {
        assert_eq!(place.in_requests(), expected);
    }

    #[test]
    fn forms_of_paths() {
        let path = |path: &str| Place::Path(path.to_owned());
        is_requested_as(path("/a.css"), &["/a.css"]);
        is_requested_as(path("/é b"), &["/%C3%A9%20b"]);
        is_requested_as(path("/a(1).css"), &["/a%281%29.css", "/a(1).css"]);
        is_requested_as(path("/100%"), &["/100%25"]);
        is_requested_as(Place::Below("/a b/".into()), &["/a%20b/*"]);
        is_requested_as(Place::of_pattern("/blog/:year/*"), &["/blog/*"]);
        is_requested_as(Place::of_pattern("/old"), &["/old"]);
        is_requested_as(Place::of_pattern("/v*"), &["/v*"]);
    }

    #[test]
    fn wildcards_cover_what_begins_alike() {
        let below = Place::Below("/a/".into());
        assert!(
            below.covers(&Place::Path("/a/b".into())) && below.covers(&Place::Below("/a/b".into()))
        );
        assert!(
            !below.covers(&Place::Path("/a".into())) && !below.covers(&Place::Below("/".into()))
        );
    }
}
