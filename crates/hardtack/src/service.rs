//! [`respond`] as a service.

use std::{
    borrow::Cow,
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use hardtack_bundle::Bundle;
use http::{Request, Response};
use tower_service::Service;

use crate::{Body, CacheTags, source::Source};

/// Answers every request from a bundle, as [`respond`](crate::respond()) does.
///
/// It expects a server that has checked the message, as the server's other services do: it also
/// answers requests without a `Host`, or with content.
///
/// It looks up the request's path as it is, with the bundle's prefix: mount it as axum's
/// `fallback_service`. Under `nest_service`, which takes a prefix away, it has to be
/// [`nested`](ServeBundle::nested).
#[derive(Clone, Debug)]
pub struct ServeBundle {
    source: Source,
    is_nested: bool,
}

impl ServeBundle {
    /// A service for that bundle.
    pub const fn new(bundle: Bundle<'static>) -> Self {
        Self { source: Source::baked(bundle), is_nested: false }
    }

    pub(crate) fn of(source: &Source) -> Self {
        Self { source: source.clone(), is_nested: false }
    }

    /// Makes the service one for a router that takes the bundle's prefix away from the path. It has
    /// to be mounted at that prefix, and does not answer at the prefixes of other folders.
    ///
    /// ```
    /// use axum::Router;
    /// use hardtack::{Bundle, ServeBundle};
    ///
    /// // A bundle that was baked with `at = "/static/"`.
    /// fn app(bundle: Bundle<'static>) -> Router {
    ///     Router::new().nest_service("/static", ServeBundle::new(bundle).nested())
    /// }
    /// ```
    pub fn nested(self) -> Self {
        Self { is_nested: true, ..self }
    }

    /// Adds cache tags to the bundle's responses.
    ///
    /// ```
    /// use hardtack::{Bundle, ServeBundle, CacheTags};
    ///
    /// fn service(bundle: Bundle<'static>) -> Result<ServeBundle, Box<dyn std::error::Error>> {
    ///     let tags = CacheTags::new(bundle, "Surrogate-Key".parse()?)?;
    ///     Ok(ServeBundle::new(bundle).cache_tags(tags))
    /// }
    /// ```
    pub fn cache_tags(mut self, tags: CacheTags) -> Self {
        self.source.tags = Some(tags);
        self
    }

    /// The path, with the prefix that a router took away.
    fn path<'a>(&self, path: &'a str) -> Cow<'a, str> {
        match (self.is_nested, path.strip_prefix('/')) {
            (true, Some(below)) => format!("{}{below}", self.source.bundle.at()).into(),
            _ => path.into(),
        }
    }
}

impl<B> Service<Request<B>> for ServeBundle {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = self.path(request.uri().path());
        ready(Ok(self.source.answer(&request, &path)))
    }
}
