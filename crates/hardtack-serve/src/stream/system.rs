//! The streams of the system, TCP and Unix: with a place in Tokio's reactor, and without.

use std::{
    io::{self, ErrorKind, IoSlice, Read},
    mem::MaybeUninit,
    net::TcpStream as StdTcpStream,
    os::{
        fd::{AsRawFd, RawFd},
        unix::net::UnixStream as StdUnixStream,
    },
    task::{Context, Poll},
};

use socket2::SockRef;
use tokio::{
    io::{Interest, ReadBuf, Ready},
    net::{TcpStream, UnixStream},
};

/// A stream of the system that Tokio does not watch. It is non-blocking: a call that would have to wait is
/// an error ([`ErrorKind::WouldBlock`]).
pub(crate) enum Unwatched {
    Tcp(StdTcpStream),
    Unix(StdUnixStream),
}

/// A stream of the system that Tokio watches.
pub(super) enum Watched {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The same call of either kind of stream.
macro_rules! of_either {
    ($self:expr, $stream:ident => $call:expr) => {
        match $self {
            Self::Tcp($stream) => $call,
            Self::Unix($stream) => $call,
        }
    };
}

impl Unwatched {
    /// Whether a byte has come, or the end of the connection.
    pub(crate) fn has_news(&self) -> bool {
        let peeked = self.socket().peek(&mut [MaybeUninit::uninit()]);
        !peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    pub(super) fn watch(self) -> io::Result<Watched> {
        Ok(match self {
            Self::Tcp(stream) => Watched::Tcp(TcpStream::from_std(stream)?),
            Self::Unix(stream) => Watched::Unix(UnixStream::from_std(stream)?),
        })
    }

    pub(super) fn socket(&self) -> SockRef<'_> {
        of_either!(self, stream => SockRef::from(stream))
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        of_either!(self, stream => (&*stream).read(buffer))
    }
}

impl AsRawFd for Unwatched {
    fn as_raw_fd(&self) -> RawFd {
        of_either!(self, stream => stream.as_raw_fd())
    }
}

impl Watched {
    pub(super) fn unwatch(self) -> io::Result<Unwatched> {
        Ok(match self {
            Self::Tcp(stream) => Unwatched::Tcp(stream.into_std()?),
            Self::Unix(stream) => Unwatched::Unix(stream.into_std()?),
        })
    }

    pub(super) fn socket(&self) -> SockRef<'_> {
        of_either!(self, stream => SockRef::from(stream))
    }

    pub(super) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_either!(self, stream => stream.poll_read_ready(context))
    }

    pub(super) fn poll_write_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_either!(self, stream => stream.poll_write_ready(context))
    }

    pub(super) fn try_read_buf(&self, buffer: &mut ReadBuf<'_>) -> io::Result<usize> {
        of_either!(self, stream => stream.try_read_buf(buffer))
    }

    pub(super) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        of_either!(self, stream => stream.try_write_vectored(pieces))
    }

    /// Forgets that the system was ready, until it is so anew.
    pub(super) fn forget(&self, interest: Interest) {
        let not_ready = || Err::<(), _>(ErrorKind::WouldBlock.into());
        drop(of_either!(self, stream => stream.try_io(interest, not_ready)));
    }

    /// True when the client has gone, false if that is not known.
    pub(super) async fn gone(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.ready(Interest::ERROR).await.is_ok(),
            Self::Unix(stream) => {
                let ready = stream.ready(Interest::PRIORITY).await;
                ready.is_ok_and(Ready::is_read_closed) && is_closed(stream)
            }
        }
    }
}

/// Whether the other end of a Unix socket takes nothing any more.
fn is_closed(stream: &UnixStream) -> bool {
    let sent = SockRef::from(stream).send(&[]);
    sent.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
