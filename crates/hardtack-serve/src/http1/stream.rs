//! The bytes of a connection of HTTP/1.1: the time that a client has to send a request, and to send
//! another one.
//!
//! hyper has one deadline for a request's header and for its absence. Here, where the bytes are
//! seen, these are two. A client that lets one pass gets an error of the connection, which closes it.

use std::{
    future::poll_fn,
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use hyper::Version;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    refusal::Refusal,
    turn::{Expiry, SharedTurn, Turn},
};
use crate::{
    account::Account, dormant::Dormant, exchange, socket::Socket, standby::Waiting,
    transport::Transport,
};

/// The news of a connection that waits for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A request begins.
    Request,
    /// The client ends the connection, or has let its time pass.
    End,
    /// The wait has become so long that the connection is dormant if it can be.
    LongWait,
}

/// A connection that speaks HTTP/1.1.
pub(crate) struct Http1Stream<S: Socket> {
    transport: Transport<S>,
    turn: SharedTurn,
    /// An answer in place of hyper's own.
    refusal: Option<Box<Refusal>>,
}

impl<S: Socket> Http1Stream<S> {
    pub(crate) fn new(transport: Transport<S>, turn: Turn) -> Self {
        Self { transport, turn: SharedTurn::new(turn), refusal: None }
    }

    pub(crate) fn account(&self) -> &Arc<Account> {
        self.transport.account()
    }

    pub(crate) fn turn(&self) -> &SharedTurn {
        &self.turn
    }

    /// Gives bytes back that were read and not used. A request begins with them, if none is under way.
    pub(crate) fn unread(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            receive(&mut self.transport, &mut self.turn.lock());
        }
        self.transport.unread(bytes);
    }

    /// Replaces an answer of hyper's own, after which the connection ends.
    fn find_refusal(&mut self, bytes: &[u8]) {
        if self.refusal.is_none() && self.turn.lock().has_no_request() {
            self.refusal = Refusal::of(bytes).map(Box::new);
            if let Some(refusal) = &self.refusal {
                let account = self.account();
                let (thread, peer) = (account.thread, account.peer.address);
                exchange::refuse(thread, peer, Version::HTTP_11, refusal.status);
            }
        }
    }

    /// Writes of a response that is not hyper's.
    pub(crate) fn poll_write_response(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.transport).poll_write_vectored(context, pieces)
    }

    /// Ready when all that was written is sent. Returns whether a response ended by that.
    pub(crate) fn poll_sent(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        ready!(Pin::new(&mut self.transport).poll_flush(context))?;
        let mut turn = self.turn.lock();
        let ended = turn.is_sending();
        if ended {
            let now = Instant::now();
            turn.flush(now).into_iter().for_each(|exchange| exchange.finish(now));
            self.transport.begin_message();
        }
        Poll::Ready(Ok(ended))
    }

    /// Waits for a request.
    pub(crate) fn poll_request(&mut self, context: &mut Context<'_>) -> Poll<News> {
        let mut turn = self.turn.lock();
        match poll_read_ahead(&mut self.transport, &mut turn, 1, context) {
            Poll::Ready(Ok(1..)) => Poll::Ready(News::Request),
            Poll::Ready(_) => Poll::Ready(News::End),
            Poll::Pending if turn.dormant_since().is_some() => Poll::Ready(News::LongWait),
            Poll::Pending => Poll::Pending,
        }
    }

    /// The connection without a task, if it is dormant and nothing else uses it.
    pub(crate) fn into_dormant(self, waiting: Waiting) -> Option<Dormant> {
        let since = self.turn.lock().dormant_since()?;
        let account = Arc::clone(self.account());
        drop(self);
        Arc::into_inner(account)?.into_dormant(since, waiting)
    }
}

/// Whether a connection begins with these bytes; nothing is lost of it.
///
/// # Errors
///
/// If it ends before that is known, or lets its time pass.
pub(crate) async fn begins_with<S: Socket>(
    transport: &mut Transport<S>,
    turn: &mut Turn,
    expected: &[u8],
) -> io::Result<bool> {
    loop {
        let length = transport.ahead().len();
        if !expected.starts_with(&transport.ahead()[..length.min(expected.len())]) {
            return Ok(false);
        }
        if length >= expected.len() {
            return Ok(true);
        }
        let missing = expected.len() - length;
        let read = poll_fn(|context| poll_read_ahead(transport, turn, missing, context));
        if read.await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Reads some bytes that are not used yet.
fn poll_read_ahead<S: Socket>(
    transport: &mut Transport<S>,
    turn: &mut Turn,
    most: usize,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let Poll::Ready(read) = transport.poll_read_ahead(most, context) else {
        return poll_deadline(transport, turn, context).map(Err);
    };
    if matches!(read, Ok(1..)) {
        receive(transport, turn);
    }
    Poll::Ready(read)
}

/// Bytes have come.
fn receive<S: Socket>(transport: &mut Transport<S>, turn: &mut Turn) {
    if turn.receive(Instant::now()) {
        transport.begin_message();
    }
}

/// An error when the next byte has not come in time. Until then, the task is woken for it.
fn poll_deadline<S: Socket>(
    transport: &mut Transport<S>,
    turn: &mut Turn,
    context: &mut Context<'_>,
) -> Poll<io::Error> {
    loop {
        let Some(deadline) = turn.deadline(transport.account().timeouts()) else {
            return Poll::Pending;
        };
        ready!(transport.poll_deadline(deadline.at, context));
        match deadline.expiry {
            Expiry::Park => turn.park(),
            Expiry::Rest => turn.rest(),
            Expiry::TimeOut(timeout) => {
                transport.account().time_out(timeout);
                return Poll::Ready(ErrorKind::TimedOut.into());
            }
        }
    }
}

impl<S: Socket> AsyncRead for Http1Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { transport, turn, .. } = &mut *self;
        // These have been received.
        let is_ahead = !transport.ahead().is_empty();
        let known = buffer.filled().len();
        let read = Pin::new(&mut *transport).poll_read(context, buffer);
        if read.is_pending() {
            return poll_deadline(transport, &mut turn.lock(), context).map(Err);
        }
        if !is_ahead && buffer.filled().len() > known {
            receive(transport, &mut turn.lock());
        }
        read
    }
}

impl<S: Socket> AsyncWrite for Http1Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.find_refusal(bytes);
        let Self { transport, refusal, .. } = &mut *self;
        match refusal {
            Some(refusal) => refusal.poll_write(transport, context, bytes.len()),
            None => Pin::new(transport).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = pieces.iter().find(|piece| !piece.is_empty());
        if let Some(first) = first {
            self.find_refusal(first);
            if self.refusal.is_some() {
                return self.poll_write(context, first);
            }
        }
        Pin::new(&mut self.transport).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    /// hyper flushes when a response is written, and between pieces of one that is not all there.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if ready!(self.poll_sent(context))? {
            let Self { transport, turn, .. } = &mut *self;
            // hyper may be waiting for bytes already, from when there was no deadline for them.
            let _ = poll_deadline(transport, &mut turn.lock(), context);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(context)
    }
}

impl<S: Socket> Drop for Http1Stream<S> {
    fn drop(&mut self) {
        let broken_off = self.turn.lock().break_off(self.transport.sent_of_message());
        drop(broken_off);
    }
}
