//! The streams of a connection of HTTP/2 that have a request: how many there are, and how slowly the
//! client takes each of them.
//!
//! Nothing here reads a clock but [`OpenStream`], by which a request takes part.

use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use tokio::task::AbortHandle;

use super::arriving::Arriving;
use crate::{
    pace::{Pace, Waits},
    standby::{Standby, Waiting},
};

/// How often the time is looked at.
pub(crate) const ROUND: Duration = Duration::from_secs(1);
/// Streams take turns on a connection that takes no more. A stream has surely had its turn when this
/// many bytes, times the streams that wait, have been sent.
const TURN: u64 = 64 * 1024;
/// As many waiting streams count towards the rate of a connection that takes no more: about as many
/// connections of HTTP/1.1 a browser would have opened.
const PARALLEL: u64 = 8;

/// The streams of a connection that have a request.
#[derive(Debug)]
pub(crate) struct Streams {
    open: HashMap<u64, Stream>,
    /// The number of the stream that began last, in the order of their requests.
    newest: u64,
    /// When a stream last began or ended.
    changed: Instant,
    /// Bytes that the system had taken of the connection at the last look.
    sent: u64,
    /// The frames of the client.
    pub(crate) arriving: Arriving,
    /// While there is no stream, the connection may be closed for another one.
    waiting: Option<Waiting>,
    /// The client has been told to send no new request.
    is_ending: bool,
}

/// A stream, as far as the client has taken its response.
#[derive(Debug, Default)]
struct Stream {
    /// The waits for the client to take more.
    waits: Waits,
    /// Bytes that were handed over to be sent.
    bytes: u64,
    /// Whether the client has taken something since the last look.
    has_moved: bool,
    /// Bytes of the connection that had been sent when the client last took something.
    sent: u64,
    /// The task that answers the request.
    task: Option<AbortHandle>,
}

impl Streams {
    pub(crate) fn new(now: Instant) -> Self {
        let arriving = Arriving::default();
        Self {
            open: HashMap::new(),
            newest: 0,
            changed: now,
            sent: 0,
            arriving,
            waiting: None,
            is_ending: false,
        }
    }

    /// Streams have begun and ended, or bytes of one that has ended are still to be sent.
    pub(crate) fn touch(&mut self, now: Instant) {
        self.waiting = None;
        self.changed = now;
    }

    /// The client is told to send no new request.
    pub(crate) fn end(&mut self) {
        self.is_ending = true;
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.is_ending
    }

    /// A request has come. Returns the number of its stream.
    fn open(&mut self, now: Instant) -> u64 {
        self.newest += 1;
        self.waiting = None;
        self.open.insert(self.newest, Stream { sent: self.sent, ..Stream::default() });
        self.changed = now;
        self.newest
    }

    fn close(&mut self, number: u64, now: Instant) {
        self.open.remove(&number);
        self.changed = now;
    }

    /// The task that answers the request that has come last.
    fn set_task(&mut self, task: AbortHandle) {
        if let Some(stream) = self.open.get_mut(&self.newest) {
            stream.task = Some(task);
        }
    }

    /// A stream has handed over so many bytes, and waits until the client can take more.
    fn wait(&mut self, number: u64, bytes: u64, pace: Pace, now: Instant) {
        if let Some(stream) = self.open.get_mut(&number) {
            stream.bytes += bytes;
            stream.waits.wait(pace, stream.bytes, now);
        }
    }

    /// The client can take more of a stream.
    fn end_wait(&mut self, number: u64, now: Instant) {
        if let Some(stream) = self.open.get_mut(&number) {
            stream.waits.end_wait(now);
            stream.has_moved = true;
        }
    }

    pub(crate) fn is_any_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// The connection waits for a request if there has been no stream for a round.
    pub(crate) fn stand_by(&mut self, standby: &'static Standby, now: Instant) {
        if self.waiting.is_none() && !self.is_any_open() && self.stillness(now) >= ROUND {
            self.waiting = Some(standby.wait());
        }
    }

