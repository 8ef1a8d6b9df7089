//! The host of a site's static files, where they have one of their own.

use std::{fmt, str::FromStr};

/// Scheme and host of a CDN, perhaps with a port, such as `https://cdn.example`.
///
/// Parsed from a text: a slash at the end is dropped, and the scheme is `https`, `http`, or the
/// page's (`//cdn.example`).
///
/// ```
/// use hardtack_bundle::StaticHost;
///
/// let host: StaticHost = "https://cdn.example/".parse()?;
/// assert_eq!(host.as_str(), "https://cdn.example");
/// assert!("cdn.example".parse::<StaticHost>().is_err());
/// # Ok::<(), hardtack_bundle::InvalidStaticHost>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticHost(String);

/// A text that is no [`StaticHost`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no host, such as \"https://cdn.example\"")]
pub struct InvalidStaticHost(String);

impl StaticHost {
    /// Scheme and host, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StaticHost {
    type Err = InvalidStaticHost;

    fn from_str(text: &str) -> Result<Self, InvalidStaticHost> {
        let host = text.strip_suffix('/').unwrap_or(text);
        let authority = ["https://", "http://", "//"].iter().find_map(|it| host.strip_prefix(it));
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if authority.is_some_and(|it| !it.is_empty() && it.bytes().all(allowed)) {
            Ok(Self(host.to_owned()))
        } else {
            Err(InvalidStaticHost(text.to_owned()))
        }
    }
}

impl fmt::Display for StaticHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_a_scheme_and_no_path() {
        let parse = |text: &str| text.parse().ok().map(|StaticHost(host)| host);
        for host in ["https://cdn.example", "http://[::1]:8000", "//cdn.example:8443"] {
            assert_eq!(parse(host).as_deref(), Some(host));
            assert_eq!(parse(&format!("{host}/")).as_deref(), Some(host));
        }
        for text in
            ["", "/", "//", "cdn.example", "https://", "https://a/b", "ftp://a", "https://a b"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
