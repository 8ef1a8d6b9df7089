//! Header sections (RFC 9113 §4.3): HEADERS and the CONTINUATION frames up to END_HEADERS.

use std::borrow::Cow;

use super::{
    frames::{
        CONTINUATION, END_HEADERS, END_STREAM, FrameHead, HAS_PRIORITY, HEAD, HEADERS, LONGEST,
        PADDED,
    },
    hpack::{Fields, encoder},
};

/// Most frames of a section. hyper allows fewer, and closes the connection then.
const MOST_FRAMES: usize = 16;

/// Bytes of a payload that say the priority of a stream (RFC 9113 §6.2).
const PRIORITY_BYTES: usize = 5;

/// HEADERS on no stream, which are an error of the connection (RFC 9113 §6.2).
pub(super) const ON_NO_STREAM: &[u8] = &[0, 0, 0, HEADERS, END_HEADERS, 0, 0, 0, 0];

/// The frames of a header section that is not all there.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    frames: Vec<u8>,
    count: usize,
    stream: u32,
}

/// The outcome of a further frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Added<'f> {
    /// The section goes on.
    Unfinished,
    /// All frames of a section.
    Whole(Cow<'f, [u8]>),
    /// All frames of what is no section.
    Broken(Cow<'f, [u8]>),
}

impl Unfinished {
    pub(super) fn is_any(&self) -> bool {
        self.count > 0
    }

    /// Adds a frame, which has to be HEADERS at the beginning, and CONTINUATION of the same stream then
    /// (RFC 9113 §6.10).
    pub(super) fn add<'f>(&mut self, head: FrameHead, frame: &'f [u8]) -> Added<'f> {
        let may_be = match self.count {
            0 => head.kind == HEADERS,
            MOST_FRAMES.. => false,
            _ => head.kind == CONTINUATION && head.stream == self.stream,
        };
        let ends = head.flags & END_HEADERS != 0;
        if may_be && !ends {
            self.frames.extend_from_slice(frame);
            self.count += 1;
            self.stream = head.stream;
            return Added::Unfinished;
        }
        let frames = if self.count == 0 {
            Cow::Borrowed(frame)
        } else {
            self.count = 0;
            let mut frames = std::mem::take(&mut self.frames);
            frames.extend_from_slice(frame);
            Cow::Owned(frames)
        };
        if may_be { Added::Whole(frames) } else { Added::Broken(frames) }
    }
}

/// A header section, as its frames say it.
#[derive(Debug)]
pub(super) struct Section<'f> {
    pub(super) stream: u32,
    flags: u8,
    /// The bytes that say the priority; none if it has none.
    priority: &'f [u8],
    /// The compressed fields.
    pub(super) block: Cow<'f, [u8]>,
}

impl<'f> Section<'f> {
    /// None if the first frame is too short for its padding or its priority.
    pub(super) fn read(frames: &'f [u8]) -> Option<Self> {
        let head = FrameHead::parse(frames)?;
        let (first, mut others) = frames[HEAD..].split_at_checked(head.length)?;
        let (padding, first) = match head.flags & PADDED {
            0 => (0, first),
            _ => first.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        };
        let has_priority = head.flags & HAS_PRIORITY != 0;
        let (priority, first) =
            first.split_at_checked(if has_priority { PRIORITY_BYTES } else { 0 })?;
        let first = &first[..first.len().checked_sub(padding)?];
        let mut block = Cow::Borrowed(first);
        while let Some(next) = FrameHead::parse(others) {
            let (payload, rest) = others[HEAD..].split_at_checked(next.length)?;
            block.to_mut().extend_from_slice(payload);
            others = rest;
        }
        Some(Self { stream: head.stream, flags: head.flags, priority, block })
    }

    /// `END_STREAM`, if it is all that is to come of its stream.
    pub(super) fn end_stream(&self) -> u8 {
        self.flags & END_STREAM
    }

    /// Passes it on with its fields as literals (RFC 7541 §6.2.2), which need no table.
    pub(super) fn pass(&self, fields: &Fields, passed: &mut Vec<u8>) {
        let mut block = self.priority.to_vec();
        for (name, value) in fields.iter() {
            encoder::literal(name, &mut block, |block| block.extend_from_slice(value));
        }
        write(self.stream, self.flags & (END_STREAM | HAS_PRIORITY), &block, passed);
    }
}

