//! A connection, from when it was accepted to its end: who it is from, TLS, and the version of
//! HTTP.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tracing::debug;

use super::{
    census::Ticket,
    http1, http2,
    progress::Progress,
    proxy_protocol,
    thread::Open,
    thread::Thread,
    timed::{Stream, Timed},
};
use crate::{
    channel::Speaks,
    metrics::labels::{Handshake, Refusal},
    settings::{Network, Trust},
};

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// None at a Unix socket.
    pub(crate) address: Option<IpAddr>,
    /// It begins with a header of the PROXY protocol.
    pub(crate) speaks_proxy: bool,
    /// What it says about its clients is believed.
    pub(crate) is_trusted: bool,
    pub(crate) is_tls: bool,
}

impl Peer {
    pub(crate) fn new(address: Option<IpAddr>, trust: &Trust) -> Self {
        let is_of = |networks: &[Network]| networks.iter().any(|net| net.has(address));
        Self {
            address,
            speaks_proxy: is_of(&trust.proxy_protocol),
            is_trusted: is_of(&trust.forwarded),
            is_tls: false,
        }
    }
}

/// What HTTP/2 begins with (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection, until its end.
///
/// While it waits for another request of HTTP/1.1 it is *parked*: hyper's state for it, with its
/// buffers, is gone, and of its many parts only the stream is left. So thousands of connections
/// that are kept alive cost little memory; one that is busy is never parked.
pub(crate) struct Connection<S: Stream>(State<S>);

enum State<S: Stream> {
    Busy(Busy<S>),
    Parked(Parked<S>),
    Over,
}

/// What comes to an end, or to a connection that may be parked. It is large, and boxed.
type Busy<S> = Pin<Box<dyn Future<Output = Option<Parked<S>>> + Send>>;

enum Parked<S: Stream> {
    Plain(Timed<S>),
    Tls(Timed<Box<TlsStream<S>>>),
}

impl<S: Stream> Connection<S> {
    /// One that has just been accepted.
    pub(crate) fn new(
        stream: S,
        peer: Peer,
        speaks: Speaks,
        ticket: Ticket,
        thread: &'static Thread,
        open: Open,
    ) -> Self {
        let opened = open_connection(stream, peer, speaks, ticket, thread, open);
        Self(State::Busy(Box::pin(async { opened.await?.serve().await })))
    }
}

impl<S: Stream> Future for Connection<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            self.0 = match &mut self.0 {
                State::Busy(busy) => match ready!(busy.as_mut().poll(context)) {
                    Some(parked) => State::Parked(parked),
                    None => State::Over,
                },
                State::Parked(parked) => match ready!(parked.poll_request(context)) {
                    true => std::mem::replace(&mut self.0, State::Over).resumed(),
                    false => State::Over,
                },
                State::Over => return Poll::Ready(()),
            }
        }
    }
}

impl<S: Stream> State<S> {
    /// Busy again, if it was parked and the process is not about to end.
    fn resumed(self) -> Self {
        match self {
            Self::Parked(parked) if parked.progress().wake() => {
                Self::Busy(Box::pin(parked.serve()))
            }
            _ => Self::Over,
        }
    }
}

impl<S: Stream> Parked<S> {
    fn progress(&self) -> &Progress {
        match self {
            Self::Plain(stream) => stream.progress(),
            Self::Tls(stream) => stream.progress(),
        }
    }

    /// Whether a request begins, or the connection ends.
    fn poll_request(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        match self {
            Self::Plain(stream) => stream.poll_request(context),
            Self::Tls(stream) => stream.poll_request(context),
        }
    }

    /// Answers requests, until there is none for a while, or no more.
    async fn serve(self) -> Option<Self> {
        let parked = match self {
            Self::Plain(stream) => Self::Plain(http1::serve(stream).await?),
            Self::Tls(stream) => Self::Tls(http1::serve(stream).await?),
        };
        parked.progress().rest();
        Some(parked)
    }
}

/// A connection of which is known who it is from and what it speaks.
enum Opened<S: Stream> {
    Http1(Parked<S>),
    /// And how it goes on.
    Http2(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl<S: Stream> Opened<S> {
    async fn serve(self) -> Option<Parked<S>> {
        match self {
            Self::Http1(connection) => connection.serve().await,
            Self::Http2(connection) => {
                connection.await;
                None
            }
        }
    }
}

/// None is the client's fault: it went away, let its time pass, or did not speak what is spoken
/// here.
async fn open_connection<S: Stream>(
    mut stream: S,
    mut peer: Peer,
    speaks: Speaks,
    mut ticket: Ticket,
    thread: &'static Thread,
    open: Open,
) -> Option<Opened<S>> {
    if peer.speaks_proxy {
        learn_peer(&mut stream, &mut peer, &mut ticket, thread).await?;
    }
    peer.is_tls = speaks == Speaks::Https;
    let progress = Arc::new(Progress::new(thread, peer, ticket, open));
    match speaks {
        Speaks::Https => open_tls(stream, progress).await,
        Speaks::Http => open_plain(stream, progress).await,
        Speaks::Admin => None,
    }
}

/// Reads for whom a load balancer speaks.
async fn learn_peer<S: Stream>(
    stream: &mut S,
    peer: &mut Peer,
    ticket: &mut Ticket,
    thread: &'static Thread,
) -> Option<()> {
    match proxy_protocol::read(stream, thread.shared.settings.timeouts.header).await {
        // Who speaks HTTP is behind the load balancer, which has not looked at what they say.
        Ok(proxy_protocol::Origin::Client(address)) => {
            *peer = Peer::new(Some(address), &thread.shared.settings.trust);
        }
        Ok(proxy_protocol::Origin::Itself) => {}
        Err(error) => {
            debug!("{error}");
            thread.tally.refused(Refusal::ProxyHeader);
            return None;
        }
    }
    let census = &thread.shared.census;
    if peer.address.is_some_and(|address| ticket.count(census, address).is_err()) {
        thread.tally.refused(Refusal::PerAddress);
        return None;
    }
    Some(())
}

async fn open_tls<S: Stream>(stream: S, progress: Arc<Progress>) -> Option<Opened<S>> {
    let tally = &progress.thread.tally;
    let acceptor = TlsAcceptor::from(Arc::clone(progress.thread.shared.tls.as_ref()?));
    let handshake = timeout(progress.timeouts().header, acceptor.accept(stream));
    let Ok(Ok(stream)) = handshake.await else {
        tally.handshake(Handshake::Failed);
        return None;
    };
    tally.handshake(Handshake::Ok);
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let stream = Timed::new(Box::new(stream), progress);
    Some(match is_h2 {
        true => Opened::Http2(Box::pin(http2::serve(stream))),
        false => Opened::Http1(Parked::Tls(stream)),
    })
}

async fn open_plain<S: Stream>(stream: S, progress: Arc<Progress>) -> Option<Opened<S>> {
    let speaks_h2c = progress.thread.shared.settings.h2c;
    let mut stream = Timed::new(stream, progress);
    let is_h2 = speaks_h2c && stream.begins_with(PREFACE).await.ok()?;
    Some(match is_h2 {
        true => Opened::Http2(Box::pin(http2::serve(stream))),
        false => Opened::Http1(Parked::Plain(stream)),
    })
}
