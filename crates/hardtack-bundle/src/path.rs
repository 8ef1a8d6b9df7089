//! URL paths as they stand in links.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_need_no_other_escape() {
        let plain = "/a-b/c_d.e~f@2x+g.png";
        assert_eq!(encode_path(plain), plain);
        assert_eq!(encode_path("/a b\"<&>'é%?#"), "/a%20b%22%3C%26%3E%27%C3%A9%25%3F%23");
    }
}
