//! A TCP stream that can be watched for a reset while somebody else reads and writes it.

use std::{
    io::{self, ErrorKind, IoSlice},
    net::Shutdown,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};

/// A TCP stream.
pub(crate) struct Tcp(Arc<TcpStream>);

/// The same stream, to be watched.
#[derive(Clone)]
pub(crate) struct Watched(Arc<TcpStream>);

impl Tcp {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(Arc::new(stream))
    }

    pub(crate) fn watched(&self) -> Watched {
        Watched(Arc::clone(&self.0))
    }

    /// The next close is a reset.
    pub(crate) fn reset_on_close(&self) {
        socket2::SockRef::from(&*self.0).set_linger(Some(Duration::ZERO)).ok();
    }
}

impl Tcp {
    /// Of so many bytes that could have been read or written, some were. If it was not all, no more are
    /// there for now, and the next call would only be told so by the system. The reactor runs in this
    /// thread, so it has seen nothing since that might be forgotten here.
    fn used(&self, interest: Interest, most: usize, outcome: &io::Result<usize>) {
        if matches!(outcome, Ok(bytes) if (1..most).contains(bytes)) {
            let nothing = || Err::<(), _>(ErrorKind::WouldBlock.into());
            drop(self.0.try_io(interest, nothing));
        }
    }
}

impl Watched {
    /// Ends when the peer has reset the connection. The end of its side alone is no reset: a client
    /// that has sent its request may still wait for the response (RFC 9112 §9.6).
    pub(crate) async fn reset(self) {
        let watched = self.0.ready(Interest::ERROR).await;
        if watched.is_err() {
            // The runtime ends, and everything with it.
            std::future::pending::<()>().await;
        }
    }
}

fn again<T>(outcome: io::Result<T>) -> Option<io::Result<T>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        outcome => Some(outcome),
    }
}

impl AsyncRead for Tcp {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(context))?;
            let space = buffer.remaining();
            if let Some(read) = again(self.0.try_read_buf(&mut *buffer)) {
                self.used(Interest::READABLE, space, &read);
                return Poll::Ready(read.map(drop));
            }
        }
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(context))?;
            if let Some(written) = again(self.0.try_write(bytes)) {
                self.used(Interest::WRITABLE, bytes.len(), &written);
                return Poll::Ready(written);
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(context))?;
            if let Some(written) = again(self.0.try_write_vectored(pieces)) {
                return Poll::Ready(written);
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(socket2::SockRef::from(&*self.0).shutdown(Shutdown::Write))
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        time::timeout,
    };

    use super::*;

    async fn pair() -> (TcpStream, Tcp) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, Tcp::new(listener.accept().await.unwrap().0))
    }

    #[tokio::test]
    async fn bytes_pass_and_the_end_of_one_side_is_no_reset() {
        let (mut client, mut server) = pair().await;
        client.write_all(b"ask").await.unwrap();
        client.shutdown().await.unwrap();
        let mut asked = String::new();
        server.read_to_string(&mut asked).await.unwrap();
        assert_eq!(asked, "ask");
        let watch = timeout(Duration::from_millis(50), server.watched().reset());
        watch.await.unwrap_err();
        server.write_all(b"answer").await.unwrap();
        server.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "answer");
    }

    #[tokio::test]
    async fn a_reset_is_seen_while_nobody_reads() {
        for sends_first in [false, true] {
            let (mut client, server) = pair().await;
            if sends_first {
                client.write_all(b"more").await.unwrap();
            }
            let reset = tokio::spawn(server.watched().reset());
            socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
            drop(client);
            reset.await.unwrap();
        }
    }
}
