//! The time of day as logs show it: in UTC, because the sandboxed process can read no time zone.

use std::time::SystemTime;

use time::OffsetDateTime;

/// As in RFC 3339, with milliseconds: `2026-11-25T03:30:00.123Z`.
pub(crate) fn rfc_3339(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second, milli) = time.to_hms_milli();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// As in the Common Log Format: `25/Nov/2026:03:30:00 +0000`.
pub(crate) fn common_log(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let (year, month, day) = time.to_calendar_date();
    let (hour, minute, second) = time.to_hms();
    let month = MONTHS[usize::from(u8::from(month)) - 1];
    format!("{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} +0000")
}

/// The date of so many seconds since 1970: `2026-11-25`.
pub(crate) fn date(seconds: i64) -> String {
    let date = OffsetDateTime::from_unix_timestamp(seconds).map(OffsetDateTime::to_calendar_date);
    let (year, month, day) = date.unwrap_or((9999, time::Month::December, 31));
    format!("{year:04}-{:02}-{day:02}", u8::from(month))
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn both(milliseconds: u64, in_rfc_3339: &str, in_common_log: &str) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
        assert_eq!(rfc_3339(time), in_rfc_3339);
        assert_eq!(common_log(time), in_common_log);
    }

    #[test]
    fn times() {
        both(0, "1970-01-01T00:00:00.000Z", "01/Jan/1970:00:00:00 +0000");
        both(951_868_799_999, "2000-02-29T23:59:59.999Z", "29/Feb/2000:23:59:59 +0000");
        both(1_795_577_400_123, "2026-11-25T03:30:00.123Z", "25/Nov/2026:03:30:00 +0000");
        both(4_102_444_799_000, "2099-12-31T23:59:59.000Z", "31/Dec/2099:23:59:59 +0000");
    }
}
