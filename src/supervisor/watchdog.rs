//! The service manager's watchdog (sd_watchdog_enabled(3)): it kills, and starts again, what does
//! not say every so often that all is well.

use std::{future::pending, time::Duration};

use tokio::time::{Interval, MissedTickBehavior, interval};

/// When the service manager is to be told, if it wants to be.
pub(crate) struct Watchdog(Option<Interval>);

impl Watchdog {
    /// What the service manager asks for. It is told twice in the time that it sets.
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

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
