//! The fields that tell the application about the client: `X-Forwarded-*` and `Forwarded` (RFC
//! 7239).
//!
//! Applications believe these fields. So their values come from this server or from a trusted proxy,
//! and never from another client.

use std::{
    fmt::Write,
    net::{IpAddr, SocketAddr},
};

use hyper::{
    HeaderMap,
    header::{FORWARDED, HeaderName, HeaderValue},
};

use crate::client::{
    Client, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO, elements, speaks_forwarded,
};

/// Adds the fields that tell the client, the host and the protocol of a request.
pub(super) fn tell(fields: &mut HeaderMap, client: Client, host: &HeaderValue) {
    let is_forwarded = speaks_forwarded(fields);
    let before = if is_forwarded { senders(fields) } else { joined(fields, &X_FORWARDED_FOR) };
    let proto = if client.is_secure { "https" } else { "http" };
    fields.insert(X_FORWARDED_PROTO, HeaderValue::from_static(proto));
    if !fields.contains_key(&X_FORWARDED_HOST) {
        fields.insert(X_FORWARDED_HOST, host.clone());
    }
    let host = fields.get(&X_FORWARDED_HOST).and_then(|host| host.to_str().ok());
    let own = element(Node(client.peer), host, proto);
    let kept = if is_forwarded { joined(fields, &FORWARDED) } else { None };
    set(fields, FORWARDED, forwarded(before.as_deref(), kept, own));
    if let Some(peer) = client.peer {
        let address = peer.to_canonical().to_string();
        set(fields, X_FORWARDED_FOR, appended(before, &address));
    }
}

/// The senders that `Forwarded` names, as `X-Forwarded-For` lists them (RFC 7239 §7.4).
fn senders(fields: &HeaderMap) -> Option<String> {
    let senders = elements(fields).into_iter().map(|it| {
        let address = it.sender.and_then(|sender| Node::parse(&sender).0);
        address.map_or("unknown".to_owned(), |address| address.to_canonical().to_string())
    });
    let senders: Vec<_> = senders.collect();
    (!senders.is_empty()).then(|| senders.join(", "))
}

/// The proxies' own `Forwarded` if it is kept, or else `X-Forwarded-For` translated (RFC 7239 §7.4),
/// and then our own element.
fn forwarded(x_forwarded_for: Option<&str>, kept: Option<String>, own: String) -> String {
    appended(kept.or_else(|| x_forwarded_for.map(translated)), &own)
}

fn translated(addresses: &str) -> String {
    let elements = addresses.split(',').map(|item| format!("for={}", Node::parse(item.trim())));
    elements.collect::<Vec<_>>().join(", ")
}

/// One hop's element (RFC 7239 §4). Of several hosts, the last is the one that is next to us.
fn element(from: Node, host: Option<&str>, proto: &str) -> String {
    let mut element = format!("for={from}");
    if let Some(host) = host.and_then(|host| host.rsplit(',').next()) {
        write!(element, ";host={}", token_or_quoted(host.trim())).expect("a string grows");
    }
    element + ";proto=" + proto
}

/// The sender of a request (RFC 7239 §6). Without an address it is `unknown`.
struct Node(Option<IpAddr>);

impl Node {
    fn parse(item: &str) -> Self {
        let item = item.trim_matches('"');
        let bare = item.trim_start_matches('[').trim_end_matches(']');
        let with_port = || item.parse::<SocketAddr>().map(|address| address.ip());
        Self(bare.parse().or_else(|_| with_port()).ok())
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => write!(out, "{address}"),
            Some(IpAddr::V6(address)) => write!(out, "\"[{address}]\""),
            None => out.write_str("unknown"),
        }
    }
}