/// Writes a section: HEADERS with these flags, and as many CONTINUATION as it takes.
pub(super) fn write(stream: u32, flags: u8, payload: &[u8], output: &mut Vec<u8>) {
    let (mut kind, mut flags, mut rest) = (HEADERS, flags, payload);
    while rest.len() > LONGEST {
        let (part, others) = rest.split_at(LONGEST);
        FrameHead::new(part.len(), kind, flags, stream).write(output);
        output.extend_from_slice(part);
        (kind, flags, rest) = (CONTINUATION, 0, others);
    }
    FrameHead::new(rest.len(), kind, flags | END_HEADERS, stream).write(output);
    output.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::{super::hpack::Decoder, *};

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        FrameHead::new(payload.len(), kind, flags, stream).write(&mut frame);
        [&frame, payload].concat()
    }

    /// Frames one after the other, and what the last one makes of them.
    #[track_caller]
    fn adds(frames: &[Vec<u8>], expected: fn(Vec<u8>) -> Added<'static>) {
        let mut unfinished = Unfinished::default();
        let (last, before) = frames.split_last().unwrap();
        for frame in before {
            let added = unfinished.add(FrameHead::parse(frame).unwrap(), frame);
            assert_eq!(added, Added::Unfinished);
            assert!(unfinished.is_any());
        }
        let added = unfinished.add(FrameHead::parse(last).unwrap(), last);
        assert_eq!(added, expected(frames.concat()));
        assert_eq!(unfinished.is_any(), added == Added::Unfinished);
    }

    #[test]
    fn frames_of_sections() {
        let whole = |frames| Added::Whole(Cow::Owned(frames));
        let broken = |frames| Added::Broken(Cow::Owned(frames));
        let first = frame(HEADERS, 0, 1, b"a");
        let more = frame(CONTINUATION, 0, 1, b"b");
        let last = frame(CONTINUATION, END_HEADERS, 1, b"c");
        adds(&[frame(HEADERS, END_HEADERS, 1, b"a")], whole);
        adds(std::slice::from_ref(&first), |_| Added::Unfinished);
        adds(&[first.clone(), last.clone()], whole);
        adds(&[first.clone(), more.clone(), last.clone()], whole);
        adds(&[last], broken);
        adds(&[first.clone(), frame(HEADERS, END_HEADERS, 1, b"a")], broken);
        adds(&[first.clone(), frame(CONTINUATION, END_HEADERS, 3, b"c")], broken);
        adds(&[first.clone(), frame(0, 0, 1, b"")], broken);
        let many = |count| [vec![first.clone()], vec![more.clone(); count]].concat();
        adds(&many(MOST_FRAMES - 1), |_| Added::Unfinished);
        adds(&many(MOST_FRAMES), broken);
    }

    #[track_caller]
    fn reads(frames: &[Vec<u8>], expected: Option<(&[u8], &[u8])>) {
        let frames = frames.concat();
        let section = Section::read(&frames);
        assert_eq!(section.as_ref().map(|it| (it.priority, &*it.block)), expected);
    }

    #[test]
    fn padding_and_priority() {
        let headers = |flags, payload| frame(HEADERS, flags, 1, payload);
        reads(&[headers(0, b"abc")], Some((b"", b"abc")));
        reads(&[headers(0, b"")], Some((b"", b"")));
        reads(&[headers(PADDED, b"\x02abcde")], Some((b"", b"abc")));
        reads(&[headers(PADDED, b"\x05abcde")], Some((b"", b"")));
        reads(&[headers(PADDED, b"\x06abcde")], None);
        reads(&[headers(PADDED, b"")], None);
        reads(&[headers(HAS_PRIORITY, b"12345abc")], Some((b"12345", b"abc")));
        reads(&[headers(HAS_PRIORITY, b"1234")], None);
        reads(&[headers(PADDED | HAS_PRIORITY, b"\x0112345ab")], Some((b"12345", b"a")));
        reads(&[headers(PADDED | HAS_PRIORITY, b"\x0312345ab")], None);
        let more = frame(CONTINUATION, 0, 1, b"de");
        let last = frame(CONTINUATION, END_HEADERS, 1, b"f");
        reads(&[headers(PADDED, b"\x01abc "), more, last], Some((b"", b"abcdef")));
    }

    #[test]
    fn it_is_passed_on_with_all_that_it_says() {
        for length in [0, LONGEST - 20, LONGEST - 5, LONGEST, 3 * LONGEST] {
            let mut fields = Fields::default();
            fields.push(b"a", &vec![b'x'; length]);
            let flags = END_STREAM | HAS_PRIORITY;
            let first = frame(HEADERS, flags | PADDED | END_HEADERS, 7, b"\x0112345b ");
            let mut passed = Vec::new();
            Section::read(&first).unwrap().pass(&fields, &mut passed);
            let section = Section::read(&passed).unwrap();
            assert_eq!((section.stream, section.flags & flags), (7, flags));
            assert_eq!(section.priority, b"12345");
            let mut decoded = Fields::default();
            Decoder::new().decode(&section.block, usize::MAX, &mut decoded).unwrap();
            assert!(decoded.iter().eq(fields.iter()), "{length}");
        }
    }
}
