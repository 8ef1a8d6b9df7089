//! Whether a connection of HTTP/2 goes on.
//!
//! Its requests overlap, so the time that a client has is looked at from outside, once a
//! [`ROUND`](super::streams::ROUND): the connection has the idle time without a request, and a header section the header time.
//! A response that the client does not take ends alone, by [`streams`](super::streams). Nothing here
//! reads a clock.

use std::time::{Duration, Instant};

use super::streams::Streams;
use crate::{
    metrics::labels::Timeout,
    settings::{Limits, Timeouts},
};

/// The future of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn,
    /// The client is told to send no new request (GOAWAY); those that it has sent are answered.
    End,
    /// The client is told so, and the connection closed at once: it has no requests.
    GiveWay,
    CutOff,
}

/// Judges a connection.
pub(crate) struct Judge<'a> {
    timeouts: &'a Timeouts,
    limits: &'a Limits,
    /// When it was told to end: how many requests it may have made by then.
    most_requests: Option<u32>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(timeouts: &'a Timeouts, limits: &'a Limits) -> Self {
        Self { timeouts, limits, most_requests: None }
    }

    pub(crate) fn is_ending(&self) -> bool {
        self.most_requests.is_some()
    }

    /// The client is told to end. Requests may be on their way to us, no more than streams; a client
    /// that sends others does not listen.
    pub(crate) fn end(&mut self, requests: u32) {
        self.most_requests = Some(requests.saturating_add(self.limits.streams));
    }

    /// Judges by the limits, after each step of the connection.
    pub(crate) fn check(&self, requests: u32, age: Duration) -> Verdict {
        match self.most_requests {
            Some(most) if requests > most => Verdict::CutOff,
            Some(_) => Verdict::GoOn,
            None if requests >= self.limits.requests => Verdict::End,
            None if age >= self.limits.connection_age => Verdict::End,
            None => Verdict::GoOn,
        }
    }

    /// Judges by the time, once a round: by the streams and the age of the connection. With the timeout
    /// that is over, if one is.
    pub(crate) fn look(
        &self,
        streams: &Streams,
        age: Duration,
        now: Instant,
    ) -> (Verdict, Option<Timeout>) {
        let is_over = |since| now.saturating_duration_since(since) >= self.timeouts.header;
        if streams.arriving.incomplete_since().is_some_and(is_over) {
            return (Verdict::CutOff, Some(Timeout::Header));
        }
        let is_idle = !streams.is_any_open() && streams.stillness(now) >= self.timeouts.idle;
        let is_old = age >= self.limits.connection_age;
        match (self.is_ending(), is_idle) {
            (true, true) => (Verdict::CutOff, None),
            (false, true) => (Verdict::End, Some(Timeout::Idle)),
            (false, false) if is_old => (Verdict::End, None),
            _ => (Verdict::GoOn, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::streams::tests::streams, *};
    use crate::pace::Pace;

    const TIMEOUTS: Timeouts = Timeouts {
        header: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        write: Pace { timeout: Duration::from_secs(30), min_rate: 500 },
    };

    const LIMITS: Limits = Limits {
        header_bytes: 32_768,
        header_fields: 100,
        target_bytes: 8192,
        requests: 1000,
        connection_age: Duration::from_secs(3600),
        streams: 7,
    };

    fn judge(is_ending: bool) -> Judge<'static> {
        let mut judge = Judge::new(&TIMEOUTS, &LIMITS);
        if is_ending {
            judge.end(3);
        }
        judge
    }

    #[track_caller]
    fn checks(is_ending: bool, requests: u32, seconds: u64, expected: Verdict) {
        let verdict = judge(is_ending).check(requests, Duration::from_secs(seconds));
        assert_eq!(verdict, expected, "{is_ending} {requests} {seconds}");
    }

    #[test]
    fn limits() {
        checks(false, 999, 3599, Verdict::GoOn);
        checks(false, 1000, 0, Verdict::End);
        checks(false, 1, 3600, Verdict::End);
        // Seven may have been on their way when the client was told.
        checks(true, 10, 4000, Verdict::GoOn);
        checks(true, 11, 0, Verdict::CutOff);
    }

    /// So many streams, and nothing happens for so many seconds.
    #[track_caller]
    fn still(open: u32, seconds: u64, is_ending: bool, verdict: Verdict, timeout: Option<Timeout>) {
        let start = Instant::now();
        let streams = streams(open, start);
        let now = start + Duration::from_secs(seconds);
        let judged = judge(is_ending).look(&streams, now - start, now);
        assert_eq!(judged, (verdict, timeout), "{open} {seconds} {is_ending}");
    }

    #[test]
    fn time() {
        use {Timeout::*, Verdict::*};
        still(0, 74, false, GoOn, None);
        still(0, 75, false, End, Some(Idle));
        still(0, 74, true, GoOn, None);
        still(0, 75, true, CutOff, None);
        // The application has its own timeouts, and each stream has its own deadline.
        still(1, 300, false, GoOn, None);
        still(1, 3600, false, End, None);
        still(1, 3600, true, GoOn, None);
    }

    #[test]
    fn a_header_section_has_its_time_beside_other_streams() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut streams = streams(1, start);
        streams.arriving.receive(&[0, 0, 9], at(60));
        let look = |seconds| judge(false).look(&streams, at(seconds) - start, at(seconds));
        assert_eq!(look(69), (Verdict::GoOn, None));
        assert_eq!(look(70), (Verdict::CutOff, Some(Timeout::Header)));
    }
}
