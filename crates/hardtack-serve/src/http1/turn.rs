//! The turn of a connection of HTTP/1.1: the client's, the server's, or neither's. There is one
//! request at a time.
//!
//! ```text
//!              new
//!               |
//!            Opening --- first byte ---+
//!               | HTTP/1.1 is spoken   |
//!               v                      v     the header is whole           the response is there
//!    +-------> Idle --- first byte -> Header ----> Answering --------------------> Responding
//!    |          | a while                ^                                        |        |
//!    |          v                        |                          its body ends |        | 101
//!    |        Parked --- first byte -----+                                        |        |
//!    |          | a long while           |                                        |        |
//!    |          v                        |                                        |        |
//!    |       Dormant --- first byte -----+                                        v        v
//!    +---------------------------- all is sent ------------------------------- Sending   Tunnel
//! ```
//!
//! From any state, the end of the connection leads to `Over`. A request that came in one piece with
//! the one before it leads from `Idle` or `Sending` to `Answering` at once.
//!
//! Nothing here reads a clock: the caller says what time it is.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{exchange::Exchange, metrics::labels::Timeout, settings::Timeouts};

/// After how long without a request a connection is [parked](crate::connection::Connection).
const PARKED_AFTER: Duration = Duration::from_millis(100);
/// After how long without a request a connection is [dormant](crate::dormant), if it can be. A client that
/// comes more often does not pay for it.
const DORMANT_AFTER: Duration = Duration::from_secs(5);

/// The state of a connection of HTTP/1.1.
pub(crate) enum Turn {
    /// No byte has come, and it may still be another version of HTTP.
    Opening { since: Instant },
    /// No byte of a request has come.
    Idle { since: Instant },
    /// No byte of a request has come for so long that hyper's buffers are given back.
    Parked { since: Instant },
    /// No byte of a request has come for so long that the connection needs no task.
    Dormant { since: Instant },
    /// The first byte of a request has come, and the last one of its header has not.
    Header { since: Instant },
    /// The header has come, and there is no response yet.
    Answering,
    /// The response is there, and its body not all read yet.
    Responding { exchange: Exchange },
    /// The body is all read, and not all sent yet.
    Sending { exchange: Exchange },
    /// The connection speaks no HTTP any more.
    Tunnel,
    /// The connection has ended.
    Over,
}

/// A time by which the next byte has to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) expiry: Expiry,
}

/// The consequence of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// The connection is parked, and waits on.
    Park,
    /// The connection is dormant if it can be, and waits on.
    Rest,
    /// The connection ends.
    TimeOut(Timeout),
}

/// The last duty of a connection when the process is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// None: no request could be lost.
    Nothing,
    /// The request whose header is coming. Its response will say that it is the last one.
    Coming,
    /// The response that is under way.
    Current,
}

impl Turn {
    pub(crate) fn new(now: Instant) -> Self {
        Self::Opening { since: now }
    }

    /// HTTP/1.1 is spoken, from now on or again.
    pub(crate) fn speak_http1(&mut self) {
        if let Self::Opening { since } | Self::Parked { since } | Self::Dormant { since } = *self {
            *self = Self::Idle { since };
        }
    }

    /// Bytes have come. Returns whether a request begins with them.
    pub(crate) fn receive(&mut self, now: Instant) -> bool {
        let begins = self.is_waiting();
        if begins {
            *self = Self::Header { since: now };
        }
        begins
    }

    /// The deadline of the next byte, if one is waited for.
    pub(crate) fn deadline(&self, timeouts: &Timeouts) -> Option<Deadline> {
        let idle = |since| time_out(since + timeouts.idle, Timeout::Idle);
        match *self {
            Self::Idle { since } if PARKED_AFTER < timeouts.idle => {
                Some(Deadline { at: since + PARKED_AFTER, expiry: Expiry::Park })
            }
            Self::Parked { since } if DORMANT_AFTER < timeouts.idle => {
                Some(Deadline { at: since + DORMANT_AFTER, expiry: Expiry::Rest })
            }
            Self::Opening { since }
            | Self::Idle { since }
            | Self::Parked { since }
            | Self::Dormant { since } => Some(idle(since)),
            Self::Header { since } => Some(time_out(since + timeouts.header, Timeout::Header)),
            _ => None,
        }
    }

    pub(crate) fn park(&mut self) {
        if let Self::Idle { since } = *self {
            *self = Self::Parked { since };
        }
    }

    pub(crate) fn rest(&mut self) {
        if let Self::Parked { since } = *self {
            *self = Self::Dormant { since };
        }
    }

    /// The time from which the connection has waited for a request, if it is dormant.
    pub(crate) fn dormant_since(&self) -> Option<Instant> {
        match *self {
            Self::Dormant { since } => Some(since),
            _ => None,
        }
    }