    fn poll_close(&self, context: &mut Context<'_>) -> Poll<()> {
        self.waiting.as_ref().map_or(Poll::Pending, |waiting| waiting.poll_close(context))
    }

    /// How long no stream has begun or ended.
    pub(crate) fn stillness(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.changed)
    }

    /// When a stream last began or ended.
    pub(crate) fn changed(&self) -> Instant {
        self.changed
    }

    /// Gives the streams up whose client takes too little of them, and returns their tasks. Called
    /// once a [`ROUND`].
    pub(crate) fn give_up_slow(
        &mut self,
        sent: Sent,
        pace: Pace,
        now: Instant,
    ) -> Vec<AbortHandle> {
        let waiting = self.open.values().filter(|stream| stream.waits.is_waiting()).count() as u64;
        let least = pace.bytes_in(ROUND) * waiting.min(PARALLEL);
        let is_busy = sent.is_full && sent.bytes - self.sent > least;
        self.sent = sent.bytes;
        let mut tasks = Vec::new();
        for stream in self.open.values_mut() {
            let has_moved = std::mem::take(&mut stream.has_moved);
            if has_moved {
                stream.sent = sent.bytes;
            } else if is_busy && sent.bytes - stream.sent <= waiting * TURN {
                stream.waits.forgive(now);
            }
            if stream.is_slow(pace, now) {
                tasks.extend(stream.task.take());
            }
        }
        tasks
    }
}

impl Stream {
    fn is_slow(&mut self, pace: Pace, now: Instant) -> bool {
        self.waits.is_waiting() && self.waits.wait(pace, self.bytes, now) <= now
    }
}

/// The bytes of a connection that the system has taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// Since the connection's beginning.
    pub(crate) bytes: u64,
    /// Whether it would take no more at some time since the last look.
    pub(crate) is_full: bool,
}

/// The streams as the connection and they themselves share them.
#[derive(Clone)]
pub(crate) struct SharedStreams(Arc<Mutex<Streams>>);

impl SharedStreams {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Arc::new(Mutex::new(Streams::new(now))))
    }

    /// Waits until the connection is to be closed for another one.
    pub(crate) async fn close(&self) {
        poll_fn(|context| self.lock().poll_close(context)).await;
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Streams> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// hyper has each request run, right after the request was handed over to be answered. Most are answered
/// and handed to h2 at once; the others become tasks.
impl<F> hyper::rt::Executor<F> for SharedStreams
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        let mut task = Box::pin(task);
        // A task that is not ready is polled again at its start, which registers its own waker.
        if task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        let task = tokio::spawn(task).abort_handle();
        self.lock().set_task(task);
    }
}

/// A stream that has a request, until this is dropped; it may before there is a response.
pub(crate) struct OpenStream {
    streams: SharedStreams,
    number: u64,
    pace: Pace,
    is_waiting: bool,
}

impl OpenStream {
    /// A stream of which the client has to take as much as the pace says.
    pub(crate) fn new(streams: SharedStreams, pace: Pace, now: Instant) -> Self {
        let number = streams.lock().open(now);
        Self { streams, number, pace, is_waiting: false }
    }

    /// So many bytes are handed over; the client has to take something before there is more.
    pub(crate) fn wait(&mut self, bytes: u64) {
        self.is_waiting = true;
        self.streams.lock().wait(self.number, bytes, self.pace, Instant::now());
    }

