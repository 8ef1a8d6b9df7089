//! The frames of a client of HTTP/2, as far as their deadline goes (RFC 9113 §4.1).
//!
//! A header section is HEADERS and the CONTINUATION frames up to END_HEADERS, between which no other
//! frame may come (§6.10). It, and each frame but DATA, has to be whole in a certain time; the content
//! of a request has a pace of its own. Nothing here reads a clock.

use std::time::Instant;

use super::frames::{CONTINUATION, DATA, END_HEADERS, Frames, HEADERS};

/// The frames that come, and since when something of them is missing.
#[derive(Debug, Default)]
pub(crate) struct Arriving {
    frames: Frames,
    /// Whether the header section of a request goes on after this frame.
    goes_on: bool,
    /// When the first byte came of something that is to be whole in time.
    since: Option<Instant>,
}

impl Arriving {
    /// Bytes have come.
    pub(crate) fn receive(&mut self, bytes: &[u8], now: Instant) {
        let Self { frames, goes_on, since } = self;
        frames.pass(bytes, |frames| {
            let is_missing = is_missing(frames, goes_on);
            *since = if is_missing { Some(since.unwrap_or(now)) } else { None };
        });
    }

    /// The time since which a part that has to be whole in time has been incomplete.
    pub(crate) fn incomplete_since(&self) -> Option<Instant> {
        self.since
    }
}

/// Whether something is incomplete that has to be whole in time.
fn is_missing(frames: &Frames, goes_on: &mut bool) -> bool {
    let Some(rest) = frames.rest() else { return true };
    let (kind, flags) = frames.kind_and_flags();
    if matches!(kind, HEADERS | CONTINUATION) {
        *goes_on = flags & END_HEADERS == 0;
    }
    *goes_on || (rest > 0 && kind != DATA)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const GET: &[u8] = &[0, 0, 3, HEADERS, END_HEADERS, 0, 0, 0, 1, 0x82, 0x86, 0x84];
    const BEGUN: &[u8] = &[0, 0, 1, HEADERS, 0, 0, 0, 0, 1, 0x82];
    const MORE: &[u8] = &[0, 0, 1, CONTINUATION, 0, 0, 0, 0, 1, 0x86];
    const LAST: &[u8] = &[0, 0, 1, CONTINUATION, END_HEADERS, 0, 0, 0, 1, 0x84];
    const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    const CONTENT: &[u8] = &[0, 0, 5, DATA, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5];

    /// A piece comes each second: since which of them something is incomplete after the last.
    #[track_caller]
    fn since(pieces: &[&[u8]], expected: Option<u64>) {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut arriving = Arriving::default();
        for (second, piece) in (0..).zip(pieces) {
            arriving.receive(piece, at(second));
        }
        assert_eq!(arriving.incomplete_since(), expected.map(at), "{pieces:?}");
    }

    #[test]
    fn frames_and_header_sections() {
        since(&[], None);
        since(&[GET, GET, PING], None);
        since(&[&[GET, PING, GET].concat()], None);
        for length in 1..GET.len() {
            since(&[PING, &GET[..length]], Some(1));
            since(&[PING, &GET[..length], &GET[length..]], None);
        }
        since(&[BEGUN], Some(0));
        since(&[GET, BEGUN, MORE, MORE], Some(1));
        since(&[GET, BEGUN, MORE, &LAST[..4]], Some(1));
        since(&[GET, BEGUN, MORE, LAST], None);
        since(&[GET, &[LAST, BEGUN].concat()], Some(1));
        since(&[&PING[..12]], Some(0));
    }

    #[test]
    fn content_has_its_own_pace() {
        since(&[CONTENT, &CONTENT[..5]], Some(1));
        since(&[CONTENT, &CONTENT[..5], &CONTENT[5..9]], None);
        since(&[CONTENT, &CONTENT[..10]], None);
        since(&[CONTENT, &CONTENT[..10], &CONTENT[10..]], None);
    }
}
