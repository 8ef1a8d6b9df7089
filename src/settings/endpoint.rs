//! The value of `--listen` and `--admin-listen`.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

/// An address to listen at, and whether TLS is spoken there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) address: ListenAddress,
    pub(crate) is_tls: bool,
}

/// An address to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListenAddress {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (is_tls, address) = match text.split_once("://") {
            None => (false, text),
            Some(("http", address)) => (false, address),
            Some(("https", address)) => (true, address),
            Some((scheme, _)) => {
                return Err(format!("{scheme}:// is neither http:// nor https://"));
            }
        };
        Ok(Self { address: address.trim_end_matches('/').parse()?, is_tls })
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(_) => {
                Err("the path of a Unix socket begins with /, as unix:/run/site.sock".into())
            }
            None => socket_address(text).map(Self::Tcp).ok_or_else(|| {
                "this is no address and port, as 0.0.0.0:80, [::]:80, localhost:8000 or :80, and no \
                 unix:/path"
                    .to_owned()
            }),
        }
    }
}

/// An address and a port. `localhost` is IPv4's, and a port alone is of all addresses of IPv4: an endpoint
/// is one address. No name is looked up.
fn socket_address(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (host, port) = text.rsplit_once(':')?;
    let address = match host {
        "" | "*" => Ipv4Addr::UNSPECIFIED,
        _ if host.eq_ignore_ascii_case("localhost") => Ipv4Addr::LOCALHOST,
        _ => return None,
    };
    Some((address, port.parse().ok()?).into())
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_tls { "https://" } else { "http://" }, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn listens(text: &str, expected: &str) {
        let said =
            text.parse::<Endpoint>().map_or_else(|error| error, |endpoint| endpoint.to_string());
        assert!(said.contains(expected), "{text}: {said}");
    }

    #[test]
    fn endpoints() {
        listens("127.0.0.1:80", "http://127.0.0.1:80");
        listens("[::]:80", "http://[::]:80");
        listens("http://0.0.0.0:80/", "http://0.0.0.0:80");
        listens("https://0.0.0.0:443", "https://0.0.0.0:443");
        listens("unix:/run/a.sock", "http://unix:/run/a.sock");
        listens("https://unix:/run/a.sock", "https://unix:/run/a.sock");
        listens(" 127.0.0.1:80", "http://127.0.0.1:80");
        listens("unix:a.sock", "begins with /");
        listens("localhost:8000", "http://127.0.0.1:8000");
        listens("https://Localhost:443", "https://127.0.0.1:443");
        listens(":80", "http://0.0.0.0:80");
        listens("*:80", "http://0.0.0.0:80");
        listens("example.org:80", "no address and port");
        listens("localhost", "no address and port");
        listens(":65536", "no address and port");
        listens("80", "no address and port");
        listens("ftp://0.0.0.0:80", "neither http:// nor https://");
    }
}
