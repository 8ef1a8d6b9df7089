//! Values of options.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use hardtack_build::{Patterns, Prefix};

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
            None => text.parse().map(Self::Tcp).map_err(|_| {
                "this is no address and port, as 0.0.0.0:80 or [::]:80, and no unix:/path"
                    .to_owned()
            }),
        }
    }
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

/// The port of `https://` as clients see it; or a yes, which variables have as well.
pub(crate) fn https_port(text: &str) -> Result<u16, String> {
    let is_yes = ["true", "yes", "on"].iter().any(|yes| text.eq_ignore_ascii_case(yes));
    match text.parse() {
        _ if is_yes => Ok(443),
        Ok(port @ 2..) => Ok(port),
        _ => Err("this is the port of https://, as 443; without a redirect, leave it out".into()),
    }
}

/// A number of seconds, at least 1 and at most a day.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("this is a number of seconds, from 1 to 86400".to_owned()),
    }
}

/// The same, or none at all.
pub(crate) fn seconds_or_none(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { seconds(text) }
}

/// A length that the library looks up, at most.
pub(crate) fn uri_bytes(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes @ 1..=8192) => Ok(bytes),
        _ => Err("this is a number of bytes, from 1 to 8192".to_owned()),
    }
}

/// As many as permits can be.
pub(crate) fn at_least_1(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=1_000_000) => Ok(number),
        _ => Err("this is a number from 1 to 1000000".to_owned()),
    }
}

/// A URL prefix, as `at` of a configuration has it.
pub(crate) fn prefix(text: &str) -> Result<Prefix, String> {
    Prefix::try_from(text.to_owned())
}

/// A glob, as `exclude` of a configuration has them.
pub(crate) fn glob(text: &str) -> Result<String, String> {
    Patterns::new(&[text]).map(|_| text.to_owned())
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
        listens("localhost:80", "no address and port");
        listens("80", "no address and port");
        listens("ftp://0.0.0.0:80", "neither http:// nor https://");
    }

    #[test]
    fn ports_of_https() {
        for (text, expected) in [
            ("443", Some(443)),
            ("8443", Some(8443)),
            ("true", Some(443)),
            ("Yes", Some(443)),
            ("0", None),
            ("1", None),
            ("no", None),
            ("65536", None),
        ] {
            assert_eq!(https_port(text).ok(), expected, "{text}");
        }
    }
}
