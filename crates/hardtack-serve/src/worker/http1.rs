//! Requests of HTTP/1.1, for as long as there are any.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::unconstrained;

use super::{
    Shared, Stage,
    answer::Handler,
    progress::{Phase, Progress},
    timed::{Stream, Timed},
};

/// hyper's own limit, which it keeps at less cost than another one.
const DEFAULT_HEADER_FIELDS: u16 = 100;

/// Answers requests. Returns the stream if there has been none for a while, and nothing when the
/// connection is over.
pub(crate) async fn serve<S: Stream>(stream: Timed<S>) -> Option<Timed<S>> {
    let progress = stream.progress().clone();
    progress.allow_parking();
    let mut connection = Connection::new(stream, &progress);
    match until_idle(&mut connection, &progress).await {
        Outcome::Over => None,
        Outcome::Idle => connection.into_stream(),
        // hyper would wait for the first request of a connection, which may never come.
        Outcome::Stop if progress.phase() == Phase::Idle => None,
        Outcome::Stop => {
            // To hyper, a connection is idle until all of a header is there. The response to this
            // one will say that it is the last.
            if progress.phase() != Phase::Header {
                connection.end();
            }
            poll_fn(|context| connection.poll(context)).await;
            None
        }
    }
}

/// Answers requests for as long as there are any.
async fn until_idle<S: Stream>(connection: &mut Connection<S>, progress: &Progress) -> Outcome {
    let shared = progress.thread.shared;
    let mut stage = shared.stage();
    // Listening for the end takes a lock, so it is done once: the task, which is to be woken, stays
    // the same one.
    let mut end = pin!(unconstrained(stage.wait_for(|stage| *stage >= Stage::Stopping)));
    let mut is_listening = false;
    poll_fn(|context| match connection.poll(context) {
        Poll::Ready(()) => Poll::Ready(Outcome::Over),
        Poll::Pending if progress.is_parked() => Poll::Ready(Outcome::Idle),
        Poll::Pending if is_listening && !shared.is_closing() => Poll::Pending,
        Poll::Pending => {
            is_listening = true;
            end.as_mut().poll(context).map(|_| Outcome::Stop)
        }
    })
    .await
}

enum Outcome {
    /// The connection has ended.
    Over,
    /// There has been no request for a while.
    Idle,
    /// The process is to end.
    Stop,
}

fn builder(shared: &Shared) -> http1::Builder {
    let limits = &shared.settings.limits;
    let header_bytes = limits.header_bytes as usize;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(header_bytes).max_header_size(header_bytes);
    // Who closes its side may still be waiting for the response (RFC 9112 §9.6).
    builder.half_close(true);
    if limits.header_fields != DEFAULT_HEADER_FIELDS {
        builder.max_headers(limits.header_fields.into());
    }
    builder
}

/// hyper's connection, which becomes a tunnel only if there is an application that wants it.
enum Connection<S: Stream> {
    Plain(http1::Connection<TokioIo<Timed<S>>, Handler>),
    Upgradeable(http1::UpgradeableConnection<TokioIo<Timed<S>>, Handler>),
}

impl<S: Stream> Connection<S> {
    fn new(stream: Timed<S>, progress: &Arc<Progress>) -> Self {
        let handler = Handler::of_http1(Arc::clone(progress));
        let builder = builder(handler.shared());
        let connection = builder.serve_connection(TokioIo::new(stream), handler);
        match progress.thread.upstream {
            Some(_) => Self::Upgradeable(connection.with_upgrades()),
            None => Self::Plain(connection),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Plain(connection) => Pin::new(connection).poll(context).map(drop),
            Self::Upgradeable(connection) => Pin::new(connection).poll(context).map(drop),
        }
    }

    /// The response that is under way is the last one.
    fn end(&mut self) {
        match self {
            Self::Plain(connection) => Pin::new(connection).graceful_shutdown(),
            Self::Upgradeable(connection) => Pin::new(connection).graceful_shutdown(),
        }
    }

    fn into_stream(self) -> Option<Timed<S>> {
        let parts = match self {
            Self::Plain(connection) => connection.into_parts(),
            Self::Upgradeable(connection) => connection.into_parts()?,
        };
        let mut stream = parts.io.into_inner();
        stream.unread(&parts.read_buf);
        Some(stream)
    }
}
