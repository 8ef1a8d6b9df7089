//! `Asked`: a request with its bundle; and the beginnings of its responses.

use std::borrow::Cow;

use hardtack_bundle::Bundle;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
    header::{ACCESS_CONTROL_REQUEST_METHOD, CONNECTION, InvalidHeaderValue},
};

use crate::{Body, CacheTags, cors, error_response, path};

/// The parts of a request that a response depends on, and the bundle that answers it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) bundle: &'a Bundle<'static>,
    pub(crate) method: &'a Method,
    /// The path, with the bundle's prefix.
    pub(crate) path: &'a str,
    pub(crate) uri: &'a Uri,
    pub(crate) version: Version,
    pub(crate) headers: &'a HeaderMap,
    /// The tags of the responses, if they have any.
    pub(crate) tags: Option<&'a CacheTags>,
}

/// The bundle contains a value that cannot be sent.
pub(crate) struct Damaged;

impl From<hardtack_bundle::Error> for Damaged {
    fn from(_: hardtack_bundle::Error) -> Self {
        Self
    }
}

impl From<InvalidHeaderValue> for Damaged {
    fn from(_: InvalidHeaderValue) -> Self {
        Self
    }
}

pub(crate) type Answer = Result<Response<Body>, Damaged>;

impl<'a> Asked<'a> {
    /// `path` is the request's path; behind a router that took a prefix away, the path with it.
    pub(crate) fn new<B>(
        bundle: &'a Bundle<'static>,
        request: &'a Request<B>,
        path: &'a str,
    ) -> Self {
        Self {
            bundle,
            path,
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            tags: None,
        }
    }

    /// The decoded path, if the request may mean an asset. Methods other than `GET` and `HEAD` are
    /// the app's, and so is an `OPTIONS` that is no preflight.
    pub(crate) fn path_of_asset(&self) -> Option<Cow<'a, [u8]>> {
        let is_ours = match *self.method {
            Method::GET | Method::HEAD => true,
            Method::OPTIONS => self.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD),
            _ => false,
        };
        path::decode(self.path).ok().filter(|_| is_ours)
    }

    /// A response with room for all header fields, and no body yet.
    pub(crate) fn response(&self, status: StatusCode) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        *response.headers_mut() = HeaderMap::with_capacity(12);
        cors::allow_origin(self.bundle.origins(), self.headers, response.headers_mut());
        response
    }

    /// An error, which other origins can read where they can read assets.
    pub(crate) fn error(&self, status: StatusCode, text: &'static str) -> Response<Body> {
        let mut response = error_response(self.method, status, text);
        cors::allow_origin(self.bundle.origins(), self.headers, response.headers_mut());
        response
    }

    pub(crate) fn invalid_path(&self) -> Response<Body> {
        self.error(StatusCode::BAD_REQUEST, "400 Bad Request: the path is invalid\n")
    }

    pub(crate) fn not_found(&self) -> Response<Body> {
        self.error(StatusCode::NOT_FOUND, "404 Not Found\n")
    }

    pub(crate) fn internal_error(&self) -> Response<Body> {
        let text = "500 Internal Server Error: the bundle is damaged\n";
        self.error(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    /// Makes the response the last of its connection. HTTP/2 has no such field (RFC 9113 §8.2.2).
    pub(crate) fn close_after(&self, response: &mut Response<Body>) {
        if self.version <= Version::HTTP_11 {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}
