//! A request and its response: counted and logged when it is over.

use std::{net::IpAddr, time::Instant};

use bytes::Bytes;
use http_body::Body;
use http_body_util::Empty;
use hyper::{Request, Response, StatusCode, Version};

use crate::{
    access_log::Entry,
    client::Client,
    metrics::tally::{Outcome, Tally},
    thread::Thread,
};

/// A request that has come.
pub(crate) struct Received {
    tally: &'static Tally,
    pub(crate) begun: Instant,
    version: Version,
    entry: Option<Box<Entry>>,
}

impl Received {
    pub(crate) fn new<B>(
        thread: &Thread,
        request: &Request<B>,
        client: Client,
        begun: Instant,
    ) -> Self {
        let log = thread.access_log.as_ref();
        let entry = log.map(|log| Box::new(log.begin(request, client.address)));
        Self { tally: thread.tally, begun, version: request.version(), entry }
    }

    /// A request whose line of the access log has begun, if there is to be one.
    pub(crate) fn simple(
        thread: &Thread,
        version: Version,
        begun: Instant,
        entry: Option<Box<Entry>>,
    ) -> Self {
        Self { tally: thread.tally, begun, version, entry }
    }

    pub(crate) fn answered<B: Body>(self, response: &Response<B>) -> Exchange {
        let outcome = Outcome::of(response, self.version);
        self.answered_with(outcome)
    }

    pub(crate) fn answered_with(self, outcome: Outcome) -> Exchange {
        let Self { tally, begun, entry, .. } = self;
        Exchange { tally, begun, outcome, entry, ended: None }
    }
}

/// Counts and logs an answer to bytes that could not be read as a request.
pub(crate) fn refuse(thread: &Thread, peer: Option<IpAddr>, version: Version, status: StatusCode) {
    let (tally, begun) = (thread.tally, Instant::now());
    let entry = thread.access_log.as_ref().map(|log| Box::new(log.begin_unreadable(version, peer)));
    let mut response = Response::new(Empty::<Bytes>::new());
    *response.status_mut() = status;
    Received { tally, begun, version, entry }.answered(&response).finish(begun);
}

/// A request that is being answered. It is over when this is dropped.
pub(crate) struct Exchange {
    tally: &'static Tally,
    pub(crate) begun: Instant,
    outcome: Outcome,
    /// If it is to be logged.
    entry: Option<Box<Entry>>,
    ended: Option<Instant>,
}

impl Exchange {
    /// So many bytes of the body are on their way.
    pub(crate) fn set_bytes(&mut self, bytes: u64) {
        self.outcome.bytes = bytes;
    }

    /// The client has at most so many bytes of the body.
    pub(crate) fn limit_bytes(&mut self, most: u64) {
        self.outcome.bytes = self.outcome.bytes.min(most);
    }

    pub(crate) fn finish(mut self, now: Instant) {
        self.ended = Some(now);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let ended = self.ended.unwrap_or_else(Instant::now);
        self.outcome.duration = ended.saturating_duration_since(self.begun);
        self.tally.request(&self.outcome);
        if let Some(entry) = self.entry.take() {
            entry.finish(&self.outcome);
        }
    }
}

/// Exchanges for tests.
#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::labels::{Coding, HttpVersion, Policy};

    pub(crate) fn exchange(tally: &'static Tally, begun: Instant, bytes: u64) -> Exchange {
        let outcome = Outcome {
            status: 200,
            coding: Coding::Br,
            policy: Policy::Immutable,
            version: HttpVersion::Http1,
            bytes,
            duration: Duration::ZERO,
        };
        Exchange { tally, begun, outcome, entry: None, ended: None }
    }

    #[test]
    fn it_is_counted_once() {
        let tally: &Tally = Box::leak(Box::default());
        let begun = Instant::now();
        let mut broken = exchange(tally, begun, 100);
        broken.limit_bytes(40);
        drop(broken);
        exchange(tally, begun, 7).finish(begun + Duration::from_secs(3));
        assert_eq!((tally.durations().count(), tally.body_bytes()), (2, 47));
        assert!((3.0..3.5).contains(&tally.durations().sum_seconds()));
    }
}
