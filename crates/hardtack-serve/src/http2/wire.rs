//! The bytes of a connection of HTTP/2, with an eye on the frames that come and on those that go.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use hyper::{StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    frames::{Frames, PREFACE},
    gathered::SharedGathered,
    refusal,
    streams::SharedStreams,
};
use crate::{account::Account, exchange, socket::Socket};

/// A connection that speaks HTTP/2.
pub(crate) struct Wire<S: Socket> {
    gathered: SharedGathered<S>,
    account: Arc<Account>,
    streams: SharedStreams,
    /// Bytes of the preface that are still to come, before the first frame.
    preface: usize,
    /// The frames that go, as hyper writes them.
    departing: Frames,
    /// A frame that is written in place of one of hyper's.
    replaced: Option<Replaced>,
}

/// A frame in place of one of so many bytes.
struct Replaced {
    frame: Vec<u8>,
    written: usize,
    original: usize,
}

impl<S: Socket> Wire<S> {
    pub(crate) fn new(gathered: SharedGathered<S>, streams: SharedStreams) -> Self {
        let account = Arc::clone(gathered.lock().transport.account());
        Self {
            gathered,
            account,
            streams,
            preface: PREFACE.len(),
            departing: Frames::default(),
            replaced: None,
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        let preface = self.preface.min(bytes.len());
        self.preface -= preface;
        self.streams.lock().arriving.receive(&bytes[preface..], Instant::now());
    }
}

impl<S: Socket> Wire<S> {
    /// Writes what is left of a frame in place of hyper's. Then hyper's counts as written.
    fn poll_replaced(
        &mut self,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<usize>>> {
        let Some(replaced) = &mut self.replaced else { return Poll::Ready(Ok(None)) };
        while replaced.written < replaced.frame.len() {
            let rest = &replaced.frame[replaced.written..];
            replaced.written += ready!(self.gathered.lock().poll_write(rest, context))?;
        }
        let original = replaced.original;
        self.replaced = None;
        self.departing.pass(&bytes[..original], |_| {});
        Poll::Ready(Ok(Some(original)))
    }

    /// Bytes that may be written before an answer of h2's own. If there are none, it is replaced.
    fn before_refusal(&mut self, bytes: &[u8]) -> Option<usize> {
        let refusal = refusal::find(&self.departing, bytes)?;
        if refusal.start == 0 {
            let frame = refusal::with_no_store(&bytes[refusal.clone()]);
            self.replaced = Some(Replaced { frame, written: 0, original: refusal.len() });
            let account = &self.account;
            account.count_request();
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            exchange::refuse(account.thread, account.peer.address, Version::HTTP_2, status);
        }
        Some(refusal.start)
    }
}

impl<S: Socket> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let known = buffer.filled().len();
        ready!(Pin::new(&mut self.gathered.lock().transport).poll_read(context, buffer))?;
        self.receive(&buffer.filled()[known..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: Socket> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let most = match &self.replaced {
            Some(_) => 0,
            None => self.before_refusal(bytes).unwrap_or(bytes.len()),
        };
        if let Some(written) = ready!(self.poll_replaced(bytes, context))? {
            return Poll::Ready(Ok(written));
        }
        let written = ready!(self.gathered.lock().poll_write(&bytes[..most], context))?;
        self.departing.pass(&bytes[..written], |_| {});
        Poll::Ready(Ok(written))
    }

    /// h2 says this after each frame with content. The bytes are written when there are no more.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut gathered = self.gathered.lock();
        ready!(gathered.poll_flush(context))?;
        Pin::new(&mut gathered.transport).poll_shutdown(context)
    }
}
