//! The address of the application.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    os::unix::net,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
};

use hyper::{Uri, http::uri::Authority};
use tokio::sync::Notify;

/// The port of `http://HOST` without one.
const HTTP_PORT: u16 = 80;

/// The address of the application: `http://HOST[:PORT]` or `unix:/PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host by its name or its IP address (of version 6 in brackets), and its port.
    Tcp {
        /// A name, or an IP address.
        host: String,
        /// Of TCP.
        port: u16,
    },
    /// The absolute path of a Unix socket.
    Unix(PathBuf),
}

/// An [`Address`] whose host's IP addresses are known. Clones share them.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub(super) address: Address,
    /// In the order in which they are tried; none for a Unix socket.
    sockets: Arc<RwLock<Vec<SocketAddr>>>,
    /// Notified when no connection could be opened.
    failed: Arc<Notify>,
}

impl Resolved {
    /// The port of TCP that is connected to, if it is one.
    pub(crate) fn port(&self) -> Option<u16> {
        match self.address {
            Address::Tcp { port, .. } => Some(port),
            Address::Unix(_) => None,
        }
    }

    /// The addresses, in the order in which they are tried.
    pub(super) fn sockets(&self) -> Vec<SocketAddr> {
        self.sockets.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The host has moved: it has these addresses now.
    pub(crate) fn move_to(&self, sockets: Vec<SocketAddr>) {
        if !sockets.is_empty() {
            *self.sockets.write().unwrap_or_else(PoisonError::into_inner) = sockets;
        }
    }

    /// No connection could be opened.
    pub(super) fn fail(&self) {
        self.failed.notify_one();
    }

    /// Waits until no connection could be opened.
    pub(crate) async fn failure(&self) {
        self.failed.notified().await;
    }
}

impl Address {
    /// Finds the host's addresses.
    ///
    /// # Errors
    ///
    /// If the host has no address, or nobody could be asked.
    pub fn resolve(&self) -> io::Result<Resolved> {
        let sockets = Arc::new(RwLock::new(self.look_up()?));
        Ok(Resolved { address: self.clone(), sockets, failed: Arc::default() })
    }

    /// The host's addresses, in the order in which they are tried; none of a Unix socket.
    ///
    /// # Errors
    ///
    /// If the host has no address, or nobody could be asked.
    pub fn look_up(&self) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::Tcp { host, port } => look_up(host, *port),
            Self::Unix(_) => Ok(Vec::new()),
        }
    }

    /// Whether the host has a name, whose addresses may change.
    pub fn has_name(&self) -> bool {
        match self {
            Self::Tcp { host, .. } => bare(host).parse::<IpAddr>().is_err(),
            Self::Unix(_) => false,
        }
    }

    /// The authority of the target, by which connections are kept.
    pub(super) fn authority(&self) -> Authority {
        match self {
            Self::Tcp { .. } => {
                let url = self.to_string();
                let authority = url.strip_prefix("http://").unwrap_or(&url);
                authority.parse().expect("it was parsed from an authority")
            }
            Self::Unix(_) => Authority::from_static("localhost"),
        }
    }
}

/// An IP address of version 6 without its brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let name = bare(host);
    let explain = |error: io::Error| {
        let problem = format!("cannot find the upstream's host {host}: {error}");
        io::Error::new(error.kind(), problem)
    };
    let sockets: Vec<_> = (name, port).to_socket_addrs().map_err(explain)?.collect();
    if sockets.is_empty() {
        return Err(explain(io::ErrorKind::NotFound.into()));
    }
    Ok(sockets)
}

impl FromStr for Address {
    type Err = String;

    fn from_str(written: &str) -> Result<Self, String> {
        match written.strip_prefix("unix:") {
            Some(path) => unix(Path::new(path)),
            None => tcp(written),
        }
    }
}

fn unix(path: &Path) -> Result<Address, String> {
    if !path.is_absolute() {
        return Err("the path of a Unix socket is absolute: unix:/run/app.sock".to_owned());
    }
    match net::SocketAddr::from_pathname(path) {
        Ok(_) => Ok(Address::Unix(path.to_owned())),
        Err(error) => Err(format!("this cannot be the path of a Unix socket: {error}")),
    }
}

