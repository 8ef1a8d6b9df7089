//! The body of a response of HTTP/1.1: its end is a part of the [`Turn`](super::turn::Turn).

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::turn::SharedTurn;
use crate::body::{BodyError, Content};

/// A body that hyper reads. When it is dropped, all of it is read, or will never be.
pub(crate) struct Http1Body {
    content: Content,
    turn: SharedTurn,
    bytes: u64,
}

impl Http1Body {
    pub(crate) fn new(content: Content, turn: SharedTurn) -> Self {
        Self { content, turn, bytes: 0 }
    }
}

impl Body for Http1Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.content).poll_frame(context));
        let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
        self.bytes += data.map_or(0, |data| data.len() as u64);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.content.size_hint()
    }
}

impl Drop for Http1Body {
    fn drop(&mut self) {
        self.turn.lock().end_body(self.bytes);
    }
}
