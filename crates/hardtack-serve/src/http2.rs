//! Requests of HTTP/2 (RFC 9113), which overlap.
//!
//! [`streams`] is the state of the connection, and [`judge`] says whether it goes on. [`wire`] is its bytes
//! as hyper has them: [`reader`] has [`short`] answer frames of the client and passes the others on, and
//! [`outgoing`] passes hyper's on. Both add to the bytes that are [`gathered`]. [`service`] has hyper's requests, and [`body`] the bodies
//! of their responses.

mod arriving;
mod body;
mod frames;
mod gathered;
mod hpack;
mod judge;
mod outgoing;
mod reader;
mod section;
mod service;
mod short;
mod streams;
mod wire;

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use hyper::server::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::sleep_until;

pub(crate) use self::frames::PREFACE;
use self::{
    gathered::SharedGathered,
    judge::{Judge, Verdict},
    service::Http2Service,
    streams::{ROUND, Sent, SharedStreams},
    wire::Wire,
};
use crate::{
    account::Account, lifecycle::Stage, metrics::labels::Timeout, settings::Limits, socket::Socket,
    transport::Transport, windows::Grant,
};

/// How much of a response is kept for a client that does not take it, a stream.
const SEND_BUFFER: usize = 32 * 1024;
/// Most requests that may be taken back before they are looked at (rapid reset). A request that is
/// taken back later counts as one of the connection.
const MOST_UNSEEN_RESETS: usize = 20;
/// Most streams of a connection that end in an error of the client's.
const MOST_ERRORS: usize = 1024;

/// Answers requests until the connection is over.
pub(crate) async fn serve<S: Socket>(transport: Transport<S>) {
    let account = Arc::clone(transport.account());
    let streams = SharedStreams::new(Instant::now());
    let settings = &account.server().settings;
    let mut judge = Judge::new(&settings.timeouts, &settings.limits);
    let mut stages = account.server().lifecycle.stages();
    let service = Http2Service::new(Arc::clone(&account), streams.clone());
    let windows = match account.thread.upstream {
        Some(_) => account.server().windows.grant(),
        None => Grant::least(),
    };
    let builder = builder(&settings.limits, streams.clone(), &windows);
    let gathered = SharedGathered::new(transport);
    let wire = TokioIo::new(Wire::new(gathered.clone(), streams.clone()));
    let mut connection = pin!(builder.serve_connection(wire, service));
    let mut round = Instant::now() + ROUND;
    loop {
        let verdict = tokio::select! {
            verdict = take_requests(connection.as_mut(), &gathered, &judge, &account, &streams) => verdict,
            () = sleep_until(round.into()) => {
                round = Instant::now() + ROUND;
                if gathered.lock().has_rest() {
                    streams.lock().touch(Instant::now());
                }
                streams.lock().stand_by(&account.server().census.standby, Instant::now());
                look(&mut judge, &account, &streams)
            }
            () = streams.close() => Verdict::GiveWay,
            _ = stages.wait_for(|stage| *stage >= Stage::Retiring), if !judge.is_ending() => {
                Verdict::End
            }
        };
        match verdict {
            Verdict::GoOn => {}
            Verdict::End => {
                judge.end(account.requests());
                streams.lock().end();
                connection.as_mut().graceful_shutdown();
            }
            Verdict::GiveWay => return give_way(connection, &gathered).await,
            Verdict::CutOff => return,
        }
    }
}

/// Makes place for a new client: this client is told (GOAWAY), and not waited for.
async fn give_way<S: Socket>(
    mut connection: Pin<&mut HyperConnection<S>>,
    gathered: &SharedGathered<S>,
) {
    connection.as_mut().graceful_shutdown();
    poll_fn(|context| Poll::Ready(poll(connection.as_mut(), gathered, context).is_ready())).await;
}

/// hyper's connection.
type HyperConnection<S> = http2::Connection<TokioIo<Wire<S>>, Http2Service, SharedStreams>;

/// Takes requests until the connection is over or beyond its limits.
async fn take_requests<S: Socket>(
    mut connection: Pin<&mut HyperConnection<S>>,
    gathered: &SharedGathered<S>,
    judge: &Judge<'_>,
    account: &Account,
    streams: &SharedStreams,
) -> Verdict {
    poll_fn(|context| match poll(connection.as_mut(), gathered, context) {
        Poll::Ready(()) => Poll::Ready(Verdict::CutOff),
        Poll::Pending => match check(judge, account, streams) {
            Verdict::GoOn => Poll::Pending,
            verdict => Poll::Ready(verdict),
        },
    })
    .await
}

/// Lets hyper do all that it can, and then writes the bytes of that. Ready when the connection is over.
fn poll<S: Socket>(
    connection: Pin<&mut HyperConnection<S>>,
    gathered: &SharedGathered<S>,
    context: &mut Context<'_>,
) -> Poll<()> {
    if connection.poll(context).is_ready() {
        return Poll::Ready(());
    }
    match gathered.lock().poll_flush(context) {
        Poll::Ready(Err(_)) => Poll::Ready(()),
        Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
    }
}

fn check(judge: &Judge<'_>, account: &Account, streams: &SharedStreams) -> Verdict {
    judge.check(account.requests(), account.age(streams.lock().changed()))
}

fn look(judge: &mut Judge<'_>, account: &Account, streams: &SharedStreams) -> Verdict {
    let now = Instant::now();
    let (verdict, timeout) = judge.look(&streams.lock(), account.age(now), now);
    timeout.into_iter().for_each(|timeout| account.time_out(timeout));
    end_slow_streams(account, streams, now);
    verdict
}

/// A stream that is given up is reset; the others go on.
fn end_slow_streams(account: &Account, streams: &SharedStreams, now: Instant) {
    let sent = Sent { bytes: account.sent(), is_full: account.take_full() };
    let slow = streams.lock().give_up_slow(sent, account.timeouts().write, now);
    for task in slow {
        account.thread.tally.timeout(Timeout::Write);
        task.abort();
    }
}

/// All limits are said, since hyper's own may change.
fn builder(
    limits: &Limits,
    streams: SharedStreams,
    windows: &Grant,
) -> http2::Builder<SharedStreams> {
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.header_bytes)
        .max_pending_accept_reset_streams(MOST_UNSEEN_RESETS)
        .max_local_error_reset_streams(MOST_ERRORS)
        .initial_stream_window_size(windows.of_stream())
        .initial_connection_window_size(windows.of_connection())
        .max_frame_size(16_384)
        .max_send_buf_size(SEND_BUFFER);
    builder
}
