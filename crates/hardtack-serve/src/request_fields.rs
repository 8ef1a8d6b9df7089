//! The fields of a request that pass to the application, by their names.
//!
//! Applications believe what a proxy tells them about the client and the path. So a client says
//! nothing of the kind, whichever way it writes a name: gateway interfaces (CGI, WSGI, Rack) do not
//! tell `X-Real-IP` from `x_real_ip`.

use std::str::FromStr;

use hyper::{HeaderMap, header::HeaderName};

/// A field of requests whose name has other characters than letters, digits and `-`, and which is
/// passed on nonetheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusualField(HeaderName);

/// A field of requests that trusted proxies may set, and nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyField(HeaderName);

/// The fields that pass only because an option names them.
#[derive(Clone, Debug, Default)]
pub struct NamedFields {
    /// `--upstream-unusual-fields`
    pub unusual: Vec<UnusualField>,
    /// `--forwarded-fields`
    pub of_proxies: Vec<ProxyField>,
}

impl NamedFields {
    /// Removes what the application must not see of a request.
    pub(crate) fn retain(&self, fields: &mut HeaderMap, from_trusted: bool) {
        let is_refused = |name: &&HeaderName| !self.passes(name, from_trusted);
        let refused: Vec<_> = fields.keys().filter(is_refused).cloned().collect();
        for name in refused {
            fields.remove(name);
        }
    }

    fn passes(&self, name: &HeaderName, from_trusted: bool) -> bool {
        let text = name.as_str();
        if !is_usual(text) {
            return self.unusual.iter().any(|UnusualField(named)| named == name);
        }
        if overrides(text) {
            return false;
        }
        let is_named = self.of_proxies.iter().any(|ProxyField(named)| named == name);
        if OF_TRUSTED.contains(&text) || is_named {
            return from_trusted;
        }
        !is_claim(text)
    }

    /// Whether the field is about the client or the site, and so for all that handle the request.
    pub(crate) fn is_for_all(&self, name: &HeaderName) -> bool {
        is_claim(name.as_str()) || self.of_proxies.iter().any(|ProxyField(named)| named == name)
    }
}

/// The fields that every trusted proxy may set.
const OF_TRUSTED: [&str; 4] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

/// Whether a name consists of letters, digits and `-`.
fn is_usual(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The name as a gateway interface sees it.
fn dashed(name: &str) -> String {
    name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-")
}

/// Whether an application could take the field for the path of the request, or for the place of its
/// files.
fn overrides(name: &str) -> bool {
    const NAMES: [&str; 6] =
        ["path-info", "path-translated", "request-uri", "script-name", "script-url", "proxy"];
    let bare = name.strip_prefix("x-").unwrap_or(name);
    let words = || bare.split('-');
    let replaces =
        words().any(|word| matches!(word, "original" | "rewrite" | "rewritten" | "override"));
    let is_path = words().any(|word| matches!(word, "path" | "script" | "uri" | "url"));
    NAMES.contains(&bare)
        || (replaces && is_path)
        || ["accel-", "litespeed-", "sendfile"].iter().any(|start| bare.starts_with(start))
}

/// Whether proxies tell applications by this field who asks, for which host, or by which protocol.
fn is_claim(name: &str) -> bool {
    const NAMES: [&str; 15] = [
        "cf-visitor",
        "cloudfront-viewer-address",
        "front-end-https",
        "http-host-override",
        "https",
        "host",
        "host-override",
        "original-host",
        "remote-addr",
        "remote-user",
        "scheme",
        "server-name",
        "socket-ip",
        "ssl",
        "url-scheme",
    ];
    // RFC 9440 §3 has Client-Cert and Client-Cert-Chain.
    const STARTS: [&str; 16] = [
        "amzn-mtls-",
        "amzn-oidc-",
        "appengine-",
        "arr-",
        "auth-request-",
        "authenticated-",
        "client-cert",
        "envoy-external-",
        "forwarded",
        "goog-authenticated-",
        "goog-iap-",
        "ms-client-",
        "ssl-cipher",
        "ssl-client-",
        "tailscale-",
        "webauth-",
    ];
    const ENDS: [&str; 8] = [
        "client-ip",
        "client-cert",
        "clientip",
        "connecting-ip",
        "connecting-ipv6",
        "real-ip",
        "remote-ip",
        "user-ip",
    ];
    let bare = name.strip_prefix("x-").unwrap_or(name);
    // `Host` itself is the request's.
    (NAMES.contains(&bare) && name != "host")
        || name.contains("-forwarded-")
        || STARTS.iter().any(|start| bare.starts_with(start))
        || ENDS.iter().any(|end| bare.ends_with(end))
}

impl FromStr for UnusualField {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = parse(text)?;
        let seen = dashed(name.as_str());
        if is_usual(name.as_str()) {
            return Err("a name of letters, digits and `-` passes without it".to_owned());
        }
        let is_believed = overrides(&seen) || is_claim(&seen) || OF_TRUSTED.contains(&&*seen);
        if is_believed || IN_PLACE.contains(&&*seen) {
            return Err(format!("applications take it for {seen}, which is not a client's to say"));
        }
        Ok(Self(name))
    }
}

