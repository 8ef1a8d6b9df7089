//! Accepts connections, in each thread that serves: one runtime, and of each listener one socket. The
//! kernel spreads the connections over the threads' sockets (`SO_REUSEPORT`).

use std::{
    future::poll_fn,
    io::{self, ErrorKind},
    net::IpAddr,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use mio::net::{TcpListener, UnixListener};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::{Domain, SockRef};
use tokio::{
    io::{Interest, unix::AsyncFd},
    runtime,
    sync::{mpsc, watch},
    task::{JoinSet, coop::poll_proceed},
    time::{interval, sleep},
};
use tracing::warn;

use crate::{
    census::Ticket,
    channel::Protocol,
    connection::Connection,
    dormitory::Dormitory,
    lifecycle::Stage,
    metrics::labels::Refusal,
    peer::Peer,
    socket::CountedSocket,
    stream::{Stream, Unwatched},
    thread::{Open, Thread},
};

/// How often a failure of accepting is said, while connections are accepted in between.
const SAID_EVERY: Duration = Duration::from_secs(10);
/// How long accepting pauses after it failed, most likely for want of file descriptors.
const BACK_OFF: Duration = Duration::from_millis(50);
/// How often a thread says that it is alive.
const BEAT: Duration = Duration::from_secs(2);

/// A socket that listens, and its protocol, for one thread.
pub(crate) type Listening = (Protocol, OwnedFd);

/// Acceptors hold one. When the last one is gone, all connections that were accepted are in the
/// [census](crate::census).
pub(crate) type Accepting = mpsc::Sender<()>;

/// Serves until the process ends, or all connections have.
pub(crate) fn serve(
    runtime: &runtime::Runtime,
    thread: &'static Thread,
    acceptors: Vec<Acceptor>,
    open: Open,
    accepting: Accepting,
) {
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for acceptor in acceptors {
            tasks.spawn(accept(acceptor, thread, thread.server.lifecycle.stages(), open.clone()));
        }
        drop(open);
        tokio::spawn(beat(thread));
        match Dormitory::open(thread) {
            Ok(dormitory) => drop(tokio::spawn(dormitory.keep())),
            Err(error) => warn!("idle connections take more memory than they need: {error}"),
        }
        tasks.join_all().await;
        drop(accepting);
        // Every connection holds a sender as well; the process ends when all are dropped.
        std::future::pending::<()>().await;
    });
}

async fn beat(thread: &Thread) {
    let mut interval = interval(BEAT);
    loop {
        interval.tick().await;
        thread.beats.fetch_add(1, Relaxed);
    }
}

/// A socket that listens, in the runtime of a thread.
pub(crate) struct Acceptor {
    listener: AsyncFd<Listener>,
    protocol: Protocol,
}

/// A listener whose connections are non-blocking, and not watched by Tokio.
enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Acceptor {
    /// It has to be made in the runtime that uses it.
    #[expect(
        deprecated,
        reason = "it is sound for a `Listener`, which owns its descriptor; the other is `unsafe`"
    )]
    pub(crate) fn new((protocol, socket): Listening) -> io::Result<Self> {
        let is_unix = SockRef::from(&socket).domain()? == Domain::UNIX;
        let listener = if is_unix {
            Listener::Unix(UnixListener::from(socket))
        } else {
            Listener::Tcp(TcpListener::from(socket))
        };
        let listener = AsyncFd::with_interest(listener, Interest::READABLE)?;
        Ok(Self { listener, protocol })
    }

    async fn accept(&self) -> io::Result<Accepted> {
        loop {
            let mut ready = self.listener.readable().await?;
            // From time to time, the thread's other tasks have their turn.
            let budget = poll_fn(poll_proceed).await;
            if let Ok(accepted) = ready.try_io(|listener| listener.get_ref().accept()) {
                budget.made_progress();
                if !ready.get_inner().has_news() {
                    ready.clear_ready();
                }
                return accepted;
            }
        }
    }
}

impl Listener {
    /// Whether a connection waits. poll(2) costs a tenth of an accept(2) in vain, which makes a socket
    /// before it looks.
    fn has_news(&self) -> bool {
        let mut descriptors = [PollFd::new(self, PollFlags::IN)];
        !matches!(poll(&mut descriptors, Some(&Timespec::default())), Ok(0))
    }

    fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                let stream = Unwatched::Tcp(OwnedFd::from(stream).into());
                Ok(Accepted { stream, address: Some(address.ip().to_canonical()) })
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                Ok(Accepted {
                    stream: Unwatched::Unix(OwnedFd::from(stream).into()),
                    address: None,
                })
            }
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Tcp(listener) => listener.as_raw_fd(),
            Self::Unix(listener) => listener.as_raw_fd(),
        }
    }
}

struct Accepted {
    stream: Unwatched,
    /// None at a Unix socket.
    address: Option<IpAddr>,
}

/// Accepts connections until it is told to stop.
async fn accept(
    acceptor: Acceptor,
    thread: &'static Thread,
    mut stages: watch::Receiver<Stage>,
    open: Open,
) {
    let mut said: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            accepted = acceptor.accept() => accepted,
            _ = stages.wait_for(|stage| *stage >= Stage::Retiring) => return,
        };
        match accepted {
            Ok(accepted) => {
                // A place is taken for a connection that is there: a place that is kept for the next
                // one would be missing at the other listeners. An accepted connection is served, even
                // if the process is to end meanwhile.
                let ticket = thread.server.census.place().await;
                start(accepted, acceptor.protocol, ticket, thread, open.clone());
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                if said.is_none_or(|said| said.elapsed() >= SAID_EVERY) {
                    said = Some(Instant::now());
                    warn!("cannot accept connections for now: {error}");
                }
                sleep(BACK_OFF).await;
            }
        }
    }
}

fn start(
    Accepted { stream, address }: Accepted,
    protocol: Protocol,
    mut ticket: Ticket,
    thread: &'static Thread,
    open: Open,
) {
    let (census, trust) = (&thread.server.census, &thread.server.settings.trust);
    let peer = Peer::new(address, trust);
    // A load balancer is not counted: its connection is its client's.
    if let Some(address) = address
        && !peer.speaks_proxy
        && ticket.count(census, address).is_err()
    {
        return thread.tally.refused(Refusal::PerAddress);
    }
    let socket = CountedSocket::new(Stream::new(stream));
    tokio::spawn(Connection::new(socket, peer, protocol, ticket, thread, open));
}

/// Whether an error of `accept` is about the one connection, which is gone (accept(2)).
fn is_of_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    use std::{
        net::{Ipv4Addr, SocketAddr, TcpStream as StdTcpStream},
        os::unix::net::{UnixListener as StdUnixListener, UnixStream as StdUnixStream},
    };

    use socket2::{Socket, Type};
    use tokio::{task::yield_now, time::timeout};

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    /// An acceptor, and a function that connects to it.
    fn tcp() -> (Acceptor, impl Fn() -> OwnedFd) {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(1024).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let acceptor = Acceptor::new((Protocol::Http, listener.into())).unwrap();
        (acceptor, move || StdTcpStream::connect(address).unwrap().into())
    }

    async fn accepts_all(acceptor: Acceptor, connect: impl Fn() -> OwnedFd, is_tcp: bool) {
        for waiting in [1, 5, 1] {
            let none = timeout(Duration::from_millis(20), acceptor.accept()).await;
            assert!(none.is_err(), "nobody waits");
            let clients: Vec<_> = (0..waiting).map(|_| connect()).collect();
            for _ in &clients {
                let accepted = timeout(LONG, acceptor.accept()).await.unwrap().unwrap();
                assert_eq!(accepted.address.is_some(), is_tcp);
            }
            assert!(!acceptor.listener.get_ref().has_news());
        }
    }

    #[tokio::test]
    async fn all_connections_are_accepted_that_wait_and_that_come_later() {
        let (acceptor, connect) = tcp();
        accepts_all(acceptor, connect, true).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = StdUnixListener::bind(&path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let acceptor = Acceptor::new((Protocol::Http, listener.into())).unwrap();
        accepts_all(acceptor, || StdUnixStream::connect(&path).unwrap().into(), false).await;
    }

    #[tokio::test]
    async fn other_tasks_have_their_turn_while_connections_wait() {
        const WAITING: usize = 1000;
        let (acceptor, connect) = tcp();
        let clients: Vec<_> = (0..WAITING).map(|_| connect()).collect();
        let accepting = tokio::spawn(async move {
            for _ in 0..WAITING {
                acceptor.accept().await.unwrap();
            }
        });
        let mut turns = 0;
        while !accepting.is_finished() {
            yield_now().await;
            turns += 1;
        }
        assert!(turns > 2, "{turns}");
        drop(clients);
    }
}
