//! A request and its response: counted and logged when it is over.

use std::time::Instant;

use crate::{access_log::Entry, metrics::tally::Outcome};

use super::thread::Thread;

/// It is over when this is dropped.
pub(crate) struct Exchange {
    pub(crate) thread: &'static Thread,
    pub(crate) begun: Instant,
    pub(crate) outcome: Outcome,
    /// If it is to be logged.
    pub(crate) entry: Option<Box<Entry>>,
    /// When it was over, if that is known already.
    pub(crate) ended: Option<Instant>,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let ended = self.ended.unwrap_or_else(Instant::now);
        self.outcome.duration = ended.saturating_duration_since(self.begun);
        self.thread.tally.request(&self.outcome);
        if let Some(entry) = self.entry.take() {
            entry.finish(&self.outcome);
        }
    }
}
