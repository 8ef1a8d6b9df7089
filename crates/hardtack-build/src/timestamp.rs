//! The setting `last_modified`: the last modification of all assets (RFC 9110 §8.8.2).

use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, de::Error};
use toml::value::{Datetime, Offset};

/// A time in whole seconds, from 1970 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Seconds since 1970.
    pub seconds: u64,
}

impl Timestamp {
    /// The value of `Last-Modified`.
    pub fn to_http_date(self) -> String {
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(self.seconds))
    }

    /// Parses seconds since 1970 in decimal, before the year 10000, because HTTP has no later date.
    pub(crate) fn parse(seconds: &str) -> Result<Self, String> {
        let in_range = seconds.parse().ok().filter(|seconds| *seconds < YEAR_10000);
        let error = || format!("{seconds:?} is no number of seconds since 1970");
        in_range.map(|seconds| Self { seconds }).ok_or_else(error)
    }
}

const YEAR_10000: u64 = 253_402_300_800;

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let datetime = Datetime::deserialize(deserializer)?;
        let seconds = seconds(&datetime).and_then(|seconds| u64::try_from(seconds).ok());
        let message = "a time has a date and an offset, such as 2026-11-24T00:00:00Z, \
                       and is not before 1970";
        seconds.map(|seconds| Self { seconds }).ok_or(D::Error::custom(message))
    }
}

fn seconds(datetime: &Datetime) -> Option<i64> {
    let (date, time) = (datetime.date?, datetime.time?);
    let minutes_ahead = match datetime.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days(date.year.into(), date.month.into(), date.day.into());
    let minutes = i64::from(time.hour) * 60 + i64::from(time.minute) - minutes_ahead;
    Some((days * 1440 + minutes) * 60 + i64::from(time.second.unwrap_or(0)))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. A year begins in March here, so that
/// the leap day is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(time: &str) -> Result<Timestamp, toml::de::Error> {
        #[derive(Deserialize)]
        struct Holder {
            time: Timestamp,
        }
        toml::from_str::<Holder>(&format!("time = {time}")).map(|holder| holder.time)
    }

    #[test]
    fn times() {
        for (time, expected) in [
            ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("2000-02-29T23:59:59Z", "Tue, 29 Feb 2000 23:59:59 GMT"),
            ("2026-11-24 01:30:00+02:00", "Mon, 23 Nov 2026 23:30:00 GMT"),
            ("2026-03-01T00:00:00.5Z", "Sun, 01 Mar 2026 00:00:00 GMT"),
            ("2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 GMT"),
            ("9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(parse(time).unwrap().to_http_date(), expected, "{time}");
        }
    }

    #[test]
    fn what_is_no_time() {
        for time in ["1969-12-31T23:59:59Z", "2026-11-24", "2026-11-24T00:00:00", "10:00:00", "1"] {
            assert!(parse(time).is_err(), "{time}");
        }
        assert!(Timestamp::parse("253402300799").is_ok());
        for seconds in ["253402300800", "-1", "", "1.5", "now"] {
            assert!(Timestamp::parse(seconds).is_err(), "{seconds}");
        }
    }
}
