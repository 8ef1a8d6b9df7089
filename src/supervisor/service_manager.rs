//! The service manager that started the process, if one did: the notices that it gets
//! (sd_notify(3)), and its watchdog (sd_watchdog_enabled(3)), which kills a service whose notices
//! stop.

use std::{future::pending, time::Duration};

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tracing::warn;

/// A change that the service manager is told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Clients are served, with this release.
    Serving(String),
    /// Configuration is read again.
    Reloading,
    /// It has been.
    Reloaded,
    /// The process becomes another executable.
    HandingOver,
    Stopping,
    /// For the watchdog.
    AllIsWell,
}

impl Notice {
    pub(crate) fn send(&self) {
        match self {
            Self::Serving(release) => {
                let status = format!("serving release {release}");
                notify(&[NotifyState::Ready, NotifyState::Status(&status)]);
            }
            Self::Reloading => {
                let now = NotifyState::monotonic_usec_now().into_iter();
                notify(&[NotifyState::Reloading].into_iter().chain(now).collect::<Vec<_>>());
            }
            Self::Reloaded => notify(&[NotifyState::Ready]),
            Self::HandingOver => notify(&[NotifyState::Status("upgrading")]),
            Self::Stopping => notify(&[NotifyState::Stopping]),
            Self::AllIsWell => notify(&[NotifyState::Watchdog]),
        }
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!("cannot notify the service manager: {error}");
    }
}

/// When the service manager is to be told that all is well, if it wants to be.
pub(crate) struct Watchdog(Option<Interval>);

impl Watchdog {
    /// The period that the service manager sets. It is told twice in it.
    pub(crate) fn asked_for() -> Self {
        let period = sd_notify::watchdog_enabled().map(|time| time / 2);
        Self(period.filter(|period| !period.is_zero()).map(every))
    }

    /// Waits until it is to be told again.
    pub(crate) async fn next(&mut self) {
        match &mut self.0 {
            Some(interval) => drop(interval.tick().await),
            None => pending().await,
        }
    }
}

/// Ticks at least a period apart, even after a late tick.
pub(crate) fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
