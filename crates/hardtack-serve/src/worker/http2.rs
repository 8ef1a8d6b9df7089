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
use crate::metrics::labels::Timeout;

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
    let mut judge = Judge::new(Handler::of_http2(stream.progress().clone()));
    judge.handler.progress().enter(Phase::Other);
    let handler = judge.handler.clone();
    let mut stage = handler.shared().stage();
    let has_upstream = handler.progress().thread.upstream.is_some();
    let builder = builder(handler.shared(), has_upstream);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), handler.clone()));
    let mut round = Instant::now() + ROUND;
    loop {
        // Requests are taken in here: that it has had all that it has is not found out later.
        let over_or_used_up = poll_fn(|context| match connection.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(Verdict::CutOff),
            Poll::Pending if judge.is_beyond_limits() => Poll::Ready(judge.verdict()),
            Poll::Pending => Poll::Pending,
        });
        let verdict = tokio::select! {
            verdict = over_or_used_up => verdict,
            () = sleep_until(round) => {
                round = Instant::now() + ROUND;
                judge.look()
            }
            _ = stage.wait_for(|stage| *stage >= Stage::Retiring), if !judge.is_ending() => {
                Verdict::End
            }
        };
        match verdict {
            Verdict::GoOn => {}
            Verdict::End => {
                judge.end();
                connection.as_mut().graceful_shutdown();
            }
            Verdict::CutOff => return,
        }
    }
}

enum Verdict {
    GoOn,
    /// The client is told to send no new request (GOAWAY); those that it has sent are answered.
    End,
    CutOff,
}

/// Looks at how far the requests come.
struct Judge {
    handler: Handler,
    /// When it was told to end: how many requests it may have made by then.
    most_requests: Option<u32>,
    /// Bytes that had been taken at the last look.
    taken: u64,
}

impl Judge {
    fn new(handler: Handler) -> Self {
        Self { handler, most_requests: None, taken: 0 }
    }

    fn is_ending(&self) -> bool {
        self.most_requests.is_some()
    }

    /// Requests may be on their way to us, no more than streams; who sends others does not listen.
    fn end(&mut self) {
        let streams = self.handler.shared().settings.limits.streams;
        self.most_requests = Some(self.handler.progress().requests().saturating_add(streams));
    }

    fn is_beyond_limits(&self) -> bool {
        match self.most_requests {
            None => self.handler.is_used_up(),
            Some(most) => self.handler.progress().requests() > most,
        }
    }

    /// Of a connection that is beyond its limits.
    fn verdict(&self) -> Verdict {
        if self.is_ending() { Verdict::CutOff } else { Verdict::End }
    }

    /// Looks at the time, once a round.
    fn look(&mut self) -> Verdict {
        let (progress, shared) = (self.handler.progress(), self.handler.shared());
        let timeouts = shared.settings.timeouts;
        // The streams take turns: a client that takes many at once may be long about each.
        let taken = progress.bytes_taken();
        if taken - self.taken > timeouts.write.bytes_in(ROUND) {
            progress.stream_moved();
        }
        self.taken = taken;
        let stillness = progress.stillness();
        if progress.has_waiting_streams() && stillness >= timeouts.write.timeout {
            progress.timed_out(Timeout::Write);
            return Verdict::CutOff;
        }
        let is_idle = !progress.has_streams() && stillness >= timeouts.idle;
        if is_idle && !self.is_ending() {
            progress.timed_out(Timeout::Idle);
        }
        let is_old = progress.open_for() >= shared.settings.limits.connection_age;
        match is_idle || (is_old && !self.is_ending()) {
            true => self.verdict(),
            false => Verdict::GoOn,
        }
    }
}

/// All limits are said, since hyper's own may change.
fn builder(shared: &Shared, has_upstream: bool) -> http2::Builder<TokioExecutor> {
    let (stream_window, connection_window) = if has_upstream { UPSTREAM_WINDOWS } else { WINDOWS };
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(shared.settings.limits.streams)
        .max_header_list_size(shared.settings.limits.header_bytes)
        .max_pending_accept_reset_streams(MOST_UNSEEN_RESETS)
        .max_local_error_reset_streams(MOST_ERRORS)
        .initial_stream_window_size(stream_window)
        .initial_connection_window_size(connection_window)
        .max_frame_size(16_384)
        .max_send_buf_size(SEND_BUFFER);
    builder
}
