//! The time that a client has: to send a request, to send another one, and to take a response.
//!
//! hyper has one deadline for a request's header and for its absence, and none for writing. So the
//! connection's bytes go through here, where both directions are seen. A client that lets its time
//! pass gets an error of the connection, which closes it.

use std::{
    future::poll_fn,
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
    time::{Instant, Sleep, sleep_until},
};
use tokio_rustls::server::TlsStream;

use super::progress::{Phase, Progress};
use crate::{metrics::labels::Timeout, pace::Waits, settings::Timeouts};

/// After how long without a request a connection is [parked](super::connection::Connection).
const PARKED_AFTER: Duration = Duration::from_millis(100);

/// How long a client may be silent, and how long it has in all, between our end of a connection and
/// its own.
const LAST_SILENCE: Duration = Duration::from_secs(1);
const LAST_WORDS: Duration = Duration::from_secs(30);

/// A stream that can be closed so that the system forgets what the client has not taken. Otherwise
/// it would keep that, and offer it for minutes.
pub(crate) trait Reset {
    /// The next close is a reset.
    fn reset_on_close(&self);
}

/// A stream that knows how many bytes the system has taken of it. TLS takes some itself, whether
/// the client does or not.
pub(crate) trait Counting: Reset {
    fn sent(&self) -> u64;
}

/// What a connection is over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Counting + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Counting + Send + Unpin + 'static> Stream for S {}

impl Reset for TcpStream {
    fn reset_on_close(&self) {
        self.set_zero_linger().ok();
    }
}

impl Reset for UnixStream {
    /// The system keeps nothing: the other end is on this machine.
    fn reset_on_close(&self) {}
}

impl<S: Reset> Reset for Box<TlsStream<S>> {
    fn reset_on_close(&self) {
        self.get_ref().0.reset_on_close();
    }
}

impl<S: Counting> Counting for Box<TlsStream<S>> {
    fn sent(&self) -> u64 {
        self.get_ref().0.sent()
    }
}

/// A connection whose client has only so much time.
pub(crate) struct Timed<S: Counting> {
    stream: S,
    /// What was read of it before it came to hyper, or comes to it again.
    prefix: Box<[u8]>,
    progress: Arc<Progress>,
    /// Since when it is in its phase.
    since: Instant,
    /// The waits for the system to take a byte of this response, and how many it had taken when the
    /// last one began.
    waits: Waits,
    stalled_at: u64,
    /// How many it had taken before this response.
    before: u64,
    /// Since when nothing more is written, and when the client was last heard since.
    ended: Option<Box<(Instant, Instant)>>,
    /// Fires at a deadline or before one: it is not set anew for each request.
    alarm: Pin<Box<Sleep>>,
}

impl<S: Counting> Timed<S> {
    pub(crate) fn new(stream: S, progress: Arc<Progress>) -> Self {
        let since = Instant::now();
        let first_deadline = since + PARKED_AFTER.min(progress.timeouts().idle);
        Self {
            stream,
            prefix: Box::default(),
            progress,
            since,
            waits: Waits::default(),
            stalled_at: 0,
            before: 0,
            ended: None,
            alarm: Box::pin(sleep_until(first_deadline)),
        }
    }

    pub(crate) fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    fn timeouts(&self) -> &'static Timeouts {
        self.progress.timeouts()
    }

    /// Gives bytes back that were read and not used.
    pub(crate) fn unread(&mut self, bytes: &[u8]) {
        self.prefix = [&self.prefix, bytes].concat().into();
    }

    fn enter(&mut self, phase: Phase, now: Instant) {
        self.progress.enter_at(phase, now.into_std());
        self.since = now;
        self.waits.begin_message();
        self.before = self.stream.sent();
    }

    /// The time by which the next byte has to come, if one is waited for.
    fn read_deadline(&self) -> Option<(Instant, Timeout)> {
        match self.progress.phase() {
            Phase::Idle => Some((self.since + self.timeouts().idle, Timeout::Idle)),
            Phase::Header => Some((self.since + self.timeouts().header, Timeout::Header)),
            _ => None,
        }
    }

    /// An error when the deadline has passed; until then, the task is woken for it.
    fn poll_deadline(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<io::Error> {
        if self.alarm.deadline() > deadline {
            self.alarm.as_mut().reset(deadline);
        }
        while self.alarm.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(ErrorKind::TimedOut.into());
            }
            self.alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    fn poll_timeout(
        &mut self,
        deadline: Instant,
        timeout: Timeout,
        context: &mut Context<'_>,
    ) -> Poll<io::Error> {
        let error = self.poll_deadline(deadline, context);
        if error.is_ready() {
            self.progress.timed_out(timeout);
        }
        error
    }

    /// What waiting for a byte comes to.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let Some((deadline, timeout)) = self.read_deadline() else { return Poll::Pending };
        let parked_at = self.since + PARKED_AFTER;
        if timeout == Timeout::Idle && self.progress.may_park() && parked_at < deadline {
            let is_time = self.poll_deadline(parked_at, context).is_ready();
            if is_time {
                self.progress.park();
            } else {
                return Poll::Pending;
            }
        }
        self.poll_timeout(deadline, timeout, context)
    }

    /// What a write comes to, with regard to the time that none could be made.
    fn wrote<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let sent = self.stream.sent();
        self.progress.took_bytes(sent);
        if self.waits.is_waiting() && self.stalled_at != sent {
            self.waits.end_wait(Instant::now().into_std());
        }
        if written.is_ready() {
            return written;
        }
        self.stalled_at = sent;
        let now = Instant::now().into_std();
        let deadline = self.waits.wait(self.timeouts().write, sent - self.before, now);
        self.poll_timeout(deadline.into(), Timeout::Write, context).map(Err)
    }
}

