//! Header sections (RFC 9113 §4.3): HEADERS and the CONTINUATION frames up to END_HEADERS.

use std::borrow::Cow;

use super::{
    frames::{
        CONTINUATION, END_HEADERS, END_STREAM, ErrorCode, FrameHead, HAS_PRIORITY, HEAD, HEADERS,
        LONGEST, PADDED,
    },
    hpack::{Fields, encoder},
};

/// So many CONTINUATION may follow in any case.
const FEW_FRAMES: usize = 5;

/// Bytes of a payload that say the priority of a stream (RFC 9113 §6.2).
const PRIORITY_BYTES: usize = 5;

/// The frames of a header section that is not all there.
#[derive(Debug)]
pub(super) struct Unfinished {
    frames: Vec<u8>,
    count: usize,
    /// Most frames that there may be.
    most: usize,
    stream: u32,
}

impl Unfinished {
    /// A header section may have so many bytes, and somewhat more frames than these take.
    pub(super) fn new(most_bytes: usize) -> Self {
        let frames = most_bytes / LONGEST;
        let most = 1 + FEW_FRAMES.max(frames + frames / 4);
        Self { frames: Vec::new(), count: 0, most, stream: 0 }
    }

    pub(super) fn is_any(&self) -> bool {
        self.count > 0
    }

