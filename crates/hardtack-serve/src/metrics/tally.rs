//! The counters of one serving thread.
//!
//! Each thread has a tally of its own, which no other thread writes to. [`Tally::sum`] adds the
//! tallies up.

use std::time::Duration;

use http_body::Body;
use hyper::{
    HeaderMap, Response, Version,
    header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE},
};

use crate::metrics::{
    counters::{Counter, Counters, Gauge},
    durations::Durations,
    labels::{Coding, Handshake, HttpVersion, Policy, Refusal, Timeout, Upstream},
};

/// The statuses from 100 to 599, and one number for all others that an upstream may send.
const STATUSES: usize = 501;
const LOWEST_STATUS: u16 = 100;

const REQUESTS: usize = STATUSES * Coding::ALL.len() * Policy::ALL.len();

/// The counters of a thread. Two threads' have no line of a cache in common.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Tally {
    requests: Counters<REQUESTS>,
    protocols: Counters<{ HttpVersion::ALL.len() }>,
    body_bytes: Counter,
    durations: Durations,
    accepted: Counter,
    closed: Counter,
    dormant: Gauge,
    refused: Counters<{ Refusal::ALL.len() }>,
    handshakes: Counters<{ Handshake::ALL.len() }>,
    timeouts: Counters<{ Timeout::ALL.len() }>,
    upstream: Counters<{ Upstream::ALL.len() }>,
    upstream_durations: Durations,
}

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) coding: Coding,
    pub(crate) policy: Policy,
    pub(crate) version: HttpVersion,
    /// Of the response's body.
    pub(crate) bytes: u64,
    /// From the request's header to the end of the response.
    pub(crate) duration: Duration,
}

/// Requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Series {
    /// `None` if it is not one from 100 to 599.
    pub(crate) status: Option<u16>,
    pub(crate) coding: Coding,
    pub(crate) policy: Policy,
    pub(crate) count: u64,
}

/// Counting.
impl Tally {
    /// Counts a request that has been answered.
    pub(crate) fn request(&self, outcome: &Outcome) {
        self.requests.add(outcome.index(), 1);
        self.protocols.add(outcome.version as usize, 1);
        self.body_bytes.add(outcome.bytes);
        self.durations.observe(outcome.duration);
    }

    /// Counts a connection as accepted, and as open until the returned guard is dropped.
    pub(crate) fn connection(&'static self) -> OpenConnection {
        self.accepted.add(1);
        OpenConnection(self)
    }

    /// Says how many connections are dormant.
    pub(crate) fn set_dormant(&self, connections: usize) {
        self.dormant.set(connections as u64);
    }

    /// Counts a connection that was closed at once.
    pub(crate) fn refused(&self, refusal: Refusal) {
        self.refused.add(refusal as usize, 1);
    }

    pub(crate) fn handshake(&self, handshake: Handshake) {
        self.handshakes.add(handshake as usize, 1);
    }

    pub(crate) fn timeout(&self, timeout: Timeout) {
        self.timeouts.add(timeout as usize, 1);
    }

    /// Counts the time in which the upstream began to answer.
    pub(crate) fn upstream_answered(&self, duration: Duration) {
        self.upstream_durations.observe(duration);
    }

    /// Counts a request to the upstream.
    pub(crate) fn upstream(&self, upstream: Upstream) {
        self.upstream.add(upstream as usize, 1);
    }
}

/// An accepted connection, which is open until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection(&'static Tally);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.closed.add(1);
    }
}

