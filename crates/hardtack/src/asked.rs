//! `Asked`: a request with its bundle; and the beginnings of its responses.

use hardtack_bundle::Bundle;
use http::{Method, Request, StatusCode, Version, header::ACCESS_CONTROL_REQUEST_METHOD};

use crate::{
    CacheTags, cors,
    path::{self, Decoded},
    reply::{Content, Damaged, Reply, Value},
    request_fields::RequestFields,
};

/// The parts of a request that a response depends on, and the bundle that answers it.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) bundle: &'a Bundle<'static>,
    pub(crate) method: &'a Method,
    /// The path, with the bundle's prefix.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) version: Version,
    pub(crate) fields: RequestFields<'a>,
    /// The tags of the responses, if they have any.
    pub(crate) tags: Option<&'a CacheTags>,
}

pub(crate) type Answer<'a> = Result<Reply<'a>, Damaged>;

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
            query: request.uri().query(),
            version: request.version(),
            fields: request.headers().into(),
            tags: None,
        }
    }

    /// The decoded path, if the request may mean an asset. Methods other than `GET` and `HEAD` are
    /// the app's, and so is an `OPTIONS` that is no preflight.
    pub(crate) fn path_of_asset(&self) -> Option<Decoded<'a>> {
        let is_ours = match *self.method {
            Method::GET | Method::HEAD => true,
            Method::OPTIONS => self.fields.has(ACCESS_CONTROL_REQUEST_METHOD),
            _ => false,
        };
        path::decode(self.path).ok().filter(|_| is_ours)
    }

    /// A response without content yet.
    pub(crate) fn reply(&self, status: StatusCode) -> Reply<'a> {
        let mut reply = Reply::new(status);
        cors::allow_origin(self.bundle.origins(), self.fields, &mut reply.fields);
        reply
    }

    /// An error, which other origins can read where they can read assets.
    pub(crate) fn error(&self, status: StatusCode, text: &'static str) -> Reply<'a> {
        let content = Content::Static(text.as_bytes());
        let mut reply = Reply::error(self.method, status, text.len(), content);
        cors::allow_origin(self.bundle.origins(), self.fields, &mut reply.fields);
        reply
    }

    pub(crate) fn invalid_path(&self) -> Reply<'a> {
        self.error(StatusCode::BAD_REQUEST, "400 Bad Request: the path is invalid\n")
    }

    pub(crate) fn not_found(&self) -> Reply<'a> {
        self.error(StatusCode::NOT_FOUND, "404 Not Found\n")
    }

    pub(crate) fn internal_error(&self) -> Reply<'a> {
        let text = "500 Internal Server Error: the bundle is damaged\n";
        self.error(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    /// Makes the response the last of its connection. HTTP/2 has no such field (RFC 9113 §8.2.2).
    pub(crate) fn close_after(&self, reply: &mut Reply<'_>) {
        if self.version <= Version::HTTP_11 {
            reply.fields.insert("connection", Value::Static("close"));
        }
    }
}
