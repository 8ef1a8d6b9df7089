//! How slowly bytes may move: each wait for them has a limit, and all waits together have one that
//! grows with the bytes.
//!
//! The average is asked of the waits alone: the time in which nobody waits does not count.

use std::time::{Duration, Instant};

/// The slowest that a client may be: `--write-timeout` and `--min-rate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Longest wait for any byte.
    pub timeout: Duration,
    /// Bytes a second that have to move on average, beyond that time; 0 for any.
    pub min_rate: u32,
}

impl Pace {
    /// A limit of each wait, and none of their sum.
    pub(crate) fn of_each(timeout: Duration) -> Self {
        Self { timeout, min_rate: 0 }
    }

    /// Bytes that have to move in a time.
    pub(crate) fn bytes_in(self, time: Duration) -> u64 {
        u64::from(self.min_rate) * time.as_secs()
    }

    /// How long a wait may be, after others of this sum and with so many bytes moved.
    fn longest(self, waited: Duration, bytes: u64) -> Duration {
        match bytes.checked_div(self.min_rate.into()) {
            None => self.timeout,
            Some(earned) => {
                let allowed = self.timeout + Duration::from_secs(earned);
                self.timeout.min(allowed.saturating_sub(waited))
            }
        }
    }
}

/// The waits for the bytes of one message.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    /// Of the wait that goes on, if there is one.
    since: Option<Instant>,
    /// All waits before that.
    sum: Duration,
}

impl Waits {
    /// Waits, or goes on waiting. Returns the time by which a byte has to move, if so many have.
    pub(crate) fn wait(&mut self, pace: Pace, bytes: u64, now: Instant) -> Instant {
        *self.since.get_or_insert(now) + pace.longest(self.sum, bytes)
    }

    /// Whether a wait goes on.
    pub(crate) fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// A byte has moved.
    pub(crate) fn end_wait(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            self.sum += now.saturating_duration_since(since);
        }
    }

    /// A wait that goes on begins now, and its time until now does not count.
    pub(crate) fn forgive(&mut self, now: Instant) {
        if self.since.is_some() {
            self.since = Some(now);
        }
    }

    /// Another message begins. A wait that goes on is the first of it.
    pub(crate) fn begin_message(&mut self) {
        self.sum = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    /// Waits of so many seconds, after each of which so many bytes have moved; then how long the next
    /// one may be.
    #[track_caller]
    fn allows(pace: (u64, u32), waits: &[(u64, u64)], expected: u64) {
        let pace = Pace { timeout: Duration::from_secs(pace.0), min_rate: pace.1 };
        let mut now = Instant::now() + START;
        let (mut message, mut bytes) = (Waits::default(), 0);
        for (seconds, moved) in waits {
            message.wait(pace, bytes, now);
            now += Duration::from_secs(*seconds);
            message.end_wait(now);
            bytes += moved;
            // Nobody waits meanwhile.
            now += START;
        }
        let deadline = message.wait(pace, bytes, now);
        assert_eq!(deadline - now, Duration::from_secs(expected), "{pace:?} {waits:?}");
    }

    #[test]
    fn waits() {
        allows((30, 500), &[], 30);
        allows((30, 500), &[(10, 0)], 20);
        allows((30, 500), &[(10, 5_000)], 30);
        allows((30, 500), &[(10, 2_500)], 25);
        allows((30, 500), &[(29, 1), (29, 1)], 0);
        allows((30, 500), &[(20, 5_000), (20, 5_000)], 10);
        allows((30, 500), &[(20, 1_000_000), (25, 0)], 30);
        allows((30, 0), &[(29, 0), (29, 0)], 30);
    }

    #[test]
    fn a_wait_that_goes_on_has_one_deadline() {
        let (pace, start) = (Pace::of_each(Duration::from_secs(30)), Instant::now());
        let mut waits = Waits::default();
        assert!(!waits.is_waiting());
        let deadline = waits.wait(pace, 0, start);
        assert_eq!(waits.wait(pace, 9, start + Duration::from_secs(9)), deadline);
        assert!(waits.is_waiting());
        waits.begin_message();
        assert_eq!(waits.wait(pace, 0, start + Duration::from_secs(10)), deadline);
        waits.forgive(start + Duration::from_secs(10));
        assert_eq!(
            waits.wait(pace, 0, start + Duration::from_secs(11)) - deadline,
            Duration::from_secs(10)
        );
    }
}
