//! The limits of a request that are checked before anything is looked up.

use hardtack::{Body, error_response, refuse_long_target};
use hyper::{Request, Response, StatusCode};

use crate::settings::Limits;

/// The answer to a request that is beyond a limit.
pub(crate) fn refuse<B>(request: &Request<B>, limits: &Limits) -> Option<Response<Body>> {
    refuse_long_target(request, limits.target_bytes).or_else(|| refuse_many_fields(request, limits))
}

/// hyper has no such limit for HTTP/2.
fn refuse_many_fields<B>(request: &Request<B>, limits: &Limits) -> Option<Response<Body>> {
    (request.headers().len() > usize::from(limits.header_fields)).then(|| {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        error_response(request.method(), status, "431 Request Header Fields Too Large\n")
    })
}
