//! A connection that speaks HTTP/2 (RFC 9113).
//!
//! Its requests overlap, so the time that a client has is looked at from outside, now and then: it
//! has the idle time without a request, and the write time when responses wait for it, in which any
//! of them has to come further.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::{Instant, sleep_until};

use super::{
    Shared, Stage,
    answer::Handler,
    progress::Phase,
    timed::{Stream, Timed},
};
use crate::watch::labels::Timeout;

/// How often the time is looked at.
const ROUND: Duration = Duration::from_secs(1);
/// How much of a response is kept for a client that does not take it, a stream.
const SEND_BUFFER: usize = 64 * 1024;
/// Most requests that may be taken back before they are looked at (rapid reset). What is taken back
/// later counts as a request of the connection.
const MOST_UNSEEN_RESETS: usize = 20;
/// Most streams of a connection that end in an error of the client's.
const MOST_ERRORS: usize = 1024;
/// How many bytes of content may be under way to us, a stream and a connection: the least, or what
/// lets an application take uploads.
const WINDOWS: (u32, u32) = (65_535, 65_535);
const UPSTREAM_WINDOWS: (u32, u32) = (256 * 1024, 1024 * 1024);

pub(crate) async fn serve<S: Stream>(stream: Timed<S>) {
    let handler = Handler::of_http2(stream.progress().clone());
    handler.progress().enter(Phase::Other);
    let mut stage = handler.shared().stage();
    let builder = builder(handler.shared());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), handler.clone()));
    let mut is_ending = false;
    let mut round = Instant::now() + ROUND;
    loop {
        // Requests are taken in here: that it has had all that it has is not found out later.
        let over_or_used_up = poll_fn(|context| match connection.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(Verdict::CutOff),
            Poll::Pending if handler.is_used_up() && !is_ending => Poll::Ready(Verdict::End),
            Poll::Pending => Poll::Pending,
        });
        tokio::select! {
            verdict = over_or_used_up => if matches!(verdict, Verdict::CutOff) { return },
            () = sleep_until(round) => round = Instant::now() + ROUND,
            _ = stage.wait_for(|stage| *stage >= Stage::Retiring), if !is_ending => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
        match judge(&handler, is_ending) {
            Verdict::GoOn => {}
            Verdict::End => {
                is_ending = true;
                connection.as_mut().graceful_shutdown();
            }
            Verdict::CutOff => return,
        }
    }
}

enum Verdict {
    GoOn,
    /// No new request is taken (GOAWAY); those that are under way are answered.
    End,
    CutOff,
}

fn judge(handler: &Handler, is_ending: bool) -> Verdict {
    let (progress, patience) = (handler.progress(), handler.shared().patience);
    let stillness = progress.stillness();
    if progress.has_waiting_streams() && stillness >= patience.write {
        progress.timed_out(Timeout::Write);
        return Verdict::CutOff;
    }
    let is_idle = !progress.has_streams() && stillness >= patience.idle;
    if is_ending {
        return if is_idle { Verdict::CutOff } else { Verdict::GoOn };
    }
    if is_idle {
        progress.timed_out(Timeout::Idle);
    }
    let is_old = progress.open_for() >= handler.shared().options.max_connection_age;
    if is_idle || is_old || handler.is_used_up() { Verdict::End } else { Verdict::GoOn }
}

/// All limits are said, since hyper's own may change.
fn builder(shared: &Shared) -> http2::Builder<TokioExecutor> {
    let has_upstream = shared.options.upstream.is_some();
    let (stream_window, connection_window) = if has_upstream { UPSTREAM_WINDOWS } else { WINDOWS };
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(shared.options.max_streams)
        .max_header_list_size(shared.options.max_header_bytes)
        .max_pending_accept_reset_streams(MOST_UNSEEN_RESETS)
        .max_local_error_reset_streams(MOST_ERRORS)
        .initial_stream_window_size(stream_window)
        .initial_connection_window_size(connection_window)
        .max_frame_size(16_384)
        .max_send_buf_size(SEND_BUFFER);
    builder
}
