//! The field `Date` (RFC 9110 §6.6.1), made once a second in each thread.

use std::{
    cell::RefCell,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

thread_local! {
    static DATE: RefCell<Option<Date>> = const { RefCell::new(None) };
}

/// A value, and the time until which it is true.
struct Date {
    value: String,
    until: Instant,
}

impl Date {
    fn new() -> Self {
        let (time, now) = (SystemTime::now(), Instant::now());
        let second = Duration::from_secs(1);
        let past = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        let value = httpdate::fmt_http_date(time);
        Self { value, until: now + second - Duration::from_nanos(past.into()) }
    }
}

/// Adds the value for a response that is made at that time.
pub(crate) fn write(now: Instant, bytes: &mut Vec<u8>) {
    DATE.with_borrow_mut(|date| {
        let date = match date {
            Some(date) if now < date.until => date,
            date => date.insert(Date::new()),
        };
        bytes.extend_from_slice(date.value.as_bytes());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_true_for_what_is_left_of_its_second() {
        let date = Date::new();
        assert!(date.until <= Instant::now() + Duration::from_secs(1));
        assert_eq!(date.value.len(), "Sun, 06 Nov 1994 08:49:37 GMT".len());
        let mut bytes = Vec::new();
        write(Instant::now(), &mut bytes);
        assert!(bytes.ends_with(b" GMT"));
    }
}
