//! What is refused before anything is looked up, because of limits that the options set.

use hardtack::Body;
use hyper::{
    Method, Request, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue},
};

use crate::cli::Serve;

/// The answer to a request that is beyond a limit.
pub(crate) fn refuse<B>(request: &Request<B>, options: &Serve) -> Option<Response<Body>> {
    let target = request.uri();
    let length = target.path_and_query().map_or(0, |rest| rest.as_str().len());
    if length > options.max_uri_bytes {
        return Some(plain(request, StatusCode::URI_TOO_LONG, "414 URI Too Long\n"));
    }
    // hyper has no such limit for HTTP/2.
    (request.headers().len() > usize::from(options.max_header_fields)).then(|| {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        plain(request, status, "431 Request Header Fields Too Large\n")
    })
}

/// An error that no cache may keep, with a line for people.
pub(super) fn plain<B>(
    request: &Request<B>,
    status: StatusCode,
    text: &'static str,
) -> Response<Body> {
    let mut response = Response::new(Body::from_static(text.as_bytes()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CONTENT_LENGTH, text.len().into());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // hyper takes it off HTTP/1 alone.
    if request.method() == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}
