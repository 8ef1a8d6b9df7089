//! A stream of the system that can be watched while somebody else reads and writes it: whether the
//! client has gone, and with it its request.
//!
//! Tokio watches it from its first wait on. A request that is there when its connection is accepted, as
//! most are, is read and answered before that, so a connection that ends then needs no place in the
//! reactor.

mod system;

use std::{
    future::{Future, pending},
    io::{self, ErrorKind, IoSlice},
    net::Shutdown,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use rustix::io::writev;
use smallvec::SmallVec;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    task::coop::poll_proceed,
};
use tracing::warn;

pub(crate) use self::system::Unwatched;
use self::system::Watched;

/// Most bytes of a write. With less, there are more calls. More is a burst, which a system that paces a
/// connection (tcp_bbr) sends by timers, and for which other connections wait.
pub(crate) const MOST_AT_ONCE: usize = 512 << 10;

/// A stream of the system.
pub(crate) struct Stream {
    shared: SharedStream,
    /// Whether a read has found all that had come. From then on, reads wait for Tokio to say that there is
    /// more.
    is_empty: bool,
    /// Whether the system has not taken all of a write. From then on, writes wait for Tokio to say that it
    /// takes more.
    is_full: bool,
}

/// A handle to a stream of the system, for the connection's account and its requests.
#[derive(Clone)]
pub(crate) struct SharedStream(Arc<State>);

/// One of the two is there.
struct State {
    watched: OnceLock<Watched>,
    unwatched: Mutex<Option<Unwatched>>,
}

impl Stream {
    pub(crate) fn new(stream: Unwatched) -> Self {
        let state = State { watched: OnceLock::new(), unwatched: Mutex::new(Some(stream)) };
        Self { shared: SharedStream(Arc::new(state)), is_empty: false, is_full: false }
    }

    pub(crate) fn shared(&self) -> SharedStream {
        self.shared.clone()
    }

    /// The next close is a reset, where the system has such a thing: TCP.
    pub(crate) fn reset_on_close(&self) {
        self.shared.with_socket(|socket| socket.set_linger(Some(Duration::ZERO))).ok();
    }