/// A parameter's value (RFC 7239 §4): a port's colon, for example, needs quotes.
fn token_or_quoted(value: &str) -> String {
    let is_token = |byte| matches!(byte, b'-' | b'.' | b'_') || u8::is_ascii_alphanumeric(&byte);
    if !value.is_empty() && value.bytes().all(is_token) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn appended(list: Option<String>, item: &str) -> String {
    list.map_or_else(|| item.to_owned(), |list| format!("{list}, {item}"))
}

/// The value of a list, which may have several lines. A list that is not ASCII has no addresses.
fn joined(fields: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines = fields.get_all(name).iter().map(|line| line.to_str().unwrap_or("unknown"));
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

fn set(fields: &mut HeaderMap, name: HeaderName, value: String) {
    let value = value.try_into().expect("it is made of other fields' values, and of ASCII");
    fields.insert(name, value);
}

#[cfg(test)]
mod tests {
    use super::{super::testing::fields, *};
    use crate::request_fields::NamedFields;

    const STRANGER: Client =
        Client { address: SOMEBODY, peer: SOMEBODY, is_secure: false, is_trusted: false };
    const PROXY: Client = Client { is_secure: true, is_trusted: true, ..STRANGER };
    const SOMEBODY: Option<IpAddr> = Some(IpAddr::V4(V4));
    const V4: std::net::Ipv4Addr = std::net::Ipv4Addr::new(192, 0, 2, 1);

    #[track_caller]
    fn told(client: Client, before: &str, after: &str) {
        let mut message = fields(before);
        NamedFields::default().retain(&mut message, client.is_trusted);
        tell(&mut message, client, &HeaderValue::from_static("example.com"));
        assert_eq!(message, fields(after));
    }

    /// The fields that a request without any of them gets.
    const OF_STRANGER: &str = "x-forwarded-for: 192.0.2.1\nx-forwarded-proto: http\n\
        x-forwarded-host: example.com\nforwarded: for=192.0.2.1;host=example.com;proto=http";

    #[test]
    fn a_strangers_own_words_are_removed() {
        told(STRANGER, "", OF_STRANGER);
        told(STRANGER, "x-forwarded-for: 6.6.6.6\nx-forwarded-for: 7.7.7.7", OF_STRANGER);
        told(STRANGER, "x-forwarded-proto: https\nx-forwarded-host: evil", OF_STRANGER);
        told(STRANGER, "forwarded: for=6.6.6.6;proto=https", OF_STRANGER);
    }

    #[test]
    fn a_trusted_proxys_words_are_kept() {
        told(
            PROXY,
            "x-forwarded-for: 2001:db8::1, bad\nx-forwarded-for: 9.9.9.9:80\n\
             x-forwarded-host: www.example.com:8443\nx-forwarded-proto: https",
            "x-forwarded-for: 2001:db8::1, bad, 9.9.9.9:80, 192.0.2.1\n\
             x-forwarded-host: www.example.com:8443\nx-forwarded-proto: https\n\
             forwarded: for=\"[2001:db8::1]\", for=unknown, for=9.9.9.9, \
             for=192.0.2.1;host=\"www.example.com:8443\";proto=https",
        );
    }

    #[test]
    fn forwarded_is_kept_when_it_is_the_only_one() {
        told(
            PROXY,
            "forwarded: for=9.9.9.9;proto=https",
            "x-forwarded-for: 9.9.9.9, 192.0.2.1\nx-forwarded-proto: https\n\
             x-forwarded-host: example.com\n\
             forwarded: for=9.9.9.9;proto=https, for=192.0.2.1;host=example.com;proto=https",
        );
    }

    #[test]
    fn forwarded_that_a_proxy_let_pass_is_not_believed() {
        told(
            PROXY,
            "forwarded: for=6.6.6.6\nx-forwarded-for: 9.9.9.9",
            "x-forwarded-for: 9.9.9.9, 192.0.2.1\nx-forwarded-proto: https\n\
             x-forwarded-host: example.com\n\
             forwarded: for=9.9.9.9, for=192.0.2.1;host=example.com;proto=https",
        );
    }

    #[test]
    fn a_client_at_a_unix_socket_is_unknown() {
        let nobody = Client { address: None, peer: None, ..STRANGER };
        told(
            nobody,
            "x-forwarded-for: 6.6.6.6",
            "x-forwarded-proto: http\nx-forwarded-host: example.com\n\
             forwarded: for=unknown;host=example.com;proto=http",
        );
        told(
            Client { is_trusted: true, ..nobody },
            "x-forwarded-for: 9.9.9.9",
            "x-forwarded-for: 9.9.9.9\nx-forwarded-proto: http\nx-forwarded-host: example.com\n\
             forwarded: for=9.9.9.9, for=unknown;host=example.com;proto=http",
        );
    }

    #[track_caller]
    fn written(address: &str, expected: &str) {
        assert_eq!(Node::parse(address).to_string(), expected);
    }

    #[test]
    fn nodes() {
        written("192.0.2.1", "192.0.2.1");
        written("192.0.2.1:80", "192.0.2.1");
        written("::1", "\"[::1]\"");
        written("[::1]", "\"[::1]\"");
        written("[::1]:80", "\"[::1]\"");
        written("\"[::1]\"", "\"[::1]\"");
        written("::ffff:192.0.2.1", "192.0.2.1");
        written("_hidden", "unknown");
        written("", "unknown");
    }

    #[track_caller]
    fn host(value: &str, expected: &str) {
        assert_eq!(element(Node(None), Some(value), "http"), format!("for=unknown;{expected}"));
    }

    #[test]
    fn a_host_is_quoted_where_it_has_to_be() {
        host("example.com", "host=example.com;proto=http");
        host("example.com:80", "host=\"example.com:80\";proto=http");
        host("a\";for=\\", "host=\"a\\\";for=\\\\\";proto=http");
        host("", "host=\"\";proto=http");
        host("a, b", "host=b;proto=http");
    }
}
