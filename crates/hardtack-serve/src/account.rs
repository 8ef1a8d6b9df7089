//! The account of a connection, for both versions of HTTP.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::{
    dormant::{Dormant, Figures},
    metrics::labels::Timeout,
    peer::Peer,
    server::Server,
    settings::Timeouts,
    standby::Waiting,
    stream::SharedStream,
    tenure::Tenure,
    thread::{Open, Thread},
};

/// The account of a connection, which its parts share: with whom, since when, and how much of its
/// limits is used. There may be many connections that do nothing, so it is small.
pub(crate) struct Account {
    pub(crate) thread: &'static Thread,
    pub(crate) peer: Peer,
    stream: SharedStream,
    tenure: Tenure,
    /// Bytes that the system had taken at the last write.
    sent: AtomicU64,
    /// Whether the system would take no more at some time.
    is_full: AtomicBool,
    is_cut_off: AtomicBool,
    /// Of a connection that is not parked.
    open: Mutex<Option<Open>>,
}

impl Account {
    pub(crate) fn new(
        thread: &'static Thread,
        peer: Peer,
        stream: SharedStream,
        tenure: Tenure,
        open: Option<Open>,
    ) -> Self {
        Self {
            thread,
            peer,
            stream,
            tenure,
            sent: AtomicU64::new(0),
            is_full: AtomicBool::new(false),
            is_cut_off: AtomicBool::new(false),
            open: Mutex::new(open),
        }
    }

    /// The connection without a task, if nothing else uses its socket.
    pub(crate) fn into_dormant(self, since: Instant, waiting: Waiting) -> Option<Dormant> {
        let Self { peer, stream, tenure, .. } = self;
        let figures = Figures { peer, tenure, since, waiting };
        Some(Dormant { socket: stream.into_unwatched()?, figures })
    }

    pub(crate) fn server(&self) -> &'static Server {
        self.thread.server
    }

    pub(crate) fn timeouts(&self) -> &'static Timeouts {
        &self.server().settings.timeouts
    }

    /// Ends when the client has gone, by which it takes its request back.
    pub(crate) async fn client_gone(&self) {
        self.stream.gone().await;
    }

    pub(crate) fn count_request(&self) {
        self.tenure.count_request();
    }

    pub(crate) fn requests(&self) -> u32 {
        self.tenure.requests()
    }

    /// How long it had been open at a moment.
    pub(crate) fn age(&self, at: Instant) -> Duration {
        self.tenure.age(at)
    }

    /// Whether it has had all the requests, or by that moment all the time, that it may have.
    pub(crate) fn is_used_up(&self, at: Instant) -> bool {
        let limits = &self.server().settings.limits;
        self.requests() >= limits.requests || self.age(at) >= limits.connection_age
    }

    /// Whether it is [used up](Self::is_used_up) by the next request.
    pub(crate) fn is_used_up_by_next(&self, at: Instant) -> bool {
        let limits = &self.server().settings.limits;
        self.requests() + 1 >= limits.requests || self.age(at) >= limits.connection_age
    }

    pub(crate) fn set_sent(&self, bytes: u64) {
        self.sent.store(bytes, Relaxed);
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// The system takes no more for now.
    pub(crate) fn set_full(&self) {
        self.is_full.store(true, Relaxed);
    }

    /// Whether the system would take no more at some time since the last call.
    pub(crate) fn take_full(&self) -> bool {
        self.is_full.swap(false, Relaxed)
    }

    /// The client has let a time pass, and the connection is to end.
    pub(crate) fn time_out(&self, timeout: Timeout) {
        self.thread.tally.timeout(timeout);
        if timeout == Timeout::Write {
            self.is_cut_off.store(true, Relaxed);
        }
    }

    /// Whether bytes that the client has not taken are to be thrown away.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.is_cut_off.load(Relaxed)
    }

    /// The connection is parked, and the process may end without it.
    pub(crate) fn release(&self) {
        *self.open() = None;
    }

    /// The connection is busy again. False if the process ends.
    pub(crate) fn reclaim(&self) -> bool {
        let mut open = self.open();
        *open = self.thread.open.upgrade();
        open.is_some()
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
