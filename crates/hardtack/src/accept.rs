//! `Accept` (RFC 9110 §12.5.1), read to tell a navigation from the fetch of an asset.

use http::header::ACCEPT;

use crate::request_fields::RequestFields;

/// Whether the client asks for a page: the field names HTML with a quality above zero.
///
/// Browsers name HTML when they navigate. For images, scripts and `fetch()` they send `*/*` or
/// another type, so `*/*` is not enough.
pub(crate) fn wants_page(fields: RequestFields<'_>) -> bool {
    let ranges = fields.lines(ACCEPT);
    ranges.flat_map(|line| line.split(|byte| *byte == b',')).any(is_wanted_page)
}

/// Whether this is `text/html`, perhaps with parameters, and with a quality above zero.
fn is_wanted_page(range: &[u8]) -> bool {
    let mut parts = range.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let media_type = parts.next().unwrap_or_default();
    let is_page = [&b"text/html"[..], b"application/xhtml+xml"]
        .iter()
        .any(|page| media_type.eq_ignore_ascii_case(page));
    is_page && parts.find_map(crate::weight::weight) != Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    #[track_caller]
    fn wants(accept: &str, expected: bool) {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(accept).unwrap())]);
        assert_eq!(wants_page((&headers).into()), expected, "{accept}");
    }

    #[test]
    fn navigations() {
        wants("text/html", true);
        wants("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true);
        wants("*/*, Text/HTML;level=1;q=0.1", true);
        wants("application/xhtml+xml", true);
    }

    #[test]
    fn everything_else() {
        wants("*/*", false);
        wants("text/*", false);
        wants("text/css,*/*;q=0.1", false);
        wants("image/avif,image/webp,*/*;q=0.8", false);
        wants("text/html;q=0", false);
        wants("text/html;q=0.000, */*", false);
        wants("text/html2", false);
        wants("", false);
        assert!(!wants_page((&HeaderMap::new()).into()));
    }
}
