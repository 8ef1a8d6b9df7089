//! A connection, from when it was accepted to its end: who it is from, TLS, and the version of
//! HTTP.

use std::{net::IpAddr, sync::Arc};

use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tracing::debug;

use super::{
    answer::Handler,
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
    cli::Serve,
    watch::labels::{Handshake, Refusal},
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
    pub(crate) fn new(address: Option<IpAddr>, options: &Serve) -> Self {
        let is_of = |networks: &[crate::cli::Network]| networks.iter().any(|net| net.has(address));
        Self {
            address,
            speaks_proxy: is_of(&options.proxy_protocol_from),
            is_trusted: is_of(&options.forwarded_from),
            is_tls: false,
        }
    }
}

/// What HTTP/2 begins with (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Serves a connection to its end. An error is the client's: it went away, let its time pass, or
/// did not speak what is spoken here.
pub(crate) async fn serve<S>(
    mut stream: S,
    mut peer: Peer,
    speaks: Speaks,
    mut ticket: Ticket,
    thread: &'static Thread,
    open: Open,
) where
    S: Stream,
{
    let shared = thread.shared;
    if peer.speaks_proxy {
        match proxy_protocol::read(&mut stream, shared.patience.header).await {
            Ok(proxy_protocol::Origin::Client(address)) => peer.address = Some(address),
            Ok(proxy_protocol::Origin::Itself) => {}
            Err(error) => {
                debug!("{error}");
                return thread.tally.refused(Refusal::ProxyHeader);
            }
        }
        if peer.address.is_some_and(|address| ticket.count(&shared.census, address).is_err()) {
            return thread.tally.refused(Refusal::PerAddress);
        }
    }
    let progress = Arc::new(Progress::new(thread, ticket, open));
    match (speaks, &shared.tls) {
        (Speaks::Https, Some(config)) => {
            peer.is_tls = true;
            let acceptor = TlsAcceptor::from(Arc::clone(config));
            serve_tls(stream, &acceptor, peer, progress).await;
        }
        (Speaks::Https, None) | (Speaks::Admin, _) => {}
        (Speaks::Http, _) => serve_plain(stream, peer, progress).await,
    }
}

async fn serve_tls<S>(stream: S, acceptor: &TlsAcceptor, peer: Peer, progress: Arc<Progress>)
where
    S: Stream,
{
    let thread = progress.thread;
    let patience = &thread.shared.patience;
    // Boxed, because it is large, and over soon.
    let handshake = Box::pin(timeout(patience.header, acceptor.accept(stream)));
    let Ok(Ok(stream)) = handshake.await else {
        return thread.tally.handshake(Handshake::Failed);
    };
    thread.tally.handshake(Handshake::Ok);
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let stream = Timed::new(Box::new(stream), patience, Arc::clone(&progress));
    let handler = Handler::new(peer, progress);
    if is_h2 { http2::serve(stream, handler).await } else { http1::serve(stream, handler).await }
}

async fn serve_plain<S>(stream: S, peer: Peer, progress: Arc<Progress>)
where
    S: Stream,
{
    let shared = progress.thread.shared;
    let mut stream = Timed::new(stream, &shared.patience, Arc::clone(&progress));
    let is_h2 = shared.options.h2c && stream.begins_with(PREFACE).await;
    let handler = Handler::new(peer, progress);
    if is_h2 { http2::serve(stream, handler).await } else { http1::serve(stream, handler).await }
}