/// Reading.
impl Tally {
    /// The sum of all tallies.
    pub(crate) fn sum<'a>(tallies: impl IntoIterator<Item = &'a &'static Self>) -> Self {
        let sum = Self::default();
        for tally in tallies {
            sum.requests.add_all(&tally.requests);
            sum.protocols.add_all(&tally.protocols);
            sum.body_bytes.add(tally.body_bytes.read());
            sum.durations.add_all(&tally.durations);
            // A connection is accepted before it is closed: this order never reads more closed ones.
            sum.closed.add(tally.closed.read());
            sum.accepted.add(tally.accepted.read());
            sum.dormant.set(sum.dormant() + tally.dormant());
            sum.refused.add_all(&tally.refused);
            sum.handshakes.add_all(&tally.handshakes);
            sum.timeouts.add_all(&tally.timeouts);
            sum.upstream.add_all(&tally.upstream);
            sum.upstream_durations.add_all(&tally.upstream_durations);
        }
        sum
    }

    /// The requests that there were; a series without any is left out.
    pub(crate) fn requests(&self) -> Vec<Series> {
        let counts = self.requests.read();
        let indexed = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        indexed.map(|(index, count)| Series::of(index, *count)).collect()
    }

    /// Of those that could have been answered with 304, the share that was, from 0 to 1: of 200 and
    /// 304, that is. `None` if there was neither.
    pub(crate) fn not_modified_ratio(&self) -> Option<f64> {
        let requests = self.requests();
        let with = |status| {
            let series = requests.iter().filter(|series| series.status == Some(status));
            series.map(|series| series.count).sum::<u64>()
        };
        let (not_modified, ok) = (with(304), with(200));
        (not_modified + ok > 0).then(|| not_modified as f64 / (not_modified + ok) as f64)
    }

    pub(crate) fn protocols(&self) -> Vec<(&'static str, u64)> {
        named(HttpVersion::NAMES, self.protocols.read())
    }

    /// Bytes of the responses' bodies.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes.read()
    }

    pub(crate) fn durations(&self) -> &Durations {
        &self.durations
    }

    /// Connections that were accepted, open or not.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.read()
    }

    pub(crate) fn open(&self) -> u64 {
        self.accepted.read().saturating_sub(self.closed.read())
    }

    pub(crate) fn dormant(&self) -> u64 {
        self.dormant.read()
    }

    pub(crate) fn refusals(&self) -> Vec<(&'static str, u64)> {
        named(Refusal::NAMES, self.refused.read())
    }

    pub(crate) fn handshakes(&self) -> Vec<(&'static str, u64)> {
        named(Handshake::NAMES, self.handshakes.read())
    }

    pub(crate) fn timeouts(&self) -> Vec<(&'static str, u64)> {
        named(Timeout::NAMES, self.timeouts.read())
    }

    pub(crate) fn upstream_durations(&self) -> &Durations {
        &self.upstream_durations
    }

    pub(crate) fn upstream_requests(&self) -> Vec<(&'static str, u64)> {
        named(Upstream::NAMES, self.upstream.read())
    }
}

