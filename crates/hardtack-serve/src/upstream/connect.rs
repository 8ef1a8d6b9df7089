//! Connections to the application.

use std::{
    error::Error as StdError,
    future::Future,
    io,
    iter::successors,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use hyper::{Uri, http::Extensions};
use hyper_util::{
    client::legacy::{
        Error,
        connect::{Connected, Connection},
    },
    rt::TokioIo,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tower_service::Service;

use super::{
    address::{Address, Resolved},
    patient::{Patient, is_closed_by_peer},
};

/// Opens connections to the application, for any URL.
#[derive(Clone)]
pub(super) struct Connector {
    to: Arc<Resolved>,
    within: Duration,
}

impl Connector {
    pub(super) fn new(to: Resolved, within: Duration) -> Self {
        Self { to: Arc::new(to), within }
    }

    /// How long connecting may take.
    pub(super) fn within(&self) -> Duration {
        self.within
    }

    /// A timeout is an error of the kind [`io::ErrorKind::TimedOut`].
    pub(super) async fn connect(self) -> io::Result<Box<dyn Socket>> {
        let opened = timeout(self.within, open(&self.to)).await;
        let opened = opened.map_err(io::Error::from).flatten();
        if opened.is_err() {
            self.to.fail();
        }
        opened
    }
}

async fn open(to: &Resolved) -> io::Result<Box<dyn Socket>> {
    if let Address::Unix(path) = &to.address {
        return Ok(Box::new(Patient::new(UnixStream::connect(path).await?)));
    }
    let stream = TcpStream::connect(&*to.sockets()).await?;
    // A response must not wait for the acknowledgement of a request's first half.
    stream.set_nodelay(true)?;
    Ok(Box::new(Patient::new(stream)))
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Box<dyn Socket>>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect().await.map(TokioIo::new) })
    }
}

/// A TCP or Unix stream.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

impl Connection for Box<dyn Socket> {
    fn connected(&self) -> Connected {
        Connected::new().extra(Answered::default())
    }
}

/// Whether a connection has carried a response. The application may close such a connection while it
/// is idle, and so at the very moment of the next request.
#[derive(Clone, Default)]
struct Answered(Arc<AtomicBool>);

/// Marks the connection of a response as used. The response keeps its extensions.
pub(super) fn has_answered(extensions: &mut Extensions) {
    if let Some(Answered(has)) = extensions.remove() {
        has.store(true, Relaxed);
    }
}

/// Whether the application closed a kept connection without a response to this request, which it has
/// most likely not read.
pub(super) fn was_stale(error: &Error) -> bool {
    let mut extensions = Extensions::new();
    if let Some(connection) = error.connect_info() {
        connection.get_extras(&mut extensions);
    }
    let answered = extensions.get().is_some_and(|Answered(has)| has.load(Relaxed));
    answered && causes(error).any(is_closed)
}

fn is_closed(cause: &(dyn StdError + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return error.is_incomplete_message() || error.is_closed() || error.is_canceled();
    }
    let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
    kind.is_some_and(is_closed_by_peer)
}

/// The error, its cause, the cause of that, and so on.
pub(super) fn causes<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    successors(Some(error), |&error| error.source())
}
