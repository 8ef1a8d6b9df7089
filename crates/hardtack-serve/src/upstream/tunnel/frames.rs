//! The frames of WebSocket (RFC 6455 §5.2), as far as it has to be known where one ends.

/// A close frame with the status 1001, going away (§5.5.1, §7.4.1), of a server.
pub(super) const GOING_AWAY: &[u8] = &[0x88, 2, 0x03, 0xe9];
/// The same of a client, with a mask that changes nothing (§5.3).
pub(super) const GOING_AWAY_MASKED: &[u8] = &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9];

/// Longest head of a frame: two bytes, the length, the mask.
const LONGEST_HEAD: usize = 14;
const CLOSE: u8 = 8;

/// Which part of a frame comes next.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: [u8; LONGEST_HEAD],
    known: usize,
    /// Bytes that are missing of a payload.
    payload: u64,
    is_closed: bool,
}

impl Frames {
    /// Bytes pass.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let [first, rest @ ..] = bytes {
            if self.payload > 0 {
                let skipped = bytes.len().min(usize::try_from(self.payload).unwrap_or(usize::MAX));
                self.payload -= skipped as u64;
                bytes = &bytes[skipped..];
            } else {
                self.head[self.known] = *first;
                self.known += 1;
                self.begin();
                bytes = rest;
            }
        }
    }

    /// Whether a frame has ended, and no other has begun.
    pub(super) fn is_between(&self) -> bool {
        self.known == 0 && self.payload == 0
    }

    /// Whether a close frame has begun, after which no other may come (§5.5.1).
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Begins the payload when the head is whole.
    fn begin(&mut self) {
        let [kind, length, rest @ ..] = &self.head;
        let mask = if length & 0x80 == 0 { 0 } else { 4 };
        let (bytes, payload) = match length & 0x7f {
            126 => (2, u64::from(u16::from_be_bytes([rest[0], rest[1]]))),
            127 => (8, u64::from_be_bytes(*rest.first_chunk().expect("a head has twelve more"))),
            short => (0, u64::from(short)),
        };
        if self.known >= 2 && self.known == 2 + bytes + mask {
            self.is_closed |= kind & 0x0f == CLOSE;
            self.payload = payload;
            self.known = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames one after the other end where they do, in whatever pieces they come.
    #[track_caller]
    fn ends(frames: &[&[u8]], is_closed: bool) {
        let bytes = frames.concat();
        let mut ends: Vec<_> = Vec::new();
        for frame in frames {
            ends.push(ends.last().unwrap_or(&0) + frame.len());
        }
        let (mut bytewise, mut whole) = (Frames::default(), Frames::default());
        for at in 1..=bytes.len() {
            bytewise.pass(&bytes[at - 1..at]);
            assert_eq!(bytewise.is_between(), ends.contains(&at), "{at} of {frames:?}");
        }
        whole.pass(&bytes);
        assert!(whole.is_between());
        assert_eq!((bytewise.is_closed(), whole.is_closed()), (is_closed, is_closed));
    }

    #[test]
    fn frames() {
        let long = [&[0x82, 126, 0x01, 0x00][..], &[7; 256]].concat();
        let masked = [&[0x82, 0xfe, 0x00, 0x80, 1, 2, 3, 4][..], &[0x88; 128]].concat();
        let longest = [&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0][..], &[0; 65_536]].concat();
        ends(&[b"\x81\x05hello"], false);
        ends(&[b"\x81\x85\x01\x02\x03\x04hello", b"\x89\x00", &long, &masked], false);
        ends(&[&longest, b"\x89\x80mask"], false);
        ends(&[b"\x81\x00", GOING_AWAY], true);
        ends(&[b"\x01\x01a", GOING_AWAY_MASKED], true);
    }
}
