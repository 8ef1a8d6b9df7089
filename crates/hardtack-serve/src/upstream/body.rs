//! The content of a response: the application's, or an error of this server.

use std::{
    error::Error as StdError,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tracing::warn;

use super::{paced::Paced, places::Place, responding::Responding, taken::Taken};
use crate::{pace::Pace, room::Room};

/// The content of a response. It ends in an error if the application's content does, or takes too
/// long. That cuts the client's connection, so that a part is not taken for the whole.
pub(crate) enum Body {
    Upstream {
        body: Taken<Paced<Incoming>>,
        /// Ends the request's content with the response.
        _responding: Option<Responding>,
        _place: Place,
    },
    Own(hardtack::Body),
}

impl Body {
    pub(super) fn upstream(
        body: Incoming,
        timeout: Duration,
        room: Room,
        responding: Option<Responding>,
        place: Place,
    ) -> Self {
        Self::Upstream {
            body: Taken::new(Paced::new(body, Pace::of_each(timeout)), room),
            _responding: responding,
            _place: place,
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = match &mut *self {
            Self::Upstream { body, .. } => Pin::new(body).poll_frame(context),
            Self::Own(text) => Pin::new(text).poll_frame(context).map_err(|never| match never {}),
        };
        if let Poll::Ready(Some(Err(error))) = &frame {
            warn!(%error, "the upstream's response is cut short");
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Upstream { body, .. } => body.is_end_stream(),
            Self::Own(text) => text.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Upstream { body, .. } => body.size_hint(),
            Self::Own(text) => text.size_hint(),
        }
    }
}
