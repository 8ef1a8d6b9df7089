//! The bytes of a connection, beneath both versions of HTTP.
//!
//! hyper has no deadline for writing. So the connection's bytes go through here, where a client that
//! does not take them fast enough gets an error of the connection, which closes it.

use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{
    account::Account, alarm::Alarm, linger::Linger, metrics::labels::Timeout, pace::Waits,
    socket::Socket,
};

/// A connection whose client has only so much time to take bytes.
pub(crate) struct Transport<S: Socket> {
    socket: S,
    account: Arc<Account>,
    /// Bytes that were read before hyper had the connection, or that it has given back.
    ahead: Box<[u8]>,
    /// The waits for the system to take a byte of this message; how many it had taken when the last
    /// wait began, and when the message did.
    waits: Waits,
    stalled_at: u64,
    message_at: u64,
    /// Since nothing more is written.
    linger: Option<Box<Linger>>,
    alarm: Alarm,
}

impl<S: Socket> Transport<S> {
    pub(crate) fn new(socket: S, account: Arc<Account>) -> Self {
        Self {
            socket,
            account,
            ahead: Box::default(),
            waits: Waits::default(),
            stalled_at: 0,
            message_at: 0,
            linger: None,
            alarm: Alarm::default(),
        }
    }

    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// Bytes that were read ahead, and not used yet.
    pub(crate) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Gives bytes back that were read and not used. They come before those that are still ahead.
    pub(crate) fn unread(&mut self, bytes: &[u8]) {
        self.ahead = [bytes, &self.ahead].concat().into();
    }

    /// Reads some bytes ahead. None is the end.
    pub(crate) fn poll_read_ahead(
        &mut self,
        most: usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut space = [0; 32];
        let most = most.min(space.len());
        let mut buffer = ReadBuf::new(&mut space[..most]);
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut buffer))?;
        let length = buffer.filled().len();
        self.ahead = [&self.ahead, &space[..length]].concat().into();
        Poll::Ready(Ok(length))
    }

    /// Another message begins: the client's pace is measured anew.
    pub(crate) fn begin_message(&mut self) {
        self.waits.begin_message();
        self.message_at = self.socket.sent();
    }

    /// Bytes of this message that the system has taken.
    pub(crate) fn sent_of_message(&self) -> u64 {
        self.socket.sent() - self.message_at
    }

    /// Ready when the deadline has passed. Until then, the task is woken for it.
    pub(crate) fn poll_deadline(
        &mut self,
        deadline: Instant,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        self.alarm.poll(deadline, context)
    }

    /// The outcome of a write: an error if none could be made for too long.
    fn wrote<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let sent = self.socket.sent();
        self.account.set_sent(sent);
        if self.waits.is_waiting() && self.stalled_at != sent {
            self.waits.end_wait(Instant::now());
        }
        if written.is_ready() {
            return written;
        }
        self.stalled_at = sent;
        self.account.set_full();
        let pace = self.account.timeouts().write;
        let deadline = self.waits.wait(pace, sent - self.message_at, Instant::now());
        ready!(self.poll_deadline(deadline, context));
        self.account.time_out(Timeout::Write);
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    /// Reads and forgets bytes until the client ends the connection too.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let linger = self.linger.get_or_insert_with(|| Box::new(Linger::new(now)));
        let mut space = [0; 16 << 10];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut self.socket).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => linger.hear(now),
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        self.alarm.poll(linger.deadline(), context)
    }
}

impl<S: Socket> AsyncRead for Transport<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.socket).poll_read(context, buffer);
        }
        let length = self.ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.ahead[..length]);
        self.ahead = self.ahead[length..].into();
        Poll::Ready(Ok(()))
    }
}

impl<S: Socket> AsyncWrite for Transport<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.wrote(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, pieces);
        self.wrote(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        self.wrote(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            let shut = Pin::new(&mut self.socket).poll_shutdown(context);
            ready!(self.wrote(shut, context))?;
        }
        self.poll_linger(context).map(Ok)
    }
}

impl<S: Socket> Drop for Transport<S> {
    fn drop(&mut self) {
        if self.account.is_cut_off() {
            self.socket.reset_on_close();
        }
    }
}
