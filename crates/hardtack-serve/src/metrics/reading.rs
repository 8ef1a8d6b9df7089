//! The figures of the process while it runs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use hardtack_bundle::Bundle;
use tracing_appender::non_blocking::ErrorCounter;

use crate::{log::DroppedLines, metrics::tally::Tally, standby::Standby, tls, upstream::Health};

/// The counters and facts that are read.
#[derive(Debug)]
pub(crate) struct Instruments {
    /// One a serving thread.
    pub(crate) tallies: Vec<&'static Tally>,
    pub(crate) bundle: Bundle<'static>,
    pub(crate) started: Instant,
    pub(crate) is_draining: Arc<AtomicBool>,
    /// Workers of earlier upgrades that finish.
    pub(crate) old_workers: Arc<AtomicU32>,
    /// The rights that the process has given up, in words.
    pub(crate) sandbox: String,
    pub(crate) dropped: Dropped,
    /// The connections that may be closed for new ones.
    pub(crate) standby: &'static Standby,
    /// `None` without TLS.
    pub(crate) certificate: Option<Arc<tls::Current>>,
    /// How the application is asked whether it can serve, if it is.
    pub(crate) health: Option<Health>,
}

/// The counters of lines that are not written.
#[derive(Debug, Default)]
pub(crate) struct Dropped {
    /// `None` without an access log.
    pub(crate) access: Option<ErrorCounter>,
    pub(crate) process: Option<DroppedLines>,
}

/// The figures at one moment.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) version: &'static str,
    /// The release id in hex.
    pub(crate) release: String,
    pub(crate) uptime: Duration,
    pub(crate) is_draining: bool,
    pub(crate) old_workers: u32,
    pub(crate) sandbox: String,
    pub(crate) tally: Tally,
    /// Connections that were closed for new ones.
    pub(crate) displaced: u64,
    /// The end of the certificate's validity in seconds since 1970; `None` without TLS.
    pub(crate) certificate_not_after: Option<i64>,
    /// By log.
    pub(crate) dropped_lines: Vec<(&'static str, u64)>,
}

impl Instruments {
    pub(crate) fn read(&self) -> Reading {
        Reading {
            version: env!("CARGO_PKG_VERSION"),
            release: self.bundle.release_id().to_string(),
            uptime: self.started.elapsed(),
            is_draining: self.is_draining(),
            old_workers: self.old_workers.load(Relaxed),
            sandbox: self.sandbox.clone(),
            tally: Tally::sum(&self.tallies),
            displaced: self.standby.displaced(),
            certificate_not_after: self.certificate.as_ref().map(|current| current.not_after()),
            dropped_lines: self.dropped.lines(),
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Relaxed)
    }
}

impl Dropped {
    fn lines(&self) -> Vec<(&'static str, u64)> {
        let access = self.access.as_ref().map_or(0, |access| access.dropped_lines() as u64);
        let process = self.process.as_ref().map_or(0, DroppedLines::count);
        vec![("access", access), ("process", process)]
    }
}
