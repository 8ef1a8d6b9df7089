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
    channel::Speaks,
    connection::Connection,
    lifecycle::Stage,
    metrics::labels::Refusal,
    peer::Peer,
    socket::CountedSocket,
    thread::{Open, Thread},
};

/// How long accepting pauses after it failed, most likely for want of file descriptors.
const BACK_OFF: Duration = Duration::from_millis(50);
/// How often a thread says that it is alive.
const BEAT: Duration = Duration::from_secs(2);

/// A socket, and what is spoken there.
pub(crate) struct Door {
    pub(crate) speaks: Speaks,
    pub(crate) socket: OwnedFd,
}

/// What those hold who accept connections. All of these that were accepted are in the
/// [census](crate::census) when it is gone.
pub(crate) type Accepting = mpsc::Sender<()>;

/// Serves until the process ends, or all connections have.
pub(crate) fn serve(
    runtime: &runtime::Runtime,
    thread: &'static Thread,
    doors: Vec<Listener>,
    open: Open,
    accepting: Accepting,
) {
    runtime.block_on(async {
        let mut acceptors = JoinSet::new();
        for listener in doors {
            acceptors.spawn(accept(
                listener,
                thread,
                thread.server.lifecycle.stages(),
                open.clone(),
            ));
        }
        drop(open);
        tokio::spawn(beat(thread));
        acceptors.join_all().await;
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

/// A socket that accepts, in a runtime.
pub(crate) enum Listener {
    Tcp(TcpListener, Speaks),
    Unix(UnixListener, Speaks),
}

impl Listener {
    /// It has to be made in the runtime that uses it.
    pub(crate) fn new(door: Door) -> io::Result<Self> {
        let domain = socket2::SockRef::from(&door.socket).domain()?;
        if domain == socket2::Domain::UNIX {
            let listener = UnixListener::from_std(StdUnixListener::from(door.socket))?;
            return Ok(Self::Unix(listener, door.speaks));
        }
        let listener = TcpListener::from_std(StdTcpListener::from(door.socket))?;
        Ok(Self::Tcp(listener, door.speaks))
    }

    async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener, speaks) => {
                let (stream, address) = listener.accept().await?;
                Ok(Accepted::Tcp(stream, address.ip().to_canonical(), *speaks))
            }
            Self::Unix(listener, speaks) => Ok(Accepted::Unix(listener.accept().await?.0, *speaks)),
        }
    }
}

enum Accepted {
    Tcp(TcpStream, IpAddr, Speaks),
    Unix(UnixStream, Speaks),
}

/// Accepts connections until it is told to stop.
async fn accept(
    listener: Listener,
    thread: &'static Thread,
    mut stages: watch::Receiver<Stage>,
    open: Open,
) {
    let mut is_failing = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stages.wait_for(|stage| *stage >= Stage::Retiring) => return,
        };
        match accepted {
            Ok(accepted) => {
                is_failing = false;
                // The place is taken for a connection that is there: one that is kept for the next
                // would be missing at the other listeners. Who is accepted is served, even if the
                // process is to end meanwhile.
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
        Accepted::Tcp(stream, address, speaks) => {
            let peer = Peer::new(Some(address), trust);
            // Who speaks for others is not counted before it has said for whom.
            if !peer.speaks_proxy && ticket.count(census, address).is_err() {
                return thread.tally.refused(Refusal::PerAddress);
            }
            let stream = CountedSocket::new(stream);
            tokio::spawn(Connection::new(stream, peer, speaks, ticket, thread, open));
        }
        Accepted::Unix(stream, speaks) => {
            let peer = Peer::new(None, trust);
            let stream = CountedSocket::new(stream);
            tokio::spawn(Connection::new(stream, peer, speaks, ticket, thread, open));
        }
    }
}

/// Whether an error of `accept` is about the one connection, which is gone (accept(2)).
fn is_of_connection(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
