//! Cross-origin use of assets (WHATWG Fetch §3.2), which fonts and module scripts need.

use hardtack_bundle::Origins;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};

use crate::{
    reply::{ResponseFields, Value},
    request_fields::RequestFields,
    vary,
};

/// The header fields that a script may send, beyond those that need no permission.
const ALLOWED_HEADERS: Value<'static> = Value::Static(
    "Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range, \
     Cache-Control, Want-Repr-Digest",
);
const ALLOWED_METHODS: Value<'static> = Value::Static("GET, HEAD, OPTIONS");
/// Seconds. No browser keeps a preflight's answer for longer than this day.
const MAX_AGE: Value<'static> = Value::Static("86400");

/// Sets the origin that may read the response. With a list of origins, the response varies by
/// `Origin`.
pub(crate) fn allow_origin(
    origins: Origins<'static>,
    request: RequestFields<'_>,
    response: &mut ResponseFields<'_>,
) {
    match origins {
        Origins::None => {}
        Origins::Any => {
            response.insert("access-control-allow-origin", Value::Static("*"));
        }
        Origins::Listed(listed) => {
            vary::on("Origin", response);
            if let Some(origin) = listed_origin(listed, request) {
                response.insert("access-control-allow-origin", Value::Static(origin));
            }
        }
    }
}

/// The origin of the request, if it is listed. Origins are compared byte by byte (RFC 6454 §5,
/// §6.2).
fn listed_origin(listed: &'static str, request: RequestFields<'_>) -> Option<&'static str> {
    let theirs = request.lines(ORIGIN).next()?;
    listed.split(' ').find(|ours| theirs == ours.as_bytes())
}

/// Answers a preflight, if the request is one.
pub(crate) fn preflight(request: RequestFields<'_>, response: &mut ResponseFields<'_>) {
    if request.has(ACCESS_CONTROL_REQUEST_METHOD) {
        response.insert("access-control-allow-methods", ALLOWED_METHODS);
        response.insert("access-control-allow-headers", ALLOWED_HEADERS);
        response.insert("access-control-max-age", MAX_AGE);
    }
}
