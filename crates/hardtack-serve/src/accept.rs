//! Accepts connections, in each thread that serves: one runtime, and of each listener one socket. The
//! kernel spreads the connections over the threads' sockets (`SO_REUSEPORT`).

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, TcpListener as StdTcpListener},
    os::{fd::OwnedFd, unix::net::UnixListener as StdUnixListener},
    sync::atomic::Ordering::Relaxed,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    runtime,
    sync::{mpsc, watch},
    task::JoinSet,
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
    stream::Stream,
    thread::{Open, Thread},
};

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
pub(crate) enum Acceptor {
    Tcp(TcpListener, Protocol),
    Unix(UnixListener, Protocol),
}

impl Acceptor {
    /// It has to be made in the runtime that uses it.
    pub(crate) fn new((protocol, socket): Listening) -> io::Result<Self> {
        let domain = socket2::SockRef::from(&socket).domain()?;
        if domain == socket2::Domain::UNIX {
            let listener = UnixListener::from_std(StdUnixListener::from(socket))?;
            return Ok(Self::Unix(listener, protocol));
        }
        let listener = TcpListener::from_std(StdTcpListener::from(socket))?;
        Ok(Self::Tcp(listener, protocol))
    }

    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener, protocol) => {
                let (stream, address) = listener.accept().await?;
                Ok(Accepted::Tcp(stream, address.ip().to_canonical(), *protocol))
            }
            Self::Unix(listener, protocol) => {
                Ok(Accepted::Unix(listener.accept().await?.0, *protocol))
            }
        }
    }
}

enum Accepted {
    Tcp(TcpStream, IpAddr, Protocol),
    Unix(UnixStream, Protocol),
}

/// Accepts connections until it is told to stop.
async fn accept(
    acceptor: Acceptor,
    thread: &'static Thread,
    mut stages: watch::Receiver<Stage>,
    open: Open,
) {
    let mut is_failing = false;
    loop {
        let accepted = tokio::select! {
            accepted = acceptor.accept() => accepted,
            _ = stages.wait_for(|stage| *stage >= Stage::Retiring) => return,
        };
        match accepted {
            Ok(accepted) => {
                is_failing = false;
                // A place is taken for a connection that is there: a place that is kept for the next
                // one would be missing at the other listeners. An accepted connection is served, even
                // if the process is to end meanwhile.
                let ticket = thread.server.census.place().await;
                start(accepted, ticket, thread, open.clone());
            }
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                if !std::mem::replace(&mut is_failing, true) {
                    warn!("cannot accept connections for now: {error}");
                }
                sleep(BACK_OFF).await;
            }
        }
    }
}

fn start(accepted: Accepted, mut ticket: Ticket, thread: &'static Thread, open: Open) {
    let (census, trust) = (&thread.server.census, &thread.server.settings.trust);
    match accepted {
        Accepted::Tcp(stream, address, protocol) => {
            let peer = Peer::new(Some(address), trust);
            // A load balancer is not counted: its connection is its client's.
            if !peer.speaks_proxy && ticket.count(census, address).is_err() {
                return thread.tally.refused(Refusal::PerAddress);
            }
            let stream = CountedSocket::new(Stream::new(stream));
            tokio::spawn(Connection::new(stream, peer, protocol, ticket, thread, open));
        }
        Accepted::Unix(stream, protocol) => {
            let peer = Peer::new(None, trust);
            let stream = CountedSocket::new(Stream::new(stream));
            tokio::spawn(Connection::new(stream, peer, protocol, ticket, thread, open));
        }
    }
}

/// Whether an error of `accept` is about the one connection, which is gone (accept(2)).
fn is_of_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
