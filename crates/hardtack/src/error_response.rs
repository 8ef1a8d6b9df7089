//! Errors in plain text: the one way to make them.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};

use crate::Body;

pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// An error with a text for people. No cache may keep it, and no browser may take it for another
/// type than plain text. The response to `HEAD` has no body, and the length of the text.
///
/// ```
/// use hardtack::error_response;
/// use http::{Method, StatusCode};
///
/// let text = "503 Service Unavailable\n";
/// let response = error_response(&Method::GET, StatusCode::SERVICE_UNAVAILABLE, text);
/// assert_eq!(response.headers()["cache-control"], "no-store");
/// ```
pub fn error_response(
    method: &Method,
    status: StatusCode,
    text: impl Into<Bytes>,
) -> Response<Body> {
    let text = text.into();
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_LENGTH, text.len().into());
    headers.insert(CACHE_CONTROL, NO_STORE);
    let body = if method == Method::HEAD { Body::empty() } else { Body::of_pieces(vec![text]) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;

    use super::*;

    #[track_caller]
    fn has(method: Method, body: u64) {
        let response = error_response(&method, StatusCode::NOT_FOUND, "404 Not Found\n");
        assert_eq!(response.headers()[CONTENT_LENGTH], "14");
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.body().size_hint().exact(), Some(body));
    }

    #[test]
    fn the_response_to_head_has_the_length_alone() {
        has(Method::GET, 14);
        has(Method::POST, 14);
        has(Method::HEAD, 0);
    }
}
