//! The notation of cases in several tables of tests, and the settings that they share.

use std::time::Duration;

use hyper::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};

use crate::{
    pace::Pace,
    request_fields::NamedFields,
    settings::{Buffering, Forwarding, UpstreamTimeouts},
};

/// A time that does not pass in a test.
pub(super) const LONG: Duration = Duration::from_secs(30);

/// Times that do not pass in a test.
pub(super) const PATIENT: UpstreamTimeouts = UpstreamTimeouts {
    tunnel: Duration::from_secs(3600),
    connect: LONG,
    read: LONG,
    content: Pace { timeout: LONG, min_rate: 0 },
};

/// Requests as they are passed on by default.
pub(super) const FORWARDING: Forwarding = Forwarding {
    health: None,
    requests: 64,
    response_fields: 100,
    passes_misses: false,
    timeouts: PATIENT,
    default_host: None,
    buffering: Buffering { streamed: Vec::new(), most: 1_000_000, room: 10_000_000 },
    fields: NamedFields { unusual: Vec::new(), of_proxies: Vec::new() },
};

/// Fields, one a line: `name: value`.
#[track_caller]
pub(super) fn fields(lines: &str) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for line in lines.lines() {
        let (name, value) = line.split_once(':').expect("a field has a colon");
        let name: HeaderName = name.parse().expect("a field's name");
        fields.append(name, HeaderValue::from_bytes(value.trim().as_bytes()).expect("a value"));
    }
    fields
}
