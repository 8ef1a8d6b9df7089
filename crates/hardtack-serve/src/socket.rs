//! A socket of a connection: it counts, and can be closed in two ways.
//!
//! The bytes that the system takes are as near as can be seen to those that the client takes.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use crate::stream::{SharedStream, Stream};

/// A socket, with TLS or without.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Bytes that the system has taken. TLS takes some itself, which do not count.
    fn sent(&self) -> u64;

    /// Makes the next close a reset: the system throws away the bytes that the client has not taken,
    /// which it would otherwise send again for minutes.
    fn reset_on_close(&self);

    /// The system's stream.
    fn shared(&self) -> SharedStream;

    /// The next byte of the system's socket, which is read again; none at its end.
    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<u8>>>;
}

/// A socket of the system, which counts the bytes that are written.
pub(crate) struct CountedSocket<S> {
    socket: S,
    sent: u64,
    /// A byte that is to be read again.
    first: Option<u8>,
}

impl<S> CountedSocket<S> {
    pub(crate) fn new(socket: S) -> Self {
        Self { socket, sent: 0, first: None }
    }

    fn peek(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<u8>>>
    where
        S: AsyncRead + Unpin,
    {
        if self.first.is_none() {
            let mut space = [0];
            let mut buffer = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut self.socket).poll_read(context, &mut buffer))?;
            self.first = buffer.filled().first().copied();
        }
        Poll::Ready(Ok(self.first))
    }

    fn count(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.sent += bytes as u64;
        }
        written
    }
}

impl Socket for CountedSocket<Stream> {
    fn sent(&self) -> u64 {
        self.sent
    }

    fn reset_on_close(&self) {
        self.socket.reset_on_close();
    }

    fn shared(&self) -> SharedStream {
        self.socket.shared()
    }

    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<u8>>> {
        self.peek(context)
    }
}

impl<S: Socket> Socket for Box<TlsStream<S>> {
    fn sent(&self) -> u64 {
        self.get_ref().0.sent()
    }

    fn reset_on_close(&self) {
        self.get_ref().0.reset_on_close();
    }

    fn shared(&self) -> SharedStream {
        self.get_ref().0.shared()
    }

    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<u8>>> {
        self.get_mut().0.poll_first(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CountedSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(first) = self.first.take_if(|_| buffer.remaining() > 0) {
            buffer.put_slice(&[first]);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CountedSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, pieces);
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
