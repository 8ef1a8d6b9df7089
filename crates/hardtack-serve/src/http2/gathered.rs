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

use super::{hpack::Encoder, section};
use crate::{socket::Socket, transport::Transport};

/// Bytes after which no more are gathered: as many as rustls takes at once, and four frames of content.
pub(super) const MOST: usize = 64 * 1024;

thread_local! {
    /// A buffer that no connection has. Few connections of a thread have bytes that the system did
    /// not take, and the others need none between their turns.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// A buffer for the block of a header section.
    static BLOCK: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A connection's bytes, and those that are not written yet.
pub(super) struct Gathered<S: Socket> {
    pub(super) transport: Transport<S>,
    output: Output,
    written: usize,
}

/// The bytes that a turn writes.
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    pub(super) encoder: Encoder,
}

impl Output {
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= MOST
    }

    /// Adds a header section, whose block is the fields that `encode` adds.
    pub(super) fn write_section(
        &mut self,
        stream: u32,
        flags: u8,
        encode: impl FnOnce(&mut Encoder, &mut Vec<u8>),
    ) {
        let Self { bytes, encoder } = self;
        let mut block = BLOCK.take();
        encoder.begin(&mut block);
        encode(encoder, &mut block);
        section::write(stream, flags, &block, bytes);
        block.clear();
        BLOCK.set(block);
    }
}

impl<S: Socket> Gathered<S> {
    fn new(transport: Transport<S>) -> Self {
        let output = Output { bytes: Vec::new(), encoder: Encoder::new() };
        Self { transport, output, written: 0 }
    }

    /// Ready when there is room for more. What is added then may be more than there is room for.
    pub(super) fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.output.is_full() {
            ready!(self.poll_flush(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// The bytes that are not written yet. The first ones of them begin what the client has to take at its pace.
    pub(super) fn output(&mut self) -> &mut Output {
        if self.output.bytes.is_empty() {
            self.transport.begin_message();
        }
        if self.output.bytes.capacity() == 0 {
            self.output.bytes = SPARE.take();
        }
        &mut self.output
    }

    /// Whether the system has not taken all bytes.
    pub(super) fn has_rest(&self) -> bool {
        !self.output.bytes.is_empty()
    }

    /// Writes all that was gathered.
    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { transport, output: Output { bytes, .. }, written } = self;
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
