//! The checks of a request's message, before any lookup (RFC 9112 §3.2, RFC 9113 §8.2.1 and §8.3.1,
//! RFC 9110 §9.3.1).
//!
//! An HTTP library checks the grammar of a message. This module refuses messages that the library
//! lets through, and that a proxy before this server may interpret differently.

use http::{
    HeaderMap, Method, Uri, Version,
    header::{CONTENT_LENGTH, HOST, HeaderValue, TRANSFER_ENCODING},
    uri::Authority,
};

use crate::byte_set::ByteSet;

/// Longest target that is accepted, in bytes.
pub(crate) const LONGEST_TARGET: usize = 8192;

/// The reason why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 400: `Host` is missing, repeated, invalid, or not that of the target.
    Host,
    /// 400: a value begins or ends with white space.
    WhiteSpace,
    /// 400: a request for a representation has content of its own.
    Content,
    /// 414: the target is too long.
    TargetTooLong,
}

/// Checks everything that needs no lookup.
pub(crate) fn check(
    method: &Method,
    uri: &Uri,
    version: Version,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    if !names_one_host(uri, version, headers) {
        return Err(Refusal::Host);
    }
    if version == Version::HTTP_2
        && headers.values().any(|value| has_white_space_around(value.as_bytes()))
    {
        return Err(Refusal::WhiteSpace);
    }
    if matches!(*method, Method::GET | Method::HEAD) && has_content(headers) {
        return Err(Refusal::Content);
    }
    if target_length(uri, version) > LONGEST_TARGET { Err(Refusal::TargetTooLong) } else { Ok(()) }
}

/// Whether content follows the header section (RFC 9112 §6.3).
pub(crate) fn has_content(headers: &HeaderMap) -> bool {
    let is_zero = |length: &[u8]| !length.is_empty() && length.iter().all(|byte| *byte == b'0');
    headers.contains_key(TRANSFER_ENCODING)
        || headers.get_all(CONTENT_LENGTH).iter().any(|length| !is_zero(length.as_bytes()))
}

/// RFC 9112 §3.2: exactly one `Host`, and a valid one. HTTP/1.0 may omit it. HTTP/2 has the host in
/// the target; a `Host` beside must equal it (RFC 9113 §8.3.1).
fn names_one_host(uri: &Uri, version: Version, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if version == Version::HTTP_2 => {
            is_host(host.as_bytes()) && uri.authority().is_none_or(|it| is_same(it, host))
        }
        (Some(host), None) => is_host(host.as_bytes()),
        (None, _) => version != Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

fn is_same(authority: &Authority, host: &HeaderValue) -> bool {
    authority.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes())
}

/// Whether a value begins or ends with white space. That makes a request of HTTP/2 malformed
/// (RFC 9113 §8.2.1). In HTTP/1.1, white space around a value is not part of it.
pub(crate) fn has_white_space_around(value: &[u8]) -> bool {
    matches!(value, [b' ' | b'\t', ..] | [.., b' ' | b'\t'])
}

/// `uri-host [ ":" port ]` (RFC 9110 §7.2). It may be empty.
pub(crate) fn is_host(value: &[u8]) -> bool {
    let name_ends = match value {
        [b'[', ..] => value.iter().position(|byte| *byte == b']').map(|at| at + 1),
        _ => Some(value.iter().position(|byte| *byte == b':').unwrap_or(value.len())),
    };
    let Some((name, port)) = name_ends.map(|end| value.split_at(end)) else { return false };
    let is_name = match name {
        [b'[', literal @ .., b']'] => OF_IP_LITERAL.has_all(literal),
        name => OF_NAME.has_all(name),
    };
    is_name && matches!(port, [] | [b':', ..]) && port.iter().skip(1).all(u8::is_ascii_digit)
}

static OF_IP_LITERAL: ByteSet = ByteSet::of(b"0123456789abcdefABCDEF:.");

/// `reg-name` (RFC 3986 §3.2.2).
static OF_NAME: ByteSet = ByteSet::alphanumeric_and(b"-._~%!$&'()*+,;=");

