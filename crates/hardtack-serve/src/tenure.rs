//! The tenure of a connection: its place among all, from its beginning to its end.

use std::{
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::{Duration, Instant},
};

use crate::{census::Ticket, metrics::tally::OpenConnection};

/// The beginning of a connection, and the number of its requests. While this exists, the connection is
/// counted, and has a place.
pub(crate) struct Tenure {
    opened: Instant,
    requests: AtomicU32,
    _counted: OpenConnection,
    _ticket: Ticket,
}

impl Tenure {
    pub(crate) fn new(counted: OpenConnection, ticket: Ticket, now: Instant) -> Self {
        Self { opened: now, requests: AtomicU32::new(0), _counted: counted, _ticket: ticket }
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    pub(crate) fn requests(&self) -> u32 {
        self.requests.load(Relaxed)
    }

    /// How long the connection had been open at a moment.
    pub(crate) fn age(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.opened)
    }
}
