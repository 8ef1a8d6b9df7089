//! A message as it is passed on: the client's request to the application, and its response back.

use hyper::{
    HeaderMap, Method, StatusCode, Uri, Version,
    body::{Body, Incoming},
    header::{
        CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, HeaderValue, TE, TRAILER,
        TRANSFER_ENCODING, UPGRADE,
    },
    http::{
        request, response,
        uri::{Authority, PathAndQuery, Scheme},
    },
};

use super::{
    directives,
    failure::Failure,
    forwarded,
    hop_by_hop::{self, WEBSOCKET},
    via,
};
use crate::{client::Client, request_fields::NamedFields, settings::Forwarding};

/// How long a message's content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// There is none.
    None,
    Known(u64),
    Unknown,
}

impl Length {
    pub(super) fn of(body: &Incoming) -> Self {
        match body.size_hint().exact() {
            _ if body.is_end_stream() => Self::None,
            Some(length) => Self::Known(length),
            None => Self::Unknown,
        }
    }
}

/// The protocol that the connection is to change to (RFC 9110 §7.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upgrade {
    None,
    WebSocket,
}

/// Refuses a request that is not for the application.
///
/// # Errors
///
/// The reason.
pub(super) fn check(parts: &request::Parts, forwarding: &Forwarding) -> Result<(), Failure> {
    if matches!(parts.method, Method::CONNECT | Method::TRACE) {
        return Err(Failure::Method);
    }
    if hop_by_hop::is_coded(&parts.headers) {
        return Err(Failure::Coding);
    }
    if via::is_signed(&parts.headers) {
        return Err(Failure::Loop);
    }
    host(parts, forwarding).map(drop)
}

/// The request that the application gets: HTTP/1.1, for a client of any version.
pub(super) fn request(
    parts: request::Parts,
    length: Length,
    protocol: Upgrade,
    client: Client,
    upstream: &Authority,
    forwarding: &Forwarding,
) -> Result<request::Parts, Failure> {
    let host = host(&parts, forwarding)?;
    let (mut passed, ()) = hyper::Request::new(()).into_parts();
    passed.uri = target(&parts.uri, upstream);
    passed.method = parts.method;
    passed.headers = parts.headers;
    request_fields(&mut passed.headers, length, protocol, &forwarding.fields);
    forwarding.fields.retain(&mut passed.headers, client.is_trusted);
    // The server's own fields are added last, so that nothing of the client's takes them away.
    forwarded::tell(&mut passed.headers, client, &host);
    via::sign_request(&mut passed.headers, parts.version);
    passed.headers.insert(HOST, host);
    Ok(passed)
}

/// The host that is asked for: that of the request's target, or else of the only field (RFC 9112
/// §3.2.2), or else the configured one. The upstream's own address would tell the world about the
/// inside of the site, and applications trust such a host.
fn host(parts: &request::Parts, forwarding: &Forwarding) -> Result<HeaderValue, Failure> {
    let mut fields = parts.headers.get_all(HOST).iter();
    let said = match (parts.uri.authority(), fields.next(), fields.next()) {
        (Some(authority), _, _) => {
            Some(value(authority.as_str().rsplit('@').next().unwrap_or_default()))
        }
        (None, said, None) => said.cloned(),
        (None, _, Some(_)) => return Err(Failure::Host),
    };
    let is_name = |host: &HeaderValue| !matches!(host.as_bytes(), [] | [b':', ..]);
    let default = || forwarding.default_host.as_ref().map(|host| value(host.as_str()));
    said.filter(is_name).or_else(default).ok_or(Failure::Host)
}

fn value(authority: &str) -> HeaderValue {
    HeaderValue::from_str(authority).expect("an authority is of visible characters")
}

