//! Requests of HTTP/1.1, one after the other, for as long as there are any.
//!
//! [`turn`] is the state of the connection, [`stream`] its bytes. [`short`] answers simple requests;
//! hyper has all others, with [`service`] for its requests and [`body`] for the body of a response.

mod body;
mod refusal;
mod service;
mod short;
mod stream;
mod successor;
mod turn;

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::unconstrained;
use tracing::debug;

use self::{
    service::Http1Service,
    short::{ShortEnd, ShortWay},
    turn::Last,
};
pub(crate) use self::{
    stream::{Http1Stream, News, begins_with},
    turn::Turn,
};
use crate::{account::Account, lifecycle::Stage, settings::Limits, socket::Socket};

/// hyper's own limit, which it keeps at less cost than another one.
const DEFAULT_HEADER_FIELDS: u16 = 100;

/// Answers requests. Returns the stream if there has been none for a while, and nothing when the
/// connection is over.
pub(crate) async fn serve<S: Socket>(stream: Http1Stream<S>) -> Option<Http1Stream<S>> {
    stream.turn().lock().speak_http1();
    let stream = if stream.account().server().settings.short_way {
        match serve_shortly(stream).await {
            Shortly::Over => return None,
            Shortly::Idle(stream) => return Some(stream),
            Shortly::NotSimple(stream) => {
                debug!(client = ?stream.account().peer.address, "hyper takes a connection over");
                stream
            }
        }
    } else {
        stream
    };
    // Its state is large, and a connection that asks for simple things alone never has it.
    Box::pin(serve_by_hyper(stream)).await
}

/// Answers requests for as long as they are simple.
async fn serve_shortly<S: Socket>(stream: Http1Stream<S>) -> Shortly<S> {
    let (account, turn) = (Arc::clone(stream.account()), stream.turn().clone());
    let mut way = ShortWay::new(stream);
    match until_stop(&account, |context| way.poll(context)).await {
        Some(ShortEnd::Over) => Shortly::Over,
        Some(ShortEnd::Idle) => Shortly::Idle(way.into_stream()),
        Some(ShortEnd::NotSimple) => Shortly::NotSimple(way.into_stream()),
        None => {
            if turn.lock().last() == Last::Current {
                poll_fn(|context| way.poll_finish(context)).await;
            }
            Shortly::Over
        }
    }
}

/// A connection when the short way is done with it.
enum Shortly<S: Socket> {
    Over,
    Idle(Http1Stream<S>),
    NotSimple(Http1Stream<S>),
}

async fn serve_by_hyper<S: Socket>(stream: Http1Stream<S>) -> Option<Http1Stream<S>> {
    let (account, turn) = (Arc::clone(stream.account()), stream.turn().clone());
    let mut connection = HyperConnection::new(stream);
    let end = until_stop(&account, |context| match connection.poll(context) {
        Poll::Ready(end) => Poll::Ready(end),
        Poll::Pending if turn.lock().is_parked() => Poll::Ready(End::Idle),
        Poll::Pending => Poll::Pending,
    });
    match end.await {
        Some(End::Idle) => connection.into_stream(),
        Some(end) => {
            connection.close(end).await;
            None
        }
        None => {
            let last = turn.lock().last();
            finish(connection, last).await;
            None
        }
    }
}

/// Answers requests for as long as there are any. None if the process is to end.
async fn until_stop<E>(
    account: &Account,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<E>,
) -> Option<E> {
    let lifecycle = &account.server().lifecycle;
    let mut stages = lifecycle.stages();
    // Listening for the end takes a lock, so it is done once: the task, which is to be woken, stays
    // the same one.
    let mut end = pin!(unconstrained(stages.wait_for(|stage| *stage >= Stage::Stopping)));
    let mut is_listening = false;
    poll_fn(|context| match poll(context) {
        Poll::Ready(end) => Poll::Ready(Some(end)),
        Poll::Pending if is_listening && !lifecycle.is_closing() => Poll::Pending,
        Poll::Pending => {
            is_listening = true;
            end.as_mut().poll(context).map(|_| None)
        }
    })
    .await
}

/// Why hyper is done with a connection.
enum End {
    /// No request follows. hyper may hold bytes of responses.
    Done,
    /// A request is malformed, or of another version of HTTP. hyper may hold its response, and a part of the
    /// response before it.
    Malformed,
    /// The connection has ended in an error.
    Broken,
    /// There has been no request for a while.
    Idle,
}

/// Answers the request that the client has begun to send, or waits for, and no other.
async fn finish<S: Socket>(mut connection: HyperConnection<S>, last: Last) {
    match last {
        // hyper would wait for the first request of a connection, which may never come.
        Last::Nothing => return,
        // To hyper, a connection is idle until all of a header is there.
        Last::Coming => {}
        Last::Current => connection.end(),
    }
    let end = poll_fn(|context| connection.poll(context)).await;
    connection.close(end).await;
}

fn builder(limits: &Limits) -> http1::Builder {
    let header_bytes = limits.header_bytes as usize;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(header_bytes).max_header_size(header_bytes);
    // A client that closes its side may still be waiting for the response (RFC 9112 §9.6).
    builder.half_close(true);
    if limits.header_fields != DEFAULT_HEADER_FIELDS {
        builder.max_headers(limits.header_fields.into());
    }
    builder
}

fn end_of(outcome: hyper::Result<()>) -> End {
    match outcome {
        Ok(()) => End::Done,
        Err(error) => {
            debug!(?error, "a connection has ended in an error");
            if error.is_parse() { End::Malformed } else { End::Broken }
        }
    }
}

/// hyper's connection, which becomes a tunnel only if there is an application that wants it.
enum HyperConnection<S: Socket> {
    Plain(http1::Connection<TokioIo<Http1Stream<S>>, Http1Service>),
    Upgradeable(http1::UpgradeableConnection<TokioIo<Http1Stream<S>>, Http1Service>),
}

impl<S: Socket> HyperConnection<S> {
    fn new(stream: Http1Stream<S>) -> Self {
        let account = Arc::clone(stream.account());
        let thread = account.thread;
        let service = Http1Service::new(account, stream.turn().clone());
        let builder = builder(&thread.server.settings.limits);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        match thread.upstream {
            Some(_) => Self::Upgradeable(connection.with_upgrades()),
            None => Self::Plain(connection),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<End> {
        match self {
            Self::Plain(connection) => connection.poll_without_shutdown(context).map(end_of),
            Self::Upgradeable(connection) => Pin::new(connection).poll(context).map(end_of),
        }
    }

    /// Sends the bytes that hyper holds, and ends the connection, if it is not broken. hyper would leave the
    /// end out after a request with `Upgrade`, even if nobody takes the connection over. An `Upgradeable`
    /// connection has been ended by hyper.
    async fn close(self, end: End) {
        if let (Self::Plain(connection), End::Done | End::Malformed) = (self, end) {
            connection.await.ok();
        }
    }

    /// The response that is under way is the last one.
    fn end(&mut self) {
        match self {
            Self::Plain(connection) => Pin::new(connection).graceful_shutdown(),
            Self::Upgradeable(connection) => Pin::new(connection).graceful_shutdown(),
        }
    }

    fn into_stream(self) -> Option<Http1Stream<S>> {
        let parts = match self {
            Self::Plain(connection) => connection.into_parts(),
            Self::Upgradeable(connection) => connection.into_parts()?,
        };
        let mut stream = parts.io.into_inner();
        stream.unread(&parts.read_buf);
        Some(stream)
    }
}
