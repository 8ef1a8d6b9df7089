//! The short way: simple requests are answered from the bytes that came, without hyper.
//!
//! A connection on this way has no buffer of its own: the bytes of requests and heads lie in buffers of
//! the thread while a request is answered. Bytes that are no complete simple request are given back
//! unread, and hyper has the connection from then on.

mod answer;
mod batch;
mod head;

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::batch::{Batch, Looked, Rest};
use super::stream::Http1Stream;
use crate::socket::Socket;

/// Bytes that are read at once. A request whose header is longer is hyper's.
const READ: usize = 16 << 10;

/// The buffers of a thread.
struct Buffers {
    /// Bytes that came.
    input: Box<[u8]>,
    output: Batch,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> =
        RefCell::new(Buffers { input: vec![0; READ].into(), output: Batch::default() });
}

/// A connection on the short way.
pub(super) struct ShortWay<S: Socket> {
    stream: Http1Stream<S>,
    /// Responses that the system has not taken all of.
    rest: Option<Box<Rest>>,
    /// The end of the connection, when all is sent.
    close: Option<Close>,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Close {
    /// Nothing more is to come from the client, and its responses are on their way.
    AtOnce,
    /// The client has sent more than is answered, or may yet while a large response is sent. A socket
    /// that is closed over that is reset, and the client may lose the response (RFC 9112 §9.6).
    Lingering,
}

/// Why the short way is done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShortEnd {
    /// The connection has ended.
    Over,
    /// There has been no request for a while.
    Idle,
    /// The next request is not simple.
    NotSimple,
}

impl<S: Socket> ShortWay<S> {
    pub(super) fn new(stream: Http1Stream<S>) -> Self {
        Self { stream, rest: None, close: None }
    }

    pub(super) fn into_stream(self) -> Http1Stream<S> {
        self.stream
    }

    /// Answers requests for as long as they are simple.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<ShortEnd> {
        loop {
            match ready!(self.poll_round(context)) {
                Ok(None) => {}
                Ok(Some(end)) => return Poll::Ready(end),
                Err(_) => return Poll::Ready(ShortEnd::Over),
            }
        }
    }

    /// Sends what is left of the response that is under way, and ends the connection.
    pub(super) fn poll_finish(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if ready!(self.poll_send(context)).is_ok() {
            ready!(self.poll_close(self.close.unwrap_or(Close::Lingering), context)).ok();
        }
        Poll::Ready(())
    }

    /// Sends what is left, and answers the requests that have come meanwhile.
    fn poll_round(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<ShortEnd>>> {
        ready!(self.poll_send(context))?;
        if let Some(close) = self.close {
            return self.poll_close(close, context);
        }
        // The last response of a connection says so: it is hyper's.
        if self.stream.account().server().lifecycle.is_closing() {
            return Poll::Ready(Ok(Some(ShortEnd::NotSimple)));
        }
        BUFFERS.with_borrow_mut(|Buffers { input, output }| {
            output.clear();
            let end = ready!(self.poll_requests(input, output, context))?;
            if end.is_none() {
                self.rest = output.write(&mut self.stream, context)?;
            }
            Poll::Ready(Ok(end))
        })
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(rest) = &mut self.rest {
            ready!(rest.poll_write(&mut self.stream, context))?;
            self.rest = None;
        }
        self.stream.poll_sent(context).map_ok(drop)
    }

    /// Reads requests, and prepares their responses.
    fn poll_requests(
        &mut self,
        input: &mut [u8],
        output: &mut Batch,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<ShortEnd>>> {
        let mut filled = 0;
        loop {
            let mut space = ReadBuf::new(&mut input[filled..]);
            let read = Pin::new(&mut self.stream).poll_read(context, &mut space);
            let bytes = space.filled().len();
            match read {
                Poll::Ready(read) if bytes == 0 && filled == 0 => {
                    read?;
                    // The client has ended its side, and has no request open.
                    return self.poll_close(Close::AtOnce, context);
                }
                Poll::Ready(read) => read?,
                Poll::Pending if filled == 0 => return self.poll_idle(),
                Poll::Pending => {}
            }
            filled += bytes;
            match output.look(&self.stream, &input[..filled]) {
                Looked::Answered(used) => {
                    if used < filled {
                        self.stream.unread(&input[used..filled]);
                    }
                    return Poll::Ready(Ok(None));
                }
                Looked::AnsweredLast(used) => {
                    let is_done = used == filled && output.leaves_at_once();
                    self.close = Some(if is_done { Close::AtOnce } else { Close::Lingering });
                    return Poll::Ready(Ok(None));
                }
                Looked::Partial if bytes > 0 && filled < input.len() => {}
                Looked::Partial | Looked::NotSimple => break,
            }
        }
        self.stream.unread(&input[..filled]);
        Poll::Ready(Ok(Some(ShortEnd::NotSimple)))
    }

    fn poll_idle(&self) -> Poll<io::Result<Option<ShortEnd>>> {
        if self.stream.turn().lock().is_parked() {
            Poll::Ready(Ok(Some(ShortEnd::Idle)))
        } else {
            Poll::Pending
        }
    }

    /// Ends the connection. TLS says so to the client before.
    fn poll_close(
        &mut self,
        close: Close,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<ShortEnd>>> {
        if close == Close::Lingering || self.stream.account().peer.is_tls {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        }
        Poll::Ready(Ok(Some(ShortEnd::Over)))
    }
}
