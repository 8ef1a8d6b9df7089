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
    /// Bytes a second that have to come of it on average, beyond that time; 0 for any.
    pub(crate) client_rate: u32,
}

/// A body that ends in the error [`Slow`] when a piece of it does not come in time.
pub(super) struct Patient<B> {
    body: B,
    patience: Duration,
    rate: u32,
    /// Since when a piece is waited for, if one is: the time in which nobody asks for it does not
    /// count.
    since: Option<Instant>,
    /// How long was waited before that, and how many bytes had come by then.
    waited: Duration,
    bytes: u64,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<B> Patient<B> {
    /// Waits for each piece alone.
    pub(super) fn new(body: B, patience: Duration) -> Self {
        Self::with_rate(body, patience, 0)
    }

    /// Beyond that time, so many bytes a second have to come on average.
    pub(super) fn with_rate(body: B, patience: Duration, rate: u32) -> Self {
        let (since, waited, bytes, alarm) = (None, Duration::ZERO, 0, None);
        Self { body, patience, rate, since, waited, bytes, alarm }
    }

    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let patience = self.patience_for_piece();
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep(patience)));
        if self.since.is_none() {
            let now = Instant::now();
            alarm.as_mut().reset(now + patience);
            self.since = Some(now);
        }
        alarm.as_mut().poll(context)
    }

    fn patience_for_piece(&self) -> Duration {
        match self.bytes.checked_div(self.rate.into()) {
            None => self.patience,
            Some(earned) => {
                let allowed = self.patience + Duration::from_secs(earned);
                self.patience.min(allowed.saturating_sub(self.waited))
            }
        }
    }

    fn came(&mut self, bytes: usize) {
        self.waited += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        self.bytes += bytes as u64;
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
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            self.came(data.map_or(0, Bytes::len));
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

/// Nothing, or too little, came in this time.
#[derive(Debug)]
pub(super) struct Slow(Duration);

impl fmt::Display for Slow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "too little came in {:?}", self.0)
    }
}

impl StdError for Slow {}
