//! A connection, from when it was accepted to its end: its peer, TLS, and its version of HTTP.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use hyper::{StatusCode, Version};
use tokio::{io::AsyncWriteExt, time::timeout_at};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tracing::debug;

use crate::{
    account::Account,
    census::Ticket,
    channel::Protocol,
    dormant::{Figures, Message},
    exchange,
    http1::{self, Http1Stream, News, Turn, begins_with},
    http2,
    metrics::labels::{Handshake, Refusal},
    peer::Peer,
    proxy_protocol,
    socket::Socket,
    standby::Waiting,
    tenure::Tenure,
    thread::{Open, Thread},
    transport::Transport,
};

/// A connection, until its end.
///
/// While it waits for another request of HTTP/1.1 it is *parked*: hyper's state for it, with its
/// buffers, is gone, and of its many parts only the stream is left. So thousands of connections
/// that are kept alive cost little memory; one that is busy is never parked. After a longer wait it
/// is [dormant](crate::dormant), if it has no TLS: its task and its stream are gone, and the socket is
/// left.
pub(crate) struct Connection<S: Socket>(State<S>);

enum State<S: Socket> {
    Busy(Busy<S>),
    /// The stream is dropped before [`Waiting`], which announces a free place when it is dropped.
    Parked(Http1<S>, Waiting),
    Over,
}

/// The future that serves a connection; yields it if it may be parked. It is large, and boxed.
type Busy<S> = Pin<Box<dyn Future<Output = Option<Http1<S>>> + Send>>;

/// A connection that speaks HTTP/1.1.
enum Http1<S: Socket> {
    Plain(Http1Stream<S>),
    Tls(Http1Stream<Box<TlsStream<S>>>),
}

impl<S: Socket> Connection<S> {
    /// A connection that has just been accepted.
    pub(crate) fn new(
        socket: S,
        peer: Peer,
        protocol: Protocol,
        ticket: Ticket,
        thread: &'static Thread,
        open: Open,
    ) -> Self {
        // The future is made where it is awaited, since it would have its place twice otherwise.
        Self(State::Busy(Box::pin(async move {
            let opened = open_connection(socket, peer, protocol, ticket, thread, open);
            opened.await?.serve().await
        })))
    }

    /// A connection that was dormant, and whose socket has something to tell.
    pub(crate) fn woken(socket: S, figures: Figures, thread: &'static Thread) -> Self {
        let Figures { peer, tenure, since, waiting } = figures;
        let account = Account::new(thread, peer, socket.shared(), tenure, None);
        let transport = Transport::new(socket, Arc::new(account));
        let stream = Http1Stream::new(transport, Turn::Dormant { since });
        Self(State::Parked(Http1::Plain(stream), waiting))
    }
}

impl<S: Socket> Future for Connection<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            self.0 = match &mut self.0 {
                State::Busy(busy) => match ready!(busy.as_mut().poll(context)) {
                    Some(parked) => State::parked(parked),
                    None => State::Over,
                },
                State::Parked(parked, waiting) => match parked.poll_request(context) {
                    Poll::Ready(News::Request) => self.0.take().resumed(),
                    Poll::Ready(News::End) => State::Over,
                    Poll::Ready(News::LongWait) if parked.may_be_dormant() => {
                        self.0.take().fall_asleep();
                        State::Over
                    }
                    Poll::Ready(News::LongWait) | Poll::Pending => {
                        ready!(waiting.poll_close(context));
                        State::Over
                    }
                },
                State::Over => return Poll::Ready(()),
            }
        }
    }
}

impl<S: Socket> State<S> {
    fn parked(connection: Http1<S>) -> Self {
        let waiting = connection.account().server().census.standby.wait();
        Self::Parked(connection, waiting)
    }

    /// Busy again, if it was parked and the process is not about to end.
    fn resumed(self) -> Self {
        match self {
            Self::Parked(parked, _) if parked.account().reclaim() => {
                Self::Busy(Box::pin(parked.serve()))
            }
            _ => Self::Over,
        }
    }

    /// Hands a parked connection over to the dormitory of its thread.
    fn fall_asleep(self) {
        if let Self::Parked(Http1::Plain(stream), waiting) = self {
            let (thread, peer) = (stream.account().thread, stream.account().peer);
            if let (Some(dormitory), Some(dormant)) =
                (thread.dormitory.get(), stream.into_dormant(waiting))
            {
                debug!(client = ?peer.address, "a connection is dormant");
                dormitory.send(Message::Dormant(Box::new(dormant))).ok();
            }
        }
    }

    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Over)
    }
}

impl<S: Socket> Http1<S> {
    fn account(&self) -> &Account {
        match self {
            Self::Plain(stream) => stream.account(),
            Self::Tls(stream) => stream.account(),
        }
    }

    /// Whether it can do without a task: without TLS, whose state is large, and if nothing else uses it.
    fn may_be_dormant(&self) -> bool {
        match self {
            Self::Plain(stream) => {
                let account = stream.account();
                account.thread.dormitory.get().is_some() && Arc::strong_count(account) == 1
            }
            Self::Tls(_) => false,
        }
    }

    fn poll_request(&mut self, context: &mut Context<'_>) -> Poll<News> {
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
        parked.account().release();
        Some(parked)
    }
}

