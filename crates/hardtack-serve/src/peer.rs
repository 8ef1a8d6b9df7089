//! The other end of a connection.

use std::net::IpAddr;

use crate::settings::{Network, Trust};

/// The host or the process at the other end of a connection: the client, or a proxy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// None at a Unix socket.
    pub(crate) address: Option<IpAddr>,
    /// The connection begins with a header of the PROXY protocol.
    pub(crate) speaks_proxy: bool,
    /// Its `X-Forwarded-*` and `Forwarded` are true.
    pub(crate) is_trusted: bool,
    pub(crate) is_tls: bool,
}

impl Peer {
    pub(crate) fn new(address: Option<IpAddr>, trust: &Trust) -> Self {
        let is_of = |networks: &[Network]| networks.iter().any(|network| network.has(address));
        Self {
            address,
            speaks_proxy: is_of(&trust.proxy_protocol),
            is_trusted: is_of(&trust.forwarded),
            is_tls: false,
        }
    }
}