    /// Reads without a wait. None if there is nothing, or Tokio says when there is.
    fn poll_read_at_once(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Option<io::Result<()>>> {
        if self.is_empty || self.shared.is_watched() {
            return Poll::Ready(None);
        }
        let space = buffer.initialize_unfilled();
        let read =
            ready!(poll_at_once(context, || self.shared.with_unwatched(|it| it.read(space))));
        self.is_empty = !matches!(read, Some(Ok(bytes)) if bytes == space.len());
        Poll::Ready(read.map(|read| read.map(|bytes| buffer.advance(bytes))))
    }

    /// Writes without a wait. None if the system takes nothing, or Tokio says when it does.
    fn poll_write_at_once(
        &mut self,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Option<io::Result<usize>>> {
        if self.is_full {
            return Poll::Ready(None);
        }
        let all = length(pieces);
        let write = |socket: SockRef<'_>| Ok(writev(&*socket, pieces)?);
        let written = ready!(poll_at_once(context, || self.shared.with_socket(write)));
        self.is_full = !matches!(written, Some(Ok(bytes)) if bytes == all);
        if let (Some(stream), Some(written)) = (self.shared.0.watched.get(), &written) {
            used(stream, Interest::WRITABLE, all, written);
        }
        Poll::Ready(written)
    }
}

impl SharedStream {
    /// Ends when the client has gone: by a reset of TCP, or by the close of a Unix socket. The end of
    /// its side alone is no sign: a client that has sent its request may still wait for the response
    /// (RFC 9112 §9.6). A client of a Unix socket that has ended its side before is not seen to go.
    pub(crate) async fn gone(&self) {
        // A stream that cannot be watched is closed.
        let has_gone = match self.watched() {
            Ok(stream) => stream.gone().await,
            Err(_) => true,
        };
        if !has_gone {
            pending::<()>().await;
        }
    }

    /// Takes the stream from Tokio, if nothing else uses it.
    pub(crate) fn into_unwatched(self) -> Option<Unwatched> {
        let State { watched, unwatched } = Arc::into_inner(self.0)?;
        match watched.into_inner() {
            Some(stream) => stream.unwatch().ok(),
            None => unwatched.into_inner().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The stream, which Tokio watches from now on.
    ///
    /// # Errors
    ///
    /// If the system allows no more. The stream is closed then.
    fn watched(&self) -> io::Result<&Watched> {
        if let Some(stream) = self.0.watched.get() {
            return Ok(stream);
        }
        let mut unwatched = self.unwatched();
        if let Some(stream) = unwatched.take() {
            let watched = stream.watch();
            let watched =
                watched.inspect_err(|error| warn!("cannot watch a connection: {error}"))?;
            return Ok(self.0.watched.get_or_init(|| watched));
        }
        self.0.watched.get().ok_or_else(|| ErrorKind::NotConnected.into())
    }

    fn is_watched(&self) -> bool {
        self.0.watched.get().is_some()
    }

    fn unwatched(&self) -> MutexGuard<'_, Option<Unwatched>> {
        self.0.unwatched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_unwatched<T>(&self, call: impl FnOnce(&Unwatched) -> io::Result<T>) -> io::Result<T> {
        call(self.unwatched().as_ref().ok_or(ErrorKind::NotConnected)?)
    }

    fn with_socket<T>(&self, call: impl FnOnce(SockRef<'_>) -> io::Result<T>) -> io::Result<T> {
        match self.0.watched.get() {
            Some(stream) => call(stream.socket()),
            None => self.with_unwatched(|stream| call(stream.socket())),
        }
    }
}

/// The outcome of a call, or none if it would have to wait. Each call takes from the task's budget, so
/// that the thread's other tasks have their turn.
fn poll_at_once<T>(
    context: &mut Context<'_>,
    call: impl FnOnce() -> io::Result<T>,
) -> Poll<Option<io::Result<T>>> {
    let budget = ready!(poll_proceed(context));
    let outcome = again(call());
    if outcome.is_some() {
        budget.made_progress();
    }
    Poll::Ready(outcome)
}

/// Of so many bytes that could have been read or written, some were. If it was not all, no more are
/// there for now, and the next call would only be told so by the system. The reactor runs in this
/// thread, so it has seen nothing since that might be forgotten here.
fn used(stream: &Watched, interest: Interest, most: usize, outcome: &io::Result<usize>) {
    if matches!(outcome, Ok(bytes) if (1..most).contains(bytes)) {
        stream.forget(interest);
    }
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

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(read) = ready!(self.poll_read_at_once(context, buffer)) {
            return Poll::Ready(read);
        }
        let stream = self.shared.watched()?;
        loop {
            ready!(stream.poll_read_ready(context))?;
            let space = buffer.remaining();
            if let Some(read) = again(stream.try_read_buf(buffer)) {
                used(stream, Interest::READABLE, space, &read);
                return Poll::Ready(read.map(drop));
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = length(pieces);
        if all > MOST_AT_ONCE {
            return self.poll_write_vectored(context, &beginning(pieces, MOST_AT_ONCE));
        }
        if let Some(written) = ready!(self.poll_write_at_once(context, pieces)) {
            return Poll::Ready(written);
        }
        let stream = self.shared.watched()?;
        loop {
            ready!(stream.poll_write_ready(context))?;
            if let Some(written) = again(stream.try_write_vectored(pieces)) {
                used(stream, Interest::WRITABLE, all, &written);
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
        Poll::Ready(self.shared.with_socket(|socket| socket.shutdown(Shutdown::Write)))
    }
}

/// Wakes the task when the others have had their turn, and what has come meanwhile is seen.
pub(crate) fn let_others<T>(context: &mut Context<'_>) -> Poll<T> {
    let yielded = pin!(tokio::task::yield_now()).poll(context);
    debug_assert!(yielded.is_pending(), "the task has been polled once");
    Poll::Pending
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Future, poll_fn},
        mem::MaybeUninit,
        pin::pin,
    };

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream, UnixStream},
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

    async fn tcp() -> (TcpStream, Stream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let server = listener.accept().await.unwrap().0.into_std().unwrap();
        (client, Stream::new(Unwatched::Tcp(server)))
    }

    fn unix() -> (UnixStream, Stream) {
        let (client, server) = UnixStream::pair().unwrap();
        (client, Stream::new(Unwatched::Unix(server.into_std().unwrap())))
    }

    fn is_watched(stream: &Stream) -> bool {
        stream.shared.is_watched()
    }

    /// Sends bytes, and waits until the system has them for the server.
    async fn send(bytes: &[u8], client: &mut (impl AsyncWrite + Unpin), server: &Stream) {
        client.write_all(bytes).await.unwrap();
        let peek = |socket: SockRef<'_>| socket.peek(&mut [MaybeUninit::uninit(); 9]);
        while !matches!(server.shared.with_socket(peek), Ok(some) if some == bytes.len()) {
            tokio::task::yield_now().await;
        }
    }

    async fn is_watched_from_when_it_waits(
        mut client: impl AsyncRead + AsyncWrite + Unpin,
        mut server: Stream,
    ) {
        send(b"ask", &mut client, &server).await;
        // A read that fills its space may have left something.
        let mut asked = [0; 2];
        server.read_exact(&mut asked).await.unwrap();
        assert_eq!(server.read(&mut asked).await.unwrap(), 1);
        server.write_all(b"answer").await.unwrap();
        client.read_exact(&mut [0; 6]).await.unwrap();
        assert!(!is_watched(&server));
        timeout(Duration::from_millis(20), server.read_u8()).await.unwrap_err();
        assert!(is_watched(&server));
        // The system takes more, though Tokio has not looked yet.
        let mut write = pin!(server.write_all(b"answer"));
        let is_written = poll_fn(|context| Poll::Ready(write.as_mut().poll(context).is_ready()));
        assert!(is_written.await);
        client.write_all(b"again").await.unwrap();
        server.read_exact(&mut [0; 5]).await.unwrap();
        // Given back to the system, and taken anew.
        let shared = server.shared();
        drop(server);
        let mut server = Stream::new(shared.into_unwatched().unwrap());
        send(b"more", &mut client, &server).await;
        server.read_exact(&mut [0; 4]).await.unwrap();
        assert!(!is_watched(&server));
        // A response that the system does not take all of.
        let large = vec![0; 16 << 20];
        timeout(Duration::from_millis(20), server.write_all(&large)).await.unwrap_err();
        assert!(is_watched(&server));
    }

    #[tokio::test]
    async fn a_stream_is_watched_from_when_it_waits() {
        let (client, server) = tcp().await;
        is_watched_from_when_it_waits(client, server).await;
        let (client, server) = unix();
        is_watched_from_when_it_waits(client, server).await;
    }

    #[tokio::test]
    async fn others_have_their_turn_while_nothing_has_to_be_waited_for() {
        let (mut client, mut server) = unix();
        client.write_all(&[0; 1000]).await.unwrap();
        let reader = tokio::spawn(async move {
            for _ in 0..1000 {
                server.read_u8().await.unwrap();
            }
            is_watched(&server)
        });
        let mut turns = 0;
        while !reader.is_finished() {
            tokio::task::yield_now().await;
            turns += 1;
        }
        assert!(turns > 2, "{turns}");
        assert!(!reader.await.unwrap());
    }

    #[tokio::test]
    async fn the_end_is_seen_with_and_without_a_watch() {
        for waits_first in [false, true] {
            {
                let (client, mut server) = unix();
                if waits_first {
                    timeout(Duration::from_millis(5), server.read_u8()).await.unwrap_err();
                }
                drop(client);
                assert_eq!(server.read(&mut [0; 9]).await.unwrap(), 0);
                assert_eq!(server.read(&mut [0; 9]).await.unwrap(), 0);
            }
        }
    }

    async fn may_end_its_side(mut client: impl AsyncRead + AsyncWrite + Unpin, mut server: Stream) {
        client.write_all(b"ask").await.unwrap();
        client.shutdown().await.unwrap();
        let mut asked = String::new();
        server.read_to_string(&mut asked).await.unwrap();
        assert_eq!(asked, "ask");
        timeout(Duration::from_millis(50), server.shared().gone()).await.unwrap_err();
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
            let gone = [server.shared(), local_server.shared()]
                .map(|it| tokio::spawn(async move { it.gone().await }));
            tokio::task::yield_now().await;
            SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
            drop((client, local));
            for gone in gone {
                gone.await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_client_is_seen_to_have_gone_before_the_first_look() {
        let ((mut client, mut server), (mut local, mut local_server)) = (tcp().await, unix());
        client.write_all(b"ask").await.unwrap();
        server.read_exact(&mut [0; 3]).await.unwrap();
        local.write_all(b"ask").await.unwrap();
        local_server.read_exact(&mut [0; 3]).await.unwrap();
        SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        drop((client, local));
        for shared in [server.shared(), local_server.shared()] {
            timeout(Duration::from_secs(30), shared.gone()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_client_that_is_there_is_not_gone() {
        let ((_client, server), (_local, local_server)) = (tcp().await, unix());
        for shared in [server.shared(), local_server.shared()] {
            timeout(Duration::from_millis(50), shared.gone()).await.unwrap_err();
        }
    }
}