    /// Whether no byte of a request has come.
    fn is_waiting(&self) -> bool {
        use Turn::{Dormant, Idle, Opening, Parked};
        matches!(self, Opening { .. } | Idle { .. } | Parked { .. } | Dormant { .. })
    }

    /// Whether no request has been handed over to which there is no response yet: hyper's answers are
    /// its own.
    pub(crate) fn has_no_request(&self) -> bool {
        matches!(self, Self::Opening { .. } | Self::Idle { .. } | Self::Header { .. })
    }

    /// Whether the connection needs no more than its stream. After a stall of the thread it is dormant
    /// without having been parked before.
    pub(crate) fn is_parked(&self) -> bool {
        matches!(self, Self::Parked { .. } | Self::Dormant { .. })
    }

    /// When the request began whose header is whole.
    pub(crate) fn begun(&self, now: impl FnOnce() -> Instant) -> Instant {
        match *self {
            Self::Idle { since } | Self::Header { since } => since,
            _ => now(),
        }
    }

    /// The header of a request is whole. Returns when the request began. A response that is not all
    /// sent is counted as it is.
    pub(crate) fn request(&mut self, now: impl FnOnce() -> Instant) -> Instant {
        let begun = self.begun(now);
        *self = Self::Answering;
        begun
    }

    /// The response is there.
    pub(crate) fn respond(&mut self, exchange: Exchange) {
        *self = Self::Responding { exchange };
    }

    /// The body of the response is all read, or will never be; so many bytes of it are on their way.
    pub(crate) fn end_body(&mut self, bytes: u64) {
        *self = match std::mem::replace(self, Self::Over) {
            Self::Responding { mut exchange } => {
                exchange.set_bytes(bytes);
                Self::Sending { exchange }
            }
            other => other,
        };
    }

    /// All that was written is sent. Returns the exchange that is over by that.
    pub(crate) fn flush(&mut self, now: Instant) -> Option<Exchange> {
        self.is_sending()
            .then(|| std::mem::replace(self, Self::Idle { since: now }))?
            .into_exchange()
    }

    pub(crate) fn is_sending(&self) -> bool {
        matches!(self, Self::Sending { .. })
    }

    /// The response was 101. Returns the exchange, which is over: the bytes of a tunnel are none.
    pub(crate) fn become_tunnel(&mut self) -> Option<Exchange> {
        std::mem::replace(self, Self::Tunnel).into_exchange()
    }

    /// The connection has ended, of which the system took so many bytes since the request began.
    /// Returns the exchange that is broken off: its client has at most so much of it.
    pub(crate) fn break_off(&mut self, sent: u64) -> Option<Exchange> {
        let mut exchange = std::mem::replace(self, Self::Over).into_exchange()?;
        exchange.limit_bytes(sent);
        Some(exchange)
    }

    /// The last duty, if the process is to end now.
    pub(crate) fn last(&self) -> Last {
        match self {
            Self::Over => Last::Nothing,
            _ if self.is_waiting() => Last::Nothing,
            Self::Header { .. } => Last::Coming,
            _ => Last::Current,
        }
    }

    fn into_exchange(self) -> Option<Exchange> {
        match self {
            Self::Responding { exchange } | Self::Sending { exchange } => Some(exchange),
            _ => None,
        }
    }
}

fn time_out(at: Instant, timeout: Timeout) -> Deadline {
    Deadline { at, expiry: Expiry::TimeOut(timeout) }
}

/// A turn as the parts of a connection share it: its bytes, its requests, and the response's body.
/// All of them are in one task, so nobody waits for the lock.
#[derive(Clone)]
pub(crate) struct SharedTurn(Arc<Mutex<Turn>>);

