//! A stream of the system that can be watched while somebody else reads and writes it: whether the
//! client has gone, and with it its request.

use std::{
    future::pending,
    io::{self, ErrorKind, IoSlice},
    mem::MaybeUninit,
    net::{Shutdown, TcpStream as StdTcpStream},
    os::{
        fd::{AsFd, AsRawFd, RawFd},
        unix::net::UnixStream as StdUnixStream,
    },
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use smallvec::SmallVec;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready},
    net::{TcpStream, UnixStream},
};

/// Most bytes of a write. With less, there are more calls. More is a burst, which a system that paces a
/// connection (tcp_bbr) sends by timers, and for which other connections wait.
pub(crate) const MOST_AT_ONCE: usize = 512 << 10;

/// A stream of the system.
pub(crate) struct Stream<S>(Arc<S>);

/// A stream of the system, to be watched.
#[derive(Clone)]
pub(crate) enum Watched {
    Tcp(Arc<TcpStream>),
    Unix(Arc<UnixStream>),
}

/// A stream of the system that Tokio does not watch.
pub(crate) enum Unwatched {
    Tcp(StdTcpStream),
    Unix(StdUnixStream),
}

impl Unwatched {
    /// Whether a byte has come, or the end of the connection.
    pub(crate) fn has_news(&self) -> bool {
        let socket = match self {
            Self::Tcp(stream) => SockRef::from(stream),
            Self::Unix(stream) => SockRef::from(stream),
        };
        let peeked = socket.peek(&mut [MaybeUninit::uninit()]);
        !peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl AsRawFd for Unwatched {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Tcp(stream) => stream.as_raw_fd(),
            Self::Unix(stream) => stream.as_raw_fd(),
        }
    }
}

/// The methods that both kinds of streams have by the same names.
pub(crate) trait System: AsFd + Send + Sync + Sized + 'static {
    fn watched(this: Arc<Self>) -> Watched;
    fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn try_read_buf(&self, buffer: &mut ReadBuf<'_>) -> io::Result<usize>;
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
    fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Forgets that the system was ready, until it is so anew.
    fn forget(&self, interest: Interest);
}

macro_rules! system {
    ($stream:ty, $watched:path) => {
        impl System for $stream {
            fn watched(this: Arc<Self>) -> Watched {
                $watched(this)
            }

            fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_read_ready(context)
            }

            fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_write_ready(context)
            }

            fn try_read_buf(&self, buffer: &mut ReadBuf<'_>) -> io::Result<usize> {
                self.try_read_buf(buffer)
            }

            fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
                self.try_write(bytes)
            }

            fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
                self.try_write_vectored(pieces)
            }

            fn forget(&self, interest: Interest) {
                drop(self.try_io(interest, || Err::<(), _>(ErrorKind::WouldBlock.into())));
            }
        }
    };
}

system!(TcpStream, Watched::Tcp);
system!(UnixStream, Watched::Unix);

impl<S: System> Stream<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self(Arc::new(stream))
    }

    pub(crate) fn watched(&self) -> Watched {
        S::watched(Arc::clone(&self.0))
    }

    /// The next close is a reset, where the system has such a thing: TCP.
    pub(crate) fn reset_on_close(&self) {
        SockRef::from(&*self.0).set_linger(Some(Duration::ZERO)).ok();
    }

    /// Of so many bytes that could have been read or written, some were. If it was not all, no more are
    /// there for now, and the next call would only be told so by the system. The reactor runs in this
    /// thread, so it has seen nothing since that might be forgotten here.
    fn used(&self, interest: Interest, most: usize, outcome: &io::Result<usize>) {
        if matches!(outcome, Ok(bytes) if (1..most).contains(bytes)) {
            self.0.forget(interest);
        }
    }
}

impl Watched {
    /// Ends when the client has gone: by a reset of TCP, or by the close of a Unix socket. The end of
    /// its side alone is no sign: a client that has sent its request may still wait for the response
    /// (RFC 9112 §9.6). A client of a Unix socket that has ended its side before is not seen to go.
    pub(crate) async fn gone(self) {
        let has_gone = match self {
            Self::Tcp(stream) => stream.ready(Interest::ERROR).await.is_ok(),
            Self::Unix(stream) => {
                let ready = stream.ready(Interest::PRIORITY).await;
                ready.is_ok_and(Ready::is_read_closed) && is_closed(&stream)
            }
        };
        if !has_gone {
            pending::<()>().await;
        }
    }

    /// Takes the stream from Tokio, if nothing else uses it.
    pub(crate) fn unwatched(self) -> Option<Unwatched> {
        match self {
            Self::Tcp(stream) => Arc::into_inner(stream)?.into_std().map(Unwatched::Tcp).ok(),
            Self::Unix(stream) => Arc::into_inner(stream)?.into_std().map(Unwatched::Unix).ok(),
        }
    }
}