    /// Adds a frame, which has to be HEADERS at the beginning, and CONTINUATION of the same stream then
    /// (RFC 9113 §6.10). Returns all frames of the section if it ends with this one.
    pub(super) fn add<'f>(
        &mut self,
        head: FrameHead,
        frame: &'f [u8],
    ) -> Result<Option<Cow<'f, [u8]>>, ErrorCode> {
        let may_be = match self.count {
            0 => head.kind == HEADERS,
            count if count >= self.most => return Err(ErrorCode::EnhanceYourCalm),
            _ => head.kind == CONTINUATION && head.stream == self.stream,
        };
        if !may_be {
            return Err(ErrorCode::Protocol);
        }
        let ends = head.flags & END_HEADERS != 0;
        if ends && self.count == 0 {
            return Ok(Some(Cow::Borrowed(frame)));
        }
        self.frames.extend_from_slice(frame);
        self.count += 1;
        self.stream = head.stream;
        if !ends {
            return Ok(None);
        }
        self.count = 0;
        Ok(Some(Cow::Owned(std::mem::take(&mut self.frames))))
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
    /// The section of frames, the first of which may have padding and a priority (RFC 9113 §6.2).
    pub(super) fn read(frames: &'f [u8]) -> Result<Self, ErrorCode> {
        let (head, first, mut others) = split(frames).ok_or(ErrorCode::FrameSize)?;
        let (padding, first) = match head.flags & PADDED {
            0 => (0, first),
            _ => first
                .split_first()
                .map(|(length, rest)| (usize::from(*length), rest))
                .ok_or(ErrorCode::FrameSize)?,
        };
        let priority = if head.flags & HAS_PRIORITY != 0 { PRIORITY_BYTES } else { 0 };
        let (priority, first) = first.split_at_checked(priority).ok_or(ErrorCode::FrameSize)?;
        let end = first.len().checked_sub(padding).ok_or(ErrorCode::Protocol)?;
        let mut block = Cow::Borrowed(&first[..end]);
        while let Some((_, payload, rest)) = split(others) {
            block.to_mut().extend_from_slice(payload);
            others = rest;
        }
        Ok(Self { stream: head.stream, flags: head.flags, priority, block })
    }

    /// `END_STREAM`, if it is all that is to come of its stream.
    pub(super) fn end_stream(&self) -> u8 {
        self.flags & END_STREAM
    }

    pub(super) fn forget_end_stream(&mut self) {
        self.flags &= !END_STREAM;
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

/// The first frame: its head, its payload, and the frames behind it.
fn split(frames: &[u8]) -> Option<(FrameHead, &[u8], &[u8])> {
    let head = FrameHead::parse(frames)?;
    let (payload, others) = frames[HEAD..].split_at_checked(head.length)?;
    Some((head, payload, others))
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
    fn adds(frames: &[Vec<u8>], expected: Result<bool, ErrorCode>) {
        let mut unfinished = Unfinished::new(2 * LONGEST);
        let (last, before) = frames.split_last().unwrap();
        for frame in before {
            assert_eq!(unfinished.add(FrameHead::parse(frame).unwrap(), frame), Ok(None));
            assert!(unfinished.is_any());
        }
        let added = unfinished.add(FrameHead::parse(last).unwrap(), last);
        let expected = expected.map(|ends| ends.then(|| Cow::Owned(frames.concat())));
        assert_eq!(added, expected);
        assert_eq!(
            unfinished.is_any(),
            matches!(added, Ok(None)) || !before.is_empty() && added.is_err()
        );
    }

    #[test]
    fn frames_of_sections() {
        let first = frame(HEADERS, 0, 1, b"a");
        let more = frame(CONTINUATION, 0, 1, b"b");
        let last = frame(CONTINUATION, END_HEADERS, 1, b"c");
        adds(&[frame(HEADERS, END_HEADERS, 1, b"a")], Ok(true));
        adds(std::slice::from_ref(&first), Ok(false));
        adds(&[first.clone(), last.clone()], Ok(true));
        adds(&[first.clone(), more.clone(), last.clone()], Ok(true));
        adds(&[last], Err(ErrorCode::Protocol));
        let broken = Err(ErrorCode::Protocol);
        adds(&[first.clone(), frame(HEADERS, END_HEADERS, 1, b"a")], broken);
        adds(&[first.clone(), frame(CONTINUATION, END_HEADERS, 3, b"c")], broken);
        adds(&[first.clone(), frame(0, 0, 1, b"")], broken);
        let many = |count| [vec![first.clone()], vec![more.clone(); count]].concat();
        adds(&many(5), Ok(false));
        adds(&many(6), Err(ErrorCode::EnhanceYourCalm));
        assert_eq!(Unfinished::new(16 * LONGEST).most, 21);
    }

    #[track_caller]
    fn reads(frames: &[Vec<u8>], expected: Result<(&[u8], &[u8]), ErrorCode>) {
        let frames = frames.concat();
        let section = Section::read(&frames);
        assert_eq!(
            section.as_ref().map(|it| (it.priority, &*it.block)),
            expected.as_ref().map(|it| *it)
        );
    }

    #[test]
    fn padding_and_priority() {
        use ErrorCode::{FrameSize, Protocol};
        let headers = |flags, payload| frame(HEADERS, flags, 1, payload);
        reads(&[headers(0, b"abc")], Ok((b"", b"abc")));
        reads(&[headers(0, b"")], Ok((b"", b"")));
        reads(&[headers(PADDED, b"\x02abcde")], Ok((b"", b"abc")));
        reads(&[headers(PADDED, b"\x05abcde")], Ok((b"", b"")));
        reads(&[headers(PADDED, b"\x06abcde")], Err(Protocol));
        reads(&[headers(PADDED, b"")], Err(FrameSize));
        reads(&[headers(HAS_PRIORITY, b"12345abc")], Ok((b"12345", b"abc")));
        reads(&[headers(HAS_PRIORITY, b"1234")], Err(FrameSize));
        reads(&[headers(PADDED | HAS_PRIORITY, b"\x0112345ab")], Ok((b"12345", b"a")));
        reads(&[headers(PADDED | HAS_PRIORITY, b"\x0312345ab")], Err(Protocol));
        let more = frame(CONTINUATION, 0, 1, b"de");
        let last = frame(CONTINUATION, END_HEADERS, 1, b"f");
        reads(&[headers(PADDED, b"\x01abc "), more, last], Ok((b"", b"abcdef")));
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