impl SharedTurn {
    pub(crate) fn new(turn: Turn) -> Self {
        Self(Arc::new(Mutex::new(turn)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Turn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use Event::{At, Body, Bytes, Flush, Http1, Park, Request, Respond, Rest, Tunnel};

    use super::*;
    use crate::{exchange::tests::exchange, metrics::tally::Tally, pace::Pace};

    /// An event on a connection.
    #[derive(Clone, Copy, Debug)]
    enum Event {
        /// The clock moves to so many milliseconds from the beginning.
        At(u64),
        Http1,
        Bytes,
        Park,
        Rest,
        Request,
        /// With a body of so many bytes, if that is known.
        Respond(u64),
        /// So many bytes of it were read.
        Body(u64),
        Flush,
        Tunnel,
    }

    const ANSWERED: [Event; 5] = [Bytes, Request, Respond(10), Body(10), Flush];

    const TIMEOUTS: Timeouts = Timeouts {
        header: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        write: Pace { timeout: Duration::from_secs(30), min_rate: 500 },
    };

    /// A connection on a clock that the test moves.
    struct Simulated {
        turn: Turn,
        start: Instant,
        now: Instant,
        tally: &'static Tally,
        begun: Instant,
    }

    impl Simulated {
        fn after(events: &[Event]) -> Self {
            let (now, tally) = (Instant::now(), Box::leak(Box::default()));
            let mut simulated = Self { turn: Turn::new(now), start: now, now, tally, begun: now };
            events.iter().for_each(|event| simulated.pass(*event));
            simulated
        }

        fn pass(&mut self, event: Event) {
            let Self { turn, now, .. } = self;
            match event {
                At(milliseconds) => *now = self.start + Duration::from_millis(milliseconds),
                Http1 => turn.speak_http1(),
                Bytes => drop(turn.receive(*now)),
                Park => turn.park(),
                Rest => turn.rest(),
                Request => self.begun = turn.request(|| *now),
                Respond(bytes) => {
                    assert!(matches!(turn, Turn::Answering));
                    turn.respond(exchange(self.tally, self.begun, bytes));
                }
                Body(bytes) => turn.end_body(bytes),
                Flush => finish(turn.flush(*now), *now),
                Tunnel => finish(turn.become_tunnel(), *now),
            }
        }
    }

    fn finish(exchange: Option<Exchange>, now: Instant) {
        exchange.into_iter().for_each(|exchange| exchange.finish(now));
    }

    const IDLE: Expiry = Expiry::TimeOut(Timeout::Idle);
    const HEADER: Expiry = Expiry::TimeOut(Timeout::Header);

    /// The deadline after these events, in milliseconds from the beginning.
    #[track_caller]
    fn waits(events: &[Event], expected: Option<(u64, Expiry)>) {
        let simulated = Simulated::after(events);
        let deadline = simulated.turn.deadline(&TIMEOUTS);
        let expected = expected.map(|(at, expiry)| Deadline {
            at: simulated.start + Duration::from_millis(at),
            expiry,
        });
        assert_eq!(deadline, expected, "{events:?}");
    }

    #[test]
    fn deadlines() {
        waits(&[], Some((75_000, IDLE)));
        waits(&[At(3), Bytes], Some((10_003, HEADER)));
        waits(&[At(3), Bytes, At(900), Bytes, Http1], Some((10_003, HEADER)));
        waits(&[Http1, At(50)], Some((100, Expiry::Park)));
        waits(&[Http1, At(100), Park], Some((5_000, Expiry::Rest)));
        waits(&[Http1, At(100), Rest], Some((100, Expiry::Park)));
        waits(&[Http1, At(100), Park, At(5_000), Rest], Some((75_000, IDLE)));
        waits(&[Http1, At(100), Park, At(4_000), Bytes, Http1], Some((14_000, HEADER)));
        waits(&[Http1, At(100), Park, Rest, At(60_000), Bytes, Http1], Some((70_000, HEADER)));
        waits(&[Http1, At(100), Park, Rest, Http1], Some((100, Expiry::Park)));
        waits(&[Http1, Bytes, Request], None);
        waits(&[Http1, Bytes, Request, Bytes], None);
        waits(&[Http1, Bytes, Request, Respond(10)], None);
        waits(&[Http1, Bytes, Request, Respond(10), Flush], None);
        waits(&[Http1, Bytes, Request, Respond(10), Body(10)], None);
        waits(&[&[Http1, At(500)], &ANSWERED[..]].concat(), Some((600, Expiry::Park)));
        waits(&[&[Http1, At(500)], &ANSWERED[..], &[Park]].concat(), Some((5_500, Expiry::Rest)));
        waits(&[&[Http1, At(500)], &ANSWERED[..], &[Park, Rest]].concat(), Some((75_500, IDLE)));
        waits(&[&[Http1], &ANSWERED[..], &[At(700), Bytes]].concat(), Some((10_700, HEADER)));
        waits(&[Http1, Bytes, Request, Respond(0), Tunnel, Body(0), Bytes, Flush], None);
    }

    #[test]
    fn an_idle_timeout_may_be_shorter_than_parking() {
        let timeouts = Timeouts { idle: PARKED_AFTER, ..TIMEOUTS };
        let mut simulated = Simulated::after(&[Http1]);
        let at = simulated.start + PARKED_AFTER;
        assert_eq!(simulated.turn.deadline(&timeouts), Some(Deadline { at, expiry: IDLE }));
        simulated.pass(Park);
        assert!(simulated.turn.is_parked());
        assert!(Simulated::after(&[Http1, At(6_000), Park, Rest]).turn.is_parked());
    }

    #[test]
    fn an_idle_timeout_may_be_shorter_than_falling_asleep() {
        let timeouts = Timeouts { idle: DORMANT_AFTER, ..TIMEOUTS };
        let simulated = Simulated::after(&[Http1, At(100), Park]);
        let at = simulated.start + DORMANT_AFTER;
        assert_eq!(simulated.turn.deadline(&timeouts), Some(Deadline { at, expiry: IDLE }));
    }

    #[test]
    fn a_connection_is_dormant_since_its_last_response() {
        let since = |events: &[Event]| {
            let simulated = Simulated::after(events);
            let since = simulated.turn.dormant_since();
            since.map(|since| (since - simulated.start).as_millis())
        };
        assert_eq!(since(&[Http1, At(100), Park, At(5_000)]), None);
        assert_eq!(since(&[Http1, At(100), Park, At(5_000), Rest]), Some(0));
        let answered = [&[Http1, At(300)], &ANSWERED[..], &[At(400), Park, At(5_300), Rest]];
        assert_eq!(since(&answered.concat()), Some(300));
        assert_eq!(since(&[Http1, At(100), Park, At(5_000), Rest, Bytes]), None);
    }

    /// Exchanges, their milliseconds and their bytes, as they are counted after these events and the
    /// end of the connection, of which the system took so many bytes.
    #[track_caller]
    fn counts(events: &[Event], sent: u64, exchanges: u64, milliseconds: u64, bytes: u64) {
        let mut simulated = Simulated::after(events);
        let now = simulated.now;
        finish(simulated.turn.break_off(sent), now);
        let tally = simulated.tally;
        let seconds = tally.durations().sum_seconds();
        let counted = (tally.durations().count(), (seconds * 1000.0).round() as u64);
        assert_eq!((counted, tally.body_bytes()), ((exchanges, milliseconds), bytes), "{events:?}");
    }

    #[test]
    fn what_is_counted() {
        counts(&[Http1], 0, 0, 0, 0);
        counts(&[Http1, Bytes], 0, 0, 0, 0);
        counts(&[Http1, Bytes, Request], 0, 0, 0, 0);
        let slow = [At(5), Bytes, At(10), Request, At(20), Respond(10), At(30), Body(10), At(45)];
        counts(&slow, 99, 1, 40, 10);
        counts(&[&slow[..], &[Flush, At(99)]].concat(), 99, 1, 40, 10);
        // Broken off, before the body was read and after.
        counts(&[Http1, Bytes, Request, Respond(10), At(7)], 4, 1, 7, 4);
        counts(&[Http1, Bytes, Request, Respond(10), Body(10), At(7)], 4, 1, 7, 4);
        counts(&[Http1, Bytes, Request, Respond(0), Body(10), At(7)], 4, 1, 7, 4);
        // Kept alive, and parked in between.
        let twice = [&ANSWERED[..], &[Park, Rest, At(50)], &ANSWERED[..]].concat();
        counts(&twice, 99, 2, 0, 20);
        // A pipelined request has come when the response before it was sent.
        let pipelined = [&ANSWERED[..], &[At(5), Request, At(9), Respond(1), Body(1), Flush]];
        counts(&pipelined.concat(), 99, 2, 9, 11);
        // The bytes of a tunnel are not counted.
        let tunnel = [Bytes, Request, At(3), Respond(0), Tunnel, Body(5), At(99)];
        counts(&tunnel, 99, 1, 3, 0);
    }

    #[test]
    fn a_pipelined_request_ends_the_exchange_before_it() {
        let events = [Http1, Bytes, Request, Respond(10), Body(10), Request];
        let simulated = Simulated::after(&events);
        assert_eq!(simulated.tally.body_bytes(), 10);
        assert!(matches!(simulated.turn, Turn::Answering));
    }

    #[track_caller]
    fn drains(events: &[Event], expected: Last) {
        assert_eq!(Simulated::after(events).turn.last(), expected, "{events:?}");
    }

    #[test]
    fn the_end_of_the_process() {
        drains(&[], Last::Nothing);
        drains(&[Http1], Last::Nothing);
        drains(&[Http1, Park], Last::Nothing);
        drains(&[Http1, Park, Rest], Last::Nothing);
        drains(&[Http1, Park, Rest, Bytes], Last::Coming);
        drains(&[Http1, Bytes], Last::Coming);
        drains(&[Http1, Park, Bytes], Last::Coming);
        drains(&[Http1, Bytes, Request], Last::Current);
        drains(&[Http1, Bytes, Request, Respond(10)], Last::Current);
        drains(&[Http1, Bytes, Request, Respond(10), Body(10)], Last::Current);
        drains(&ANSWERED, Last::Nothing);
        drains(&[Http1, Bytes, Request, Respond(0), Tunnel], Last::Current);
    }
}
