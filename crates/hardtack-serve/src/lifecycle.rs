//! How far the end of the worker has come, for all of its threads.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tokio::sync::watch;

/// A stage of the worker's life, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Serving,
    /// Connections are still accepted, but each response is the last of its connection.
    Leaving,
    /// Another worker accepts them. Requests under way are finished, and idle connections are kept for
    /// one more request each: HTTP/1.1 cannot tell their clients.
    Retiring,
    /// No worker accepts them. Requests under way are finished, and idle connections are closed.
    Stopping,
}

/// The stage that the worker is in.
pub(crate) struct Lifecycle {
    /// For the way of a request, on which nothing is locked.
    is_closing: AtomicBool,
    stage: watch::Sender<Stage>,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self { is_closing: AtomicBool::new(false), stage: watch::Sender::new(Stage::Serving) }
    }

    /// The stage, and all that follow.
    pub(crate) fn stages(&self) -> watch::Receiver<Stage> {
        self.stage.subscribe()
    }

    pub(crate) fn is_in(&self, stage: Stage) -> bool {
        *self.stage.borrow() == stage
    }

    /// Whether each response is the last of its connection.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Relaxed)
    }

    pub(crate) fn enter(&self, stage: Stage) {
        self.is_closing.store(stage > Stage::Serving, Relaxed);
        self.stage.send_replace(stage);
    }
}
