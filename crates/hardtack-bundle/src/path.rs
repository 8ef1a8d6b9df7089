//! URL paths: as they stand in links, and of assets.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Percent-encodes a path, so that it needs no other escape in HTML, CSS or a header field.
///
/// ```
/// assert_eq!(hardtack_bundle::encode_path("/img/a b.png"), "/img/a%20b.png");
/// ```
pub fn encode_path(path: &str) -> String {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b'/')
        .remove(b'@')
        .remove(b'+');
    utf8_percent_encode(path, KEPT).to_string()
}

/// The URL path of an asset that is served under its own name, percent-decoded. A logical path is
/// relative to the URL prefix `at`; one that begins with a slash is a URL path already, of an asset
/// that is not below `at`.
///
/// ```
/// use hardtack_bundle::url_path_of;
/// assert_eq!(url_path_of("/static/", "css/app.css"), "/static/css/app.css");
/// assert_eq!(url_path_of("/static/", "/robots.txt"), "/robots.txt");
/// ```
pub fn url_path_of(at: &str, logical_path: &str) -> String {
    if logical_path.starts_with('/') {
        logical_path.to_owned()
    } else {
        format!("{at}{logical_path}")
    }
}

/// The logical path of an asset with that URL path, which is percent-decoded: the inverse of
/// [`url_path_of`].
///
/// ```
/// use hardtack_bundle::logical_path_of;
/// assert_eq!(logical_path_of("/static/", "/static/css/app.css"), "css/app.css");
/// assert_eq!(logical_path_of("/static/", "/robots.txt"), "/robots.txt");
/// ```
pub fn logical_path_of<'p>(at: &str, url_path: &'p str) -> &'p str {
    url_path.strip_prefix(at).unwrap_or(url_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_need_no_other_escape() {
        let plain = "/a-b/c_d.e~f@2x+g.png";
        assert_eq!(encode_path(plain), plain);
        assert_eq!(encode_path("/a b\"<&>'é%?#"), "/a%20b%22%3C%26%3E%27%C3%A9%25%3F%23");
    }
    #[test]
    fn a_logical_path_is_relative_to_the_prefix() {
        for (at, logical_path, url_path) in [
            ("/", "robots.txt", "/robots.txt"),
            ("/static/", "a/b.css", "/static/a/b.css"),
            ("/static/", "/a/b.css", "/a/b.css"),
            ("/static/", "/static", "/static"),
            ("/static/", "", "/static/"),
        ] {
            assert_eq!(url_path_of(at, logical_path), url_path);
            assert_eq!(logical_path_of(at, url_path), logical_path);
        }
    }
}
