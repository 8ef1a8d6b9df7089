//! When a request is tried again.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::{Duration, SystemTime},
};

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};

use crate::client::Answer;

/// Tries of a request in all.
const TRIES: u32 = 5;
/// The longest pause before the second try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause that a server may demand.
const LONGEST: Duration = Duration::from_secs(60);

/// The tries of one request.
pub(super) struct Patience {
    tries: u32,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { tries: 0 }
    }

    /// The pause before the next try; none if there is no other try.
    pub(super) fn wait_for(&mut self, outcome: &Result<Answer, String>) -> Option<Duration> {
        self.tries += 1;
        let demanded = match outcome {
            Ok(answer) if !may_pass(answer) => return None,
            Ok(answer) => retry_after(&answer.headers, SystemTime::now()),
            Err(_) => None,
        };
        if self.tries == TRIES || demanded.is_some_and(|pause| pause > LONGEST) {
            return None;
        }
        Some(demanded.unwrap_or_else(|| back_off(self.tries, random())))
    }
}

/// The reason of a failure, by the response.
pub(super) fn reason(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    match retry_after(&answer.headers, SystemTime::now()) {
        Some(pause) if may_pass(answer) && pause > LONGEST => format!(
            "status {status}, with a Retry-After of {} s, which is longer than {} s",
            pause.as_secs(),
            LONGEST.as_secs()
        ),
        _ => format!("status {status}"),
    }
}

/// Whether a response is one that may be another the next time.
fn may_pass(answer: &Answer) -> bool {
    let passing = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    answer.is_cut || passing.contains(&answer.status)
}

/// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// A random time up to one that doubles with each try: requests that failed together come back one by
/// one.
fn back_off(tries: u32, random: u64) -> Duration {
    let longest = FIRST_PAUSE * 2_u32.pow(tries - 1);
    longest.mul_f64(0.5 + 0.5 * (random as f64 / u64::MAX as f64))
}

/// The standard library seeds its hashers at random.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use http::Version;

    use super::*;

    fn answer(status: u16, retry_after: Option<&str>) -> Result<Answer, String> {
        let mut headers = HeaderMap::new();
        let value = retry_after.map(|value| value.parse().unwrap());
        value.into_iter().for_each(|value| drop(headers.insert(RETRY_AFTER, value)));
        let status = status.try_into().unwrap();
        Ok(Answer {
            version: Version::HTTP_11,
            status,
            headers,
            body: Vec::new().into(),
            is_cut: false,
        })
    }

    #[test]
    fn what_is_tried_again() {
        for (outcome, expected) in [
            (answer(200, None), false),
            (answer(404, None), false),
            (answer(403, Some("1")), false),
            (answer(429, None), true),
            (answer(503, Some("7")), true),
            (answer(503, Some("3600")), false),
            (answer(503, Some("soon")), true),
            (answer(502, None), true),
            (Err("no connection".to_owned()), true),
            (answer(200, None).map(|it| Answer { is_cut: true, ..it }), true),
        ] {
            assert_eq!(Patience::new().wait_for(&outcome).is_some(), expected, "{outcome:?}");
        }
    }

    #[test]
    fn reasons() {
        let is = |status, retry_after, expected: &str| {
            assert_eq!(reason(&answer(status, retry_after).unwrap()), expected);
        };
        is(404, None, "status 404");
        is(404, Some("3600"), "status 404");
        is(503, None, "status 503");
        is(503, Some("60"), "status 503");
        is(503, Some("61"), "status 503, with a Retry-After of 61 s, which is longer than 60 s");
    }

    #[test]
    fn tries_have_an_end() {
        let mut patience = Patience::new();
        let pauses = (0..10).map_while(|_| patience.wait_for(&Err(String::new())));
        assert_eq!(pauses.count(), 4);
    }

    #[test]
    fn pauses() {
        let demanded = |value: &str| {
            let answer = answer(503, Some(value)).unwrap();
            retry_after(&answer.headers, SystemTime::UNIX_EPOCH).map(|pause| pause.as_secs())
        };
        assert_eq!(demanded("7"), Some(7));
        assert_eq!(demanded("Thu, 01 Jan 1970 00:00:09 GMT"), Some(9));
        assert_eq!(demanded("-1"), None);
        for (tries, random, milliseconds) in [
            (1, 0, 250),
            (1, u64::MAX, 500),
            (2, u64::MAX, 1000),
            (4, 0, 2000),
            (4, u64::MAX, 4000),
        ] {
            assert_eq!(back_off(tries, random), Duration::from_millis(milliseconds));
        }
    }
}
