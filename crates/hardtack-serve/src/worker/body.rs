//! The body of a response, as it is sent: what is sent of it is noticed.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Either;

use super::{
    answer::{BodyError, Content},
    exchange::Exchange,
    progress::{OpenStream, Progress},
};

/// Most bytes of a frame on a connection of HTTP/2. A body of the bundle is one frame, and how far
/// the client has come with it could not be seen.
const PIECE: usize = 64 * 1024;

/// A body on its way.
pub(crate) struct Sent {
    content: Content,
    progress: Arc<Progress>,
    way: Way,
    bytes: u64,
}

enum Way {
    /// The connection has one response at a time, and its end is seen where its bytes are.
    Http1,
    /// The response is over when its body is.
    Http2(Box<Http2>),
}

struct Http2 {
    exchange: Exchange,
    _stream: OpenStream,
    /// What was not given away yet of the last frame.
    rest: Bytes,
    /// Whether the client has to take something before this is asked for more.
    waits: bool,
}

impl Sent {
    pub(crate) fn over_http1(
        content: Content,
        progress: Arc<Progress>,
        exchange: Exchange,
    ) -> Self {
        progress.begin(exchange);
        Self { content, progress, way: Way::Http1, bytes: 0 }
    }

    pub(crate) fn over_http2(
        content: Content,
        progress: Arc<Progress>,
        exchange: Exchange,
        stream: OpenStream,
    ) -> Self {
        progress.waits();
        let http2 = Http2 { exchange, _stream: stream, rest: Bytes::new(), waits: true };
        Self { content, progress, way: Way::Http2(Box::new(http2)), bytes: 0 }
    }

    fn poll_content(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.content {
            Either::Left(body) => {
                Pin::new(body).poll_frame(context).map_err(|never| match never {})
            }
            Either::Right(body) => Pin::new(body).poll_frame(context),
        }
    }

    /// The client can take something.
    fn can_take(&mut self) {
        if let Way::Http2(way) = &mut self.way
            && std::mem::take(&mut way.waits)
        {
            self.progress.took();
        }
    }

    /// What goes to the client, of what was left or has come.
    fn piece(&mut self, mut data: Bytes) -> Bytes {
        if let Way::Http2(way) = &mut self.way {
            way.rest = data.split_off(data.len().min(PIECE));
            way.waits = true;
            self.progress.waits();
        }
        self.bytes += data.len() as u64;
        data
    }

    fn take_rest(&mut self) -> Bytes {
        match &mut self.way {
            Way::Http1 => Bytes::new(),
            Way::Http2(way) => std::mem::take(&mut way.rest),
        }
    }

    fn rest(&self) -> usize {
        match &self.way {
            Way::Http1 => 0,
            Way::Http2(way) => way.rest.len(),
        }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.can_take();
        let rest = self.take_rest();
        if rest.has_remaining() {
            return Poll::Ready(Some(Ok(Frame::data(self.piece(rest)))));
        }
        let frame = ready!(self.poll_content(context));
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| match frame.into_data() {
                Ok(data) => Frame::data(self.piece(data)),
                Err(other) => other,
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.rest() == 0 && self.content.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.content.size_hint();
        let rest = self.rest() as u64;
        match hint.exact() {
            Some(length) => SizeHint::with_exact(length + rest),
            None => hint,
        }
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.can_take();
        match &mut self.way {
            Way::Http1 => self.progress.body_ended(self.bytes),
            Way::Http2(way) => way.exchange.outcome.bytes = self.bytes,
        }
    }
}
