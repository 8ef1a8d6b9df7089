//! The bytes of a connection of HTTP/2, as hyper reads and writes them. The client never sees hyper's own:
//! what comes passes [`reader`](super::reader), and what goes [`outgoing`](super::outgoing).

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::{StatusCode, Version};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    gathered::{MOST, SharedGathered},
    outgoing::{Outgoing, Sent},
    reader::Reader,
    streams::SharedStreams,
};
use crate::{account::Account, exchange, socket::Socket};

/// A connection that speaks HTTP/2.
pub(crate) struct Wire<S: Socket> {
    gathered: SharedGathered<S>,
    account: Arc<Account>,
    reader: Reader<S>,
    outgoing: Outgoing,
}

impl<S: Socket> Wire<S> {
    pub(crate) fn new(gathered: SharedGathered<S>, streams: SharedStreams) -> Self {
        let account = Arc::clone(gathered.lock().transport.account());
        let reader = Reader::new(gathered.clone(), streams);
        Self { gathered, account, reader, outgoing: Outgoing::new() }
    }

    /// hyper has sent frames. If it has something to read by that, it is woken.
    fn sent(&mut self, sent: &Sent, context: &mut Context<'_>) {
        if sent.content > 0 && self.reader.spend(sent.content) {
            context.waker().wake_by_ref();
        }
        for _ in 0..sent.refusals {
            let account = &self.account;
            account.count_request();
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            exchange::refuse(account.thread, account.peer.address, Version::HTTP_2, status);
        }
    }
}

impl<S: Socket> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { reader, outgoing, .. } = &mut *self;
        reader.poll_read(outgoing.is_between_frames(), context, buffer)
    }
}

impl<S: Socket> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { gathered, outgoing, reader, .. } = &mut *self;
        let mut gathered = gathered.lock();
        ready!(gathered.poll_room(context))?;
        let output = gathered.output();
        let taken = bytes.len().min(MOST - output.bytes.len());
        let sent = outgoing.take(&bytes[..taken], reader.end(), output)?;
        drop(gathered);
        self.sent(&sent, context);
        Poll::Ready(Ok(taken))
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
