//! The settings of a worker: each option of `serve` is a field of the type that it belongs to.

use std::{net::IpAddr, num::NonZeroU64, str::FromStr, time::Duration};

use hyper::http::uri::Authority;
use ipnet::IpNet;

use crate::{pace::Pace, request_fields::NamedFields};

/// The settings of a worker.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--threads`
    pub threads: usize,
    /// `--h2c`: HTTP/2 without TLS is accepted (prior knowledge, RFC 9113 §3.3).
    pub h2c: bool,
    /// Unless `--no-short-way`: simple requests are answered without hyper.
    pub short_way: bool,
    /// `--https-redirect`: the port of `https://` to which requests without TLS are redirected.
    pub https_redirect: Option<u16>,
    /// How much a request may be.
    pub limits: Limits,
    /// How long a client may take.
    pub timeouts: Timeouts,
    /// How many connections there may be.
    pub admission: Admission,
    /// Which peers are believed.
    pub trust: Trust,
    /// The end of the worker.
    pub drain: Drain,
    /// `--sandbox`
    pub sandbox: Sandbox,
    /// How requests are passed on to the application.
    pub forwarding: Forwarding,
    /// `--admin-host`: names by which the admin listener is known.
    pub admin_hosts: Vec<String>,
    /// None with `--access-log=off`.
    pub access_log: Option<AccessLog>,
}

/// How much a request may be, and how much of a connection is used.
#[derive(Clone, Debug)]
pub struct Limits {
    /// `--max-header-bytes`
    pub header_bytes: u32,
    /// `--max-header-fields`
    pub header_fields: u16,
    /// `--max-uri-bytes`
    pub target_bytes: usize,
    /// `--max-requests`: requests of a connection.
    pub requests: u32,
    /// `--max-connection-age`
    pub connection_age: Duration,
    /// `--max-streams`: requests at once on a connection of HTTP/2.
    pub streams: u32,
}

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// `--header-timeout`: from the first byte of a request's header to its last. A header of the
    /// PROXY protocol and a TLS handshake have as long.
    pub header: Duration,
    /// `--idle-timeout`: from one request to the next, and to the first.
    pub idle: Duration,
    /// `--write-timeout` and `--min-rate`: how slowly a response may be taken.
    pub write: Pace,
}

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub struct Admission {
    /// `--max-connections`
    pub connections: usize,
    /// `--max-connections-per-address`; 0 for no limit.
    pub per_address: u32,
}

/// Which peers are believed.
#[derive(Clone, Debug)]
pub struct Trust {
    /// `--proxy-protocol-from`: peers that begin a connection with a PROXY protocol header.
    pub proxy_protocol: Vec<Network>,
    /// `--forwarded-from`: peers whose `X-Forwarded-*` and `Forwarded` are true.
    pub forwarded: Vec<Network>,
}

/// The end of a worker.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    /// `--shutdown-delay`: how long connections are accepted while the process is unready.
    pub delay: Duration,
    /// `--drain-timeout`: how long responses that are under way have to finish.
    pub timeout: Duration,
    /// `--upgrade-drain-timeout`: the same after an upgrade, when nobody waits for it.
    pub upgrade: Duration,
}

/// The access log.
#[derive(Clone, Copy, Debug)]
pub struct AccessLog {
    /// `--access-log`
    pub format: AccessLogFormat,
    /// `--access-log-every`: one in so many requests has a line.
    pub every: NonZeroU64,
}

/// How a line of the access log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLogFormat {
    /// Apache's Combined Log Format.
    Combined,
    /// A JSON object.
    Json,
}

/// How much of the sandbox there has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sandbox {
    /// None.
    Off,
    /// As much as the system can.
    BestEffort,
    /// All of it, or the worker does not start.
    Strict,
}