/// Whether the other end of a Unix socket takes nothing any more.
fn is_closed(stream: &UnixStream) -> bool {
    let sent = SockRef::from(stream).send(&[]);
    sent.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn again<T>(outcome: io::Result<T>) -> Option<io::Result<T>> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::WouldBlock => None,
        outcome => Some(outcome),
    }
}

fn length(pieces: &[IoSlice<'_>]) -> usize {
    pieces.iter().map(|piece| piece.len()).sum()
}

/// The first bytes of some pieces.
fn beginning<'p>(pieces: &'p [IoSlice<'_>], most: usize) -> SmallVec<[IoSlice<'p>; 4]> {
    let mut left = most;
    let taken = pieces.iter().map_while(|piece| {
        (left > 0).then(|| {
            let taken = &piece[..piece.len().min(left)];
            left -= taken.len();
            IoSlice::new(taken)
        })
    });
    taken.collect()
}

impl<S: System> AsyncRead for Stream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(context))?;
            let space = buffer.remaining();
            if let Some(read) = again(self.0.try_read_buf(buffer)) {
                self.used(Interest::READABLE, space, &read);
                return Poll::Ready(read.map(drop));
            }
        }
    }
}

impl<S: System> AsyncWrite for Stream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let bytes = &bytes[..bytes.len().min(MOST_AT_ONCE)];
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
        let all = length(pieces);
        if all > MOST_AT_ONCE {
            return self.poll_write_vectored(context, &beginning(pieces, MOST_AT_ONCE));
        }
        loop {
            ready!(self.0.poll_write_ready(context))?;
            if let Some(written) = again(self.0.try_write_vectored(pieces)) {
                self.used(Interest::WRITABLE, all, &written);
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
        Poll::Ready(SockRef::from(&*self.0).shutdown(Shutdown::Write))
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

    #[track_caller]
    fn begins(pieces: &[&str], most: usize, expected: &[&str]) {
        let pieces: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece.as_bytes())).collect();
        let begun = beginning(&pieces, most);
        let begun = begun.iter().map(|piece| std::str::from_utf8(piece).unwrap());
        assert_eq!(begun.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_beginning_of_pieces() {
        begins(&["head", "content"], 20, &["head", "content"]);
        begins(&["head", "content"], 11, &["head", "content"]);
        begins(&["head", "content"], 10, &["head", "conten"]);
        begins(&["head", "content"], 5, &["head", "c"]);
        begins(&["head", "content"], 4, &["head"]);
        begins(&["head", "content", "head"], 3, &["hea"]);
        begins(&["", "content"], 3, &["", "con"]);
        begins(&["head", "", "content"], 6, &["head", "", "co"]);
    }

    async fn tcp() -> (TcpStream, Stream<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, Stream::new(listener.accept().await.unwrap().0))
    }

    fn unix() -> (UnixStream, Stream<UnixStream>) {
        let (client, server) = UnixStream::pair().unwrap();
        (client, Stream::new(server))
    }

    async fn may_end_its_side<S: System>(
        mut client: impl AsyncRead + AsyncWrite + Unpin,
        mut server: Stream<S>,
    ) {
        client.write_all(b"ask").await.unwrap();
        client.shutdown().await.unwrap();
        let mut asked = String::new();
        server.read_to_string(&mut asked).await.unwrap();
        assert_eq!(asked, "ask");
        let watch = timeout(Duration::from_millis(50), server.watched().gone());
        watch.await.unwrap_err();
        server.write_all(b"answer").await.unwrap();
        server.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "answer");
    }

    #[tokio::test]
    async fn bytes_pass_and_a_client_that_has_ended_its_side_is_there() {
        let (client, server) = tcp().await;
        may_end_its_side(client, server).await;
        let (client, server) = unix();
        may_end_its_side(client, server).await;
    }

    #[tokio::test]
    async fn a_client_is_seen_to_go_while_nobody_reads() {
        for sends_first in [false, true] {
            let ((mut client, server), (mut local, local_server)) = (tcp().await, unix());
            if sends_first {
                client.write_all(b"more").await.unwrap();
                local.write_all(b"more").await.unwrap();
            }
            let gone = [server.watched(), local_server.watched()].map(|it| tokio::spawn(it.gone()));
            tokio::task::yield_now().await;
            SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
            drop((client, local));
            for gone in gone {
                gone.await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_client_that_is_there_is_not_gone() {
        let ((_client, server), (_local, local_server)) = (tcp().await, unix());
        for watched in [server.watched(), local_server.watched()] {
            timeout(Duration::from_millis(50), watched.gone()).await.unwrap_err();
        }
    }
}