fn named<const N: usize>(names: &[&'static str], counts: [u64; N]) -> Vec<(&'static str, u64)> {
    names.iter().copied().zip(counts).collect()
}

impl Series {
    fn of(index: usize, count: u64) -> Self {
        let (index, policy) = (index / Policy::ALL.len(), index % Policy::ALL.len());
        let (status, coding) = (index / Coding::ALL.len(), index % Coding::ALL.len());
        let status = u16::try_from(status).ok().map(|status| status + LOWEST_STATUS);
        Self {
            status: status.filter(|status| *status < 600),
            coding: Coding::ALL[coding],
            policy: Policy::ALL[policy],
            count,
        }
    }
}

impl Outcome {
    /// The outcome as far as the response tells it, to a request of this version: its length if that
    /// is known beforehand, and no duration yet.
    pub(crate) fn of<B: Body>(response: &Response<B>, version: Version) -> Self {
        let (coding, policy) = classify(response.headers());
        Self {
            status: response.status().as_u16(),
            coding,
            policy,
            version: label(version),
            bytes: response.body().size_hint().exact().unwrap_or(0),
            duration: Duration::ZERO,
        }
    }

    /// The outcome of a simple response that has so many bytes, by the fields that [`classes`] takes.
    pub(crate) fn of_simple(
        status: u16,
        (has_type, coding, cache_control): (bool, Option<&[u8]>, Option<&[u8]>),
        bytes: u64,
        version: Version,
    ) -> Self {
        let (coding, policy) = classes(has_type, coding, cache_control);
        let (version, duration) = (label(version), Duration::ZERO);
        Self { status, coding, policy, version, bytes, duration }
    }

    /// The number of the counter of its series.
    fn index(&self) -> usize {
        let status = usize::from(self.status.wrapping_sub(LOWEST_STATUS)).min(STATUSES - 1);
        let index = status * Coding::ALL.len() + self.coding as usize;
        index * Policy::ALL.len() + self.policy as usize
    }
}

fn label(version: Version) -> HttpVersion {
    if version == Version::HTTP_2 { HttpVersion::H2 } else { HttpVersion::Http1 }
}

/// The classes of a response, found in one walk over its few fields: each lookup would hash.
fn classify(headers: &HeaderMap) -> (Coding, Policy) {
    let (mut coding, mut cache_control, mut has_type) = (None, None, false);
    for (name, value) in headers {
        if name == CONTENT_TYPE {
            has_type = true;
        } else if name == CONTENT_ENCODING {
            coding = Some(value.as_bytes());
        } else if name == CACHE_CONTROL {
            cache_control = Some(value.as_bytes());
        }
    }
    classes(has_type, coding, cache_control)
}

/// The classes of a response, by whether it has a `Content-Type`, and the values of
/// `Content-Encoding` and `Cache-Control`.
///
/// A response with a type has a representation, whose coding is the identity if none is named (RFC
/// 9110 §8.4).
fn classes(
    has_type: bool,
    coding: Option<&[u8]>,
    cache_control: Option<&[u8]>,
) -> (Coding, Policy) {
    let uncoded = if has_type { Coding::Identity } else { Coding::None };
    (coding.map_or(uncoded, coding_of), cache_control.map_or(Policy::None, policy_of))
}

fn coding_of(value: &[u8]) -> Coding {
    match value {
        b"gzip" => Coding::Gzip,
        b"br" => Coding::Br,
        b"zstd" => Coding::Zstd,
        b"dcb" => Coding::Dcb,
        b"dcz" => Coding::Dcz,
        _ => Coding::Other,
    }
}

/// The directives of `Cache-Control` (RFC 9111 §5.2.2, RFC 8246) in three classes.
fn policy_of(value: &[u8]) -> Policy {
    let mut policy = Policy::None;
    for directive in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        match directive {
            b"no-store" => return Policy::None,
            b"immutable" => policy = Policy::Immutable,
            b"no-cache" | [b'm', b'a', b'x', b'-', b'a', b'g', b'e', b'=', ..]
                if policy == Policy::None =>
            {
                policy = Policy::Revalidate;
            }
            _ => {}
        }
    }
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOME: Outcome = Outcome {
        status: 200,
        coding: Coding::Br,
        policy: Policy::Immutable,
        version: HttpVersion::H2,
        bytes: 10,
        duration: Duration::from_micros(50),
    };

    #[track_caller]
    fn classes(headers: &[(&str, &str)], coding: Coding, policy: Policy) {
        let mut response = Response::builder().status(203);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let response = response.body("biscuit".to_owned()).unwrap();
        let outcome = Outcome::of(&response, Version::HTTP_2);
        let expected =
            Outcome { status: 203, coding, policy, bytes: 7, duration: Duration::ZERO, ..OUTCOME };
        assert_eq!(outcome, expected);
    }

    #[test]
    fn codings() {
        let typed = ("content-type", "text/css");
        classes(&[], Coding::None, Policy::None);
        classes(&[typed], Coding::Identity, Policy::None);
        classes(&[typed, ("content-encoding", "gzip")], Coding::Gzip, Policy::None);
        classes(&[typed, ("content-encoding", "br")], Coding::Br, Policy::None);
        classes(&[typed, ("content-encoding", "zstd")], Coding::Zstd, Policy::None);
        classes(&[typed, ("content-encoding", "br, gzip")], Coding::Other, Policy::None);
    }

    #[test]
    fn policies() {
        let classes = |cache_control, policy| {
            classes(&[("cache-control", cache_control)], Coding::None, policy);
        };
        classes("public, max-age=31536000, immutable", Policy::Immutable);
        classes("immutable,max-age=1", Policy::Immutable);
        classes("public, max-age=60", Policy::Revalidate);
        classes("max-age=60, stale-while-revalidate=30", Policy::Revalidate);
        classes("no-cache", Policy::Revalidate);
        classes("no-store", Policy::None);
        classes("max-age=60, no-store", Policy::None);
        classes("public, s-maxage=60", Policy::None);
        classes("x-immutable", Policy::None);
    }

    #[test]
    fn every_series_has_its_counter() {
        let mut indices = Vec::with_capacity(REQUESTS);
        for status in LOWEST_STATUS..=600 {
            for coding in Coding::ALL {
                for policy in Policy::ALL {
                    let (coding, policy) = (*coding, *policy);
                    let index = Outcome { status, coding, policy, ..OUTCOME }.index();
                    let status = Some(status).filter(|status| *status < 600);
                    let series = Series { status, coding, policy, count: 3 };
                    assert_eq!(Series::of(index, 3), series);
                    indices.push(index);
                }
            }
        }
        assert!(indices.into_iter().eq(0..REQUESTS));
    }

    #[test]
    fn a_status_that_is_none() {
        for status in [0, 99, 600, 999, u16::MAX] {
            let tally = Tally::default();
            tally.request(&Outcome { status, ..OUTCOME });
            assert_eq!(tally.requests()[0].status, None, "{status}");
        }
    }

    #[test]
    fn the_sum_of_two_threads() {
        let tallies: [&'static Tally; 2] = [Box::leak(Box::default()), Box::leak(Box::default())];
        let [one, other] = tallies;
        let open = one.connection();
        drop(other.connection());
        one.request(&OUTCOME);
        other.request(&OUTCOME);
        other.request(&Outcome { status: 304, version: HttpVersion::Http1, bytes: 0, ..OUTCOME });
        one.set_dormant(2);
        other.set_dormant(3);
        one.refused(Refusal::PerAddress);
        one.handshake(Handshake::Failed);
        other.timeout(Timeout::Idle);
        other.upstream(Upstream::TimedOut);

        let sum = Tally::sum(&tallies);
        assert_eq!((sum.accepted(), sum.open(), sum.dormant()), (2, 1, 5));
        let counts: Vec<_> = sum.requests().iter().map(|one| (one.status, one.count)).collect();
        assert_eq!(counts, [(Some(200), 2), (Some(304), 1)]);
        assert_eq!(sum.protocols(), [("http/1", 1), ("h2", 2)]);
        assert_eq!((sum.body_bytes(), sum.durations().count()), (20, 3));
        assert_eq!(sum.refusals()[0], ("per_address", 1));
        assert_eq!(sum.handshakes(), [("ok", 0), ("failed", 1)]);
        assert_eq!(sum.timeouts(), [("header", 0), ("idle", 1), ("write", 0)]);
        assert_eq!(sum.upstream_requests()[2], ("timed_out", 1));
        drop(open);
        assert_eq!(Tally::sum(&tallies).open(), 0);
    }

    #[track_caller]
    fn not_modified_ratio(statuses: &[u16], expected: Option<f64>) {
        let tally = Tally::default();
        for status in statuses {
            tally.request(&Outcome { status: *status, ..OUTCOME });
        }
        assert_eq!(tally.not_modified_ratio(), expected);
    }

    #[test]
    fn not_modified_ratios() {
        not_modified_ratio(&[], None);
        not_modified_ratio(&[404, 206, 301], None);
        not_modified_ratio(&[200], Some(0.0));
        not_modified_ratio(&[304, 200, 200, 200, 404], Some(0.25));
        not_modified_ratio(&[304], Some(1.0));
    }
}
