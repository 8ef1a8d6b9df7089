//! The place that requests go to.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use http::Uri;

/// Scheme, host and port of a site: `https://cdn.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) is_tls: bool,
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    text: String,
}

impl Site {
    /// The URL of a path, which begins with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }

    pub(crate) fn of_url(url: &Uri) -> Option<Self> {
        let is_tls = match url.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = url.authority()?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let is_plain = !authority.as_str().contains('@') && !host.is_empty();
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" if is_tls => 443,
            "" => 80,
            port => port.strip_prefix(':')?.parse().ok().filter(|port| *port != 0)?,
        };
        let scheme = if is_tls { "https" } else { "http" };
        is_plain.then(|| Self { is_tls, host, port, text: format!("{scheme}://{authority}") })
    }
}

impl FromStr for Site {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url: Option<Uri> = text.parse().ok();
        let root = url.filter(|url| matches!(url.path(), "" | "/") && url.query().is_none());
        root.and_then(|url| Self::of_url(&url)).ok_or_else(|| {
            "this is no site, as https://cdn.example or http://127.0.0.1:8000; the paths are those of \
             the release"
                .to_owned()
        })
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An address to connect to for a host, in place of those that it has by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elsewhere {
    pub(crate) host: String,
    pub(crate) address: IpAddr,
    /// Without one, the port of the URL.
    pub(crate) port: Option<u16>,
}

impl FromStr for Elsewhere {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, place) = text.split_once(':').unwrap_or_default();
        let host = host.to_owned();
        if let (false, Ok(place)) = (host.is_empty(), place.parse::<SocketAddr>()) {
            return Ok(Self { host, address: place.ip(), port: Some(place.port()) });
        }
        match place.trim_matches(['[', ']']).parse() {
            Ok(address) if !host.is_empty() => Ok(Self { host, address, port: None }),
            _ => Err("this is a host and an address, as cdn.example:192.0.2.1 or \
                      cdn.example:[2001:db8::1]:8443"
                .to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, expected: Option<(bool, &str, u16)>) {
        let site: Option<Site> = text.parse().ok();
        let parts = site.as_ref().map(|it| (it.is_tls, it.host.as_str(), it.port));
        assert_eq!(parts, expected, "{text}");
    }

    #[test]
    fn sites() {
        is("https://cdn.example", Some((true, "cdn.example", 443)));
        is("https://cdn.example/", Some((true, "cdn.example", 443)));
        is("HTTPS://cdn.example:8443", Some((true, "cdn.example", 8443)));
        is("http://127.0.0.1:8000/", Some((false, "127.0.0.1", 8000)));
        is("http://[::1]:8000", Some((false, "::1", 8000)));
        is("http://[::1]", Some((false, "::1", 80)));
        is("cdn.example", None);
        is("//cdn.example", None);
        is("ftp://cdn.example", None);
        is("https://cdn.example/static/", None);
        is("https://cdn.example/?a", None);
        is("https://me@cdn.example/", None);
        is("https://cdn.example:0", None);
        is("https://cdn.example:", None);
        is("https://cdn.example:65536", None);
        is("https://", None);
        is("", None);
    }

    #[test]
    fn urls() {
        let url = |site: &str| site.parse::<Site>().unwrap().url("/a.css");
        assert_eq!(url("https://cdn.example/"), "https://cdn.example/a.css");
        assert_eq!(url("http://[::1]:80"), "http://[::1]:80/a.css");
    }

    #[test]
    fn other_addresses() {
        let is = |text: &str, expected: Option<(&str, &str, Option<u16>)>| {
            let parsed: Option<Elsewhere> = text.parse().ok();
            let expected = expected.map(|(host, address, port)| Elsewhere {
                host: host.to_owned(),
                address: address.parse().unwrap(),
                port,
            });
            assert_eq!(parsed, expected, "{text}");
        };
        is("cdn.example:192.0.2.1", Some(("cdn.example", "192.0.2.1", None)));
        is("cdn.example:192.0.2.1:8443", Some(("cdn.example", "192.0.2.1", Some(8443))));
        is("cdn.example:[2001:db8::1]:8443", Some(("cdn.example", "2001:db8::1", Some(8443))));
        is("cdn.example:[2001:db8::1]", Some(("cdn.example", "2001:db8::1", None)));
        is("cdn.example:2001:db8::1", Some(("cdn.example", "2001:db8::1", None)));
        is("cdn.example", None);
        is("cdn.example:", None);
        is(":192.0.2.1", None);
        is("cdn.example:other.example", None);
    }
}
