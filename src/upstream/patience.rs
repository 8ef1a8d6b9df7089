//! How long is waited for whom.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For a connection to the application.
    pub(crate) connect: Duration,
    /// For the header of the application's response, and then between two pieces of its content.
    pub(crate) read: Duration,
    /// For the next piece of the client's content.
    pub(crate) client: Duration,
}

/// A body that ends in the error [`Slow`] when a piece of it does not come in time.
pub(super) struct Patient<B> {
    body: B,
    patience: Duration,
    /// Since when and until when a piece is waited for, if one is: the time in which nobody asks
    /// for it does not count.
    alarm: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl<B> Patient<B> {
    pub(super) fn new(body: B, patience: Duration) -> Self {
        Self { body, patience, alarm: None, is_waiting: false }
    }

    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(self.patience)));
        if !self.is_waiting {
            alarm.as_mut().reset(Instant::now() + self.patience);
            self.is_waiting = true;
        }
        alarm.as_mut().poll(context)
    }
}

impl<B> Body for Patient<B>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn StdError + Send + Sync>>> + Unpin,
{
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.is_waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let patience = self.patience;
        self.poll_alarm(context).map(|()| Some(Err(Slow(patience).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Nothing came for this long.
#[derive(Debug)]
pub(super) struct Slow(Duration);

impl fmt::Display for Slow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "nothing came for {:?}", self.0)
    }
}

impl StdError for Slow {}
