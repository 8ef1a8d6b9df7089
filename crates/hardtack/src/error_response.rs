//! Errors in plain text, for servers.

use bytes::Bytes;
use http::{Method, Response, StatusCode};

use crate::{
    Body,
    reply::{Content, Reply},
};

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
    let (length, content) = (text.len(), Content::Made(Body::of_pieces(vec![text])));
    let response = Reply::error(method, status, length, content).into_response();
    response.unwrap_or_else(|_| unreachable!("the program's own fields can be sent"))
}

#[cfg(test)]
mod tests {
    use http::header::{CONTENT_LENGTH, X_CONTENT_TYPE_OPTIONS};
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
