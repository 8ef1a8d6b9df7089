//! The client of a request: the peer, or the host that a trusted peer names.

mod forwarded;

use std::net::IpAddr;

use hyper::{
    HeaderMap,
    header::{FORWARDED, HeaderName},
};

use crate::{peer::Peer, settings::Trust};

pub(crate) use self::forwarded::elements;

pub(crate) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(crate) const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The client of a request, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client {
    /// The address that a trusted proxy names, or else the peer's.
    pub(crate) address: Option<IpAddr>,
    /// The address of the other end of the connection: the client, or the last proxy before us. None
    /// at a Unix socket.
    pub(crate) peer: Option<IpAddr>,
    /// The request came by TLS, or so says a trusted proxy.
    pub(crate) is_secure: bool,
    /// The peer is a proxy of ours, and its own `X-Forwarded-*` and `Forwarded` are true.
    pub(crate) is_trusted: bool,
}

impl Client {
    /// The client of a request with these header fields.
    pub(crate) fn of(peer: Peer, headers: &HeaderMap, trust: &Trust) -> Self {
        let Peer { address: peer, is_tls, is_trusted, .. } = peer;
        if !is_trusted {
            return Self { address: peer, peer, is_secure: is_tls, is_trusted };
        }
        let is_trusted_proxy =
            |address| trust.forwarded.iter().any(|network| network.has(Some(address)));
        let address = forwarded_for(headers, is_trusted_proxy).or(peer);
        let is_secure = forwarded_proto(headers).unwrap_or(is_tls);
        Self { address, peer, is_secure, is_trusted }
    }
}

/// Whether `Forwarded` is the proxy's own. Many proxies write `X-Forwarded-*`, and pass a `Forwarded`
/// on that their client made up; so it counts where it stands alone.
pub(crate) fn speaks_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(FORWARDED)
        && ![X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO]
            .iter()
            .any(|name| headers.contains_key(name))
}

/// Each proxy appends the address of its own peer. From the end on, the addresses of trusted proxies
/// are true; the first one that is not trusted is the client's, and those before it may be invented.
fn forwarded_for(headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let names: Vec<String> = if speaks_forwarded(headers) {
        elements(headers).into_iter().map(|it| it.sender.unwrap_or_default()).collect()
    } else {
        let lines = headers.get_all(X_FORWARDED_FOR).into_iter();
        let texts = lines.map(|line| line.to_str().unwrap_or_default());
        texts.flat_map(|line| line.split(',')).map(str::to_owned).collect()
    };
    let mut farthest = None;
    for name in names.iter().rev() {
        let Some(address) = parse(name.trim()) else { return farthest };
        farthest = Some(address);
        if !is_trusted(address) {
            return farthest;
        }
    }
    farthest
}

/// An address, perhaps with a port, as some load balancers write it.
fn parse(name: &str) -> Option<IpAddr> {
    let socket = || name.parse::<std::net::SocketAddr>().map(|address| address.ip());
    let bracketed = || name.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    name.parse().or_else(|_| socket()).ok().or_else(bracketed)
}

/// Whether the client came by TLS, as the nearest proxy says. A WebSocket over TLS has the scheme
/// `wss` (RFC 6455 §3), by which some proxies name its handshake.
fn forwarded_proto(headers: &HeaderMap) -> Option<bool> {
    let scheme = if speaks_forwarded(headers) {
        elements(headers).pop()?.proto?
    } else {
        let said = headers.get_all(X_FORWARDED_PROTO).into_iter().next_back()?.to_str().ok()?;
        said.rsplit(',').next()?.trim().to_owned()
    };
    Some(["https", "wss"].iter().any(|secure| scheme.eq_ignore_ascii_case(secure)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_from(lines: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        let is_trusted = |address: IpAddr| address.to_string().starts_with("10.");
        let said = forwarded_for(&headers, is_trusted).map(|address| address.to_string());
        assert_eq!(said.as_deref(), expected, "{lines:?}");
    }

    #[test]
    fn the_last_that_is_not_trusted() {
        is_from(&[], None);
        is_from(&["192.0.2.1"], Some("192.0.2.1"));
        is_from(&["192.0.2.1, 10.0.0.1"], Some("192.0.2.1"));
        is_from(&["192.0.2.9, 192.0.2.1, 10.0.0.1"], Some("192.0.2.1"));
        is_from(&["192.0.2.9", "192.0.2.1", "10.0.0.1,10.0.0.2"], Some("192.0.2.1"));
        is_from(&["10.0.0.1, 10.0.0.2"], Some("10.0.0.1"));
        is_from(&["192.0.2.1, unknown"], None);
        is_from(&["nonsense, 10.0.0.1"], Some("10.0.0.1"));
        is_from(&["192.0.2.1:4711"], Some("192.0.2.1"));
        is_from(&["2001:db8::1"], Some("2001:db8::1"));
        is_from(&["[2001:db8::1]"], Some("2001:db8::1"));
        is_from(&["[2001:db8::1]:4711"], Some("2001:db8::1"));
    }

    #[track_caller]
    fn is_secure(lines: &[(HeaderName, &str)], expected: Option<bool>) {
        let parse = |(name, said): &(HeaderName, &str)| (name.clone(), said.parse().unwrap());
        let headers: HeaderMap = lines.iter().map(parse).collect();
        assert_eq!(forwarded_proto(&headers), expected, "{lines:?}");
    }

    #[test]
    fn the_last_scheme() {
        is_secure(&[], None);
        for (said, expected) in [
            ("https", true),
            ("HTTPS", true),
            ("wss", true),
            ("WSS", true),
            ("http", false),
            ("ws", false),
            ("https, http", false),
            ("http, wss", true),
        ] {
            is_secure(&[(X_FORWARDED_PROTO, said)], Some(expected));
        }
    }

    #[test]
    fn forwarded_counts_where_it_stands_alone() {
        is_secure(&[(FORWARDED, "for=192.0.2.1;proto=https")], Some(true));
        is_secure(&[(FORWARDED, "proto=\"wss\"")], Some(true));
        is_secure(&[(FORWARDED, "proto=https, proto=http")], Some(false));
        is_secure(&[(FORWARDED, "proto=https, for=192.0.2.1")], None);
        is_secure(&[(FORWARDED, "proto=https"), (X_FORWARDED_PROTO, "http")], Some(false));
        is_secure(&[(FORWARDED, "proto=https"), (X_FORWARDED_FOR, "192.0.2.1")], None);
        let said = "for=192.0.2.1, for=\"[2001:db8::1]:80\";proto=https, for=10.0.0.1";
        let headers = HeaderMap::from_iter([(FORWARDED, said.parse().unwrap())]);
        let is_trusted = |address: IpAddr| address.to_string().starts_with("10.");
        let expected = "2001:db8::1".parse().ok();
        assert_eq!(forwarded_for(&headers, is_trusted), expected);
    }
}