/// The target with the authority of the upstream, by which the pool of connections looks up.
fn target(asked: &Uri, upstream: &Authority) -> Uri {
    let path = asked.path_and_query().cloned();
    let mut parts = hyper::http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(upstream.clone());
    parts.path_and_query = Some(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
    Uri::from_parts(parts).expect("all three parts are there")
}

fn request_fields(fields: &mut HeaderMap, length: Length, protocol: Upgrade, named: &NamedFields) {
    let takes_trailers = hop_by_hop::takes_trailers(fields);
    hop_by_hop::remove(fields, |name| named.is_for_all(name));
    // The client is told to go on when its content is asked for, which is when the application has
    // been reached: there is nothing left to expect.
    fields.remove(EXPECT);
    // Trailers of requests are discarded, as RFC 9110 §6.5.1 allows: an application that merges
    // them into the header would take them for ours.
    fields.remove(TRAILER);
    join_cookies(fields);
    frame(fields, length);
    if takes_trailers {
        fields.insert(TE, HeaderValue::from_static("trailers"));
        fields.append(CONNECTION, HeaderValue::from_static("te"));
    }
    upgrade(fields, protocol);
}

/// HTTP/2 may send cookies in several fields, and HTTP/1.1 may not (RFC 9113 §8.2.3).
fn join_cookies(fields: &mut HeaderMap) {
    let cookies: Vec<_> = fields.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if cookies.len() > 1 {
        let joined = HeaderValue::from_bytes(&cookies.join(&b"; "[..]));
        fields.insert(COOKIE, joined.expect("the separator and values may stand in a value"));
    }
}

/// The connection has no further request.
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Frames the content in exactly one way (RFC 9112 §6.3). hyper's client, left to itself, would send a
/// GET without its content if the length is not known.
fn frame(fields: &mut HeaderMap, length: Length) {
    let had_length = fields.remove(CONTENT_LENGTH).is_some();
    match length {
        Length::Known(length) => {
            fields.insert(CONTENT_LENGTH, length.into());
            fields.append(CONNECTION, CLOSE);
        }
        Length::None if had_length => drop(fields.insert(CONTENT_LENGTH, 0.into())),
        Length::None => {}
        Length::Unknown => {
            fields.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            fields.append(CONNECTION, CLOSE);
        }
    }
}

fn upgrade(fields: &mut HeaderMap, protocol: Upgrade) {
    if protocol == Upgrade::WebSocket {
        fields.append(CONNECTION, HeaderValue::from_static("upgrade"));
        fields.insert(UPGRADE, WEBSOCKET);
    }
}

/// The response that the client gets, if it asked for that protocol.
pub(super) fn response(
    parts: &mut response::Parts,
    length: Length,
    asked: Upgrade,
) -> Result<Upgrade, Failure> {
    let fields = &mut parts.headers;
    if hop_by_hop::is_coded(fields) {
        return Err(Failure::Bad("its response has a transfer coding besides chunked".to_owned()));
    }
    directives::take_off(fields)?;
    let protocol = agreed(parts.status, fields, asked)?;
    response_fields(fields, length);
    upgrade(fields, protocol);
    via::sign_response(fields, parts.version);
    parts.version = Version::HTTP_11;
    Ok(protocol)
}

fn agreed(status: StatusCode, fields: &HeaderMap, asked: Upgrade) -> Result<Upgrade, Failure> {
    match asked {
        _ if status != StatusCode::SWITCHING_PROTOCOLS => Ok(Upgrade::None),
        Upgrade::WebSocket if hop_by_hop::is_websocket(fields) => Ok(Upgrade::WebSocket),
        _ => Err(Failure::Bad("it changed to a protocol that was not asked for".to_owned())),
    }
}

/// Keeps the length of absent content: it is the length of the response to GET, or of the content that
/// has not changed. With chunked content, a length does not count (RFC 9112 §6.3).
fn response_fields(fields: &mut HeaderMap, length: Length) {
    hop_by_hop::remove(fields, |_| false);
    match length {
        Length::None => {}
        Length::Known(length) => drop(fields.insert(CONTENT_LENGTH, length.into())),
        Length::Unknown => drop(fields.remove(CONTENT_LENGTH)),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::testing::{self, fields},
        *,
    };

    #[track_caller]
    fn passes(before: &str, length: Length, after: &str) {
        let mut message = fields(before);
        request_fields(&mut message, length, Upgrade::None, &NamedFields::default());
        assert_eq!(message, fields(after));
    }

    #[test]
    fn fields_of_requests() {
        use Length::{Known, None, Unknown};
        passes("accept: */*\nx: 1\nx: 2", None, "accept: */*\nx: 1\nx: 2");
        passes("expect: 100-continue\ntrailer: x", None, "");
        passes("te: trailers, gzip\nconnection: te", None, "te: trailers\nconnection: te");
        passes("connection: upgrade\nupgrade: websocket", None, "");
        passes("connection: upgrade, http2-settings\nupgrade: h2c\nhttp2-settings: x", None, "");
        passes("cookie: a=1\ncookie: b=2\ncookie: c=3", None, "cookie: a=1; b=2; c=3");
        passes("content-length: 0", None, "content-length: 0");
        passes("content-length: 7", None, "content-length: 0");
        passes("content-length: 5", Known(5), "content-length: 5\nconnection: close");
        passes(
            "connection: content-length\ncontent-length: 5",
            Known(5),
            "content-length: 5\nconnection: close",
        );
        passes("content-length: 5", Unknown, "transfer-encoding: chunked\nconnection: close");
        passes(
            "transfer-encoding: chunked",
            Unknown,
            "transfer-encoding: chunked\nconnection: close",
        );
        passes("transfer-encoding: chunked", None, "");
    }

    #[test]
    fn websocket_is_passed_on_when_it_is_asked_for() {
        let mut message = fields("connection: keep-alive, Upgrade\nupgrade: websocket, x");
        request_fields(&mut message, Length::None, Upgrade::WebSocket, &NamedFields::default());
        assert_eq!(message, fields("connection: upgrade\nupgrade: websocket"));
    }

    #[track_caller]
    fn returns(before: &str, length: Length, after: &str) {
        let mut message = fields(before);
        response_fields(&mut message, length);
        assert_eq!(message, fields(after));
    }

    #[test]
    fn fields_of_responses() {
        use Length::{Known, None, Unknown};
        returns(
            "server: x\nset-cookie: a\nset-cookie: b",
            None,
            "server: x\nset-cookie: a\nset-cookie: b",
        );
        returns("connection: close, x-own\nx-own: 1\nkeep-alive: timeout=2", None, "");
        returns("upgrade: h2c\nproxy-authenticate: x", None, "");
        returns("trailer: expires\ntransfer-encoding: chunked", Unknown, "trailer: expires");
        returns("content-length: 9", None, "content-length: 9");
        returns("content-length: 9, 9", Known(9), "content-length: 9");
        returns("content-length: 9\ntransfer-encoding: chunked", Unknown, "");
    }

    const STRANGER: Client =
        Client { address: None, peer: None, is_secure: false, is_trusted: false };

    /// The target and the host that the application sees.
    fn seen(
        uri: &str,
        version: Version,
        header: &str,
        default_host: Option<&str>,
    ) -> Result<(String, String), StatusCode> {
        let (mut parts, ()) = hyper::Request::new(()).into_parts();
        (parts.uri, parts.version) = (uri.parse().unwrap(), version);
        parts.headers = fields(header);
        let upstream = Authority::from_static("127.0.0.1:8001");
        let default_host = default_host.map(|host| host.parse().unwrap());
        let forwarding = Forwarding { default_host, ..testing::FORWARDING };
        let passed = check(&parts, &forwarding).and_then(|()| {
            request(parts, Length::None, Upgrade::None, STRANGER, &upstream, &forwarding)
        });
        let passed = passed.map_err(|failure| failure.response(&Method::GET).status())?;
        assert_eq!(passed.version, Version::HTTP_11);
        assert_eq!(passed.headers.get_all(HOST).iter().count(), 1);
        let host = passed.headers[HOST].to_str().unwrap().to_owned();
        Ok((passed.uri.to_string(), host))
    }

    #[track_caller]
    fn addressed(uri: &str, version: Version, header: &str, target: &str, host: &str) {
        let target = format!("http://127.0.0.1:8001{target}");
        assert_eq!(seen(uri, version, header, None), Ok((target, host.to_owned())));
    }

    #[test]
    fn the_host_is_that_of_the_client() {
        let (v1_1, v2) = (Version::HTTP_11, Version::HTTP_2);
        addressed("/a?b", v1_1, "host: example.com", "/a?b", "example.com");
        addressed("//a/../%2e", v1_1, "host: example.com:81", "//a/../%2e", "example.com:81");
        addressed("http://example.com/a", v1_1, "host: evil", "/a", "example.com");
        addressed("http://me@example.com:81", v1_1, "host: evil", "/", "example.com:81");
        addressed("https://example.com/a", v2, "", "/a", "example.com");
        addressed("/a", v2, "host: example.com", "/a", "example.com");
        addressed("/a", v1_1, "host: a\nconnection: host", "/a", "a");
    }

    #[track_caller]
    fn has_no_host(version: Version, header: &str) {
        assert_eq!(seen("/", version, header, None), Err(StatusCode::BAD_REQUEST), "{header}");
        let configured = seen("/", version, header, Some("site.example"));
        assert_eq!(configured.unwrap().1, "site.example", "{header}");
    }

    #[test]
    fn a_host_is_never_made_up() {
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            has_no_host(version, "");
            has_no_host(version, "host:");
            has_no_host(version, "host: :80");
        }
    }

    #[test]
    fn there_are_no_two_hosts() {
        for version in [Version::HTTP_10, Version::HTTP_11] {
            let host = Some("site.example");
            assert_eq!(seen("/", version, "host: a\nhost: a", host), Err(StatusCode::BAD_REQUEST));
        }
    }

    #[test]
    fn a_coding_that_is_not_undone_is_refused() {
        let coded = "host: a\ntransfer-encoding: gzip, chunked";
        assert_eq!(seen("/", Version::HTTP_11, coded, None), Err(StatusCode::NOT_IMPLEMENTED));
    }

    #[test]
    fn a_change_of_protocol_is_agreed_on() {
        use Upgrade::WebSocket;
        let (switching, ok) = (StatusCode::SWITCHING_PROTOCOLS, StatusCode::OK);
        let answer = fields("connection: upgrade\nupgrade: websocket");
        assert_eq!(agreed(switching, &answer, WebSocket).ok(), Some(WebSocket));
        assert_eq!(agreed(ok, &answer, WebSocket).ok(), Some(Upgrade::None));
        assert_eq!(agreed(ok, &answer, Upgrade::None).ok(), Some(Upgrade::None));
        assert_eq!(agreed(switching, &answer, Upgrade::None).ok(), None);
        assert_eq!(agreed(switching, &fields("upgrade: h2c"), WebSocket).ok(), None);
    }
}
