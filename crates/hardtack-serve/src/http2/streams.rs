//! The streams of a connection of HTTP/2: how many there are, which of them wait for the client, and
//! when any of them came further.
//!
//! Nothing here reads a clock but [`OpenStream`], by which a request takes part.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The streams of a connection that have a request.
#[derive(Debug)]
pub(crate) struct Streams {
    open: u32,
    /// Those among them that wait for the client to take something.
    waiting: u32,
    moved: Instant,
}

impl Streams {
    pub(crate) fn new(now: Instant) -> Self {
        Self { open: 0, waiting: 0, moved: now }
    }

    /// A request has come.
    fn open(&mut self, now: Instant) {
        self.open += 1;
        self.moved = now;
    }

    /// A stream has ended, which waited or not.
    fn close(&mut self, is_waiting: bool, now: Instant) {
        self.open -= 1;
        self.waiting -= u32::from(is_waiting);
        self.moved = now;
    }

    /// A stream waits for the client.
    fn wait(&mut self, now: Instant) {
        self.waiting += 1;
        self.moved = now;
    }

    /// The client can take more of a stream that waited.
    fn end_wait(&mut self, now: Instant) {
        self.waiting -= 1;
        self.moved = now;
    }

    /// Some stream has come further.
    pub(crate) fn advance(&mut self, now: Instant) {
        self.moved = now;
    }

    pub(crate) fn is_any_open(&self) -> bool {
        self.open > 0
    }

    pub(crate) fn is_any_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// When a stream last came further.
    pub(crate) fn moved(&self) -> Instant {
        self.moved
    }

    /// How long no stream has come further.
    pub(crate) fn stillness(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.moved)
    }
}

/// The streams as the connection and they themselves share them.
#[derive(Clone)]
pub(crate) struct SharedStreams(Arc<Mutex<Streams>>);

impl SharedStreams {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(Streams::new(now))))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Streams> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream that has a request, until this is dropped; it may before there is a response.
pub(crate) struct OpenStream {
    streams: SharedStreams,
    is_waiting: bool,
}

impl OpenStream {
    pub(crate) fn new(streams: SharedStreams, now: Instant) -> Self {
        streams.lock().open(now);
        Self { streams, is_waiting: false }
    }

    /// The client has to take something before there is more.
    pub(crate) fn wait(&mut self) {
        if !std::mem::replace(&mut self.is_waiting, true) {
            self.streams.lock().wait(Instant::now());
        }
    }

    /// The client can take more.
    pub(crate) fn end_wait(&mut self) {
        if std::mem::take(&mut self.is_waiting) {
            self.streams.lock().end_wait(Instant::now());
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.streams.lock().close(self.is_waiting, Instant::now());
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// So many streams, some of which wait.
    pub(crate) fn streams(open: u32, waiting: u32, now: Instant) -> Streams {
        let mut streams = Streams::new(now);
        (0..open).for_each(|_| streams.open(now));
        (0..waiting).for_each(|_| streams.wait(now));
        streams
    }

    #[track_caller]
    fn counts(streams: &SharedStreams, open: u32, waiting: u32) {
        let streams = streams.lock();
        assert_eq!((streams.open, streams.waiting), (open, waiting));
    }

    #[test]
    fn streams_open_wait_and_end_in_any_order() {
        let now = Instant::now();
        let shared = SharedStreams::new(now);
        let mut first = OpenStream::new(shared.clone(), now);
        let mut second = OpenStream::new(shared.clone(), now);
        counts(&shared, 2, 0);
        first.wait();
        first.wait();
        second.wait();
        counts(&shared, 2, 2);
        second.end_wait();
        second.end_wait();
        counts(&shared, 2, 1);
        drop(first);
        counts(&shared, 1, 0);
        drop(second);
        counts(&shared, 0, 0);
    }

    #[test]
    fn whatever_happens_to_a_stream_is_a_step_of_the_connection() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut streams = Streams::new(start);
        let steps: [fn(&mut Streams, Instant); 5] =
            [Streams::open, Streams::wait, Streams::end_wait, Streams::advance, |streams, now| {
                streams.close(false, now)
            }];
        for (seconds, step) in (1..).zip(steps) {
            assert_eq!(streams.stillness(at(seconds)), Duration::from_secs(1));
            step(&mut streams, at(seconds));
        }
        assert_eq!(streams.stillness(at(9)), Duration::from_secs(4));
        assert!(!streams.is_any_open() && !streams.is_any_waiting());
    }
}