fn tcp(written: &str) -> Result<Address, String> {
    let uri: Uri = written.parse().map_err(|_| SHAPES.to_owned())?;
    match uri.scheme_str() {
        Some("http") => {}
        // A host alone is more likely a mistake than port 80.
        None if uri.port().is_some() => {}
        Some("https") => return Err(NO_TLS.to_owned()),
        _ => return Err(SHAPES.to_owned()),
    }
    if uri.path_and_query().is_some_and(|path| path != "/") || written.contains('#') {
        return Err(NO_PATH.to_owned());
    }
    let authority = uri.authority().ok_or(SHAPES)?;
    let (host, port) = (authority.host(), authority.port());
    if host.is_empty() || authority.as_str().contains('@') {
        return Err(SHAPES.to_owned());
    }
    // A port that is no number is told apart from none.
    match (port, authority.as_str() == host) {
        (Some(port), _) if port.as_u16() > 0 => {
            Ok(Address::Tcp { host: host.to_owned(), port: port.as_u16() })
        }
        (None, true) => Ok(Address::Tcp { host: host.to_owned(), port: HTTP_PORT }),
        _ => Err("the port is a number from 1 to 65535".to_owned()),
    }
}

const SHAPES: &str = "this is not http://HOST, http://HOST:PORT, HOST:PORT or unix:/PATH";
const NO_TLS: &str = "the upstream is spoken to without TLS, for it is on this machine or in a \
                      private network: let it listen for http://, or use a Unix socket";
const NO_PATH: &str = "a path cannot be put before that of the requests, which are passed as they \
                       are: let the application serve under that path, and leave it out here";

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port: HTTP_PORT } => write!(out, "http://{host}"),
            Self::Tcp { host, port } => write!(out, "http://{host}:{port}"),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(written: &str, host: &str, port: u16) {
        let address = Address::Tcp { host: host.to_owned(), port };
        assert_eq!(written.parse(), Ok(address.clone()));
        assert_eq!(address.to_string().parse(), Ok(address));
    }

    #[test]
    fn a_host_and_a_port() {
        reads("http://127.0.0.1:8001", "127.0.0.1", 8001);
        reads("http://app", "app", 80);
        reads("http://app/", "app", 80);
        reads("http://app:80", "app", 80);
        reads("HTTP://app:8001/", "app", 8001);
        reads("http://[::1]:8001", "[::1]", 8001);
        reads("http://[::1]", "[::1]", 80);
        reads("localhost:8000", "localhost", 8000);
        reads("127.0.0.1:8000", "127.0.0.1", 8000);
        reads("[::1]:8000", "[::1]", 8000);
    }

    #[test]
    fn a_unix_socket() {
        let address = Address::Unix("/run/app.sock".into());
        assert_eq!("unix:/run/app.sock".parse(), Ok(address.clone()));
        assert_eq!(address.to_string(), "unix:/run/app.sock");
        assert_eq!(address.authority(), "localhost");
    }

    #[track_caller]
    fn refuses(written: &str, because: &str) {
        let error = written.parse::<Address>().expect_err("it is not an address");
        assert!(error.contains(because), "{error}");
    }

    #[test]
    fn what_is_no_address() {
        refuses("", "this is not");
        refuses("app", "this is not");
        refuses("/app", "this is not");
        refuses("app:8001/api", "this is not");
        refuses("app:0", "the port");
        refuses("http://", "this is not");
        refuses("ftp://app", "this is not");
        refuses("http://user@app", "this is not");
        refuses("https://app", "without TLS");
        refuses("http://app/api", "a path");
        refuses("http://app/?x", "a path");
        refuses("http://app/#x", "a path");
        refuses("http://app:0", "the port");
        refuses("http://app:99999", "the port");
        refuses("http://app:", "the port");
        refuses("unix:run/app.sock", "absolute");
        refuses("unix:", "absolute");
        refuses(&format!("unix:/{}", "x".repeat(200)), "cannot be the path");
    }

    #[test]
    fn literal_addresses_are_resolved() {
        let sockets = |url: &str| url.parse::<Address>().unwrap().resolve().unwrap().sockets();
        assert_eq!(sockets("http://127.0.0.1:8001"), ["127.0.0.1:8001".parse().unwrap()]);
        assert_eq!(sockets("http://[::1]:8001"), ["[::1]:8001".parse().unwrap()]);
        assert_eq!(sockets("unix:/run/app.sock"), []);
    }

    #[test]
    fn a_host_that_is_not_found_is_named() {
        let address: Address = "http://no-such-host.invalid:8001".parse().unwrap();
        let error = address.resolve().unwrap_err();
        assert!(error.to_string().contains("host no-such-host.invalid"), "{error}");
    }
}
