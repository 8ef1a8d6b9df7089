//! The time that a client has: to send a request, to send another one, and to take a response.
//!
//! hyper has one deadline for a request's header and for its absence, and none for writing. So the
//! connection's bytes go through here, where both directions are seen. A client that lets its time
//! pass gets an error of the connection, which closes it.

use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// From the first byte of a request's header to its last.
    pub(crate) header: Duration,
    /// From one request to the next, and to the first.
    pub(crate) idle: Duration,
    /// To take any byte of a response.
    pub(crate) write: Duration,
}

/// What a connection is waiting for; who answers a request says so here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Phase(Arc<AtomicU8>);

/// No byte of a request has come.
const IDLE: u8 = 0;
/// Some have.
const HEADER: u8 = 1;
/// All have, and the response is not sent yet.
const RESPONSE: u8 = 2;

impl Phase {
    /// A request has come whole, and is answered.
    pub(crate) fn answering(&self) {
        self.0.store(RESPONSE, Relaxed);
    }

    fn is(&self, phase: u8) -> bool {
        self.0.load(Relaxed) == phase
    }
}

/// A connection whose client has only so much time.
pub(crate) struct Timed<S> {
    stream: S,
    patience: Patience,
    phase: Phase,
    /// Since when it is in its phase.
    since: Instant,
    /// Since when no byte could be written.
    stalled: Option<Instant>,
    /// Fires at a deadline or before one: it is not set anew for each request.
    alarm: Pin<Box<Sleep>>,
}

impl<S> Timed<S> {
    pub(crate) fn new(stream: S, patience: Patience, phase: Phase) -> Self {
        let since = Instant::now();
        let alarm = Box::pin(sleep_until(since + patience.idle));
        Self { stream, patience, phase, since, stalled: None, alarm }
    }

    fn enter(&mut self, phase: u8) {
        self.phase.0.store(phase, Relaxed);
        self.since = Instant::now();
    }

    /// The time by which the next byte has to come, if one is waited for.
    fn read_deadline(&self) -> Option<Instant> {
        match self.phase.0.load(Relaxed) {
            IDLE => Some(self.since + self.patience.idle),
            HEADER => Some(self.since + self.patience.header),
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

    /// What a write comes to, with regard to the time that none could be made.
    fn written<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = *self.stalled.get_or_insert_with(Instant::now);
        self.poll_deadline(stalled + self.patience.write, context).map(Err)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let known = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if read.is_pending() {
            let Some(deadline) = self.read_deadline() else { return Poll::Pending };
            return self.poll_deadline(deadline, context).map(Err);
        }
        if buffer.filled().len() > known && self.phase.is(IDLE) {
            self.enter(HEADER);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes when a response is written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() && self.phase.is(RESPONSE) {
            self.enter(IDLE);
            // hyper may be waiting for bytes already, from when there was no deadline for them.
            let deadline = self.since + self.patience.idle;
            let _ = self.poll_deadline(deadline, context);
        }
        self.written(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
