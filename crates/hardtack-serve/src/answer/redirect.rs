//! From http:// to https://.

use hardtack::{Body, error_response};
use hyper::{
    Request, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, HOST, HeaderValue, LOCATION},
};

use crate::client::Client;

/// The redirect of a request that came without TLS, to this port of `https://`. It keeps the method
/// (RFC 9110 §15.4.9), and no cache keeps it: the same URL is another one with TLS. Without a host
/// that could be named there is none, and no answer in the clear either.
pub(crate) fn to_https<B>(
    request: &Request<B>,
    client: Client,
    port: u16,
) -> Option<Response<Body>> {
    // `OPTIONS *` is about the server, and has no other place.
    let is_of_page = request.uri().path() != "*";
    if !is_of_page || client.is_secure {
        return None;
    }
    let Some(location) = location(request, port) else {
        let text = "400 Bad Request: no valid Host\n";
        return Some(error_response(request.method(), StatusCode::BAD_REQUEST, text));
    };
    let response = Response::builder()
        .status(StatusCode::PERMANENT_REDIRECT)
        .header(LOCATION, location)
        .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(CONTENT_LENGTH, HeaderValue::from_static("0"));
    response.body(Body::empty()).ok()
}

/// None if the request says no host.
fn location<B>(request: &Request<B>, port: u16) -> Option<String> {
    let uri = request.uri();
    let host = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => request.headers().get(HOST)?.to_str().ok()?,
    };
    let authority: hyper::http::uri::Authority = host.parse().ok()?;
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    if !target.starts_with('/') {
        return None;
    }
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    Some(format!("https://{}{port}{target}", authority.host()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn leads(target: &str, host: &str, port: u16, expected: Option<&str>) {
        let request = Request::get(target).header(HOST, host).body(()).unwrap();
        assert_eq!(location(&request, port).as_deref(), expected);
    }

    #[test]
    fn locations() {
        leads("/a?b=c", "a.example", 443, Some("https://a.example/a?b=c"));
        leads("/", "a.example:80", 443, Some("https://a.example/"));
        leads("/", "a.example:8000", 8443, Some("https://a.example:8443/"));
        leads("/", "[::1]:80", 443, Some("https://[::1]/"));
        leads("http://b.example/x", "a.example", 443, Some("https://b.example/x"));
        leads("//evil.example/x", "a.example", 443, Some("https://a.example//evil.example/x"));
        leads("/", "a b", 443, None);
        leads("*", "a.example", 443, None);
    }
}
