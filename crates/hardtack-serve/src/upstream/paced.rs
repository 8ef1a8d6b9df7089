//! A body whose pieces have to come in time.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::{
    alarm::Alarm,
    pace::{Pace, Waits},
};

/// A body that ends in the error [`Slow`] when a piece of it does not come in time. The time counts
/// only while the body is polled.
pub(crate) struct Paced<B> {
    body: B,
    pace: Pace,
    waits: Waits,
    bytes: u64,
    alarm: Alarm,
}

impl<B> Paced<B> {
    pub(super) fn new(body: B, pace: Pace) -> Self {
        Self { body, pace, waits: Waits::default(), bytes: 0, alarm: Alarm::default() }
    }

    fn poll_alarm(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.waits.wait(self.pace, self.bytes, Instant::now());
        self.alarm.poll(deadline, context)
    }

    fn came(&mut self, bytes: usize) {
        if self.waits.is_waiting() {
            self.waits.end_wait(Instant::now());
        }
        self.bytes += bytes as u64;
    }
}

impl<B> Body for Paced<B>
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
        let timeout = self.pace.timeout;
        self.poll_alarm(context).map(|()| Some(Err(Slow(timeout).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The error of a body that is too slow.
#[derive(Debug)]
pub(super) struct Slow(Duration);

impl fmt::Display for Slow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "too little came in {:?}", self.0)
    }
}

impl StdError for Slow {}