impl<S: AsyncRead + Counting + Unpin> Timed<S> {
    /// Whether a request begins. None does if the client ends the connection, or lets its time pass.
    pub(crate) fn poll_request(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let read = self.poll_read_more(1, context);
        read.map(|read| read.is_ok_and(|read| read > 0))
    }

    /// Whether the connection begins with these bytes; nothing is lost of it.
    ///
    /// # Errors
    ///
    /// If it ends before that is known, or lets its time pass.
    pub(crate) async fn begins_with(&mut self, expected: &[u8]) -> io::Result<bool> {
        loop {
            let length = self.prefix.len();
            if !expected.starts_with(&self.prefix[..length.min(expected.len())]) {
                return Ok(false);
            }
            if length >= expected.len() {
                return Ok(true);
            }
            let missing = expected.len() - length;
            if poll_fn(|context| self.poll_read_more(missing, context)).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads some bytes that are not used yet.
    fn poll_read_more(
        &mut self,
        most: usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut space = [0; 32];
        let most = most.min(space.len());
        let mut buffer = ReadBuf::new(&mut space[..most]);
        let read = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
        if read.is_pending() {
            return self.poll_patience(context).map(Err);
        }
        let bytes = buffer.filled();
        if !bytes.is_empty() && self.progress.phase() == Phase::Idle {
            self.enter(Phase::Header, Instant::now());
        }
        let length = bytes.len();
        self.unread(&space[..length]);
        read.map_ok(|()| length)
    }
}

impl<S: AsyncRead + Counting + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.prefix.is_empty() {
            let length = self.prefix.len().min(buffer.remaining());
            buffer.put_slice(&self.prefix[..length]);
            self.prefix = self.prefix[length..].into();
            return Poll::Ready(Ok(()));
        }
        let known = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() {
            return self.poll_patience(context).map(Err);
        }
        if buffer.filled().len() > known && self.progress.phase() == Phase::Idle {
            self.enter(Phase::Header, Instant::now());
        }
        read
    }
}

impl<S: AsyncRead + Counting + Unpin> Timed<S> {
    /// Takes what still comes, until the client ends the connection too.
    ///
    /// If something comes to a socket that is closed, or is there when it closes, the system resets
    /// the connection and throws away what the client has not got yet (RFC 9112 §9.6). A client of
    /// HTTP/2 that gets a large response always says something: how much more it can take.
    fn poll_last_words(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let (ended, mut heard) = self.ended.as_deref().copied().unwrap_or((now, now));
        let mut space = [0; 1024];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => heard = now,
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        self.ended = Some(Box::new((ended, heard)));
        let deadline = (heard + LAST_SILENCE).min(ended + LAST_WORDS);
        self.poll_deadline(deadline, context).map(drop)
    }
}

impl<S: AsyncRead + AsyncWrite + Counting + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.wrote(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes when a response is written, and between pieces of one that is not all there.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() && self.progress.phase() == Phase::Sending {
            let now = Instant::now();
            self.progress.sent(now.into_std());
            self.enter(Phase::Idle, now);
            // hyper may be waiting for bytes already, from when there was no deadline for them.
            let _ = self.poll_patience(context);
        }
        self.wrote(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended.is_none() {
            let shut = Pin::new(&mut self.stream).poll_shutdown(context);
            ready!(self.wrote(shut, context))?;
        }
        self.poll_last_words(context).map(Ok)
    }
}

impl<S: Counting> Drop for Timed<S> {
    fn drop(&mut self) {
        self.progress.broken_off(self.stream.sent() - self.before);
        if self.progress.is_cut_off() {
            self.stream.reset_on_close();
        }
    }
}
