//! Cross-origin use of assets (WHATWG Fetch §3.2), which fonts and module scripts need.

use bytes::Bytes;
use hardtack_bundle::Origins;
use http::{
    HeaderMap, HeaderValue,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    },
};

use crate::vary;

/// The header fields that a script may send, beyond those that need no permission.
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range, \
     Cache-Control, Want-Repr-Digest",
);
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
/// Seconds. No browser keeps a preflight's answer for longer than this day.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// Sets the origin that may read the response. With a list of origins, the response varies by
/// `Origin`.
pub(crate) fn allow_origin(
    origins: Origins<'static>,
    request: &HeaderMap,
    response: &mut HeaderMap,
) {
    match origins {
        Origins::None => {}
        Origins::Any => {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        Origins::Listed(listed) => {
            vary::on("Origin", response);
            if let Some(origin) = listed_origin(listed, request) {
                response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            }
        }
    }
}

/// The origin of the request, if it is listed. Origins are compared byte by byte (RFC 6454 §5,
/// §6.2).
fn listed_origin(listed: &'static str, request: &HeaderMap) -> Option<HeaderValue> {
    let theirs = request.get(ORIGIN)?;
    let ours = listed.split(' ').find(|ours| theirs == ours)?;
    HeaderValue::from_maybe_shared(Bytes::from_static(ours.as_bytes())).ok()
}

/// Answers a preflight, if the request is one.
pub(crate) fn preflight(request: &HeaderMap, response: &mut HeaderMap) {
    if request.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        response.insert(ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        response.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
}
