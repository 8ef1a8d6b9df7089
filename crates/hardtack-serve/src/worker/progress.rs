//! What is known of a connection by all who have to do with it: the bytes' side ([`Timed`]), the
//! requests' side ([`super::answer`]), and the responses' bodies.
//!
//! [`Timed`]: super::timed::Timed

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use super::{
    census::Ticket,
    connection::Peer,
    exchange::Exchange,
    thread::{Open, Thread},
};
use crate::{
    metrics::{labels::Timeout, tally::OpenConnection},
    settings::Timeouts,
};

/// What a connection of HTTP/1.1 is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No byte of a request has come.
    Idle,
    /// Some have.
    Header,
    /// All have, and the response is not all there yet.
    Answering,
    /// It is there, and not all sent yet.
    Sending,
    /// The connection speaks no HTTP any more, or HTTP/2, whose requests overlap.
    Other,
}

const PHASES: [Phase; 5] =
    [Phase::Idle, Phase::Header, Phase::Answering, Phase::Sending, Phase::Other];

/// The state of a connection, which its parts share. There may be many that do nothing, so it is
/// small.
pub(crate) struct Progress {
    pub(crate) thread: &'static Thread,
    pub(crate) peer: Peer,
    phase: AtomicU8,
    is_cut_off: AtomicBool,
    may_park: AtomicBool,
    is_parked: AtomicBool,
    opened: Instant,
    /// When it entered its phase, in nanoseconds from the beginning.
    since: AtomicU64,
    requests: AtomicU32,
    /// Of the body that was sent last.
    bytes: AtomicU64,
    /// Of a connection that is not parked.
    busy: Mutex<Option<Box<Busy>>>,
    /// The streams of HTTP/2: how many there are, how many of them wait for the client to take
    /// something, and when any of them came further, in milliseconds from the beginning.
    streams: AtomicU32,
    waiting: AtomicU32,
    moved: AtomicU64,
    /// Bytes that the system has taken of the connection, at the last write.
    taken: AtomicU64,
    _counted: OpenConnection,
    _ticket: Ticket,
}

/// What a connection has while it is busy.
struct Busy {
    /// The request that is being answered, of HTTP/1.1.
    current: Option<Exchange>,
    /// The process does not end by itself before this is gone.
    _open: Open,
}

impl Busy {
    fn new(open: Open) -> Box<Self> {
        Box::new(Self { current: None, _open: open })
    }
}

impl Progress {
    pub(crate) fn new(thread: &'static Thread, peer: Peer, ticket: Ticket, open: Open) -> Self {
        Self {
            thread,
            peer,
            phase: AtomicU8::new(0),
            is_cut_off: AtomicBool::new(false),
            may_park: AtomicBool::new(false),
            is_parked: AtomicBool::new(false),
            opened: Instant::now(),
            since: AtomicU64::new(0),
            requests: AtomicU32::new(0),
            bytes: AtomicU64::new(0),
            busy: Mutex::new(Some(Busy::new(open))),
            streams: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            moved: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            _counted: thread.tally.connection(),
            _ticket: ticket,
        }
    }

    fn busy(&self) -> MutexGuard<'_, Option<Box<Busy>>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn timeouts(&self) -> &'static Timeouts {
        &self.thread.shared.settings.timeouts
    }

