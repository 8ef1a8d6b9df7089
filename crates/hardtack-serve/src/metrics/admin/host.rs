//! The hosts by which the admin listener is known.
//!
//! A page of another site can let its own name lead to this address (DNS rebinding), and read the answers
//! in a browser of somebody who reaches the listener. The browser then sends that name in `Host`. A name
//! with a dot in it may be anybody's; an address, `localhost` and a name without a dot are not.

use std::net::IpAddr;

use axum::http::{HeaderMap, header::HOST};

/// Whether a request is for a host by which the listener is known, or names none.
pub(crate) fn is_known(headers: &HeaderMap, named: &[String]) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => true,
        (Some(host), None) => host.to_str().is_ok_and(|host| is_ours(host, named)),
        _ => false,
    }
}

fn is_ours(host: &str, named: &[String]) -> bool {
    let name = without_port(host).trim_end_matches('.');
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    address.parse::<IpAddr>().is_ok()
        || !name.contains('.')
        || name.to_ascii_lowercase().ends_with(".localhost")
        || named.iter().any(|known| is(known))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn knows(hosts: &[&str], expected: bool) {
        let hosts = hosts.iter().map(|host| (HOST, host.parse().unwrap()));
        let headers: HeaderMap = hosts.collect();
        let named = ["metrics.example.org".to_owned()];
        assert_eq!(is_known(&headers, &named), expected, "{headers:?}");
    }

    #[test]
    fn hosts() {
        knows(&[], true);
        knows(&[""], true);
        knows(&["127.0.0.1:9000"], true);
        knows(&["10.1.2.3"], true);
        knows(&["[::1]:9000"], true);
        knows(&["localhost:9000"], true);
        knows(&["LOCALHOST"], true);
        knows(&["app.localhost:9000"], true);
        knows(&["hardtack:9000"], true);
        knows(&["Metrics.Example.org:9000"], true);
        knows(&["metrics.example.org."], true);
        knows(&["evil.example:9000"], false);
        knows(&["evil.example"], false);
        knows(&["127.0.0.1.evil.example"], false);
        knows(&["localhost.evil.example:9000"], false);
        knows(&["metrics.example.org.evil.example"], false);
        knows(&["localhost", "evil.example"], false);
        knows(&["evil.example:x"], false);
    }
}
