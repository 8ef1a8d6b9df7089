//! Whether a connection of HTTP/2 goes on.
//!
//! Its requests overlap, so the time that a client has is looked at from outside, once a
//! [`ROUND`]: it has the idle time without a request, and the write time when responses wait for it,
//! in which any of them has to come further. Nothing here reads a clock.

use std::time::{Duration, Instant};

use super::streams::Streams;
use crate::{
    metrics::labels::Timeout,
    settings::{Limits, Timeouts},
};

/// How often the time is looked at.
pub(crate) const ROUND: Duration = Duration::from_secs(1);

/// The future of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn,
    /// The client is told to send no new request (GOAWAY); those that it has sent are answered.
    End,
    CutOff,
}

/// Judges a connection.
pub(crate) struct Judge<'a> {
    timeouts: &'a Timeouts,
    limits: &'a Limits,
    /// When it was told to end: how many requests it may have made by then.
    most_requests: Option<u32>,
    /// Bytes that had been taken at the last look.
    sent: u64,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(timeouts: &'a Timeouts, limits: &'a Limits) -> Self {
        Self { timeouts, limits, most_requests: None, sent: 0 }
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

    /// Judges by the time, once a round: by the streams, the age of the connection, and the bytes that
    /// the system has taken of it. With the timeout that is over, if one is.
    pub(crate) fn look(
        &mut self,
        streams: &mut Streams,
        age: Duration,
        sent: u64,
        now: Instant,
    ) -> (Verdict, Option<Timeout>) {
        self.credit(sent, streams, now);
        let stillness = streams.stillness(now);
        if streams.is_any_waiting() && stillness >= self.timeouts.write.timeout {
            return (Verdict::CutOff, Some(Timeout::Write));
        }
        let is_idle = !streams.is_any_open() && stillness >= self.timeouts.idle;
        let is_old = age >= self.limits.connection_age;
        match (self.is_ending(), is_idle) {
            (true, true) => (Verdict::CutOff, None),
            (false, true) => (Verdict::End, Some(Timeout::Idle)),
            (false, false) if is_old => (Verdict::End, None),
            _ => (Verdict::GoOn, None),
        }
    }

    /// The streams take turns: a client that takes many at once may be long about each.
    fn credit(&mut self, sent: u64, streams: &mut Streams, now: Instant) {
        if sent - self.sent > self.timeouts.write.bytes_in(ROUND) {
            streams.advance(now);
        }
        self.sent = sent;
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

    /// So many streams, of which some wait, and nothing happens for so many seconds.
    #[track_caller]
    fn still(
        (open, waiting): (u32, u32),
        seconds: u64,
        is_ending: bool,
        verdict: Verdict,
        timeout: Option<Timeout>,
    ) {
        let start = Instant::now();
        let mut streams = streams(open, waiting, start);
        let now = start + Duration::from_secs(seconds);
        let judged = judge(is_ending).look(&mut streams, now - start, 0, now);
        assert_eq!(judged, (verdict, timeout), "{open} {waiting} {seconds} {is_ending}");
    }

    #[test]
    fn time() {
        use {Timeout::*, Verdict::*};
        still((0, 0), 74, false, GoOn, None);
        still((0, 0), 75, false, End, Some(Idle));
        still((0, 0), 74, true, GoOn, None);
        still((0, 0), 75, true, CutOff, None);
        // The application has its own timeouts.
        still((1, 0), 300, false, GoOn, None);
        still((3, 1), 29, false, GoOn, None);
        still((3, 1), 30, false, CutOff, Some(Write));
        still((3, 1), 30, true, CutOff, Some(Write));
        still((1, 0), 3600, false, End, None);
        still((1, 0), 3600, true, GoOn, None);
    }

    /// So many bytes a second are taken of some streams that wait all the time: after how many
    /// seconds the connection is cut off.
    #[track_caller]
    fn lasts(bytes_a_second: u64, expected: Option<u64>) {
        let start = Instant::now();
        let (mut judge, mut streams) = (judge(false), streams(5, 5, start));
        let cut_off = (1..100).find(|second| {
            let now = start + Duration::from_secs(*second);
            let sent = bytes_a_second * second;
            judge.look(&mut streams, now - start, sent, now).0 == Verdict::CutOff
        });
        assert_eq!(cut_off, expected, "{bytes_a_second}");
    }

    #[test]
    fn a_minimum_rate_of_all_streams_together() {
        lasts(0, Some(30));
        lasts(500, Some(30));
        lasts(501, None);
    }

    #[test]
    fn one_stream_that_comes_further_is_enough() {
        let start = Instant::now();
        let (mut judge, mut streams) = (judge(false), streams(2, 2, start));
        let mut look = |streams: &mut Streams, seconds| {
            let now = start + Duration::from_secs(seconds);
            judge.look(streams, now - start, 0, now).0
        };
        streams.advance(start + Duration::from_secs(20));
        assert_eq!(look(&mut streams, 49), Verdict::GoOn);
        assert_eq!(look(&mut streams, 50), Verdict::CutOff);
    }
}
