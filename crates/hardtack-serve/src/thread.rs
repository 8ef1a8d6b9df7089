//! The state of one thread that serves.
//!
//! On the way of a request, the threads share read-only data and nothing else.

use std::sync::{Arc, OnceLock, atomic::AtomicU64};

use tokio::sync::mpsc;

use crate::{
    access_log::AccessLog, dormant::Message, metrics::tally::Tally, server::Server,
    upstream::Upstream,
};

/// A thread that serves: one runtime, and a socket of each listener. It exists as long as the process.
pub(crate) struct Thread {
    pub(crate) server: &'static Server,
    pub(crate) tally: &'static Tally,
    /// The access log, if there is one.
    pub(crate) access_log: Option<Arc<AccessLog>>,
    /// The application, if there is one.
    pub(crate) upstream: Option<Upstream>,
    /// The dormitory, if there is one.
    pub(crate) dormitory: OnceLock<mpsc::UnboundedSender<Message>>,
    /// The guard that parked connections take again when they are busy.
    pub(crate) open: mpsc::WeakSender<()>,
    /// Grows while the thread is alive.
    pub(crate) beats: AtomicU64,
}

impl Thread {
    /// Whether anybody sees the ids of requests.
    pub(crate) fn needs_ids(&self) -> bool {
        self.access_log.is_some() || self.upstream.is_some()
    }
}

/// Keeps the process from ending by itself: acceptors and busy connections hold one.
pub(crate) type Open = mpsc::Sender<()>;