/// A connection whose peer and version of HTTP are known.
enum Opened<S: Socket> {
    Http1(Http1<S>),
    /// The future that serves it.
    Http2(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl<S: Socket> Opened<S> {
    async fn serve(self) -> Option<Http1<S>> {
        match self {
            Self::Http1(connection) => connection.serve().await,
            Self::Http2(connection) => {
                connection.await;
                None
            }
        }
    }
}

/// Finds out the peer and the version of HTTP. None is the client's fault: it went away, let its time
/// pass, or did not speak the protocol of the endpoint.
async fn open_connection<S: Socket>(
    mut socket: S,
    mut peer: Peer,
    protocol: Protocol,
    mut ticket: Ticket,
    thread: &'static Thread,
    open: Open,
) -> Option<Opened<S>> {
    if peer.speaks_proxy {
        Box::pin(learn_peer(&mut socket, &mut peer, &mut ticket, thread)).await?;
    }
    peer.is_tls = protocol == Protocol::Https;
    let stream = socket.shared();
    let tenure = Tenure::new(thread.tally.connection(), ticket, Instant::now());
    let account = Arc::new(Account::new(thread, peer, stream, tenure, Some(open)));
    match protocol {
        // A handshake has a large state, which no other connection is to make room for.
        Protocol::Https => Box::pin(open_tls(socket, account)).await,
        Protocol::Http => open_plain(socket, account).await,
        Protocol::Admin => None,
    }
}

/// Reads the address of the client from a load balancer.
async fn learn_peer<S: Socket>(
    socket: &mut S,
    peer: &mut Peer,
    ticket: &mut Ticket,
    thread: &'static Thread,
) -> Option<()> {
    let settings = &thread.server.settings;
    match proxy_protocol::read(socket, settings.timeouts.header).await {
        // Forwarding headers are believed by the address in the PROXY header, not by the load
        // balancer's, which has not looked at them.
        Ok(proxy_protocol::Origin::Client(address)) => {
            *peer = Peer::new(Some(address), &settings.trust);
        }
        Ok(proxy_protocol::Origin::Itself) => {}
        Err(error) => {
            debug!("{error}");
            thread.tally.refused(Refusal::ProxyHeader);
            return None;
        }
    }
    let census = &thread.server.census;
    if peer.address.is_some_and(|address| ticket.count(census, address).is_err()) {
        thread.tally.refused(Refusal::PerAddress);
        return None;
    }
    Some(())
}

async fn open_tls<S: Socket>(mut socket: S, account: Arc<Account>) -> Option<Opened<S>> {
    let (tally, longest) = (account.thread.tally, account.timeouts().header);
    // One time for all of it: a client that sends nothing does not have it twice.
    let deadline = tokio::time::Instant::now() + longest;
    let first = timeout_at(deadline, poll_fn(|context| socket.poll_first(context))).await;
    if matches!(first, Ok(Ok(Some(b'A'..=b'Z')))) {
        tally.handshake(Handshake::Failed);
        refuse_plain_text(Transport::new(socket, account)).await;
        return None;
    }
    let acceptor = TlsAcceptor::from(Arc::clone(account.server().tls.as_ref()?));
    let stream = match timeout_at(deadline, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => stream,
        failed => {
            let reason =
                failed.map_or("it took too long".to_owned(), |failed| reason(failed.err()));
            debug!(client = ?account.peer.address, reason, "a TLS handshake has failed");
            tally.handshake(Handshake::Failed);
            return None;
        }
    };
    tally.handshake(Handshake::Ok);
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let transport = Transport::new(Box::new(stream), account);
    Some(if is_h2 {
        Opened::Http2(Box::pin(http2::serve(transport)))
    } else {
        let turn = Turn::new(Instant::now());
        Opened::Http1(Http1::Tls(Http1Stream::new(transport, turn)))
    })
}

fn reason(error: Option<io::Error>) -> String {
    error.map_or(String::new(), |error| error.to_string())
}

/// The response to a client that speaks HTTP without TLS where TLS is spoken.
const PLAIN_TEXT: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
    cache-control: no-store\r\nconnection: close\r\ncontent-length: 56\r\n\r\n\
    400 Bad Request: this port speaks TLS: ask for https://\n";

async fn refuse_plain_text<S: Socket>(mut transport: Transport<S>) {
    let account = Arc::clone(transport.account());
    debug!(client = ?account.peer.address, "a request without TLS on a port with TLS");
    exchange::refuse(
        account.thread,
        account.peer.address,
        Version::HTTP_11,
        StatusCode::BAD_REQUEST,
    );
    if transport.write_all(PLAIN_TEXT).await.is_ok() {
        transport.shutdown().await.ok();
    }
}

async fn open_plain<S: Socket>(socket: S, account: Arc<Account>) -> Option<Opened<S>> {
    let speaks_h2c = account.server().settings.h2c;
    let (mut transport, mut turn) = (Transport::new(socket, account), Turn::new(Instant::now()));
    let is_h2 = speaks_h2c && begins_http2(&mut transport, &mut turn).await?;
    Some(if is_h2 {
        Opened::Http2(Box::pin(http2::serve(transport)))
    } else {
        Opened::Http1(Http1::Plain(Http1Stream::new(transport, turn)))
    })
}

/// Whether a connection begins with the preface of HTTP/2. None if it ends before that is known.
async fn begins_http2<S: Socket>(transport: &mut Transport<S>, turn: &mut Turn) -> Option<bool> {
    let waiting = transport.account().server().census.standby.wait();
    tokio::select! {
        biased;
        begins = begins_with(transport, turn, http2::PREFACE) => begins.ok(),
        () = waiting.close() => None,
    }
}
