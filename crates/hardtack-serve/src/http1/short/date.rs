//! The field `Date` (RFC 9110 §6.6.1), made once a second in each thread.

use std::{
    cell::RefCell,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

thread_local! {
    static DATE: RefCell<Option<Date>> = const { RefCell::new(None) };
}

/// A line, and the time until which it is true.
struct Date {
    line: String,
    until: Instant,
}

impl Date {
    fn new() -> Self {
        let (time, now) = (SystemTime::now(), Instant::now());
        let second = Duration::from_secs(1);
        let past = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
        let line = format!("date: {}\r\n", httpdate::fmt_http_date(time));
        Self { line, until: now + second - Duration::from_nanos(past.into()) }
    }
}

/// Adds the line of a response that is made at that time.
pub(super) fn write(now: Instant, head: &mut Vec<u8>) {
    DATE.with_borrow_mut(|date| {
        let date = match date {
            Some(date) if now < date.until => date,
            date => date.insert(Date::new()),
        };
        head.extend_from_slice(date.line.as_bytes());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_true_for_what_is_left_of_its_second() {
        let date = Date::new();
        assert!(date.until <= Instant::now() + Duration::from_secs(1));
        assert_eq!(date.line.len(), "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".len());
        let mut head = Vec::new();
        write(Instant::now(), &mut head);
        assert!(head.starts_with(b"date: ") && head.ends_with(b" GMT\r\n"));
    }
}