/// How requests are passed on to the application.
#[derive(Clone, Debug)]
pub struct Forwarding {
    /// `--upstream-max-requests`: requests that are with it at once.
    pub requests: usize,
    /// `--upstream-max-fields`: fields in the header section of a response.
    pub response_fields: u16,
    /// `--upstream-misses`: it also gets requests for static paths that the bundle has no answer to.
    pub passes_misses: bool,
    /// `--upstream-health`: the path that it is asked at whether it can serve.
    pub health: Option<String>,
    /// How long it may take.
    pub timeouts: UpstreamTimeouts,
    /// `--upstream-default-host`: the host of requests that name none.
    pub default_host: Option<Host>,
    /// How content is kept for the application.
    pub buffering: Buffering,
    /// The fields of requests that pass because they are named.
    pub fields: NamedFields,
}

/// How much content is kept, so that the application does not wait for clients.
#[derive(Clone, Debug)]
pub struct Buffering {
    /// `--upstream-streaming`: prefixes of paths whose content is passed on as it comes.
    pub streamed: Vec<String>,
    /// `--upstream-max-content`: bytes of a request.
    pub most: u64,
    /// `--upstream-buffer-bytes`: bytes of all requests and responses together.
    pub room: usize,
}

impl Buffering {
    /// Whether content for this path is passed on as it comes.
    pub(crate) fn streams(&self, path: &str) -> bool {
        self.streamed.iter().any(|prefix| path.starts_with(prefix))
    }
}

/// A host as requests name it: a name or an address, and perhaps a port (RFC 9110 §7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(Authority);

impl Host {
    /// The text of the field `Host`.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let authority = text.parse::<Authority>().ok();
        let is_host =
            |host: &Authority| !host.host().is_empty() && !host.as_str().contains(['@', '%']);
        authority
            .filter(is_host)
            .map(Self)
            .ok_or_else(|| "this is no host, as site.example or site.example:8080".to_owned())
    }
}

/// How long the application may take, and a client that sends it content.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamTimeouts {
    /// `--upstream-connect-timeout`
    pub connect: Duration,
    /// `--upstream-read-timeout`: for the header of a response, and then between two pieces of its
    /// content.
    pub read: Duration,
    /// `--upstream-tunnel-timeout`: the silence of both sides of a WebSocket.
    pub tunnel: Duration,
    /// `--write-timeout` and `--min-rate`: how slowly the client's content may come.
    pub content: Pace,
}

/// A network of addresses, or the clients of a Unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Addresses of IP.
    Ip(IpNet),
    /// Peers without an address.
    Unix,
}

impl Network {
    /// Whether a peer is of it. A peer without an address uses a Unix socket.
    pub fn has(self, peer: Option<IpAddr>) -> bool {
        match (self, peer) {
            (Self::Ip(network), Some(address)) => network.contains(&address.to_canonical()),
            (Self::Unix, None) => true,
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self::Ip).map_err(|_| {
            "this is no network, as 10.0.0.0/8 or 2001:db8::/32, no address, and not `unix`".into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn has(network: &str, peer: Option<&str>, expected: bool) {
        let peer = peer.map(|peer| peer.parse().unwrap());
        assert_eq!(network.parse::<Network>().unwrap().has(peer), expected, "{network} {peer:?}");
    }

    #[test]
    fn hosts() {
        for host in ["site.example", "site.example:8080", "[2001:db8::1]:80", "192.0.2.1"] {
            assert_eq!(host.parse::<Host>().unwrap().as_str(), host);
        }
        for other in ["", ":80", "me@site.example", "site example", "http://site.example", "a/b"] {
            assert!(other.parse::<Host>().is_err(), "{other}");
        }
    }

    #[test]
    fn networks() {
        has("10.0.0.0/8", Some("10.1.2.3"), true);
        has("10.0.0.0/8", Some("11.1.2.3"), false);
        has("10.0.0.0/8", Some("::ffff:10.1.2.3"), true);
        has("127.0.0.1", Some("127.0.0.1"), true);
        has("127.0.0.1", Some("127.0.0.2"), false);
        has("2001:db8::/32", Some("2001:db8::1"), true);
        has(" 10.0.0.0/8", Some("10.1.2.3"), true);
        has("0.0.0.0/0", None, false);
        has("unix", None, true);
        has("unix", Some("127.0.0.1"), false);
        assert!("10.0.0.0/33".parse::<Network>().is_err());
        assert!("localhost".parse::<Network>().is_err());
    }
}
