//! The body of a response of HTTP/2: in pieces, so that it can be seen how far the client has come.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::streams::OpenStream;
use crate::{
    body::{BodyError, Content},
    exchange::Exchange,
};

/// Most bytes of a piece, as many as a frame of HTTP/2 has (RFC 9113 §4.2). A body of the bundle is one
/// piece until then.
const PIECE: usize = 16 * 1024;

/// A body that hyper reads. The response is over when it is dropped.
pub(crate) struct Http2Body {
    content: Content,
    /// The part of the last frame that hyper has not taken yet.
    rest: Bytes,
    bytes: u64,
    exchange: Box<Exchange>,
    stream: OpenStream,
}

impl Http2Body {
    pub(crate) fn new(content: Content, exchange: Exchange, mut stream: OpenStream) -> Self {
        stream.wait(0);
        Self { content, rest: Bytes::new(), bytes: 0, exchange: Box::new(exchange), stream }
    }

    /// The next piece. hyper asks for another one when the client can take more.
    fn piece(&mut self, mut data: Bytes) -> Bytes {
        self.rest = data.split_off(self.length_of_piece(data.len()));
        self.stream.wait(data.len() as u64);
        self.bytes += data.len() as u64;
        data
    }
}

impl Http2Body {
    /// hyper asks for a piece when the client has room for a byte more than all pieces before it. So the
    /// application's last byte is a piece of its own: until the client has room for that, it has not
    /// taken the response, which is kept in memory and has a deadline.
    fn length_of_piece(&self, length: usize) -> usize {
        let is_kept = matches!(self.content, Content::Upstream(_));
        if is_kept && (2..=PIECE).contains(&length) && self.content.is_end_stream() {
            return length - 1;
        }
        length.min(PIECE)
    }
}

impl Body for Http2Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.stream.end_wait();
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(self.piece(rest)))));
        }
        let frame = ready!(Pin::new(&mut self.content).poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| match frame.into_data() {
                Ok(data) => Frame::data(self.piece(data)),
                Err(other) => other,
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.content.size_hint();
        let rest = self.rest.len() as u64;
        match hint.exact() {
            Some(length) => SizeHint::with_exact(length + rest),
            None => hint,
        }
    }
}

impl Drop for Http2Body {
    fn drop(&mut self) {
        self.exchange.set_bytes(self.bytes);
    }
}