    pub(crate) fn phase(&self) -> Phase {
        PHASES[usize::from(self.phase.load(Relaxed))]
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    /// The same, at a time that the caller knows.
    pub(crate) fn enter_at(&self, phase: Phase, now: Instant) {
        self.enter(phase);
        let since = now.saturating_duration_since(self.opened).as_nanos();
        self.since.store(since as u64, Relaxed);
    }

    /// When it entered its phase.
    pub(crate) fn since(&self) -> Instant {
        self.opened + Duration::from_nanos(self.since.load(Relaxed))
    }

    /// A request has come; how many there were with it.
    pub(crate) fn count_request(&self) -> u32 {
        self.requests.fetch_add(1, Relaxed) + 1
    }

    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Relaxed)
    }

    pub(crate) fn open_for(&self) -> Duration {
        self.opened.elapsed()
    }

    /// For how long it has been open when its request came.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_nanos(self.since.load(Relaxed))
    }

    pub(crate) fn timed_out(&self, timeout: Timeout) {
        self.thread.tally.timeout(timeout);
        if timeout == Timeout::Write {
            self.is_cut_off.store(true, Relaxed);
        }
    }

    /// Whether what the client has not taken is to be thrown away.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.is_cut_off.load(Relaxed)
    }

    /// Whether the connection may be parked while it is idle.
    pub(crate) fn may_park(&self) -> bool {
        self.may_park.load(Relaxed) && !self.is_parked.load(Relaxed)
    }

    pub(crate) fn allow_parking(&self) {
        self.may_park.store(true, Relaxed);
        self.is_parked.store(false, Relaxed);
    }

    pub(crate) fn park(&self) {
        self.is_parked.store(true, Relaxed);
    }

    pub(crate) fn is_parked(&self) -> bool {
        self.is_parked.load(Relaxed) && self.phase() == Phase::Idle
    }

    /// The connection is parked, and the process may end without it.
    pub(crate) fn rest(&self) {
        *self.busy() = None;
    }

    /// It is not parked any more. False if the process ends.
    pub(crate) fn wake(&self) -> bool {
        let open = self.thread.open.upgrade();
        *self.busy() = open.map(Busy::new);
        self.busy().is_some()
    }

    /// A request of HTTP/1.1 is answered.
    pub(crate) fn begin(&self, exchange: Exchange) {
        if let Some(busy) = self.busy().as_mut() {
            // The one before is finished by being dropped.
            busy.current = Some(exchange);
        }
    }

    /// The body of the response is complete, or will never be.
    pub(crate) fn body_ended(&self, bytes: u64) {
        self.bytes.store(bytes, Relaxed);
        if self.phase() == Phase::Answering {
            self.enter(Phase::Sending);
        }
    }

    /// The response is sent.
    pub(crate) fn sent(&self, now: Instant) {
        let current = self.busy().as_mut().and_then(|busy| busy.current.take());
        if let Some(mut exchange) = current {
            exchange.outcome.bytes = self.bytes.load(Relaxed);
            exchange.ended = Some(now);
        }
    }

    /// The connection has ended, of which the system took so many bytes since its last request
    /// began. If that was not answered to the end, its client has at most so much of it.
    pub(crate) fn broken_off(&self, bytes: u64) {
        if let Some(current) = self.busy().as_mut().and_then(|busy| busy.current.as_mut()) {
            current.outcome.bytes = current.outcome.bytes.min(bytes);
        }
    }

    pub(crate) fn took_bytes(&self, all: u64) {
        self.taken.store(all, Relaxed);
    }

    pub(crate) fn bytes_taken(&self) -> u64 {
        self.taken.load(Relaxed)
    }

    /// A stream waits for the client.
    pub(crate) fn waits(&self) {
        self.waiting.fetch_add(1, Relaxed);
        self.stream_moved();
    }

    /// The client has taken what it waited for.
    pub(crate) fn took(&self) {
        self.waiting.fetch_sub(1, Relaxed);
        self.stream_moved();
    }

    /// Some stream has come further.
    pub(crate) fn stream_moved(&self) {
        let now = self.opened.elapsed();
        self.moved.store(now.as_millis() as u64, Relaxed);
        self.since.store(now.as_nanos() as u64, Relaxed);
    }

    pub(crate) fn has_waiting_streams(&self) -> bool {
        self.waiting.load(Relaxed) > 0
    }

    pub(crate) fn has_streams(&self) -> bool {
        self.streams.load(Relaxed) > 0
    }

    /// How long no stream has come further.
    pub(crate) fn stillness(&self) -> Duration {
        self.opened.elapsed().saturating_sub(Duration::from_millis(self.moved.load(Relaxed)))
    }
}

/// A stream of HTTP/2 that has a request, until it ends; it may before there is a response.
pub(crate) struct OpenStream(Arc<Progress>);

impl OpenStream {
    pub(crate) fn new(progress: &Arc<Progress>) -> Self {
        progress.streams.fetch_add(1, Relaxed);
        progress.stream_moved();
        Self(Arc::clone(progress))
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Relaxed);
        self.0.stream_moved();
    }
}
