//! The content of a response, from memory or from the application.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::upstream;

/// The content of a response. The application's is in a box: a response is moved some times on its
/// way, and most are from memory.
pub(crate) enum Content {
    Baked(hardtack::Body),
    Upstream(Box<upstream::Body>),
}

impl From<hardtack::Body> for Content {
    fn from(body: hardtack::Body) -> Self {
        Self::Baked(body)
    }
}

/// Why a body ends before its end.
pub(crate) type BodyError = Box<dyn Error + Send + Sync>;

impl Body for Content {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Self::Baked(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Upstream(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Baked(body) => body.is_end_stream(),
            Self::Upstream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Baked(body) => body.size_hint(),
            Self::Upstream(body) => body.size_hint(),
        }
    }
}
