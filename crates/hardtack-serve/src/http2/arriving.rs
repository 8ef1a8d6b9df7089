//! The frames of a client of HTTP/2, as far as their deadline goes (RFC 9113 §4.1).
//!
//! A header section is HEADERS and the CONTINUATION frames up to END_HEADERS, between which no other
//! frame may come (§6.10). It, and each frame but DATA, has to be whole in a certain time; the content
//! of a request has a pace of its own. Nothing here reads a clock.

use std::time::Instant;

/// Bytes before the payload of each frame.
const HEAD: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// Which part of a frame comes next.
#[derive(Debug, Default)]
pub(crate) struct Arriving {
    /// The bytes of a head that have come.
    head: [u8; HEAD],
    known: usize,
    /// Bytes that are missing of a payload.
    payload: usize,
    /// Whether the header section of a request goes on after this frame.
    goes_on: bool,
    /// When the first byte came of something that is to be whole in time.
    since: Option<Instant>,
}

impl Arriving {
    /// Bytes have come.
    pub(crate) fn receive(&mut self, mut bytes: &[u8], now: Instant) {
        while !bytes.is_empty() {
            let taken = if self.payload > 0 { self.skip(bytes) } else { self.begin(bytes) };
            bytes = &bytes[taken..];
            self.note(now);
        }
    }

    /// Since when something has been incomplete that has to be whole in time.
    pub(crate) fn incomplete_since(&self) -> Option<Instant> {
        self.since
    }

    /// Takes bytes of a payload.
    fn skip(&mut self, bytes: &[u8]) -> usize {
        let taken = self.payload.min(bytes.len());
        self.payload -= taken;
        taken
    }

    /// Takes bytes of a head.
    fn begin(&mut self, bytes: &[u8]) -> usize {
        let taken = (HEAD - self.known).min(bytes.len());
        self.head[self.known..][..taken].copy_from_slice(&bytes[..taken]);
        self.known += taken;
        if self.known == HEAD {
            let [a, b, c, kind, flags, ..] = self.head;
            self.known = 0;
            self.payload = u32::from_be_bytes([0, a, b, c]) as usize;
            if matches!(kind, HEADERS | CONTINUATION) {
                self.goes_on = flags & END_HEADERS == 0;
            }
        }
        taken
    }

    fn note(&mut self, now: Instant) {
        let is_content = self.payload > 0 && self.head[3] == DATA;
        let is_amid = self.known > 0 || (self.payload > 0 && !is_content) || self.goes_on;
        self.since = if is_amid { Some(self.since.unwrap_or(now)) } else { None };
    }
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
