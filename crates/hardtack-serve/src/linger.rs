//! The time between our end of a connection and the client's.
//!
//! If something comes to a socket that is closed, or is there when it closes, the system resets the
//! connection and throws away what the client has not got yet (RFC 9112 §9.6). A client of HTTP/2
//! that gets a large response always says something: how much more it can take.

use std::time::{Duration, Instant};

/// How long a client may be silent, and how long it has in all.
const SILENCE: Duration = Duration::from_secs(1);
const WHOLE: Duration = Duration::from_secs(30);

/// A connection to which nothing more is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linger {
    since: Instant,
    heard: Instant,
}

impl Linger {
    pub(crate) fn new(now: Instant) -> Self {
        Self { since: now, heard: now }
    }

    /// The client has sent something.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
    }

    /// The time at which the connection is closed, if nothing more is heard.
    pub(crate) fn deadline(self) -> Instant {
        (self.heard + SILENCE).min(self.since + WHOLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hears something at these milliseconds.
    #[track_caller]
    fn ends(heard: &[u64], expected: u64) {
        let start = Instant::now();
        let mut linger = Linger::new(start);
        for at in heard {
            linger.hear(start + Duration::from_millis(*at));
        }
        assert_eq!(linger.deadline() - start, Duration::from_millis(expected), "{heard:?}");
    }

    #[test]
    fn deadlines() {
        ends(&[], 1_000);
        ends(&[400], 1_400);
        ends(&[400, 900, 28_999], 29_999);
        ends(&[29_500], 30_000);
    }
}
