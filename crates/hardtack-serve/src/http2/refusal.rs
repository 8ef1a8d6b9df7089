//! An answer of h2's own: 431, to a header section that is longer than may be. It has no field that keeps
//! a cache from storing it, so one is added to the frame on its way (RFC 9113 §6.2).

use super::frames::{END_HEADERS, END_STREAM, Frames, HEAD, HEADERS};

/// `cache-control: no-store`, as a literal field that is not put into a table (RFC 7541 §6.2.2): the name
/// has the index 24.
const NO_STORE: &[u8] = b"\x0f\x09\x08no-store";

/// Where h2's own answer stands among bytes that are to be written, if it is there as a whole.
pub(super) fn find(frames: &Frames, bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut begin = frames.rest()?;
    loop {
        let frame = bytes.get(begin..)?;
        let head: [u8; HEAD] = *frame.first_chunk()?;
        let [a, b, c, kind, flags, ..] = head;
        let end = begin + HEAD + u32::from_be_bytes([0, a, b, c]) as usize;
        let is_whole_response = kind == HEADERS && flags == END_HEADERS | END_STREAM;
        if is_whole_response && is_status_alone(bytes.get(begin + HEAD..end)?) {
            return Some(begin..end);
        }
        begin = end;
    }
}

/// The frame with a further field.
pub(super) fn with_no_store(frame: &[u8]) -> Vec<u8> {
    let (head, block) = frame.split_at(HEAD);
    let length =
        u32::try_from(block.len() + NO_STORE.len()).expect("it has a field and another one");
    [&length.to_be_bytes()[1..], &head[3..], block, NO_STORE].concat()
}

/// Whether a header block has one field, and that is a status. hyper adds a date to each of our responses.
fn is_status_alone(mut block: &[u8]) -> bool {
    // A new size of the table comes first (RFC 7541 §6.3).
    while let [0x20..=0x3f, rest @ ..] = block {
        block = rest;
    }
    match block {
        // An indexed field (§6.1), which was such a literal before.
        [0x80..=0xff] => true,
        // A literal with the name of an indexed status: 8 to 14 (§6.2, Appendix A).
        [first, length, value @ ..] => {
            let index = match first {
                0x40..=0x7f => first & 0x3f,
                _ => first & 0x0f,
            };
            (8..=14).contains(&index) && value.len() == usize::from(length & 0x7f)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    #[track_caller]
    fn finds(before: &[u8], frame: &[u8], expected: bool) {
        let bytes = [before, frame, &[0, 0, 0, 4, 1, 0, 0, 0, 0]].concat();
        let range = before.len()..before.len() + frame.len();
        assert_eq!(find(&Frames::default(), &bytes), expected.then_some(range), "{frame:?}");
    }

    #[test]
    fn answers() {
        let whole = END_HEADERS | END_STREAM;
        let data = frame(0, 0, b"HEADERS");
        let literal = frame(HEADERS, whole, b"\x48\x03431");
        finds(&[], &literal, true);
        finds(&data, &literal, true);
        finds(&data, &frame(HEADERS, whole, b"\x48\x82\x68\x1f"), true);
        finds(&data, &frame(HEADERS, whole, b"\x20\x48\x03431"), true);
        finds(&data, &frame(HEADERS, whole, b"\xbe"), true);
        // A date beside it; content to come; another frame; trailers of some name.
        finds(&data, &frame(HEADERS, whole, b"\xbe\xbf"), false);
        finds(&data, &frame(HEADERS, END_HEADERS, b"\xbe"), false);
        finds(&data, &frame(9, whole, b"\xbe"), false);
        finds(&data, &frame(HEADERS, whole, b"\x40\x01a\x01b"), false);
    }

    #[test]
    fn only_a_whole_frame_is_found() {
        let whole = frame(HEADERS, END_HEADERS | END_STREAM, b"\x48\x03431");
        for length in 0..whole.len() {
            assert_eq!(find(&Frames::default(), &whole[..length]), None);
        }
        let mut frames = Frames::default();
        frames.pass(&whole[..4], |_| {});
        assert_eq!(find(&frames, &whole[4..]), None);
    }

    #[test]
    fn the_field_is_added() {
        let whole = frame(HEADERS, END_HEADERS | END_STREAM, b"\x48\x03431");
        let expected = b"\0\0\x10\x01\x05\0\0\0\x01\x48\x03431\x0f\x09\x08no-store";
        assert_eq!(with_no_store(&whole), expected);
    }
}
