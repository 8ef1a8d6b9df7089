//! The successor of a retired worker has files that this release does not have. A connection that was
//! idle at the upgrade still leads to this worker, and its next request may be for one of them.

use hyper::{
    Response, StatusCode, Uri,
    header::{HeaderValue, LOCATION},
};

use crate::body::Content;

/// The URL of a request, as the place where its answer is to be had: the path and the query. Two
/// slashes at its beginning would be followed by a host (RFC 3986 §4.2), and browsers take `\` for one.
pub(super) fn location(uri: &Uri) -> Option<HeaderValue> {
    let target = uri.path_and_query()?.as_str();
    let is_path = target.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    is_path.then(|| HeaderValue::from_str(target).ok())?
}

/// Makes a 404 of the bundle a redirect to the same URL (307, RFC 9110 §15.4.8). The connection ends
/// with it, so the client asks on another one, and that leads to the successor.
pub(super) fn send_there(response: &mut Response<Content>, location: HeaderValue) {
    let is_missing = response.status() == StatusCode::NOT_FOUND;
    if is_missing && matches!(response.body(), Content::Baked(_)) {
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        response.headers_mut().insert(LOCATION, location);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn leads_to(uri: &str, expected: Option<&str>) {
        let found = location(&uri.parse().unwrap());
        assert_eq!(found.as_ref().map(|value| value.to_str().unwrap()), expected);
    }

    #[test]
    fn locations() {
        leads_to("/css/app.0123456789ab.css", Some("/css/app.0123456789ab.css"));
        leads_to("/a%20b?c=/d", Some("/a%20b?c=/d"));
        leads_to("http://site.example/a?b", Some("/a?b"));
        leads_to("/", Some("/"));
        leads_to("//other.example/a", None);
        leads_to("/\\other.example/a", None);
        leads_to("*", None);
        leads_to("site.example:80", None);
    }
}
