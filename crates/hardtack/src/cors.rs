//! Cross-origin use of assets (WHATWG Fetch §3.2), which fonts and module scripts need.

use http::{
    HeaderMap, HeaderValue,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    },
};

/// What a script may send beyond the headers that need no permission.
const ALLOWED_HEADERS: HeaderValue =
    HeaderValue::from_static("Range, If-Match, If-None-Match, If-Range, Cache-Control");
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
/// Seconds. A day is more than any browser keeps a preflight's answer.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// Says that every origin may read the response.
pub(crate) fn allow_origin(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}

/// Answers a preflight, if the request is one.
pub(crate) fn preflight(request: &HeaderMap, response: &mut HeaderMap) {
    if request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        response.insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        response.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
}
