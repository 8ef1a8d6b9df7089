//! [`respond`] as a service.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use hardtack_bundle::Bundle;
use http::{Request, Response};
use tower_service::Service;

use crate::{
    Body,
    respond::{Asked, answer},
};

/// Answers every request from a bundle, as [`respond`](crate::respond()) does.
///
/// It expects a server that has checked the message: requests without a `Host`, or with content,
/// are answered as this server's other services do.
///
/// The request's path is looked up as it is, so put the service where it sees whole paths: as
/// axum's `fallback_service`, not under `nest_service`, which strips the prefix. The bundle's
/// own prefix is part of its paths.
#[derive(Clone, Copy, Debug)]
pub struct ServeBundle {
    bundle: Bundle<'static>,
}

impl ServeBundle {
    /// A service for that bundle.
    pub const fn new(bundle: Bundle<'static>) -> Self {
        Self { bundle }
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
        ready(Ok(answer(&Asked::new(&self.bundle, &request))))
    }
}
