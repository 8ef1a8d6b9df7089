//! URL paths that the bundle does not answer.

use serde::Deserialize;

/// URL paths on the site's host that another program answers, such as `/api/`.
///
/// A path that ends with `/` stands for itself and all paths below it; any other path for itself
/// alone.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(try_from = "Vec<String>")]
pub struct External(Vec<String>);

impl External {
    /// Whether a percent-decoded URL path is external.
    pub(crate) fn matches(&self, url_path: &str) -> bool {
        self.0.iter().any(|path| {
            if path.ends_with('/') { url_path.starts_with(path) } else { url_path == path }
        })
    }
}

impl TryFrom<Vec<String>> for External {
    type Error = String;

    fn try_from(paths: Vec<String>) -> Result<Self, String> {
        let is_path = |path: &str| {
            path.starts_with('/') && !path.starts_with("//") && !path.contains(['?', '#', '*'])
        };
        match paths.iter().find(|path| !is_path(path)) {
            None => Ok(Self(paths)),
            Some(other) => Err(format!(
                "{other:?} is no URL path: it begins with a slash, as in \"/api/\" for all below \
                 that or \"/api\" for itself alone, and has no query and no `*`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(paths: &[&str], url_path: &str, expected: bool) {
        let owned = paths.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(External(owned).matches(url_path), expected, "{paths:?} of {url_path}");
    }

    #[test]
    fn a_slash_at_the_end_stands_for_all_below() {
        is(&[], "/api/", false);
        is(&["/api/"], "/api/avatar/me", true);
        is(&["/api/"], "/api/", true);
        is(&["/api/"], "/api", false);
        is(&["/api/"], "/docs/api/", false);
        is(&["/api"], "/api", true);
        is(&["/api"], "/api/x", false);
        is(&["/api"], "/apis", false);
        is(&["/a", "/b b/"], "/b b/é", true);
        is(&["/"], "/anything", true);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["api/", "", "https://a.example/", "//a.example/", "/a?b", "/a#b", "/api/*"] {
            assert!(External::try_from(vec![path.to_owned()]).is_err(), "{path}");
        }
    }
}