/// Fields that have a place of their own in a message, which nothing else may take.
const IN_PLACE: [&str; 5] =
    ["connection", "content-length", "content-type", "host", "transfer-encoding"];

impl FromStr for ProxyField {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = parse(text)?;
        if !is_usual(name.as_str()) {
            return Err("its name consists of letters, digits and `-`".to_owned());
        }
        if overrides(name.as_str()) {
            return Err("it overrides the path that this server has judged, so it passes from \
                        nobody: let the proxy send the path itself"
                .to_owned());
        }
        if IN_PLACE.contains(&name.as_str()) {
            return Err("it is of every request, and not a proxy's".to_owned());
        }
        Ok(Self(name))
    }
}

fn parse(text: &str) -> Result<HeaderName, String> {
    text.trim().parse().map_err(|_| "this is no name of a header field".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named() -> NamedFields {
        NamedFields {
            unusual: vec!["api_key".parse().unwrap()],
            of_proxies: vec!["X-Real-IP".parse().unwrap(), "x-tenant".parse().unwrap()],
        }
    }

    /// Whether it passes from a stranger, and from a trusted proxy.
    #[track_caller]
    fn passes(name: &str, stranger: bool, proxy: bool) {
        let header: HeaderName = name.parse().unwrap();
        let passes = [false, true].map(|trusted| named().passes(&header, trusted));
        assert_eq!(passes, [stranger, proxy], "{name}");
    }

    #[test]
    fn of_everybody() {
        for name in ["accept", "cookie", "host", "via", "x-csrftoken", "x-api-key", "api_key"] {
            passes(name, true, true);
        }
        for name in ["origin", "content-type", "x-http-method-override", "x-my-path", "ssl-x"] {
            passes(name, true, true);
        }
    }

    #[test]
    fn of_trusted_proxies() {
        for name in OF_TRUSTED.iter().chain(&["x-real-ip", "x-tenant"]) {
            passes(name, false, true);
        }
    }

    #[test]
    fn of_trusted_proxies_that_an_option_names() {
        for name in [
            "cf-connecting-ip",
            "client-ip",
            "client-cert",
            "fastly-client-ip",
            "front-end-https",
            "remote-user",
            "tailscale-user-login",
            "true-client-ip",
            "x-amzn-oidc-identity",
            "x-auth-request-user",
            "x-client-ip",
            "x-cluster-client-ip",
            "x-forwarded",
            "x-forwarded-port",
            "x-forwarded-prefix",
            "x-forwarded-user",
            "x-goog-authenticated-user-email",
            "x-host",
            "x-http-host-override",
            "x-ms-client-principal",
            "x-original-forwarded-for",
            "x-original-host",
            "x-scheme",
            "x-ssl-client-verify",
            "x-url-scheme",
        ] {
            passes(name, false, false);
            assert!(name.parse::<ProxyField>().is_ok(), "{name}");
        }
    }

    #[test]
    fn of_nobody() {
        for name in [
            "path-info",
            "proxy",
            "request-uri",
            "script-name",
            "x-accel-mapping",
            "x-accel-redirect",
            "x-envoy-original-path",
            "x-original-uri",
            "x-original-url",
            "x-override-url",
            "x-rewrite-url",
            "x-script-name",
            "x-sendfile-type",
        ] {
            passes(name, false, false);
            name.parse::<ProxyField>().unwrap_err();
        }
    }

    #[test]
    fn names_that_gateways_confuse_with_others() {
        for name in ["script_name", "content_length", "x_real_ip", "x.forwarded.for", "a_b"] {
            passes(name, false, false);
        }
    }

    #[track_caller]
    fn is_no_unusual_field(name: &str, because: &str) {
        let error = name.parse::<UnusualField>().unwrap_err();
        assert!(error.contains(because), "{name}: {error}");
    }

    #[test]
    fn unusual_fields_that_cannot_be_named() {
        is_no_unusual_field("x-own", "passes without it");
        is_no_unusual_field("a b", "no name");
        is_no_unusual_field("", "no name");
        for name in ["SCRIPT_NAME", "x_forwarded_for", "remote_user", "content_length", "x.host"] {
            is_no_unusual_field(name, "take it for");
        }
        assert!("host".parse::<ProxyField>().is_err());
        assert!("x_tenant".parse::<ProxyField>().is_err());
    }
}
