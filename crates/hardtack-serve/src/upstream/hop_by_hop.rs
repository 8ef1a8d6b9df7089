//! Fields that belong to one connection, and not to the message (RFC 9110 §7.6.1).

use hyper::{
    HeaderMap,
    header::{
        CONNECTION, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
        TRANSFER_ENCODING, UPGRADE,
    },
};

/// The one protocol that a connection may change to.
///
/// Others are not offered to the application: after `Upgrade: h2c`, a client could send it any
/// request past the rules of this server.
pub(super) const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// `Proxy-Authenticate` and `Proxy-Authorization` are between a client and a proxy of its own
/// choice (RFC 9110 §11.7), which this is not: to clients, it is the origin. `Trailer` is not
/// among these: it is about the content (RFC 9110 §6.6.2).
const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Removes the fields that are for the next hop only, which is this server. `Connection` must not name
/// a field for all recipients (RFC 9110 §7.6.1). Such an option is void, or a client could take away
/// the claims of its proxies. `is_for_all` knows more of these fields.
pub(super) fn remove(fields: &mut HeaderMap, is_for_all: impl Fn(&HeaderName) -> bool) {
    let named: Vec<HeaderName> = items(fields, &CONNECTION)
        .filter_map(|name| name.parse().ok())
        .filter(|name: &HeaderName| !is_end_to_end(name.as_str()) && !is_for_all(name))
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        fields.remove(name);
    }
}

/// Whether a field of this name is for all recipients: it describes the message, its sender, or the
/// caches that may keep it.
fn is_end_to_end(name: &str) -> bool {
    const STARTS: [&str; 7] =
        ["accept", "access-control-", "content-", "cross-origin-", "if-", "proxy-status", "sec-"];
    const ENDS: [&str; 5] = ["authenticate", "authorization", "cache-control", "cookie", "-policy"];
    const NAMES: [&str; 30] = [
        "age",
        "allow",
        "authentication-info",
        "clear-site-data",
        "date",
        "etag",
        "expires",
        "forwarded",
        "from",
        "host",
        "last-modified",
        "link",
        "location",
        "origin",
        "pragma",
        "range",
        "referer",
        "retry-after",
        "server",
        "strict-transport-security",
        "traceparent",
        "user-agent",
        "vary",
        "via",
        "x-content-type-options",
        "x-csrf-token",
        "x-csrftoken",
        "x-frame-options",
        "x-request-id",
        "x-requested-with",
    ];
    NAMES.contains(&name)
        || STARTS.iter().any(|start| name.starts_with(start))
        || ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether the message asks for, or agrees to, WebSocket on this connection (RFC 6455 §4).
pub(super) fn is_websocket(fields: &HeaderMap) -> bool {
    has(fields, &CONNECTION, "upgrade") && has(fields, &UPGRADE, "websocket")
}

/// Whether the sender takes trailers (RFC 9110 §10.1.4).
pub(super) fn takes_trailers(fields: &HeaderMap) -> bool {
    has(fields, &TE, "trailers")
}

/// Whether the content has a transfer coding besides `chunked`, which this server does not decode.
pub(super) fn is_coded(fields: &HeaderMap) -> bool {
    items(fields, &TRANSFER_ENCODING).any(|coding| !coding.eq_ignore_ascii_case("chunked"))
        || items(fields, &TRANSFER_ENCODING).count() > 1
}

fn has(fields: &HeaderMap, name: &HeaderName, item: &str) -> bool {
    items(fields, name).any(|candidate| candidate.eq_ignore_ascii_case(item))
}

/// The items of a list (RFC 9110 §5.6.1). A value that is not ASCII has no items.
fn items<'f>(fields: &'f HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'f str> {
    let values = fields.get_all(name).into_iter().map(|value| value.to_str().unwrap_or("?"));
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{super::testing::fields, *};

    #[track_caller]
    fn leaves(before: &str, after: &str) {
        let mut message = fields(before);
        remove(&mut message, |name| name == "x-all");
        assert_eq!(message, fields(after));
    }

    #[test]
    fn what_is_of_the_connection_is_removed() {
        leaves("accept: */*", "accept: */*");
        leaves("connection: close", "");
        leaves("connection: keep-alive\nkeep-alive: timeout=5", "");
        leaves("connection: X-One, x-two\nx-one: 1\nx-two: 2\nx-three: 3", "x-three: 3");
        leaves("connection: x-one\nconnection: x-two\nx-one: 1\nx-one: 1\nx-two: 2", "");
        leaves("connection: ,, x-one ,\nx-one: 1", "");
        leaves("connection: \"x one\", (, x-one\nx-one: 1", "");
        leaves("proxy-connection: keep-alive", "");
        leaves("proxy-authorization: Basic eDp5\nproxy-authenticate: Basic", "");
        leaves("te: trailers, deflate\ntransfer-encoding: chunked\nupgrade: h2c", "");
        leaves("trailer: expires\nauthorization: x", "trailer: expires\nauthorization: x");
    }

    #[track_caller]
    fn stays(name: &str) {
        leaves(&format!("connection: {name}\n{name}: x"), &format!("{name}: x"));
    }

    #[test]
    fn what_is_for_all_is_no_option_of_the_connection() {
        for name in ["host", "cookie", "authorization", "cache-control", "forwarded", "x-all"] {
            stays(name);
        }
        for name in ["content-type", "origin", "if-none-match", "set-cookie", "vary", "via"] {
            stays(name);
        }
        for name in ["sec-fetch-site", "content-security-policy", "cdn-cache-control"] {
            stays(name);
        }
        leaves("connection: proxy-authorization\nproxy-authorization: x", "");
    }

    #[track_caller]
    fn asks(message: &str, websocket: bool) {
        assert_eq!(is_websocket(&fields(message)), websocket);
    }

    #[test]
    fn websocket_needs_both_fields() {
        asks("connection: Upgrade\nupgrade: websocket", true);
        asks("connection: keep-alive, upgrade\nupgrade: WebSocket", true);
        asks("connection: keep-alive\nconnection: upgrade\nupgrade: h2c, websocket", true);
        asks("upgrade: websocket", false);
        asks("connection: upgrade", false);
        asks("connection: upgrade\nupgrade: h2c", false);
    }

    #[track_caller]
    fn coded(message: &str, expected: bool) {
        assert_eq!(is_coded(&fields(message)), expected);
    }

    #[test]
    fn chunked_is_the_only_coding_that_is_undone() {
        coded("", false);
        coded("transfer-encoding: Chunked", false);
        coded("transfer-encoding: gzip, chunked", true);
        coded("transfer-encoding: gzip", true);
        coded("transfer-encoding: chunked\ntransfer-encoding: chunked", true);
        coded("transfer-encoding: chünked", true);
    }

    #[test]
    fn te_is_a_list() {
        assert!(takes_trailers(&fields("te: gzip, Trailers")));
        assert!(!takes_trailers(&fields("te: gzip")));
    }
}
