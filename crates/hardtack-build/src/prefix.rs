//! The URL prefix that assets are served under.

use serde::Deserialize;

/// The URL prefix that all paths of a bundle begin with, e.g. `/` or `/static/`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub struct Prefix(String);

impl Prefix {
    /// The prefix, which begins and ends with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Prefix {
    /// `/`
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl TryFrom<String> for Prefix {
    type Error = String;

    /// Adds slashes at the beginning and the end where they are missing.
    fn try_from(text: String) -> Result<Self, String> {
        let inner = text.trim_matches('/');
        let is_segment = |segment: &str| {
            !matches!(segment, "" | "." | "..") && segment.chars().all(is_unreserved)
        };
        match inner {
            "" => Ok(Self::default()),
            _ if inner.split('/').all(is_segment) => Ok(Self(format!("/{inner}/"))),
            _ => Err(format!(
                "{text:?} is no URL prefix: it is a path such as \"/static/\", of letters, \
                 digits, \"-\", \".\", \"_\" and \"~\"",
            )),
        }
    }
}

/// RFC 3986 §2.3.
fn is_unreserved(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_are_added() {
        for (text, expected) in [
            ("", "/"),
            ("/", "/"),
            ("static", "/static/"),
            ("/static", "/static/"),
            ("static/", "/static/"),
            ("/a/b-1.2_~/", "/a/b-1.2_~/"),
        ] {
            assert_eq!(Prefix::try_from(text.to_owned()).unwrap().as_str(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["/a b/", "/a?b", "/a#b", "/../", "/a//b/", "https://cdn/", "/a%20b/", "/ä/"] {
            assert!(Prefix::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