/// The bytes of a request's target, but for the scheme. In HTTP/2 the authority is a field of its own
/// (RFC 9113 §8.3.1).
pub(crate) fn target_length(uri: &Uri, version: Version) -> usize {
    let authority = uri.authority().filter(|_| version < Version::HTTP_2);
    let path = uri.path_and_query().map_or(0, |path| path.as_str().len());
    authority.map_or(0, |authority| authority.as_str().len()) + path
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, header::ACCEPT};

    #[track_caller]
    fn checks(method: Method, lines: &[(HeaderName, &str)], expected: Result<(), Refusal>) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let uri = Uri::from_static("/a");
        assert_eq!(check(&method, &uri, Version::HTTP_11, &headers), expected, "{lines:?}");
    }

    #[test]
    fn hosts() {
        for host in
            ["a", "a.example", "a:80", "a:", "", ":80", "127.0.0.1:8000", "[::1]", "[::1]:80"]
        {
            checks(Method::GET, &[(HOST, host)], Ok(()));
        }
        for host in
            ["a b", "a/b", "a@b", "a:b", "a:1:2", "[::1", "[x]", "[::1]x", "a?b", "a#b", "é"]
        {
            checks(Method::GET, &[(HOST, host)], Err(Refusal::Host));
        }
        checks(Method::GET, &[], Err(Refusal::Host));
        checks(Method::OPTIONS, &[(HOST, "a"), (HOST, "a")], Err(Refusal::Host));
    }

    #[test]
    fn other_versions_may_do_without_a_host() {
        for version in [Version::HTTP_10, Version::HTTP_2] {
            let uri = Uri::from_static("/a");
            assert_eq!(check(&Method::GET, &uri, version, &HeaderMap::new()), Ok(()));
        }
    }

    #[test]
    fn hosts_of_http_2() {
        let check = |uri: &'static str, host: &'static str| {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            check(&Method::GET, &Uri::from_static(uri), Version::HTTP_2, &headers)
        };
        assert_eq!(check("https://a.example/a", "A.example"), Ok(()));
        assert_eq!(check("https://a.example:444/a", "a.example:444"), Ok(()));
        assert_eq!(check("/a", "a.example"), Ok(()));
        assert_eq!(check("https://a.example/a", "b.example"), Err(Refusal::Host));
        assert_eq!(check("https://a.example/a", "a b"), Err(Refusal::Host));
    }

    #[test]
    fn white_space_around_values() {
        let check = |version, value: &'static str| {
            let value = HeaderValue::from_static(value);
            let headers = HeaderMap::from_iter([(ACCEPT, value)]);
            check(&Method::GET, &Uri::from_static("/a"), version, &headers)
        };
        for value in [" a", "a ", "\ta", "a\t", " "] {
            assert_eq!(check(Version::HTTP_2, value), Err(Refusal::WhiteSpace), "{value:?}");
            assert_eq!(check(Version::HTTP_10, value), Ok(()), "{value:?}");
        }
        for value in ["", "a", "a \t b"] {
            assert_eq!(check(Version::HTTP_2, value), Ok(()), "{value:?}");
        }
    }

    #[test]
    fn content() {
        let host = (HOST, "a");
        let refused = Err(Refusal::Content);
        checks(Method::GET, &[host.clone(), (CONTENT_LENGTH, "0")], Ok(()));
        checks(Method::GET, &[host.clone(), (CONTENT_LENGTH, "5")], refused);
        checks(Method::HEAD, &[host.clone(), (CONTENT_LENGTH, "x")], refused);
        checks(Method::GET, &[host.clone(), (TRANSFER_ENCODING, "chunked")], refused);
        checks(Method::POST, &[host, (CONTENT_LENGTH, "5")], Ok(()));
    }

    #[test]
    fn long_targets() {
        let check = |length: usize| {
            let uri = format!("/{}", "a".repeat(length - 1)).parse().unwrap();
            check(&Method::GET, &uri, Version::HTTP_2, &HeaderMap::new())
        };
        assert_eq!(check(8192), Ok(()));
        assert_eq!(check(8193), Err(Refusal::TargetTooLong));
    }

    #[test]
    fn the_authority_is_of_the_target_in_http1_alone() {
        for (uri, in_http1, in_http2) in
            [("/a?b", 4, 4), ("http://a.example/a?b", 13, 4), ("a.example:443", 13, 0), ("*", 1, 1)]
        {
            let length = |version| target_length(&Uri::from_static(uri), version);
            assert_eq!((length(Version::HTTP_11), length(Version::HTTP_2)), (in_http1, in_http2));
        }
    }
}
