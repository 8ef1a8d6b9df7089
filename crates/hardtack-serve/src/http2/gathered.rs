//! The bytes that a turn of a connection writes, gathered and written at once.
//!
//! h2 flushes after each frame that has content. Written as they come, the responses to eight requests
//! that came together are eight system calls and eight TLS records. So a flush of h2's writes nothing:
//! [`serve`](super::serve) does when hyper has nothing more to do, and a full buffer before that.

use std::{
    cell::Cell,
    io::{self, ErrorKind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::io::AsyncWrite;

use crate::{socket::Socket, transport::Transport};

/// Most bytes that are gathered: as many as rustls takes at once, and four frames of content.
const MOST: usize = 64 * 1024;

thread_local! {
    /// A buffer that no connection has. Few connections of a thread have bytes that the system did
    /// not take, and the others need none between their turns.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A connection's bytes, and those that are not written yet.
pub(super) struct Gathered<S: Socket> {
    pub(super) transport: Transport<S>,
    bytes: Vec<u8>,
    written: usize,
}

impl<S: Socket> Gathered<S> {
    fn new(transport: Transport<S>) -> Self {
        Self { transport, bytes: Vec::new(), written: 0 }
    }

    /// Takes as many of the bytes as there is room for, when there is some.
    pub(super) fn poll_write(
        &mut self,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.bytes.len() >= MOST {
            ready!(self.poll_flush(context))?;
        }
        if self.bytes.capacity() == 0 {
            self.bytes = SPARE.take();
        }
        let taken = bytes.len().min(MOST - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    /// Writes all that was gathered.
    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { transport, bytes, written } = self;
        if bytes.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while *written < bytes.len() {
            match ready!(Pin::new(&mut *transport).poll_write(context, &bytes[*written..]))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                more => *written += more,
            }
        }
        ready!(Pin::new(&mut *transport).poll_flush(context))?;
        *written = 0;
        let mut spare = std::mem::take(bytes);
        spare.clear();
        SPARE.set(spare);
        Poll::Ready(Ok(()))
    }
}

/// A connection's bytes as hyper and the task of the connection share them.
pub(super) struct SharedGathered<S: Socket>(Arc<Mutex<Gathered<S>>>);

impl<S: Socket> SharedGathered<S> {
    pub(super) fn new(transport: Transport<S>) -> Self {
        Self(Arc::new(Mutex::new(Gathered::new(transport))))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Gathered<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Socket> Clone for SharedGathered<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
