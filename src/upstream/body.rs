//! What a response carries: the application's content, or a sentence of ours.

use std::{
    error::Error as StdError,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use tracing::warn;

use super::patience::Patient;

/// The content of a response. It ends in an error if the application's does, or if that takes too
/// long: the client's connection is then cut, so that a part is not taken for the whole.
pub(crate) struct Body(Source);

enum Source {
    Upstream(Patient<Incoming>),
    Ours(Full<Bytes>),
}

impl Body {
    pub(super) fn upstream(body: Incoming, patience: Duration) -> Self {
        Self(Source::Upstream(Patient::new(body, patience)))
    }

    pub(super) fn text(text: String) -> Self {
        Self(Source::Ours(text.into()))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = match &mut self.0 {
            Source::Upstream(body) => Pin::new(body).poll_frame(context),
            Source::Ours(text) => {
                Pin::new(text).poll_frame(context).map_err(|never| match never {})
            }
        };
        if let Poll::Ready(Some(Err(error))) = &frame {
            warn!(%error, "the upstream's response is cut short");
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Upstream(body) => body.is_end_stream(),
            Source::Ours(text) => text.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Upstream(body) => body.size_hint(),
            Source::Ours(text) => text.size_hint(),
        }
    }
}
