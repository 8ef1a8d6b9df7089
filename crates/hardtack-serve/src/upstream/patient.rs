//! A stream on which a write that fails is not the end.
//!
//! An application that answers before it has read the content, and closes, makes further writes fail.
//! Its answer is there to be read, and hyper would give that up with the connection. So bytes that
//! cannot be written are thrown away: if there is no answer, the next read says so.

use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream to the application.
pub(super) struct Patient<S> {
    stream: S,
    is_closed: bool,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, is_closed: false }
    }

    /// The outcome of a write of so many bytes.
    fn wrote(&mut self, bytes: usize, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Err(error)) if is_closed_by_peer(error.kind()) => {
                self.is_closed = true;
                Poll::Ready(Ok(bytes))
            }
            written => written,
        }
    }
}

pub(super) fn is_closed_by_peer(kind: ErrorKind) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset)
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_closed {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(bytes.len(), written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes = pieces.iter().map(|piece| piece.len()).sum();
        if self.is_closed {
            return Poll::Ready(Ok(bytes));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.wrote(bytes, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::UnixStream,
    };

    use super::*;

    /// The application answers, and closes with bytes unread, which resets the connection.
    #[tokio::test]
    async fn the_answer_is_read_after_a_write_has_failed() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let mut near = Patient::new(near);
        near.write_all(b"content").await.unwrap();
        far.write_all(b"no").await.unwrap();
        drop(far);
        for _ in 0..3 {
            near.write_all(b"more").await.unwrap();
        }
        assert!(near.is_closed);
        let mut answer = [0; 2];
        near.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"no");
    }
}