    /// The client can take more.
    pub(crate) fn end_wait(&mut self) {
        if std::mem::take(&mut self.is_waiting) {
            self.streams.lock().end_wait(self.number, Instant::now());
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.streams.lock().close(self.number, Instant::now());
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const PACE: Pace = Pace { timeout: Duration::from_secs(30), min_rate: 500 };

    /// So many streams.
    pub(crate) fn streams(open: u32, now: Instant) -> Streams {
        let mut streams = Streams::new(now);
        for _ in 0..open {
            streams.open(now);
        }
        streams
    }

    #[test]
    fn the_end_of_the_last_stream_begins_the_idle_time() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut streams = streams(0, start);
        let (first, second) = (streams.open(at(1)), streams.open(at(2)));
        streams.close(first, at(3));
        streams.wait(second, 9, PACE, at(4));
        streams.end_wait(second, at(5));
        assert!(streams.is_any_open());
        assert_eq!(streams.stillness(at(6)), Duration::from_secs(3));
        streams.close(second, at(7));
        assert!(!streams.is_any_open());
        assert_eq!(streams.stillness(at(9)), Duration::from_secs(2));
    }

    /// A client, second by second.
    struct Client {
        /// Streams that wait from the beginning.
        streams: u64,
        /// Bytes that it takes a second of the first stream, and of each of the others.
        takes: (u64, u64),
        /// Other bytes that it takes a second: answers to PING, responses of other streams.
        other: u64,
        /// Whether its system's buffers are full.
        is_full: bool,
    }

    /// After how many seconds the second stream is given up, if it is within some minutes.
    #[track_caller]
    fn lasts(client: Client, expected: Option<u64>) {
        let start = Instant::now();
        let mut streams = Streams::new(start);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for _ in 0..client.streams {
            let number = streams.open(start);
            streams.wait(number, 0, PACE, start);
            streams.set_task(runtime.spawn(std::future::pending::<()>()).abort_handle());
        }
        let (mut bytes, mut owed) = (0, vec![0; client.streams as usize]);
        let given_up = (1..300).find(|second| {
            let now = start + Duration::from_secs(*second);
            for (number, owed) in (1..).zip(&mut owed) {
                let takes = if number == 1 { client.takes.0 } else { client.takes.1 };
                bytes += takes;
                *owed += takes;
                // A stream hands over the next piece when the system has taken one.
                while *owed >= 16_384 {
                    *owed -= 16_384;
                    streams.end_wait(number, now);
                    streams.wait(number, 16_384, PACE, now);
                }
            }
            bytes += client.other;
            let sent = Sent { bytes, is_full: client.is_full };
            streams.give_up_slow(sent, PACE, now);
            streams.open.get(&2).is_some_and(|second| second.task.is_none())
        });
        assert_eq!(given_up, expected);
    }

    #[test]
    fn a_stream_has_a_deadline_of_its_own() {
        let is_full = false;
        lasts(Client { streams: 2, takes: (0, 0), other: 0, is_full }, Some(30));
        // Neither answers to PING nor other responses move it.
        lasts(Client { streams: 2, takes: (0, 0), other: 100_000, is_full }, Some(30));
        lasts(Client { streams: 2, takes: (1_000_000, 0), other: 0, is_full }, Some(30));
        lasts(Client { streams: 2, takes: (0, 100), other: 0, is_full }, Some(30));
        lasts(Client { streams: 2, takes: (0, 600), other: 0, is_full }, None);
        lasts(Client { streams: 100, takes: (1_000_000, 0), other: 0, is_full }, Some(30));
    }

    #[test]
    fn streams_of_a_connection_that_takes_no_more_have_turns() {
        let is_full = true;
        // A slow line that many streams share.
        lasts(Client { streams: 100, takes: (100, 100), other: 0, is_full }, None);
        // Slower than eight connections may be.
        lasts(Client { streams: 100, takes: (39, 39), other: 0, is_full }, Some(30));
        // Others have had their turn again and again.
        lasts(Client { streams: 2, takes: (1_000_000, 0), other: 0, is_full }, Some(30));
        lasts(Client { streams: 2, takes: (0, 0), other: 900, is_full }, Some(30));
    }

    #[test]
    fn a_stream_that_waits_for_the_application_has_the_time() {
        let start = Instant::now();
        let mut streams = Streams::new(start);
        let number = streams.open(start);
        streams.wait(number, 9, PACE, start);
        streams.end_wait(number, start);
        let sent = Sent { bytes: 0, is_full: false };
        assert!(!streams.open.get_mut(&number).unwrap().is_slow(PACE, start + PACE.timeout * 9));
        assert!(streams.give_up_slow(sent, PACE, start + PACE.timeout * 9).is_empty());
    }
}
